//! From a call to the node: ids and texts are checked here, and the reply is put into the
//! contract's words.

// Bytes from outside: arguments are what a client wrote.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::indexing_slicing))]

use std::str::FromStr;

use identity::PeerId;
use node::view::{self, Refused};
use node::{Closed, Core, EventId, Node, RoomId};
use rooms::Position;
use rooms::limits::{MAX_TEXT_BYTES, MAX_TOPIC_BYTES};

use crate::contract::{Command, Reply, Send as SendText};
use crate::convert;
use crate::types::{Anchor, Code, Custody, Done, InviteReading, Refusal};

/// Longest draft that is kept, in bytes: what can be sent, twice.
const MAX_DRAFT_BYTES: usize = 32 * 1024;
/// Entries in one page of history.
const MAX_PAGE: u32 = 200;
/// Messages that are said to be seen at once: more than fit on a screen.
const MAX_SEEN: usize = 256;
/// People who may use one invite.
const MAX_USES: u32 = 1_000;

/// A message that has been queued: its outcome comes later, so that many can be under way.
pub struct Pending(tokio::sync::oneshot::Receiver<Result<view::Said, Refused>>);

impl Pending {
    /// Waits for the outcome.
    pub async fn outcome(self) -> Result<Reply, Refusal> {
        match self.0.await {
            Ok(said) => Ok(Reply::Send(convert::sent(said?))),
            Err(_) => Err(Closed.into()),
        }
    }
}

/// Queues a message in its place among the others.
pub(crate) async fn queue(node: &Node, send: SendText) -> Result<Pending, Refusal> {
    let reply_to = send.reply_to.as_deref().map(event_id).transpose()?;
    Ok(Pending(node.say(room_id(&send.room)?, text(send.text)?, reply_to).await?))
}

