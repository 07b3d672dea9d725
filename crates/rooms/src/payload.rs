//! What an event says, by kind (`docs/PROTOCOL.md` §2).

use bincode::{Decode, Encode};
use identity::{PeerId, Signature};
use wire::codec;
use wire::ids::{EventId, LogId};

use crate::authority::{Role, Setting};
use crate::emoji::canonical_emoji;
use crate::epoch_part::EpochPart;
use crate::event::Event;
use crate::kind;
use crate::limits::{MAX_EMOJI_BYTES, MAX_TEXT_BYTES, MAX_TOPIC_BYTES};
use crate::position::{Position, Target};
use crate::room::RoomNonce;

/// What counts of what somebody wrote: logs in order, each once; of each the last number, and the
/// numbers up to it that do not count, in order.
pub type CutList = Vec<(LogId, u32, Vec<u32>)>;

/// A newcomer's proof that they hold an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShownPass {
    /// The event that announced the invite.
    pub invite: EventId,
    /// Public key of the invite.
    pub key: [u8; 32],
    /// By that key, over the room's hint and the newcomer's device (`wire::message::Join::pass`).
    pub proof: Signature,
}

/// The content of an event of a known kind.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// Founds the room whose id is derived from the author and the nonce.
    Create {
        /// Tells the author's rooms apart.
        nonce: RoomNonce,
        /// The room's name.
        name: String,
        /// The author's name.
        creator: String,
    },
    /// Makes a device a member.
    Add {
        /// The right by which the author does it: the id of the event that gave it. The same below.
        by: EventId,
        /// The device that becomes a member.
        device: PeerId,
        /// Their name, as they gave it.
        name: String,
        /// 1 for the first time, then one more than that of the membership that ended last.
        round: u32,
        /// The invite that they showed.
        pass: Option<ShownPass>,
    },
    /// The author goes.
    Leave {
        /// The right that the author had.
        by: EventId,
        /// The round of the membership that ends.
        round: u32,
        /// What the author wrote until then.
        cut: CutList,
    },
    /// An invite may be used.
    Invite {
        /// The right.
        by: EventId,
        /// Its public key.
        key: [u8; 32],
        /// How many people it lets in.
        uses: u32,
        /// Until when, milliseconds since 1970; 0 for no end.
        expires: u64,
    },
    /// An invite may no longer be used.
    Revoke {
        /// The right.
        by: EventId,
        /// The event that announced it.
        invite: EventId,
        /// Who had come in by it: device and round.
        used: Vec<(PeerId, u32)>,
    },
    /// Ends a membership.
    Remove {
        /// The right.
        by: EventId,
        /// Whose membership.
        device: PeerId,
        /// The round of it.
        round: u32,
        /// What counts of what they wrote.
        cut: CutList,
    },
    /// Gives a member another role.
    SetRole {
        /// The right.
        by: EventId,
        /// The member.
        device: PeerId,
        /// The round of their membership.
        round: u32,
        /// Which change of role it is in that round, from 1.
        turn: u32,
        /// The role.
        role: Role,
        /// What counts of what they did by a higher one.
        cut: CutList,
    },
    /// Sets something of the room.
    Set {
        /// The right.
        by: EventId,
        /// Which change of that it is, from 1.
        version: u32,
        /// What is set.
        setting: Setting,
        /// If it says who may add people: what all had done until then.
        known: Vec<(PeerId, CutList)>,
    },
    /// A text.
    Message {
        /// What it says.
        text: String,
        /// What it answers.
        reply: Option<Target>,
    },
    /// A new text for one's own message.
    Edit {
        /// The message that gets it.
        target: Target,
        /// The new text.
        text: String,
    },
    /// One's own message is to vanish.
    Delete {
        /// The message that vanishes.
        target: Target,
    },
    /// An emoji under a message.
    Reaction {
        /// The message under which it stands.
        target: Target,
        /// The emoji, in its one form.
        emoji: String,
        /// Set, or taken back.
        on: bool,
    },
    /// A key to which secrets can be sealed for the author.
    Prekey {
        /// The public key, of X25519.
        key: [u8; 32],
    },
    /// The secret of an epoch, for its recipients; one part of it.
    Epoch(EpochPart),
}

/// Why an event's content says nothing to this version. The event is valid all the same, kept and
/// relayed; it is not shown and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPayload {
    /// A kind of a later version.
    #[error("a kind that this version does not know")]
    Unknown,
    /// Under a key that is not here.
    #[error("the content is sealed, and was not opened")]
    Sealed,
    /// The content was erased.
    #[error("the content was erased")]
    Erased,
    /// Not the layout of its kind.
    #[error("the content does not follow its layout")]
    Layout,
    /// A text of which nothing shows, that is too long or holds a NUL, or a name that is not one.
    #[error("a text shows nothing, is too long or has a NUL, or a name is not one")]
    Text,
    /// A reaction that is not one emoji in its one form.
    #[error("a reaction is one emoji, fully qualified")]
    Emoji,
    /// A round, a turn or a version of zero.
    #[error("a round, a turn and a version are at least 1")]
    Round,
    /// An epoch without an id, a part that it does not have, or recipients that are too many or out
    /// of order.
    #[error("not a part of an epoch")]
    Epoch,
}

