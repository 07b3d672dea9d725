//! What a silent connection costs the hub that has 500 of them.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use common::Order;

use crate::crew::Host;
use crate::figures::{Better, Figures};
use crate::kind::Kind;

const LEAVES: u64 = 500;
/// For everything to come to rest.
const SETTLE: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn idle(kind: Kind, figures: &mut Figures) -> Result<()> {
    let mut hub = Host::spawn(kind)?;
    let contact: String = hub.order(&Order::Hub { leaves: u32::try_from(LEAVES)? })?;
    let mut others = Host::spawn(kind)?;
    // One after the other everybody comes once and goes again: what an engine keeps about people it
    // has met is filled, and there never were two links at once whose memory could be used again.
    let before = come(&mut hub, &mut others, &contact, false)?;
    let after = come(&mut hub, &mut others, &contact, true)?;
    let each = (after as f64 - before as f64) / LEAVES as f64 / 1024.0;
    figures.put(kind, "idle_link_kib", each, "KiB", Better::Less);
    Ok(())
}

/// Memory of the hub when all have come, and stayed or gone.
fn come(hub: &mut Host, others: &mut Host, contact: &str, stay: bool) -> Result<u64> {
    others.order::<()>(&Order::Leaves { contact: contact.to_owned(), count: LEAVES, stay })?;
    let until = Instant::now() + PATIENCE;
    while hub.order::<u64>(&Order::Links)? != if stay { LEAVES } else { 0 } {
        ensure!(Instant::now() < until, "the hub has {} links", hub.order::<u64>(&Order::Links)?);
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(SETTLE);
    Ok(hub.usage()?.rss)
}