/// Carries out a call on an open profile.
pub(crate) async fn dispatch(node: &Node, custody: Custody, command: Command) -> Result<Reply, Refusal> {
    use Command as C;
    Ok(match command {
        C::Status(_) | C::Begin(_) | C::Unlock(_) | C::Retry(_) | C::Shutdown(_) => {
            return Err(Refusal::new(Code::AlreadyOpen, "the profile is open"));
        }
        C::TakeSnapshot(_) => Reply::TakeSnapshot(convert::snapshot(node.with(Core::snapshot).await?, custody)),
        C::SetName(a) => {
            let name = name(&a.name)?;
            Reply::SetName(convert::me(kept(node, move |core| core.set_name(name)).await?, custody))
        }
        C::SetNearbyVisible(a) => {
            let me = kept(node, move |core| core.set_nearby_visible(a.visible)).await?;
            Reply::SetNearbyVisible(convert::me(me, custody))
        }
        C::SetInternet(a) => Reply::SetInternet(convert::me(kept(node, move |core| core.set_internet(a.on)).await?, custody)),
        C::SetMapping(a) => Reply::SetMapping(convert::me(kept(node, move |core| core.set_mapping(a.on)).await?, custody)),
        C::SetCarry(a) => Reply::SetCarry(convert::me(kept(node, move |core| core.set_carry(a.on)).await?, custody)),
        C::CreateRoom(a) => {
            let name = name(&a.name)?;
            Reply::CreateRoom(convert::room(kept(node, move |core| core.create_room(&name)).await?))
        }
        C::OpenDirect(a) => {
            let peer = peer_id(&a.peer)?;
            Reply::OpenDirect(convert::room(kept(node, move |core| core.open_direct(peer)).await?))
        }
        C::LeaveRoom(a) => {
            let room = room_id(&a.room)?;
            kept(node, move |core| core.leave_room(room)).await?;
            Reply::LeaveRoom(Done {})
        }
        C::RemoveMember(a) => {
            let (room, peer) = (room_id(&a.room)?, peer_id(&a.peer)?);
            kept(node, move |core| core.remove_member(room, peer)).await?;
            Reply::RemoveMember(Done {})
        }
        C::SetRole(a) => {
            let (room, peer) = (room_id(&a.room)?, peer_id(&a.peer)?);
            kept(node, move |core| core.set_role(room, peer, a.role)).await?;
            Reply::SetRole(Done {})
        }
        C::AddMember(a) => {
            let (room, peer) = (room_id(&a.room)?, peer_id(&a.peer)?);
            kept(node, move |core| core.add_member(room, peer)).await?;
            Reply::AddMember(Done {})
        }
        C::SetRoom(a) => {
            let room = room_id(&a.room)?;
            let (name, topic) = (a.name.as_deref().map(name).transpose()?, a.topic.as_deref().map(topic).transpose()?);
            let set = move |core: &mut Core| {
                core.set_room(room, name, topic, a.only_admins_add)?;
                a.history.map_or(Ok(()), |on| core.set_history(room, on))
            };
            kept(node, set).await?;
            Reply::SetRoom(Done {})
        }
        C::ListRoomInvites(a) => {
            let room = room_id(&a.room)?;
            let invites = on(node, move |core| core.room_invites(room)).await?;
            Reply::ListRoomInvites(invites.iter().map(convert::invite).collect())
        }
        C::RevokeInvite(a) => {
            let (room, id) = (room_id(&a.room)?, invite_id(&a.id)?);
            kept(node, move |core| core.revoke_invite(room, id)).await?;
            Reply::RevokeInvite(Done {})
        }
        C::GetRoom(a) => {
            let room = room_id(&a.room)?;
            let look = move |core: &mut Core| Ok((core.room_details(room)?, core.history_setter(room)?));
            let ((row, people, progress), history) = on(node, look).await?;
            Reply::GetRoom(crate::types::RoomDetails {
                room: convert::room(row),
                people: people.into_iter().map(convert::member).collect(),
                delivery: convert::delivery(progress),
                history: history.map(convert::setter),
            })
        }
        C::GetTimeline(a) => {
            let room = room_id(&a.room)?;
            let anchor = anchor(a.anchor)?;
            let limit = a.limit.clamp(1, MAX_PAGE);
            let page = on(node, move |core| core.timeline(room, anchor, limit)).await?;
            Reply::GetTimeline(convert::page(&room.to_string(), page))
        }
        C::Send(a) => return queue(node, a).await?.outcome().await,
        C::Edit(a) => {
            let (room, message, text) = (room_id(&a.room)?, event_id(&a.message)?, text(a.text)?);
            on(node, move |core| core.edit(room, message, text)).await?;
            Reply::Edit(Done {})
        }
        C::Delete(a) => {
            let (room, message) = (room_id(&a.room)?, event_id(&a.message)?);
            on(node, move |core| core.delete(room, message)).await?;
            Reply::Delete(Done {})
        }
        C::React(a) => {
            let (room, message) = (room_id(&a.room)?, event_id(&a.message)?);
            let emoji =
                rooms::canonical_emoji(a.emoji.trim()).ok_or_else(|| Refusal::new(Code::BadArguments, "a reaction is one emoji"))?;
            on(node, move |core| core.react(room, message, emoji.to_owned(), a.on)).await?;
            Reply::React(Done {})
        }
        C::SendAgain(a) => {
            let (room, message) = (room_id(&a.room)?, event_id(&a.message)?);
            Reply::SendAgain(convert::sent(on(node, move |core| core.send_again(room, message)).await?))
        }
        C::MarkRead(a) => {
            let (room, up_to) = (room_id(&a.room)?, position(&a.up_to)?);
            if a.seen.as_ref().is_some_and(|seen| seen.len() > MAX_SEEN) {
                return Err(Refusal::new(Code::BadArguments, "at most 256 are seen at once"));
            }
            let seen = a.seen.map(|all| all.iter().map(|text| position(text)).collect::<Result<Vec<_>, _>>()).transpose()?;
            // Not waited for: it comes with every line that is read.
            on(node, move |core| core.check_disk().and_then(|()| core.mark_read(room, up_to, seen))).await?;
            Reply::MarkRead(Done {})
        }
        C::SetDraft(a) => {
            let room = room_id(&a.room)?;
            if a.text.len() > MAX_DRAFT_BYTES {
                return Err(Refusal::new(Code::TextTooLong, "the draft is too long"));
            }
            kept(node, move |core| core.set_draft(room, a.text)).await?;
            Reply::SetDraft(Done {})
        }
        C::CreateInvite(a) => {
            let room = a.room.as_deref().map(room_id).transpose()?;
            if !(1..=MAX_USES).contains(&a.uses) {
                return Err(Refusal::new(Code::BadArguments, "uses must be 1 to 1000"));
            }
            let made = kept(node, move |core| core.create_invite(room, a.uses)).await?;
            Reply::CreateInvite(crate::types::Invite { text: made.text, link: made.link, uses: made.uses, addresses: made.addresses })
        }
        C::ReadInvite(a) => Reply::ReadInvite(match node.with(move |core| core.read_invite(&a.text)).await? {
            Ok(reading) => convert::reading(reading),
            Err(why) => InviteReading::Unreadable { why: convert::invite_fault(why) },
        }),
        C::AcceptInvite(a) => Reply::AcceptInvite(convert::joining(kept(node, move |core| core.accept_invite(&a.text)).await?)),
        C::CancelJoin(a) => {
            let id: u64 = a.join.parse().map_err(|_| Refusal::new(Code::BadArguments, "no such attempt"))?;
            node.with(move |core| core.cancel_join(id)).await?;
            Reply::CancelJoin(Done {})
        }
        C::AddAddress(a) => Reply::AddAddress(convert::joining(kept(node, move |core| core.add_address(&a.address)).await?)),
        C::SayHello(a) => Reply::SayHello(convert::joining(kept(node, move |core| core.say_hello(&a.nearby)).await?)),
        C::AnswerRequest(a) => {
            let peer = peer_id(&a.peer)?;
            kept(node, move |core| core.answer_request(peer, a.accept)).await?;
            Reply::AnswerRequest(Done {})
        }
        C::GetPerson(a) => {
            let peer = peer_id(&a.peer)?;
            Reply::GetPerson(convert::person_details(on(node, move |core| core.person_details(peer)).await?))
        }
        C::GetNetwork(a) => Reply::GetNetwork(convert::network(node.with(move |core| core.network(a.watch)).await?, custody)),
        C::GetDoctor(a) => Reply::GetDoctor(node.with(move |core| core.doctor(a.watch)).await?),
        C::TryReach(_) => {
            node.with(Core::try_reach).await?;
            Reply::TryReach(Done {})
        }
        C::Fix(a) => {
            on(node, move |core| core.fix(&a.fix)).await?;
            Reply::Fix(Done {})
        }
        C::Redial(a) => {
            let peer = peer_id(&a.peer)?;
            on(node, move |core| core.redial(peer)).await?;
            Reply::Redial(Done {})
        }
    })
}

