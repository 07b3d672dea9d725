//! Who comes in, by whatever way, until it is a link.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use identity::PeerId;
use tracing::warn;

use super::Driver;
use super::ways::Other;
use crate::arrival::Arrival;
use crate::byte_stream::ByteStream;
use crate::event::LinkId;
use crate::gate::{HalfOpen, Verdict};
use crate::greeting::answer;
use crate::link::Link;
use crate::outbox::Shared;
use crate::path::Path;
use crate::reach::Outcome;
use crate::reason::Reason;
use crate::report::{Origin, Report};
use crate::table::{Candidate, Effect};
use crate::time::Now;

/// Rest after the system refused to accept: usually it has no more file handles, and asking again
/// at once does not help.
const ACCEPT_REST: u64 = 250;

impl Driver {
    pub(super) fn on_accepted(&mut self, accepted: io::Result<(ByteStream, SocketAddr)>) {
        match accepted {
            Ok((stream, remote)) => {
                let remote = SocketAddr::new(remote.ip().to_canonical(), remote.port());
                self.let_in(stream, Path::Tcp(remote), None);
            }
            // A visitor who left before being let in is no reason to rest.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                warn!(%error, "cannot accept");
                self.accept_at = self.context.time.tick() + ACCEPT_REST;
            }
        }
    }

    /// Hears who is there; `expect` if a carrier said so.
    pub(super) fn let_in(&mut self, stream: ByteStream, path: Path, expect: Option<PeerId>) {
        // Who comes by a circuit has no address; the carrier has bounds of its own.
        let ip = path.remote().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |remote| remote.ip());
        let Verdict::Enter { new, instead_of } = self.gate.knock(ip, self.context.time.tick()) else { return };
        if let Some(displaced) = instead_of.and_then(|visitor| self.visitors.remove(&visitor)) {
            displaced.abort();
        }
        let context = self.context.clone();
        let task = tokio::spawn(async move {
            let spoke = async || {
                let _ = context.reports.send(Report::Spoke(new)).await;
            };
            let greeted = match stream.set_nodelay() {
                Ok(()) => answer(stream, path, &context, spoke).await,
                Err(error) => Err(Reason::of_io(&error)),
            };
            let report = match greeted {
                Ok(arrival) if expect.is_none_or(|expect| expect == arrival.session.peer) => {
                    Report::Greeted(Origin::Accepted(new), Box::new(arrival))
                }
                Ok(_) => Report::Left(new, Reason::WrongPeer),
                Err(reason) => Report::Left(new, reason),
            };
            let _ = context.reports.send(report).await;
        });
        self.visitors.insert(new, task.abort_handle());
    }

    pub(super) fn leave(&mut self, visitor: HalfOpen) {
        self.gate.left(visitor);
        self.visitors.remove(&visitor);
    }

    pub(super) fn on_greeted(&mut self, origin: Origin, arrival: Arrival, now: Now, out: &mut Vec<Effect>) {
        let (peer, path) = (arrival.session.peer, arrival.path);
        let (attempt, came_in) = match origin {
            Origin::Accepted(visitor) => {
                self.leave(visitor);
                let by_itself = path.remote().is_some_and(|remote| self.reacher.came_by_itself(peer, remote.ip(), now));
                if let Some(remote) = path.remote() {
                    self.partner_came(remote.ip(), peer, out);
                }
                (None, by_itself)
            }
            Origin::Dialled(attempt) => {
                if let Some(Other::Meeting { key, .. }) = self.ways.others.get(&attempt) {
                    self.meeting_over(*key, Some(peer));
                    self.ways.others.remove(&attempt);
                }
                self.attempt_over(attempt, Outcome::Linked(path));
                (Some(attempt), false)
            }
        };
        if let Some(remote) = path.remote().filter(|_| came_in) {
            self.reacher.came_in(peer, remote, now);
        }
        let link = self.next_link();
        let candidate = Candidate { link, peer, role: arrival.session.role, path, nonce: arrival.hello.boot_nonce, attempt };
        let link_task = Link::new(self.context.clone(), self.new_shared(now.tick), link, arrival, came_in, self.alive.clone());
        self.ready.insert(link, link_task);
        self.table.greeted(candidate, now, out);
    }

    pub(super) fn next_link(&mut self) -> LinkId {
        let link = LinkId(self.next_link);
        self.next_link += 1;
        link
    }

    pub(super) fn new_shared(&self, now: u64) -> Arc<Shared> {
        Arc::new(Shared::new(self.context.limits.clone(), now))
    }
}
