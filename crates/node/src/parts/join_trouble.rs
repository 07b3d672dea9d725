//! Why an attempt does not get on, from what is known of both sides: pure.

use std::net::{IpAddr, SocketAddr};

use gossip::Millis;
use wire::Address;
use wire::reach::NatClass;

use crate::view::{FixKind, JoinFinding, JoinTrouble, LinkReason, TroubleSide};

/// From then on silence counts as a failure, in milliseconds since the attempt began.
pub(crate) const SILENT_AFTER: Millis = 8_000;
/// From then on who was not heard of in the DHT counts as not there.
pub(crate) const NOT_HEARD_AFTER: Millis = 12_000;
/// From then on it counts that two who have heard of each other are not linked.
pub(crate) const APART_AFTER: Millis = 14_000;

/// What is known of an attempt and of both its sides.
#[derive(Clone, Debug)]
pub(crate) struct Signs<'a> {
    /// Since the attempt began.
    pub(crate) waited: Millis,
    /// Why the last round of dialling failed, if one did.
    pub(crate) failed: Option<LinkReason>,
    /// Where it leads.
    pub(crate) addresses: &'a [Address],
    /// One of them is this device's own, as others see it.
    pub(crate) own_address: bool,
    /// There is no way out of this computer.
    pub(crate) offline: bool,
    /// The network here wants people to sign in; the page for that.
    pub(crate) portal: Option<Option<String>>,
    /// People are met by the DHT here.
    pub(crate) internet: bool,
    /// The DHT does not answer.
    pub(crate) dht_silent: bool,
    /// It is an invite, by which the two could meet in the DHT.
    pub(crate) can_meet: bool,
    /// This device's NAT.
    pub(crate) mine: NatClass,
    /// Theirs, if they were heard of.
    pub(crate) theirs: Option<NatClass>,
    /// A friend of both is linked, who could carry.
    pub(crate) friend: bool,
}

/// Why it does not get on. None while it may just take its time.
pub(crate) fn trouble(signs: &Signs<'_>) -> Option<JoinTrouble> {
    if signs.offline {
        return Some(mine(JoinFinding::NoNetwork, vec![FixKind::TryNow]));
    }
    if let Some(url) = &signs.portal {
        return Some(mine(JoinFinding::CaptivePortal, vec![FixKind::OpenPortal { url: url.clone() }, FixKind::TryNow]));
    }
    if let Some(told) = signs.failed.and_then(plain) {
        return Some(told);
    }
    let silent = signs.failed.is_some() || signs.waited >= SILENT_AFTER;
    if !silent {
        return None;
    }
    let by_dht = of_the_dht(signs);
    if signs.can_meet && signs.internet && by_dht.is_none() {
        // They may still be found there, and a way to them.
        return None;
    }
    by_dht.or_else(|| of_the_addresses(signs))
}

/// What a failure tells by itself.
fn plain(reason: LinkReason) -> Option<JoinTrouble> {
    let theirs = |finding| Some(JoinTrouble { side: TroubleSide::Theirs, finding, fixes: Vec::new() });
    match reason {
        LinkReason::Refused => theirs(JoinFinding::NotRunning),
        LinkReason::NameUnknown => theirs(JoinFinding::NameUnknown),
        LinkReason::WrongPeer | LinkReason::Protocol => theirs(JoinFinding::SomebodyElse),
        LinkReason::Version => Some(unknown(JoinFinding::Version)),
        LinkReason::Lost | LinkReason::Silent | LinkReason::TooSlow | LinkReason::Busy | LinkReason::NotWelcome => {
            Some(unknown(JoinFinding::BreaksOff))
        }
        // They went in order, or the link was replaced: it comes again.
        LinkReason::Goodbye | LinkReason::Replaced | LinkReason::TimedOut | LinkReason::NoRoute => None,
    }
}