async fn on<T: Send + 'static>(node: &Node, f: impl FnOnce(&mut Core) -> Result<T, Refused> + Send + 'static) -> Result<T, Refusal> {
    Ok(node.with(f).await??)
}

/// Like [`on`], for calls that promise to keep something.
async fn kept<T: Send + 'static>(node: &Node, f: impl FnOnce(&mut Core) -> Result<T, Refused> + Send + 'static) -> Result<T, Refusal> {
    Ok(node.keep(f).await??)
}

/// A display or room name, in its one form.
pub(crate) fn name(raw: &str) -> Result<String, Refusal> {
    let refusal = |fault: node::NameFault| Refusal::new(Code::BadName, fault.to_string());
    if raw.trim().chars().any(node::is_unfit) {
        return Err(refusal(node::NameFault::Character));
    }
    let name = node::tidy_name(raw);
    node::check_name(&name).map_err(refusal)?;
    Ok(name)
}

fn text(raw: String) -> Result<String, Refusal> {
    // NUL shows nowhere and breaks much; nobody can type it.
    let text = raw.replace('\0', "");
    let text = without_blank_ends(&text);
    if !node::shows(text) {
        return Err(Refusal::new(Code::EmptyText, "nothing to send"));
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(Refusal::new(Code::TextTooLong, "a text is at most 16 KiB"));
    }
    Ok(text.to_owned())
}

/// What a room is about, in one line; empty if nothing of it shows.
fn topic(raw: &str) -> Result<String, Refusal> {
    let topic = raw.split(|c: char| c.is_control()).collect::<Vec<_>>().join(" ");
    let topic = topic.trim();
    if topic.len() > MAX_TOPIC_BYTES {
        return Err(Refusal::new(Code::TextTooLong, "a topic is at most 1 KiB"));
    }
    Ok(if node::shows(topic) { topic.to_owned() } else { String::new() })
}

