//! Which edits, deletes and reactions of a message no longer count.

use std::collections::BTreeMap;

use identity::PeerId;

use crate::event::Verified;
use crate::limits::MAX_REACTIONS_PER_DEVICE;
use crate::payload::Payload;

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
        // Erased, or not what it claims to be.
        let Ok(payload) = Payload::of(relation) else {
            superseded.push(relation);
            continue;
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
            | Payload::Message { .. } => None,
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
