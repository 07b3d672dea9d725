//! What DHT nodes have been asked by our own UDP port and have not answered yet.

use std::collections::BTreeMap;
use std::net::SocketAddrV4;

use super::krpc::Tag;
use super::limits::{MAX_QUESTIONS, QUESTION_AGE};

/// A question under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) to: SocketAddrV4,
    /// The slot that it is about; none is a plain ping.
    pub(super) slot: Option<[u8; 32]>,
    pub(super) at: u64,
}

/// All of them, by their tags.
#[derive(Default)]
pub(super) struct Questions(BTreeMap<Tag, Question>);

impl Questions {
    /// False if there are too many, or this tag is in use: then it must not be asked.
    pub(super) fn add(&mut self, tag: Tag, question: Question) -> bool {
        self.0.retain(|_, old| question.at.saturating_sub(old.at) < QUESTION_AGE);
        if self.0.len() >= MAX_QUESTIONS || self.0.contains_key(&tag) {
            return false;
        }
        self.0.insert(tag, question);
        true
    }

    /// The question to which this is the answer: only from where it was asked, once, and in time.
    pub(super) fn answered(&mut self, tag: Tag, from: SocketAddrV4, now: u64) -> Option<Question> {
        let question = self.0.get(&tag).copied()?;
        if question.to != from || now.saturating_sub(question.at) >= QUESTION_AGE {
            return None;
        }
        self.0.remove(&tag)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(at: u64) -> Question {
        Question { to: "11.99.0.1:6881".parse().expect("an address"), slot: None, at }
    }

    #[test]
    fn an_answer_counts_once_in_time_and_from_the_one_who_was_asked() {
        let mut questions = Questions::default();
        let other = "11.99.0.2:6881".parse().expect("an address");
        assert!(questions.add(*b"0001", question(10)));
        assert!(!questions.add(*b"0001", question(10)), "a tag in use");
        assert_eq!(questions.answered(*b"0001", other, 20), None);
        assert_eq!(questions.answered(*b"0002", question(0).to, 20), None);
        assert_eq!(questions.answered(*b"0001", question(0).to, 20), Some(question(10)));
        assert_eq!(questions.answered(*b"0001", question(0).to, 20), None);
        assert!(questions.add(*b"0001", question(10)));
        assert_eq!(questions.answered(*b"0001", question(0).to, 10 + QUESTION_AGE), None);
    }

    #[test]
    fn they_are_bounded_and_the_unanswered_make_room() {
        let mut questions = Questions::default();
        let tags = || (0_u32..1000).map(u32::to_be_bytes);
        assert_eq!(tags().filter(|tag| questions.add(*tag, question(10))).count(), MAX_QUESTIONS);
        assert!(questions.add(*b"late", question(10 + QUESTION_AGE)));
    }
}