/// Blank lines before a text go, and white space after it. What its first line begins with stays:
/// it may be code.
fn without_blank_ends(text: &str) -> &str {
    let text = text.trim_end();
    let blank = text.len().saturating_sub(text.trim_start().len());
    let begins = text.get(..blank).and_then(|blank| blank.rfind(['\n', '\r'])).map_or(0, |at| at.saturating_add(1));
    text.get(begins..).unwrap_or_default()
}

fn id<T: FromStr>(raw: &str, code: Code, what: &str) -> Result<T, Refusal> {
    raw.parse().map_err(|_| Refusal::new(code, format!("not a {what} id")))
}

fn room_id(raw: &str) -> Result<RoomId, Refusal> {
    id(raw, Code::UnknownRoom, "room")
}

fn event_id(raw: &str) -> Result<EventId, Refusal> {
    id(raw, Code::UnknownMessage, "message")
}

fn peer_id(raw: &str) -> Result<PeerId, Refusal> {
    id(raw, Code::UnknownPeer, "peer")
}

fn invite_id(raw: &str) -> Result<EventId, Refusal> {
    id(raw, Code::BadInvite, "invite")
}

fn position(raw: &str) -> Result<Position, Refusal> {
    Position::from_text(raw).map_err(|_| Refusal::new(Code::BadArguments, "not a position"))
}

fn anchor(raw: Anchor) -> Result<view::Anchor, Refusal> {
    Ok(match raw {
        Anchor::Latest => view::Anchor::Latest,
        Anchor::Before { position: p } => view::Anchor::Before(position(&p)?),
        Anchor::After { position: p } => view::Anchor::After(position(&p)?),
        Anchor::Around { position: p } => view::Anchor::Around(position(&p)?),
    })
}

impl From<Closed> for Refusal {
    fn from(closed: Closed) -> Self {
        Refusal::new(Code::Closing, closed.to_string())
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::UnknownRoom => Code::UnknownRoom,
            Refused::UnknownMessage => Code::UnknownMessage,
            Refused::UnknownPeer => Code::UnknownPeer,
            Refused::NotAuthor => Code::NotAuthor,
            Refused::NotMember => Code::NotMember,
            Refused::NotAllowed => Code::NotAllowed,
            Refused::BadInvite(_) | Refused::SeveralInvites => Code::BadInvite,
            Refused::Limit => Code::Limit,
            Refused::Disk => Code::Disk,
            Refused::Closing => Code::Closing,
        };
        Refusal::new(code, refused.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_one_line_and_empty_if_nothing_of_it_shows() {
        for (typed, set) in [("  soups\nand stews ", "soups and stews"), ("a\0b", "a b"), ("\u{200b}\u{feff}", ""), ("", "")] {
            assert_eq!(topic(typed).as_deref().ok(), Some(set), "{typed:?}");
        }
        assert_eq!(topic(&"x".repeat(MAX_TOPIC_BYTES)).map(|topic| topic.len()).ok(), Some(MAX_TOPIC_BYTES));
        assert_eq!(topic(&"x".repeat(MAX_TOPIC_BYTES + 1)).map_err(|refusal| refusal.code), Err(Code::TextTooLong));
    }

    #[test]
    fn a_text_keeps_how_its_first_line_begins() {
        for (typed, sent) in [
            ("    def f():\n        pass\n", "    def f():\n        pass"),
            ("\n \n\ta", "\ta"),
            ("\r\n  \u{e9}\u{3000}\r\n", "  \u{e9}"),
            ("\u{3000}a", "\u{3000}a"),
            ("a  b\n\n c", "a  b\n\n c"),
        ] {
            assert_eq!(text(typed.to_owned()).as_deref().ok(), Some(sent), "{typed:?}");
        }
        for blank in ["", "  ", "\n\n  \n"] {
            assert_eq!(text(blank.to_owned()).map_err(|refusal| refusal.code), Err(Code::EmptyText), "{blank:?}");
        }
    }
}