impl Payload {
    /// What an event says.
    pub fn of(event: &Event) -> Result<Self, BadPayload> {
        match event.content() {
            Some(content) => Self::decode(event.header.kind, content),
            None if event.payload().is_none() => Err(BadPayload::Erased),
            None => Err(BadPayload::Sealed),
        }
    }

    /// Reads the content of an event of `kind`.
    pub fn decode(kind: u8, bytes: &[u8]) -> Result<Self, BadPayload> {
        let payload = match kind {
            kind::CREATE => read(bytes).map(|(nonce, name, creator)| Self::Create { nonce, name, creator }),
            kind::ADD => read(bytes).map(|(by, device, name, round, pass)| Self::Add { by, device, name, round, pass }),
            kind::LEAVE => read(bytes).map(|(by, round, cut)| Self::Leave { by, round, cut }),
            kind::INVITE => read(bytes).map(|(by, key, uses, expires)| Self::Invite { by, key, uses, expires }),
            kind::REVOKE => read(bytes).map(|(by, invite, used)| Self::Revoke { by, invite, used }),
            kind::REMOVE => read(bytes).map(|(by, device, round, cut)| Self::Remove { by, device, round, cut }),
            kind::SET_ROLE => read(bytes).map(|(by, device, round, turn, role, cut)| Self::SetRole { by, device, round, turn, role, cut }),
            kind::SET => read(bytes).map(|(by, version, setting, known)| Self::Set { by, version, setting, known }),
            kind::MESSAGE => read(bytes).map(|(text, reply)| Self::Message { text, reply }),
            kind::EDIT => read(bytes).map(|(target, text)| Self::Edit { target, text }),
            kind::DELETE => read(bytes).map(|target| Self::Delete { target }),
            kind::REACTION => read(bytes).map(|(target, emoji, on)| Self::Reaction { target, emoji, on }),
            kind::PREKEY => read(bytes).map(|key| Self::Prekey { key }),
            kind::EPOCH => read(bytes).map(Self::Epoch),
            _ => Err(BadPayload::Unknown),
        }?;
        payload.check()?;
        Ok(payload)
    }

    /// What its time must come after: the message that it answers or is about. Of several edits or
    /// reactions the last one counts, so then also one's own last event of the kind that is given.
    pub fn follows(&self) -> Option<(Target, Option<u8>)> {
        match self {
            Self::Message { reply, .. } => reply.map(|target| (target, None)),
            Self::Delete { target } => Some((*target, None)),
            Self::Edit { target, .. } | Self::Reaction { target, .. } => Some((*target, Some(self.kind()))),
            _ => None,
        }
    }

    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Create { nonce, name, creator } => write(&(nonce, name, creator)),
            Self::Add { by, device, name, round, pass } => write(&(by, device, name, round, pass)),
            Self::Leave { by, round, cut } => write(&(by, round, cut)),
            Self::Invite { by, key, uses, expires } => write(&(by, key, uses, expires)),
            Self::Revoke { by, invite, used } => write(&(by, invite, used)),
            Self::Remove { by, device, round, cut } => write(&(by, device, round, cut)),
            Self::SetRole { by, device, round, turn, role, cut } => write(&(by, device, round, turn, role, cut)),
            Self::Set { by, version, setting, known } => write(&(by, version, setting, known)),
            Self::Message { text, reply } => write(&(text, reply)),
            Self::Edit { target, text } => write(&(target, text)),
            Self::Delete { target } => write(target),
            Self::Reaction { target, emoji, on } => write(&(target, emoji, on)),
            Self::Prekey { key } => write(key),
            Self::Epoch(part) => write(part),
        }
    }

    /// Its number.
    pub fn kind(&self) -> u8 {
        match self {
            Self::Create { .. } => kind::CREATE,
            Self::Add { .. } => kind::ADD,
            Self::Leave { .. } => kind::LEAVE,
            Self::Invite { .. } => kind::INVITE,
            Self::Revoke { .. } => kind::REVOKE,
            Self::Remove { .. } => kind::REMOVE,
            Self::SetRole { .. } => kind::SET_ROLE,
            Self::Set { .. } => kind::SET,
            Self::Message { .. } => kind::MESSAGE,
            Self::Edit { .. } => kind::EDIT,
            Self::Delete { .. } => kind::DELETE,
            Self::Reaction { .. } => kind::REACTION,
            Self::Prekey { .. } => kind::PREKEY,
            Self::Epoch(_) => kind::EPOCH,
        }
    }

    /// The message that an edit, a delete or a reaction is about. A reply stands for itself and has
    /// none.
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::Edit { target, .. } | Self::Delete { target } | Self::Reaction { target, .. } => Some(*target),
            _ => None,
        }
    }

    /// Checks limits and texts: what a reader refuses, a writer must not write.
    pub fn check(&self) -> Result<(), BadPayload> {
        match self {
            Self::Create { name, creator, .. } => check_name(name).and(check_name(creator)),
            Self::Add { name, round, .. } => check_name(name).and(check_round(*round)),
            Self::Leave { round, cut, .. } | Self::Remove { round, cut, .. } => check_round(*round).and(check_cut(cut)),
            Self::SetRole { round, turn, cut, .. } => check_round(*round).and(check_round(*turn)).and(check_cut(cut)),
            Self::Set { version, setting, known, .. } => check_round(*version).and(check_setting(setting)).and(check_known(known)),
            Self::Message { text, .. } | Self::Edit { text, .. } => check_text(text),
            Self::Reaction { emoji, .. } => check_emoji(emoji),
            Self::Epoch(part) if !part.is_sound() => Err(BadPayload::Epoch),
            Self::Invite { .. } | Self::Revoke { .. } | Self::Delete { .. } | Self::Prekey { .. } | Self::Epoch(_) => Ok(()),
        }
    }
}

