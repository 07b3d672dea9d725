//! One round over all addresses of one target: resolve, connect with head starts, greet.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use identity::PeerId;
use tokio::net::lookup_host;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use wire::Address;

use crate::byte_stream::ByteStream;
use crate::context::Context;
use crate::greeting::introduce;
use crate::path::{Path, Rank};
use crate::reason::Reason;
use crate::report::{Origin, Report};
use crate::table::AttemptId;

/// Numeric addresses tried in one round: all that a peer may announce, each as a name with both IP
/// versions.
const MAX_TARGETS: usize = 16;
/// A round takes no longer, even if every target lets us wait in another way; it would hold one of
/// few slots.
const MAX_ROUND: Duration = Duration::from_secs(30);

/// Dials until a peer answers or nothing is left to try, and reports that.
pub(crate) async fn dial(context: Arc<Context>, attempt: AttemptId, expect: Option<PeerId>, addresses: Vec<Address>) {
    let Some(first) = addresses.first().cloned() else { return debug_assert!(false, "a dial has an address") };
    let mut round = Round {
        context: context.clone(),
        attempt,
        expect,
        addresses: addresses.into(),
        targets: VecDeque::new(),
        left: MAX_TARGETS,
        connecting: JoinSet::new(),
        worst: None,
    };
    let outcome = timeout(MAX_ROUND, round.run()).await.unwrap_or(Outcome::Nothing);
    if outcome == Outcome::Nothing {
        let (address, reason) = round.worst.unwrap_or((first, Reason::NameUnknown));
        let _ = context.reports.send(Report::DialFailed(attempt, address, reason)).await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// A link, or a peer with which there is one.
    Somebody,
    Nothing,
}

struct Round {
    context: Arc<Context>,
    attempt: AttemptId,
    expect: Option<PeerId>,
    addresses: VecDeque<Address>,
    targets: VecDeque<(Address, SocketAddr)>,
    left: usize,
    connecting: JoinSet<(Address, SocketAddr, Result<ByteStream, Reason>)>,
    /// The failure that tells most.
    worst: Option<(Address, Reason)>,
}

impl Round {
    async fn run(&mut self) -> Outcome {
        let mut more = self.start_next().await;
        while more || !self.connecting.is_empty() {
            tokio::select! {
                biased;
                Some(done) = self.connecting.join_next() => {
                    let Ok((address, remote, result)) = done else { continue };
                    match self.on_connected(remote, result).await {
                        Ok(()) => return Outcome::Somebody,
                        Err(reason) => self.note(address, reason),
                    }
                    more = self.start_next().await;
                }
                () = sleep(self.context.times.stagger), if more => more = self.start_next().await,
            }
        }
        Outcome::Nothing
    }

    /// Begins to connect to the next target; whether there was one.
    async fn start_next(&mut self) -> bool {
        let Some((address, target)) = self.next_target().await else { return false };
        let _ = self.context.reports.send(Report::Trying(self.attempt, address.clone())).await;
        let patience = self.context.times.connect;
        let from = self.context.dial_from(&target);
        self.connecting.spawn(async move {
            let result = match timeout(patience, ByteStream::connect(target, from)).await {
                Ok(Ok(stream)) => Ok(stream),
                Ok(Err(error)) => Err(Reason::of_io(&error)),
                Err(_) => Err(Reason::TimedOut),
            };
            (address, target, result)
        });
        true
    }

    async fn next_target(&mut self) -> Option<(Address, SocketAddr)> {
        loop {
            if let Some(target) = self.targets.pop_front() {
                self.left = self.left.checked_sub(1)?;
                return Some(target);
            }
            let address = self.addresses.pop_front()?;
            match resolve(&address, self.context.times.resolve).await {
                Ok(found) => self.targets.extend(found.into_iter().map(|target| (address.clone(), target))),
                Err(reason) => self.note(address, reason),
            }
        }
    }

    async fn on_connected(&self, remote: SocketAddr, result: Result<ByteStream, Reason>) -> Result<(), Reason> {
        let stream = result?;
        stream.set_nodelay().map_err(|error| Reason::of_io(&error))?;
        let may_complete = async |peer| {
            let (reply, answer) = oneshot::channel();
            let asked = self.context.reports.send(Report::MayComplete(self.attempt, peer, Rank::Tcp, reply)).await;
            asked.is_ok() && answer.await.unwrap_or(false)
        };
        // If it may not, the driver has ended this attempt already.
        if let Some(arrival) = introduce(stream, Path::Tcp(remote), &self.context, self.expect, may_complete).await? {
            let _ = self.context.reports.send(Report::Greeted(Origin::Dialled(self.attempt), Box::new(arrival))).await;
        }
        Ok(())
    }

    fn note(&mut self, address: Address, reason: Reason) {
        match &mut self.worst {
            Some((_, worst)) if worst.more_telling(reason) == *worst => {}
            worst => *worst = Some((address, reason)),
        }
    }
}

/// What an address leads to, in numbers.
async fn resolve(address: &Address, patience: Duration) -> Result<Vec<SocketAddr>, Reason> {
    let (name, port) = match address.dialable() {
        Ok(Address::Ip(address)) => return Ok(vec![address]),
        // The resolver knows the interfaces by name and by number.
        Ok(Address::Zoned(zoned)) => (zoned.name(), zoned.port()),
        Ok(Address::Host(host)) => (host.name().to_owned(), host.port()),
        Ok(Address::Verbatim(_)) | Err(_) => return Err(Reason::NameUnknown),
    };
    let lookup = lookup_host((name.as_str(), port));
    let found = timeout(patience, lookup).await.map_err(|_| Reason::NameUnknown)?;
    // A name may not lead where a number may not.
    let found = found.map_err(|_| Reason::NameUnknown)?.filter(|address| Address::ip(*address).is_ok());
    Ok(interleave(found.collect()))
}

/// Alternates between the IP versions, beginning with the one that the system prefers.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (preferred, other): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let mut other = other.into_iter();
    let mut mixed = Vec::new();
    for address in preferred {
        mixed.push(address);
        mixed.extend(other.next());
    }
    mixed.extend(other);
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_zone_becomes_the_scope_of_the_number_that_is_dialled() {
        let patience = Duration::from_secs(20);
        let loopback = if_addrs::get_if_addrs().expect("interfaces").into_iter().find(if_addrs::Interface::is_loopback).expect("loopback");
        let found =
            resolve(&Address::announced(format!("[fe80::1%{}]:4747", loopback.name)), patience).await.expect("the interface is there");
        let [SocketAddr::V6(number)] = found[..] else { panic!("{found:?}") };
        assert_eq!((number.ip().to_string().as_str(), number.port()), ("fe80::1", 4747));
        assert_eq!(Some(number.scope_id()), loopback.index);
        assert_eq!(resolve(&Address::announced("[fe80::1%nowhere0]:4747".to_owned()), patience).await, Err(Reason::NameUnknown));
    }

    #[test]
    fn ip_versions_take_turns() {
        let parse = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect::<Vec<SocketAddr>>();
        let mixed = interleave(parse(&["[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1", "192.0.2.1:1"]));
        assert_eq!(mixed, parse(&["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1", "[2001:db8::3]:1"]));
    }
}