/// What can be told from the DHT and the NATs of both.
fn of_the_dht(signs: &Signs<'_>) -> Option<JoinTrouble> {
    if !signs.internet || !signs.can_meet {
        return None;
    }
    match (signs.mine, signs.theirs) {
        (NatClass::Blocked, _) => Some(mine(JoinFinding::UdpBlocked, vec![FixKind::TryNow])),
        (_, _) if signs.dht_silent => Some(mine(JoinFinding::UdpBlocked, vec![FixKind::TryNow])),
        (_, Some(NatClass::Blocked)) => {
            Some(JoinTrouble { side: TroubleSide::Theirs, finding: JoinFinding::UdpBlocked, fixes: Vec::new() })
        }
        (NatClass::Hard, Some(NatClass::Hard)) if !signs.friend => {
            Some(JoinTrouble { side: TroubleSide::Both, finding: JoinFinding::ChangingDoors, fixes: Vec::new() })
        }
        (_, Some(_)) if signs.waited < APART_AFTER => None,
        // One of them alone needs luck, and time.
        (NatClass::Hard, Some(_)) => Some(mine(JoinFinding::ChangingDoors, Vec::new())),
        (_, Some(NatClass::Hard)) => {
            Some(JoinTrouble { side: TroubleSide::Theirs, finding: JoinFinding::ChangingDoors, fixes: Vec::new() })
        }
        (_, Some(_)) => Some(unknown(JoinFinding::NoWay)),
        (_, None) if signs.waited >= NOT_HEARD_AFTER => {
            Some(JoinTrouble { side: TroubleSide::Theirs, finding: JoinFinding::NotHeardOf, fixes: Vec::new() })
        }
        (_, _) => None,
    }
}

/// What can be told from where it leads.
fn of_the_addresses(signs: &Signs<'_>) -> Option<JoinTrouble> {
    let could_meet = (signs.can_meet && !signs.internet).then_some(FixKind::TurnInternetOn);
    let theirs = |finding| Some(JoinTrouble { side: TroubleSide::Theirs, finding, fixes: could_meet.clone().into_iter().collect() });
    if signs.addresses.is_empty() {
        return theirs(JoinFinding::NoAddress);
    }
    if signs.own_address {
        return Some(JoinTrouble { side: TroubleSide::Both, finding: JoinFinding::OwnAddress, fixes: Vec::new() });
    }
    let lead = |far: fn(IpAddr) -> bool| signs.addresses.iter().all(|address| number(address).is_some_and(|number| far(number.ip())));
    if lead(|ip| ip.is_loopback()) {
        return theirs(JoinFinding::OnlyTheirComputer);
    }
    if lead(|ip| !net::is_public(ip)) {
        return theirs(JoinFinding::OnlyTheirNetwork);
    }
    theirs(JoinFinding::NothingAnswers)
}

fn number(address: &Address) -> Option<SocketAddr> {
    match address.dialable().ok()? {
        Address::Ip(number) => Some(number),
        Address::Host(_) | Address::Zoned(_) | Address::Verbatim(_) => None,
    }
}

fn mine(finding: JoinFinding, fixes: Vec<FixKind>) -> JoinTrouble {
    JoinTrouble { side: TroubleSide::Mine, finding, fixes }
}

