//! "Where do you see me?" Questions of peers, and own ones. Pure: time and chance are arguments.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use super::datagram::{ANSWER, Nonce, QUESTION, Tag, answer, question, unmask};
use super::limits::{ANSWER_WAIT, ECHOES, ECHOES_PER_ADDRESS, QUESTIONS, TAGS};

/// Who is answered, and who was asked.
#[derive(Default)]
pub(super) struct Echoes {
    allowed: HashSet<Tag>,
    asked: HashMap<Nonce, Asked>,
    caps: Caps,
}

struct Asked {
    to: SocketAddr,
    tag: Tag,
    at: u64,
}

impl Echoes {
    /// Questions with this tag are answered from now on.
    pub(super) fn allow(&mut self, tag: Tag) {
        if self.allowed.len() < TAGS {
            self.allowed.insert(tag);
        }
    }

    pub(super) fn forget(&mut self, tag: &Tag) {
        self.allowed.remove(tag);
    }

    /// The question to be sent.
    pub(super) fn ask(&mut self, to: SocketAddr, tag: Tag, nonce: Nonce, now: u64) -> [u8; QUESTION] {
        self.asked.retain(|_, asked| now.saturating_sub(asked.at) <= ANSWER_WAIT);
        if self.asked.len() >= QUESTIONS
            && let Some(oldest) = self.asked.iter().min_by_key(|(_, asked)| asked.at).map(|(nonce, _)| *nonce)
        {
            self.asked.remove(&oldest);
        }
        self.asked.insert(nonce, Asked { to, tag, at: now });
        question(&tag, &nonce)
    }

    /// The answer to be sent. None to strangers, and none beyond the caps.
    pub(super) fn on_question(&mut self, from: SocketAddr, tag: &Tag, nonce: &Nonce, now: u64) -> Option<[u8; ANSWER]> {
        let answered = self.allowed.contains(tag) && self.caps.take(from.ip(), now);
        answered.then(|| answer(tag, nonce, from))
    }

    /// Which question was answered, by whom it had been sent to, and where that one sees us.
    pub(super) fn on_answer(&mut self, from: SocketAddr, nonce: &Nonce, masked: [u8; 18], now: u64) -> Option<(Tag, SocketAddr)> {
        let asked = self.asked.get(nonce)?;
        // From elsewhere it may be somebody on the way; the right one may still answer.
        if asked.to != from || now.saturating_sub(asked.at) > ANSWER_WAIT {
            return None;
        }
        let asked = self.asked.remove(nonce)?;
        unmask(masked, &asked.tag).map(|seen| (asked.tag, seen))
    }
}

/// Answers of one second. As each address in it was answered, there are never more than that.
#[derive(Default)]
struct Caps {
    second: u64,
    answers: u32,
    by_address: BTreeMap<IpAddr, u32>,
}

impl Caps {
    fn take(&mut self, from: IpAddr, now: u64) -> bool {
        let second = now / 1000;
        if self.second != second {
            *self = Self { second, ..Self::default() };
        }
        let of_address = self.by_address.get(&from).copied().unwrap_or(0);
        if self.answers >= ECHOES || of_address >= ECHOES_PER_ADDRESS {
            return false;
        }
        self.answers = self.answers.saturating_add(1);
        self.by_address.insert(from, of_address.saturating_add(1));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::datagram::Kind;
    use super::*;

    const TAG: Tag = [7; 16];
    const NONCE: Nonce = [9; 8];

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn masked(bytes: &[u8]) -> [u8; 18] {
        let Kind::Answer { masked, .. } = Kind::of(bytes) else { panic!("an answer") };
        masked
    }

    #[test]
    fn only_whoever_was_asked_is_believed_once_and_in_time() {
        let (ana, ben, chi) = (address("192.0.2.1:1"), address("192.0.2.2:2"), address("192.0.2.3:3"));
        let (mut at_ana, mut at_ben) = (Echoes::default(), Echoes::default());
        at_ben.allow(TAG);
        at_ana.ask(ben, TAG, NONCE, 1_000);
        let answer = masked(&at_ben.on_question(ana, &TAG, &NONCE, 1_000).expect("the tag is allowed"));
        assert_eq!(at_ana.on_answer(chi, &NONCE, answer, 1_000), None);
        assert_eq!(at_ana.on_answer(ben, &[0; 8], answer, 1_000), None);
        assert_eq!(at_ana.on_answer(ben, &NONCE, answer, 1_001 + ANSWER_WAIT), None);
        assert_eq!(at_ana.on_answer(ben, &NONCE, answer, 1_000 + ANSWER_WAIT), Some((TAG, ana)));
        assert_eq!(at_ana.on_answer(ben, &NONCE, answer, 1_000 + ANSWER_WAIT), None, "it was answered");
    }

    #[test]
    fn a_stranger_gets_no_answer_and_a_peer_none_after_its_link() {
        let mut echoes = Echoes::default();
        let from = address("192.0.2.1:1");
        assert_eq!(echoes.on_question(from, &TAG, &NONCE, 0), None);
        echoes.allow(TAG);
        assert!(echoes.on_question(from, &TAG, &NONCE, 0).is_some());
        echoes.forget(&TAG);
        assert_eq!(echoes.on_question(from, &TAG, &NONCE, 0), None);
    }

    #[test]
    fn a_flood_is_answered_up_to_the_caps() {
        let mut echoes = Echoes::default();
        echoes.allow(TAG);
        let mut answered = |from: &str, times: usize, now: u64| {
            (0..times).filter(|_| echoes.on_question(address(from), &TAG, &NONCE, now).is_some()).count()
        };
        assert_eq!(answered("192.0.2.1:1", 1_000, 5_000), 20, "from one address");
        assert_eq!(answered("192.0.2.1:2", 1_000, 5_999), 0, "its ports are one address");
        let all: usize = (2..100).map(|last| answered(&format!("192.0.2.{last}:1"), 100, 5_999)).sum();
        assert_eq!(all, 180, "200 in all");
        assert_eq!(answered("192.0.2.1:1", 1_000, 6_000), 20, "in the next second");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut echoes = Echoes::default();
        for tag in 0..2 * TAGS as u128 {
            echoes.allow(tag.to_be_bytes());
        }
        for nonce in 0..2 * QUESTIONS as u64 {
            echoes.ask(address("192.0.2.1:1"), TAG, nonce.to_be_bytes(), nonce);
        }
        assert_eq!((echoes.allowed.len(), echoes.asked.len()), (TAGS, QUESTIONS));
        assert!(echoes.asked.contains_key(&(2 * QUESTIONS as u64 - 1).to_be_bytes()), "the newest stays");
    }
}
