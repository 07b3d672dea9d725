//! One run: gather, talk, lose a part, talk on, have it back.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use serde_json::{Value, json};

use super::fleet::Fleet;
use super::hosts::Signal;
use super::words::{Number, now};
use crate::figure::quantile;

/// People who talk.
const SPEAKERS: usize = 20;
/// Messages said one at a time, each waited for.
const ONE_BY_ONE: u32 = 100;
/// Said while a part is lost, one each [`PAUSE`]: the first few before it happens.
const BEFORE_LOSS: u32 = 5;
const AFTER_LOSS: u32 = 45;
const PAUSE: Duration = Duration::from_millis(200);
/// Everybody alive has everything within this.
const LIMIT_MS: f64 = 10_000.0;
/// No step takes longer, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(300);
/// A message takes no longer, or it is lost.
const ARRIVAL: Duration = Duration::from_secs(60);

/// What a run is to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) run: u32,
    pub(crate) peers: usize,
    pub(crate) losses: Vec<Signal>,
    pub(crate) seed: u64,
}

/// Whether what is promised was kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// Everybody got everything, in the same order.
    pub(crate) all: bool,
    /// Each time a part was lost, everybody alive had everything within the limit.
    pub(crate) in_time: bool,
    /// Median over messages.
    pub(crate) to_all_p50_ms: f64,
}

/// Runs it and prints a line for each step.
pub(crate) fn run(plan: &Plan, folder: &Path) -> Result<Kept, String> {
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let print = |step: &str, mut figures: Value| {
        figures["run"] = json!(plan.run);
        figures["step"] = json!(step);
        println!("{figures}");
    };
    let began = now();
    let mut crowd = Fleet::start(folder, plan.peers, plan.peers * 3 / 10, PATIENCE)?;
    let alone = crowd.cost();
    print(
        "start",
        json!({ "peers": plan.peers, "seed": plan.seed, "seconds": seconds(began), "rss_mib": mib(alone.rss_bytes), "threads": alone.threads }),
    );

    let began = now();
    let (joined, complete) = crowd.gather(PATIENCE)?;
    let since = |at: &[u64], share| quantile(&mut at.iter().map(|at| at.saturating_sub(began) as f64 / 1e6).collect::<Vec<_>>(), share);
    let cpu_ms = crowd.cost().cpu_ms - alone.cpu_ms;
    print(
        "join",
        json!({ "in_p50_s": since(&joined, 0.5), "in_all_s": since(&joined, 1.0), "all_know_all_s": since(&complete, 1.0), "cpu_s": cpu_ms as f64 / 1e3 }),
    );

    let mut talk = Talk { next: 1, all: true };
    let to_all_p50_ms = talk.one_by_one(&mut crowd, &mut rng, &print)?;
    links(&mut crowd, alone.rss_bytes, &print)?;
    let mut in_time = true;
    for how in &plan.losses {
        in_time &= talk.through_a_loss(&mut crowd, *how, &mut rng, &print)?;
    }
    let histories = crowd.histories(PATIENCE)?;
    let same = histories.iter().all(|history| Some(history) == histories.first());
    let whole = histories.iter().all(|(count, _)| *count == talk.next - 1);
    print("end", json!({ "messages": talk.next - 1, "histories_whole": whole, "histories_equal": same, "troubles": crowd.troubles() }));
    let all = talk.all && same && whole && crowd.troubles() == 0;
    crowd.stop()?;
    Ok(Kept { all, in_time, to_all_p50_ms })
}

/// The messages of a run.
struct Talk {
    next: Number,
    /// None was lost so far.
    all: bool,
}

impl Talk {
    fn number(&mut self) -> Number {
        self.next += 1;
        self.next - 1
    }

    /// Each message when the one before is everywhere. The median of the time to all, in
    /// milliseconds.
    fn one_by_one(&mut self, crowd: &mut Fleet<'_>, rng: &mut StdRng, print: &impl Fn(&str, Value)) -> Result<f64, String> {
        let speakers = (0..crowd.everybody).sample(rng, SPEAKERS);
        let cpu_before = crowd.cost().cpu_ms;
        let (mut to_one, mut to_all) = (Vec::new(), Vec::new());
        for _ in 0..ONE_BY_ONE {
            let number = self.number();
            crowd.say(*speakers.choose(rng).ok_or("no speakers")?, number)?;
            self.all &= crowd.spread(&[number], false, ARRIVAL);
            let times = crowd.times(number, false);
            to_all.extend(times.iter().copied().max_by(f64::total_cmp).filter(|_| times.len() == crowd.everybody));
            to_one.extend(times);
        }
        let cpu_ms = crowd.cost().cpu_ms - cpu_before;
        let deliveries = f64::from(ONE_BY_ONE) * crowd.everybody as f64;
        let to_all_p50 = quantile(&mut to_all, 0.5);
        print(
            "talk",
            json!({
                "messages": ONE_BY_ONE, "speakers": SPEAKERS, "delivered": to_one.len() as f64 / deliveries,
                "to_one_p50_ms": quantile(&mut to_one, 0.5), "to_one_p99_ms": quantile(&mut to_one, 0.99),
                "to_all_p50_ms": to_all_p50, "to_all_p99_ms": quantile(&mut to_all, 0.99),
                "cpu_us_per_delivery": cpu_ms as f64 * 1e3 / deliveries,
            }),
        );
        Ok(to_all_p50)
    }

