//! What a message has become: a pure fold over what was said about it (`docs/PROTOCOL.md` §2.1),
//! and which of that no longer counts.

use std::collections::{BTreeMap, BTreeSet};

use identity::PeerId;
use wire::ids::RoomId;

use crate::event::Verified;
use crate::kind;
use crate::limits::MAX_REACTIONS_PER_DEVICE;
use crate::payload::{BadPayload, Payload};
use crate::position::{Position, Target};

/// A message as the history shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// As last edited; empty when deleted.
    pub text: String,
    /// Milliseconds since 1970 of the edit that stands.
    pub edited_at: Option<u64>,
    /// Its author deleted it, or its content is gone from this device. Nothing else is told then.
    pub deleted: bool,
    /// Who reacted how.
    pub reactions: BTreeMap<String, BTreeSet<PeerId>>,
    /// What it answers.
    pub reply: Option<Target>,
}

/// What `relations` have made of `base`; none if that is not a message.
///
/// Whether an author was ever a member is asked before: only what counts is handed in.
pub fn fold(base: &Verified, relations: &[Verified]) -> Option<Entry> {
    let mut fold = Fold::new(base)?;
    for relation in relations {
        fold.apply(relation);
    }
    Some(fold.entry())
}

/// The same, event by event. Holds one text and, for each device, at most
/// [`MAX_REACTIONS_PER_DEVICE`] reactions, however many events come.
///
/// Invariant: events in any order, in any number of copies, give the same entry, guarded by
/// `any_order_of_relations_gives_the_same_entry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    room: RoomId,
    author: PeerId,
    target: Target,
    original: Option<(String, Option<Target>)>,
    edit: Option<(Position, String)>,
    deleted: bool,
    reactions: BTreeMap<PeerId, BTreeMap<String, (Position, Reacted)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reacted {
    On,
    Off,
}

impl Fold {
    /// A message about which nothing was said; none if the event is not a message.
    pub fn new(base: &Verified) -> Option<Self> {
        let original = match Payload::of(base) {
            Ok(Payload::Message { text, reply }) => Some((text, reply)),
            Err(BadPayload::Erased) if base.header.kind == kind::MESSAGE => None,
            _ => return None,
        };
        let (room, author, target) = (base.header.room, base.header.device, base.position());
        Some(Self { room, author, target, original, edit: None, deleted: false, reactions: BTreeMap::new() })
    }

    /// Takes an edit, a delete or a reaction. True if the entry may have changed; what is about
    /// another message, or is not its author's to say, changes nothing.
    pub fn apply(&mut self, relation: &Verified) -> bool {
        let Ok(payload) = Payload::of(relation) else { return false };
        if payload.target() != Some(self.target) || relation.header.room != self.room {
            return false;
        }
        let by_author = relation.header.device == self.author;
        match payload {
            Payload::Edit { text, .. } if by_author => self.edit(relation.position(), text),
            Payload::Delete { .. } if by_author => !std::mem::replace(&mut self.deleted, true),
            Payload::Reaction { emoji, on, .. } => {
                self.react(relation.header.device, emoji, relation.position(), if on { Reacted::On } else { Reacted::Off })
            }
            _ => false,
        }
    }

    fn edit(&mut self, position: Position, text: String) -> bool {
        let wins = self.edit.as_ref().is_none_or(|(held, _)| *held < position);
        if wins {
            self.edit = Some((position, text));
        }
        wins
    }

    /// Of each emoji the latest word stands; of too many emoji the latest ones. What was dropped
    /// once is older than all that is held, and what is held only grows later, so the order of
    /// arrival makes no difference.
    fn react(&mut self, device: PeerId, emoji: String, position: Position, reacted: Reacted) -> bool {
        let held = self.reactions.entry(device).or_default();
        if held.get(&emoji).is_some_and(|(held, _)| *held >= position) {
            return false;
        }
        held.insert(emoji, (position, reacted));
        if held.len() > MAX_REACTIONS_PER_DEVICE {
            let oldest = held.iter().min_by_key(|(_, (position, _))| *position).map(|(emoji, _)| emoji.clone());
            oldest.and_then(|emoji| held.remove(&emoji));
        }
        true
    }

    /// Its author deleted it: the content of the message and of its edits is to be erased.
    pub fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// The message as it stands.
    pub fn entry(&self) -> Entry {
        let Some((text, reply)) = self.original.as_ref().filter(|_| !self.deleted) else {
            return Entry { deleted: true, ..Entry::default() };
        };
        let (edited_at, text) = self.edit.as_ref().map_or((None, text), |(position, text)| (Some(position.hlc.ms()), text));
        let mut reactions: BTreeMap<String, BTreeSet<PeerId>> = BTreeMap::new();
        for (device, held) in &self.reactions {
            for emoji in held.iter().filter(|(_, (_, reacted))| *reacted == Reacted::On).map(|(emoji, _)| emoji) {
                reactions.entry(emoji.clone()).or_default().insert(*device);
            }
        }
        Entry { text: text.clone(), edited_at, deleted: false, reactions, reply: *reply }
    }
}

/// What one device said about a message, as far as it counts.
#[derive(Default)]
struct Words<'a> {
    edit: Option<&'a Verified>,
    delete: Option<&'a Verified>,
    reactions: BTreeMap<String, &'a Verified>,
}

/// Of what was said about one message, given in display order, that which can never change it any
/// more, whatever comes: of each device all edits but the latest, all deletes but one, of each
/// emoji all reactions but the latest, and of too many emoji all but the latest ones.
///
/// Invariant: a fold without them is the same, guarded by
/// `what_is_superseded_changes_nothing_whatever_comes`.
pub fn superseded(relations: &[Verified]) -> Vec<&Verified> {
    let (mut devices, mut superseded) = (BTreeMap::<PeerId, Words<'_>>::new(), Vec::new());
    for relation in relations {
        let payload = match Payload::of(relation) {
            Ok(payload) => payload,
            // What it says may still be needed.
            Err(BadPayload::Sealed) => continue,
            // Erased, or not what it claims to be.
            Err(_) => {
                superseded.push(relation);
                continue;
            }
        };
        let words = devices.entry(relation.header.device).or_default();
        let held = match payload {
            Payload::Edit { .. } => words.edit.replace(relation),
            Payload::Delete { .. } => words.delete.replace(relation),
            Payload::Reaction { emoji, .. } => match words.reactions.get_mut(&emoji) {
                Some(held) => Some(std::mem::replace(held, relation)),
                None => words.reactions.insert(emoji, relation),
            },
            Payload::Create { .. }
            | Payload::Add { .. }
            | Payload::Leave { .. }
            | Payload::Invite { .. }
            | Payload::Revoke { .. }
            | Payload::Remove { .. }
            | Payload::SetRole { .. }
            | Payload::Set { .. }
            | Payload::Message { .. }
            | Payload::Prekey { .. }
            | Payload::Epoch(_) => None,
        };
        superseded.extend(held);
    }
    for words in devices.into_values() {
        let mut reactions: Vec<&Verified> = words.reactions.into_values().collect();
        reactions.sort_by_key(|reaction| reaction.position());
        let beyond = reactions.len().saturating_sub(MAX_REACTIONS_PER_DEVICE);
        superseded.extend(reactions.into_iter().take(beyond));
    }
    superseded
}
