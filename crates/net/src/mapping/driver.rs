//! The task that acts for the `keeper`: runs errands, looks at the network, tells what changed.

use std::collections::BTreeMap;

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinError, JoinHandle, JoinSet, spawn_blocking};
use tokio::time::{Duration, Instant, sleep_until};
use tracing::{debug, info};

use super::ask::Answer;
use super::execute::{Outcome, Services, execute};
use super::keeper::{Errand, Keeper};
use super::limits::{CLOSING, LOOK_EVERY};
use super::mappings::{Door, Mappings};
use super::opening::{Way, Why};
use super::place::Place;
use super::wish::Wish;
use crate::time::{Jump, SleepDetector, TimeSource};

/// Ends when it is wished, or when nobody can wish any more.
pub(super) async fn run(wishes: watch::Receiver<Wish>, tell: watch::Sender<Mappings>) {
    let time = TimeSource::start();
    let wish = *wishes.borrow();
    let driver = Driver {
        time,
        keeper: Keeper::new(wish.ports, wish.on),
        place: Place::default(),
        services: Services::default(),
        jobs: JoinSet::new(),
        running: BTreeMap::new(),
        look: None,
        look_at: 0,
        sleeps: SleepDetector::new(time.now()),
        wish,
        stop_at: None,
        tell,
    };
    driver.run(wishes).await;
}

struct Driver {
    time: TimeSource,
    keeper: Keeper,
    place: Place,
    services: Services,
    jobs: JoinSet<(Way, u64, Outcome)>,
    running: BTreeMap<Way, (u64, AbortHandle)>,
    look: Option<JoinHandle<Place>>,
    look_at: u64,
    sleeps: SleepDetector,
    wish: Wish,
    /// Set when stopping.
    stop_at: Option<u64>,
    tell: watch::Sender<Mappings>,
}

impl Driver {
    async fn run(mut self, mut wishes: watch::Receiver<Wish>) {
        loop {
            self.act();
            let tick = self.time.tick();
            if self.stop_at.is_some_and(|at| at <= tick || self.keeper.is_closed()) {
                return;
            }
            let wake = self.wake(tick);
            tokio::select! {
                Some(done) = self.jobs.join_next() => self.on_done(done),
                wished = wishes.changed(), if self.stop_at.is_none() => {
                    let wish = *wishes.borrow_and_update();
                    self.on_wish(if wished.is_ok() { wish } else { Wish { stop: true, ..wish } });
                }
                place = look(&mut self.look) => self.on_place(place),
                () = sleep_until(wake) => {}
            }
        }
    }

    /// Does what is due.
    fn act(&mut self) {
        let now = self.time.now();
        if self.keeper_is_on() && self.look.is_none() && self.look_at <= now.tick {
            if self.sleeps.jumped(now, LOOK_EVERY) == Some(Jump::Slept) {
                self.keeper.try_now(now);
            }
            self.look = Some(spawn_blocking(Place::look));
            self.look_at = now.tick.saturating_add(LOOK_EVERY);
        }
        let mut errands = Vec::new();
        self.keeper.next(now, &mut rand::rng(), &mut errands);
        let keeper = &self.keeper;
        self.running.retain(|way, (turn, job)| {
            let wanted = keeper.wants(*way, *turn);
            if !wanted {
                job.abort();
            }
            wanted
        });
        for errand in errands {
            self.start(errand);
        }
        self.tell();
    }

    fn start(&mut self, errand: Errand) {
        let Errand { way, turn, ask } = errand;
        debug!(?way, ?ask, "asking the router");
        let job = execute(way, ask, self.place.clone(), self.services.clone());
        let job = self.jobs.spawn(async move { (way, turn, job.await) });
        self.running.insert(way, (turn, job));
    }

    fn on_done(&mut self, done: Result<(Way, u64, Outcome), JoinError>) {
        let (way, turn, outcome) = match done {
            Ok(done) => done,
            Err(error) if error.is_cancelled() => return,
            Err(error) => {
                // A library met an answer that it was not made for.
                let failed = self.running.iter().find(|(_, (_, job))| job.id() == error.id());
                let Some((way, turn)) = failed.map(|(way, (turn, _))| (*way, *turn)) else { return };
                (way, turn, Outcome::from(Answer::Not(Why::Other("its answer made no sense".to_owned()))))
            }
        };
        debug!(?way, answer = ?outcome.answer, "the router answered");
        if self.running.get(&way).is_some_and(|(running, _)| *running == turn) {
            self.running.remove(&way);
        }
        if self.keeper.wants(way, turn) {
            self.services.learn(outcome.service);
        }
        self.keeper.answered(way, turn, outcome.answer, self.time.now());
    }

    fn on_wish(&mut self, wish: Wish) {
        let now = self.time.now();
        let before = std::mem::replace(&mut self.wish, wish);
        if wish.on && !before.on {
            self.look_at = 0;
            self.sleeps = SleepDetector::new(now);
        }
        if wish.tries != before.tries {
            self.look_at = 0;
            self.keeper.try_now(now);
        }
        if wish.stop {
            self.stop_at = Some(now.tick.saturating_add(crate::time::millis(CLOSING)));
        }
        self.keeper.set_ports(wish.ports);
        self.keeper.set_on(self.keeper_is_on());
    }

    fn on_place(&mut self, place: Place) {
        self.look = None;
        if place != self.place {
            info!(router = place.gateway.is_some(), v4 = place.v4.is_some(), v6 = place.v6.is_some(), "another network");
            self.services = Services::default();
        }
        self.place = place.clone();
        self.keeper.set_place(place);
    }

    fn keeper_is_on(&self) -> bool {
        self.wish.on && self.stop_at.is_none()
    }

    fn wake(&self, tick: u64) -> Instant {
        let look_at = (self.keeper_is_on() && self.look.is_none()).then_some(self.look_at);
        let at = [self.keeper.wake(self.time.now()), look_at, self.stop_at].into_iter().flatten().min();
        let wait = at.unwrap_or(u64::MAX).saturating_sub(tick).min(LOOK_EVERY);
        let now = Instant::now();
        now.checked_add(Duration::from_millis(wait)).unwrap_or(now)
    }

    fn tell(&self) {
        let mappings = self.keeper.mappings();
        self.tell.send_if_modified(|told| {
            let changed = is_news(told, &mappings);
            *told = mappings;
            changed
        });
    }
}

/// What a look at the network saw; never if there is none under way.
async fn look(look: &mut Option<JoinHandle<Place>>) -> Place {
    match look {
        Some(look) => look.await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

/// Renewals are no news.
fn is_news(old: &Mappings, new: &Mappings) -> bool {
    let lasting = |door: &Door| Door { until: 0, ..*door };
    let doors = |mappings: &Mappings| mappings.doors.iter().map(lasting).collect::<Vec<_>>();
    old.state != new.state || old.router != new.router || doors(old) != doors(new)
}