fn check_round(round: u32) -> Result<(), BadPayload> {
    if round == 0 { Err(BadPayload::Round) } else { Ok(()) }
}

/// Sorted, so that a cut has one form.
fn check_cut(cut: &CutList) -> Result<(), BadPayload> {
    let is_sorted = cut.iter().is_sorted_by(|(one, ..), (next, ..)| one < next);
    let is_in_order = |(_, last, except): &(LogId, u32, Vec<u32>)| {
        except.iter().is_sorted_by(|one, next| one < next) && except.last().is_none_or(|seq| seq <= last)
    };
    if is_sorted && cut.iter().all(is_in_order) { Ok(()) } else { Err(BadPayload::Layout) }
}

fn check_known(known: &[(PeerId, CutList)]) -> Result<(), BadPayload> {
    let is_sorted = known.iter().is_sorted_by(|(one, _), (next, _)| one < next);
    if is_sorted { known.iter().try_for_each(|(_, cut)| check_cut(cut)) } else { Err(BadPayload::Layout) }
}

fn check_setting(setting: &Setting) -> Result<(), BadPayload> {
    match setting {
        Setting::Name(name) => check_name(name),
        Setting::Topic(topic) if topic.is_empty() => Ok(()),
        Setting::Topic(topic) => check_text(topic).and(if topic.len() <= MAX_TOPIC_BYTES { Ok(()) } else { Err(BadPayload::Text) }),
        Setting::AdminsAdd(_) | Setting::History(_) => Ok(()),
    }
}

/// The rule for names everywhere.
fn check_name(name: &str) -> Result<(), BadPayload> {
    wire::check_name(name).map_err(|_| BadPayload::Text)
}

fn check_text(text: &str) -> Result<(), BadPayload> {
    let good = text.len() <= MAX_TEXT_BYTES && !text.contains('\0') && wire::shows(text);
    if good { Ok(()) } else { Err(BadPayload::Text) }
}

fn check_emoji(emoji: &str) -> Result<(), BadPayload> {
    let good = emoji.len() <= MAX_EMOJI_BYTES && canonical_emoji(emoji) == Some(emoji);
    if good { Ok(()) } else { Err(BadPayload::Emoji) }
}

fn read<T: Decode<()> + Encode>(bytes: &[u8]) -> Result<T, BadPayload> {
    codec::decode(bytes).map_err(|_| BadPayload::Layout)
}

fn write<T: Encode>(fields: &T) -> Vec<u8> {
    codec::encode(fields)
}

impl std::fmt::Debug for Payload {
    /// Texts appear as their length: people's words do not belong in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let target = |position: &Position| position.id;
        match self {
            Self::Create { name, .. } => write!(f, "Create({} B)", name.len()),
            Self::Add { device, round, .. } => write!(f, "Add({device:?}, round {round})"),
            Self::Leave { round, .. } => write!(f, "Leave(round {round})"),
            Self::Remove { device, round, .. } => write!(f, "Remove({device:?}, round {round})"),
            Self::SetRole { device, role, turn, .. } => write!(f, "SetRole({device:?}, {role:?}, turn {turn})"),
            Self::Set { version, .. } => write!(f, "Set(version {version})"),
            Self::Invite { uses, .. } => write!(f, "Invite({uses} uses)"),
            Self::Revoke { .. } => f.write_str("Revoke"),
            Self::Message { text, .. } => write!(f, "Message({} B)", text.len()),
            Self::Edit { target: of, text } => write!(f, "Edit({:?}, {} B)", target(of), text.len()),
            Self::Delete { target: of } => write!(f, "Delete({:?})", target(of)),
            Self::Reaction { target: of, on, .. } => write!(f, "Reaction({:?}, {on})", target(of)),
            Self::Prekey { .. } => f.write_str("Prekey"),
            Self::Epoch(EpochPart { epoch, part, parts, seals, .. }) => {
                write!(f, "Epoch({epoch:?}, part {part} of {parts}, {} recipients)", seals.len())
            }
        }
    }
}
