//! The hosts from outside: starting, telling, ending them, and what they cost.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;

use super::words::{Order, Told};

/// Peers in one process.
const PEERS_PER_HOST: usize = 50;
/// Lines that wait to be looked at or to be written; more than a run ever leaves, since peers must
/// not wait for the orchestrator.
pub(crate) const MAX_LINES: usize = 1 << 16;
/// First argument that makes this program a host.
pub(crate) const HOST: &str = "crowd-host";

/// Peers that share a process. Killed when dropped.
pub(crate) struct Host {
    pub(crate) first: usize,
    pub(crate) count: usize,
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    reading: JoinHandle<()>,
}

/// A signal that ends or stops a process without asking it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Kill,
    Stop,
    Continue,
}

/// What a line of a host's output is: from which host, and what.
pub(crate) type Line = (usize, Told);

/// Ranges of peers for hosts, so that the first `lost` peers share no process with the others.
pub(crate) fn divide(everybody: usize, lost: usize) -> Vec<Host> {
    let cut = |from: usize, to: usize| {
        let count = (to - from).div_ceil(PEERS_PER_HOST).max(1);
        let bounds = move |n: usize| from + (to - from) * n / count;
        (0..count).map(move |n| Host { first: bounds(n), count: bounds(n + 1) - bounds(n), running: None })
    };
    cut(0, lost).chain(cut(lost, everybody)).filter(|host| host.count > 0).collect()
}

impl Host {
    /// Starts it on the profiles in `folder`. What it says comes as from `index`.
    pub(crate) fn start(&mut self, index: usize, folder: &Path, everybody: usize, lines: SyncSender<Line>) -> std::io::Result<()> {
        let here = std::env::current_exe()?;
        // A peer has some forty files and sockets; the usual soft limit is for one program with a
        // few.
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -n $(ulimit -Hn) && exec \"$0\" \"$@\""])
            .arg(here)
            .args([HOST, "--folder"])
            .arg(folder)
            .args(["--first", &self.first.to_string(), "--count", &self.count.to_string(), "--everybody", &everybody.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let reading = std::thread::spawn(move || {
            // What a killed host was about to say ends in the middle of a line.
            for told in stdout.lines().map_while(Result::ok).map_while(|line| serde_json::from_str(&line).ok()) {
                if lines.send((index, told)).is_err() {
                    return;
                }
            }
        });
        self.running = Some(Running { child, stdin, reading });
        Ok(())
    }

    pub(crate) fn give(&mut self, order: &Order) -> Result<(), String> {
        let running = self.running.as_mut().ok_or("the host is not running")?;
        let line = serde_json::to_string(order).map_err(|error| error.to_string())?;
        writeln!(running.stdin, "{line}").map_err(|error| format!("host {}: {error}", self.first))
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// Waits for the end of a process that was killed or told to stop.
    pub(crate) fn reap(&mut self) -> Result<(), String> {
        let Some(Running { mut child, stdin, reading }) = self.running.take() else { return Ok(()) };
        drop(stdin);
        child.wait().map_err(|error| error.to_string())?;
        reading.join().map_err(|_| "a reader panicked".to_owned())
    }

    pub(crate) fn holds(&self, peer: usize) -> bool {
        (self.first..self.first + self.count).contains(&peer)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            // It may have ended by itself.
            let _gone = running.child.kill();
            let _reaped = running.child.wait();
        }
    }
}

/// Signals all these processes with one call, so that it hits them at once.
pub(crate) fn signal(pids: &[u32], signal: Signal) -> Result<(), String> {
    let name = match signal {
        Signal::Kill => "-KILL",
        Signal::Stop => "-STOP",
        Signal::Continue => "-CONT",
    };
    let status = Command::new("kill").arg(name).args(pids.iter().map(u32::to_string)).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("kill {name} fails: {status}")) }
}

/// What processes take, as Linux counts it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) rss_bytes: u64,
    pub(crate) threads: u64,
    pub(crate) files: u64,
    /// Of all threads, user and system.
    pub(crate) cpu_ms: u64,
}

/// Sum over processes; one that is gone costs nothing.
pub(crate) fn cost(pids: impl Iterator<Item = u32>) -> Cost {
    pids.fold(Cost::default(), |sum, pid| {
        let folder = Path::new("/proc").join(pid.to_string());
        let status = std::fs::read_to_string(folder.join("status")).unwrap_or_default();
        let field = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.split_whitespace().next()).and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        Cost {
            rss_bytes: sum.rss_bytes + field("VmRSS:") * 1024,
            threads: sum.threads + field("Threads:"),
            files: sum.files + std::fs::read_dir(folder.join("fd")).map_or(0, |files| files.count() as u64),
            cpu_ms: sum.cpu_ms + cpu_ms(&folder),
        }
    })
}

fn cpu_ms(folder: &Path) -> u64 {
    /// Linux counts hundredths of a second for all programs, whatever it uses itself.
    const TICK_MS: u64 = 10;
    let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything; user and system time are the 12th and 13th field
    // after it.
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    fields.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum::<u64>() * TICK_MS
}
