//! Passing signals on between two members: who may, and how often.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;

use identity::PeerId;
use wire::Message;
use wire::reach::{HelpRefused, Signal, SignalRefused};

use super::bucket::Bucket;
use super::effect::Effect;
use super::limits::{SIGNALS, TALK};
use super::links::Links;

/// See the module's header.
#[derive(Debug, Default)]
pub(crate) struct Helping {
    askers: BTreeMap<PeerId, Asker>,
}

#[derive(Debug, Default)]
struct Asker {
    signals: Bucket,
    talk: Bucket,
}

/// A signal that asks to be passed on names no addresses; one that was passed on names those that
/// the helper saw.
pub(crate) fn is_request(signal: &Signal) -> bool {
    signal.tcp.is_none() && signal.udp.is_none()
}

impl Helping {
    /// Whether a message of this peer is heard at all.
    pub(crate) fn hears(&mut self, peer: PeerId, now: u64) -> bool {
        self.askers.entry(peer).or_default().talk.take(&TALK, now)
    }

    /// Passes a signal on to the one that it names, or says why not.
    pub(crate) fn signal(&mut self, from: PeerId, signal: Signal, links: &Links, now: u64, out: &mut Vec<Effect>) {
        let Some(asker) = links.get(from) else { return };
        match self.admit(from, signal.peer, links, now) {
            Ok(to) => {
                let passed_on = Signal {
                    peer: from,
                    session: signal.session,
                    tcp: asker.tcp_seen().map(Into::into),
                    udp: asker.udp_seen(now).map(Into::into),
                    body: signal.body,
                };
                out.push(Effect::Send { peer: signal.peer, link: to, message: Message::Signal(passed_on) });
            }
            Err(why) => {
                let refused = SignalRefused { peer: signal.peer, session: signal.session, why };
                out.push(Effect::Send { peer: from, link: asker.link, message: Message::SignalRefused(refused) });
            }
        }
    }

    fn admit(&mut self, from: PeerId, to: PeerId, links: &Links, now: u64) -> Result<crate::event::LinkId, HelpRefused> {
        if from == to || !links.share_room(from, to) {
            return Err(HelpRefused::NotAllowed);
        }
        if links.direct(from).is_none() {
            return Err(HelpRefused::NotLinked);
        }
        let link = links.direct(to).map(|view| view.link).ok_or(HelpRefused::NotLinked)?;
        let passes = self.askers.entry(from).or_default().signals.take(&SIGNALS, now);
        if passes { Ok(link) } else { Err(HelpRefused::Busy) }
    }

    /// Forgets who has rested long enough.
    pub(crate) fn tidy(&mut self, now: u64) {
        self.askers.retain(|_, asker| !asker.signals.is_full(now) || !asker.talk.is_full(now));
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use wire::Role;

    use super::super::links::LinkView;
    use super::*;
    use crate::event::LinkId;
    use crate::path::Path;

    fn peer(n: u8) -> PeerId {
        PeerId::from_bytes([n; 32])
    }

    fn link(links: &mut Links, n: u8, path: Path, rooms: &[u64]) {
        links.insert(peer(n), LinkView::new(LinkId(n.into()), path, Role::Responder, &[n; 32]));
        links.set_common(peer(n), rooms);
    }

    fn tcp(n: u8) -> Path {
        Path::Tcp(SocketAddr::from(([198, 51, 100, n], 4747)))
    }

    fn request(to: u8) -> Signal {
        Signal { peer: peer(to), session: 5, tcp: None, udp: None, body: vec![1, 2, 3] }
    }

    /// What comes of a signal from 1 to 2 that the helper gets: to whom it says what.
    fn passed(helping: &mut Helping, links: &Links, now: u64) -> (PeerId, Message) {
        let mut out = Vec::new();
        helping.signal(peer(1), request(2), links, now, &mut out);
        match out.pop() {
            Some(Effect::Send { peer, message, .. }) if out.is_empty() => (peer, message),
            other => panic!("{other:?}"),
        }
    }

    fn refusal(why: HelpRefused) -> (PeerId, Message) {
        (peer(1), Message::SignalRefused(SignalRefused { peer: peer(2), session: 5, why }))
    }

    #[test]
    fn a_signal_goes_on_with_where_the_helper_sees_its_sender() {
        let mut links = Links::default();
        link(&mut links, 1, tcp(1), &[7]);
        link(&mut links, 2, tcp(2), &[7, 8]);
        let udp = SocketAddr::from(([198, 51, 100, 1], 9999));
        links.get_mut(peer(1)).expect("linked").udp_seen = Some((udp, 1_000));
        let expected = |udp: Option<SocketAddr>| {
            let tcp = SocketAddr::from(([198, 51, 100, 1], 4747));
            let signal = Signal { peer: peer(1), session: 5, tcp: Some(tcp.into()), udp: udp.map(Into::into), body: vec![1, 2, 3] };
            (peer(2), Message::Signal(signal))
        };
        let mut helping = Helping::default();
        assert_eq!(passed(&mut helping, &links, 2_000), expected(Some(udp)));
        assert_eq!(passed(&mut helping, &links, 60_000), expected(None), "too old");
    }

    #[test]
    fn only_between_direct_links_of_members_of_one_room() {
        let mut links = Links::default();
        link(&mut links, 1, tcp(1), &[7]);
        let helping = &mut Helping::default();
        links.set_common(peer(2), &[8]);
        assert_eq!(passed(helping, &links, 0), refusal(HelpRefused::NotAllowed));
        links.set_common(peer(2), &[7]);
        assert_eq!(passed(helping, &links, 0), refusal(HelpRefused::NotLinked));
        link(&mut links, 2, Path::Circuit { carrier: peer(3) }, &[7]);
        assert_eq!(passed(helping, &links, 0), refusal(HelpRefused::NotLinked));
        link(&mut links, 2, tcp(2), &[8]);
        assert_eq!(passed(helping, &links, 0), refusal(HelpRefused::NotAllowed));
        link(&mut links, 2, tcp(2), &[7]);
        link(&mut links, 1, Path::Circuit { carrier: peer(3) }, &[7]);
        assert_eq!(passed(helping, &links, 0), refusal(HelpRefused::NotLinked));
    }

    #[test]
    fn who_floods_is_heard_sixty_four_times_and_passed_on_eight_times() {
        let mut links = Links::default();
        link(&mut links, 1, tcp(1), &[7]);
        link(&mut links, 2, tcp(2), &[7]);
        let mut helping = Helping::default();
        let heard = (0..1_000).filter(|_| helping.hears(peer(1), 0)).count();
        let went = (0..1_000).filter(|_| passed(&mut helping, &links, 0).0 == peer(2)).count();
        println!("of 1000 signals at once: {heard} heard, {went} passed on");
        assert_eq!((heard, went), (64, 8));
        let later = (0..60).filter(|n| passed(&mut helping, &links, 1_000 * n).0 == peer(2)).count();
        println!("of one a second for a minute: {later} passed on");
        assert_eq!(later, 29);
        helping.tidy(10_000_000);
        assert!(helping.askers.is_empty());
    }
}