fn unknown(finding: JoinFinding) -> JoinTrouble {
    JoinTrouble { side: TroubleSide::Unknown, finding, fixes: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A good invite to a public address, after a while, with the DHT off.
    fn signs(addresses: &[Address]) -> Signs<'_> {
        Signs {
            waited: SILENT_AFTER,
            failed: None,
            addresses,
            own_address: false,
            offline: false,
            portal: None,
            internet: false,
            dht_silent: false,
            can_meet: true,
            mine: NatClass::Unknown,
            theirs: None,
            friend: false,
        }
    }

    fn at(texts: &[&str]) -> Vec<Address> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[track_caller]
    fn check(signs: &Signs<'_>, side: TroubleSide, finding: JoinFinding) {
        let told = trouble(signs).map(|told| (told.side, told.finding));
        assert_eq!(told, Some((side, finding)), "{signs:?}");
    }

    #[test]
    fn nothing_is_said_before_something_failed_or_took_long() {
        let public = at(&["203.0.113.9:4747"]);
        assert_eq!(trouble(&Signs { waited: SILENT_AFTER - 1, ..signs(&public) }), None);
        assert_eq!(trouble(&Signs { waited: 10, failed: Some(LinkReason::Goodbye), internet: true, ..signs(&public) }), None);
    }

    #[test]
    fn trouble_of_this_computer_is_told_at_once() {
        let public = at(&["203.0.113.9:4747"]);
        check(&Signs { waited: 0, offline: true, ..signs(&public) }, TroubleSide::Mine, JoinFinding::NoNetwork);
        let portal = Signs { waited: 0, portal: Some(Some("http://portal.example".to_owned())), ..signs(&public) };
        check(&portal, TroubleSide::Mine, JoinFinding::CaptivePortal);
        let fixes = trouble(&portal).map(|told| told.fixes).unwrap_or_default();
        assert_eq!(fixes.first(), Some(&FixKind::OpenPortal { url: Some("http://portal.example".to_owned()) }));
    }

    #[test]
    fn what_answered_tells_more_than_silence() {
        let public = at(&["203.0.113.9:4747"]);
        for (reason, side, finding) in [
            (LinkReason::Refused, TroubleSide::Theirs, JoinFinding::NotRunning),
            (LinkReason::NameUnknown, TroubleSide::Theirs, JoinFinding::NameUnknown),
            (LinkReason::WrongPeer, TroubleSide::Theirs, JoinFinding::SomebodyElse),
            (LinkReason::Version, TroubleSide::Unknown, JoinFinding::Version),
            (LinkReason::Lost, TroubleSide::Unknown, JoinFinding::BreaksOff),
            (LinkReason::TimedOut, TroubleSide::Theirs, JoinFinding::NothingAnswers),
            (LinkReason::NoRoute, TroubleSide::Theirs, JoinFinding::NothingAnswers),
        ] {
            check(&Signs { waited: 10, failed: Some(reason), ..signs(&public) }, side, finding);
        }
    }

    #[test]
    fn where_it_leads_tells_why_nobody_is_there() {
        for (texts, finding) in [
            (&[][..], JoinFinding::NoAddress),
            (&["127.0.0.1:4747"][..], JoinFinding::OnlyTheirComputer),
            (&["192.168.1.5:4747", "[fd00::1]:4747"][..], JoinFinding::OnlyTheirNetwork),
            (&["192.168.1.5:4747", "203.0.113.9:4747"][..], JoinFinding::NothingAnswers),
            (&["ana.example.org:4747"][..], JoinFinding::NothingAnswers),
        ] {
            let addresses = at(texts);
            check(&signs(&addresses), TroubleSide::Theirs, finding);
            let fixes = trouble(&signs(&addresses)).map(|told| told.fixes);
            assert_eq!(fixes, Some(vec![FixKind::TurnInternetOn]), "the two could meet elsewhere");
        }
        let own = at(&["203.0.113.9:4747"]);
        check(&Signs { own_address: true, ..signs(&own) }, TroubleSide::Both, JoinFinding::OwnAddress);
    }

    #[test]
    fn while_the_dht_may_help_it_is_given_time() {
        let public = at(&["203.0.113.9:4747"]);
        let on = Signs { internet: true, failed: Some(LinkReason::TimedOut), ..signs(&public) };
        assert_eq!(trouble(&Signs { waited: NOT_HEARD_AFTER - 1, ..on.clone() }), None);
        check(&Signs { waited: NOT_HEARD_AFTER, ..on.clone() }, TroubleSide::Theirs, JoinFinding::NotHeardOf);
        let typed = Signs { can_meet: false, ..on };
        check(&typed, TroubleSide::Theirs, JoinFinding::NothingAnswers);
    }

    #[test]
    fn the_side_whose_network_is_in_the_way_is_named() {
        let none = at(&[]);
        let on = Signs { internet: true, waited: NOT_HEARD_AFTER, ..signs(&none) };
        check(&Signs { mine: NatClass::Blocked, ..on.clone() }, TroubleSide::Mine, JoinFinding::UdpBlocked);
        check(&Signs { dht_silent: true, ..on.clone() }, TroubleSide::Mine, JoinFinding::UdpBlocked);
        check(&Signs { theirs: Some(NatClass::Blocked), ..on.clone() }, TroubleSide::Theirs, JoinFinding::UdpBlocked);
        let both = Signs { mine: NatClass::Hard, theirs: Some(NatClass::Hard), ..on };
        check(&both, TroubleSide::Both, JoinFinding::ChangingDoors);
        let [mine, theirs] = [(NatClass::Hard, NatClass::Easy), (NatClass::Easy, NatClass::Hard)].map(|(mine, theirs)| Signs {
            waited: APART_AFTER,
            mine,
            theirs: Some(theirs),
            ..both.clone()
        });
        check(&mine, TroubleSide::Mine, JoinFinding::ChangingDoors);
        check(&theirs, TroubleSide::Theirs, JoinFinding::ChangingDoors);
        let neither = Signs { mine: NatClass::Easy, ..mine };
        check(&neither, TroubleSide::Unknown, JoinFinding::NoWay);
        assert_eq!(trouble(&Signs { waited: APART_AFTER - 1, ..neither }), None, "it takes a moment");
        let with_friend = trouble(&Signs { friend: true, ..both }).map(|told| told.finding);
        assert_ne!(with_friend, Some(JoinFinding::ChangingDoors), "the friend carries");
    }
}