    /// A part is lost in the middle of talk, and comes back. Whether everybody alive had everything
    /// in time.
    fn through_a_loss(
        &mut self,
        crowd: &mut Fleet<'_>,
        how: Signal,
        rng: &mut StdRng,
        print: &impl Fn(&str, Value),
    ) -> Result<bool, String> {
        let speakers = (crowd.lost..crowd.everybody).sample(rng, SPEAKERS);
        let mut said = Vec::new();
        for n in 0..BEFORE_LOSS + AFTER_LOSS {
            if n == BEFORE_LOSS {
                crowd.lose(how)?;
            }
            let number = self.number();
            crowd.say(*speakers.choose(rng).ok_or("no speakers")?, number)?;
            said.push(number);
            crowd.listen(Instant::now() + PAUSE);
        }
        let all = crowd.spread(&said, true, ARRIVAL);
        let alive = crowd.everybody - crowd.lost;
        let times: Vec<Vec<f64>> = said.iter().map(|number| crowd.times(*number, true)).collect();
        let delivered = times.iter().map(Vec::len).sum::<usize>() as f64 / (alive * said.len()) as f64;
        let mut to_all: Vec<f64> = times.iter().filter_map(|times| times.iter().copied().max_by(f64::total_cmp)).collect();
        let (median, worst) = (quantile(&mut to_all, 0.5), quantile(&mut to_all, 1.0));
        let in_time = all && worst <= LIMIT_MS;
        let name = if how == Signal::Kill { "killed" } else { "frozen" };
        print(
            name,
            json!({ "lost": crowd.lost, "alive": alive, "messages": said.len(), "delivered": delivered, "to_all_p50_ms": median, "to_all_worst_ms": worst, "in_time": in_time }),
        );
        self.all &= all & self.return_of_the_lost(crowd, how, rng, print)?;
        Ok(in_time)
    }

    /// Those who were away get what they missed, and take part.
    fn return_of_the_lost(
        &mut self,
        crowd: &mut Fleet<'_>,
        how: Signal,
        rng: &mut StdRng,
        print: &impl Fn(&str, Value),
    ) -> Result<bool, String> {
        let (began, started_ms) = crowd.bring_back(how, PATIENCE)?;
        let before: Vec<Number> = (1..self.next).collect();
        let caught_up = crowd.spread(&before, false, PATIENCE);
        let seconds = seconds(began);
        let number = self.number();
        crowd.say((0..crowd.lost).choose(rng).ok_or("nobody returned")?, number)?;
        let heard = crowd.spread(&[number], false, ARRIVAL);
        print("returned", json!({ "caught_up": caught_up, "start_s": started_ms / 1e3, "caught_up_s": seconds, "heard_again": heard }));
        Ok(caught_up && heard)
    }
}

fn links(crowd: &mut Fleet<'_>, rss_alone: u64, print: &impl Fn(&str, Value)) -> Result<(), String> {
    let links = crowd.links(PATIENCE)?;
    let (cost, ends) = (crowd.cost(), links.iter().sum::<u32>());
    let each = |bytes: u64| bytes as f64 / f64::from(ends.max(1));
    print(
        "links",
        json!({
            "links": ends / 2, "least": links.iter().min(), "most": links.iter().max(), "rss_mib": mib(cost.rss_bytes),
            "rss_bytes_per_peer": cost.rss_bytes / crowd.everybody as u64, "rss_bytes_per_link_end": each(cost.rss_bytes).round(),
            "grown_bytes_per_link_end": each(cost.rss_bytes.saturating_sub(rss_alone)).round(), "threads": cost.threads, "files": cost.files,
        }),
    );
    Ok(())
}

fn seconds(since: u64) -> f64 {
    now().saturating_sub(since) as f64 / 1e6
}

fn mib(bytes: u64) -> f64 {
    (bytes as f64 / 1024.0 / 1024.0).round()
}
