//! What is told of a lab when something did not happen.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use crate::person::Trace;
use crate::places::within;
use crate::programs;
use crate::seen::Seen;

/// Lines of a program's log that are told.
const LINES: usize = 120;
/// Notices that are told, the last ones.
const NOTICES: usize = 12;

pub(crate) fn report(people: &[Arc<Trace>], routers: &[String], seen: &Seen) -> String {
    let mut text = String::new();
    for trace in people {
        let heard = trace.inbox.lock();
        let state = if heard.over { "ended" } else { "running" };
        let _ = writeln!(text, "== {} at {}, {state}; the last of {} notices:", trace.name, trace.place, heard.notices.len());
        for notice in heard.notices.iter().rev().take(NOTICES).rev() {
            let _ = writeln!(text, "  {:.400}", notice.to_string());
        }
        let _ = writeln!(text, "-- stderr of {}:\n{}", trace.name, tail(&trace.errors));
    }
    for router in routers {
        let table = within(router, || std::fs::read_to_string("/proc/thread-self/net/nf_conntrack").unwrap_or_default());
        let rules = programs::try_run(programs::at(router, "nft").args(["list", "ruleset"]), "").unwrap_or_default();
        let _ = writeln!(text, "== router {router}, its connections:\n{table}-- its rules:\n{rules}");
    }
    let _ = writeln!(text, "== over the internet (packets, bytes):");
    for (flow, (packets, bytes)) in &seen.0 {
        let _ = writeln!(text, "  {} → {} protocol {}: {packets}, {bytes}", flow.from, flow.to, flow.protocol);
    }
    text
}

fn tail(path: &Path) -> String {
    let whole = std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = whole.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(LINES)).fold(String::new(), |text, line| text + "  " + line + "\n")
}
