//! Every call that a client can make, with its arguments and its reply: declared once, here.
//!
//! The window and the headless peer send `{"call": …, "args": {…}}`; both go through
//! [`Command::parse`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::types::*;

/// A macro, because one list must yield four things that may never disagree: the closed enum that
/// dispatch matches in full, the parser, the reply that serialises as its bare content, and the
/// table that is exported to TypeScript and JSON Schema.
macro_rules! contract {
    ($( $(#[$doc:meta])* $call:literal $variant:ident { $( $(#[$fmeta:meta])* $field:ident : $ty:ty ),* $(,)? } -> $reply:ty; )*) => {
        $(
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
            $(#[$doc])*
            #[allow(missing_docs, reason = "fields that need more than the names of their types have a comment")]
            #[serde(deny_unknown_fields)]
            pub struct $variant { $( $(#[$fmeta])* pub $field: $ty ),* }
        )*

        /// One call with its arguments.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Command { $( $(#[$doc])* $variant($variant) ),* }

        /// The content of a successful answer; serialises as the bare reply type of the call.
        #[derive(Clone, Debug, Serialize)]
        #[serde(untagged)]
        pub enum Reply { $( #[doc = concat!("Answer to `", $call, "`.")] $variant($reply) ),* }

        /// A call's name and the names of the types of its arguments and reply.
        #[derive(Clone, Debug)]
        pub struct Signature {
            /// Name on the wire.
            pub call: &'static str,
            /// TypeScript name of the arguments.
            pub args: String,
            /// TypeScript name of the reply.
            pub reply: String,
        }

        impl Command {
            /// Reads a call from its name and its arguments as JSON text; nothing has changed on
            /// error.
            pub fn parse(call: &str, args: &str) -> Result<Command, Refusal> {
                match call {
                    $( $call => serde_json::from_str(args).map(Command::$variant).map_err(|e| Refusal::bad_args($call, &e)), )*
                    _ => Err(Refusal::unknown_call(call)),
                }
            }

            /// The call's name on the wire.
            pub fn name(&self) -> &'static str {
                match self { $( Command::$variant(_) => $call ),* }
            }
        }

        /// The whole contract as a table, in order of declaration.
        pub fn signatures(cfg: &ts_rs::Config) -> Vec<Signature> {
            vec![ $( Signature { call: $call, args: <$variant as TS>::name(cfg), reply: <$reply as TS>::name(cfg) } ),* ]
        }

        /// TypeScript declarations of all argument types.
        pub(crate) fn argument_declarations(cfg: &ts_rs::Config) -> Vec<String> {
            vec![ $( <$variant as TS>::decl(cfg) ),* ]
        }

        /// JSON Schema of each call: (name, arguments, reply).
        pub(crate) fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<(&'static str, schemars::Schema, schemars::Schema)> {
            vec![ $( ($call, generator.subschema_for::<$variant>(), generator.subschema_for::<$reply>()) ),* ]
        }
    };
}

contract! {
    /// Where this profile stands: first run, locked, or open. The only call besides `begin`,
    /// `unlock`, `retry` and `shutdown` that works before `open`.
    "status" Status {} -> Stage;
    /// First run: makes the identity and opens the profile.
    "begin" Begin {
        /// Display name, 1–64 characters after trimming.
        name: String,
        /// Where the key is to be kept.
        custody: CustodyChoice,
    } -> Stage;
    /// Opens a profile whose key is in a passphrase file.
    "unlock" Unlock { passphrase: String } -> Stage;
    /// Asks the keychain again after a problem.
    "retry" Retry {} -> Stage;
    /// Everything that the first screen of an open profile shows, with the sequence number of the
    /// last notice that it includes.
    "snapshot" TakeSnapshot {} -> Snapshot;
    /// Changes the display name that others see.
    "set_name" SetName { name: String } -> Me;
    /// Announces (or stops announcing) the display name to people on the same network.
    "set_nearby_visible" SetNearbyVisible { visible: bool } -> Me;
    /// Meets people by the Mainline DHT, or no longer: those who hold one's invites, those whose
    /// invites one uses, and contacts. Off until it is turned on.
    "set_internet" SetInternet { on: bool } -> Me;
    /// Asks the router to open doors, or closes them.
    "set_mapping" SetMapping { on: bool } -> Me;
    /// Carries messages of friends who reach each other in no other way, or no longer.
    "set_carry" SetCarry { on: bool } -> Me;
    /// Creates a group room with oneself as its first member.
    "create_room" CreateRoom { name: String } -> RoomRow;
    /// Opens (creates on first use) the direct room with a contact. A person who
    /// merely shares a room is asked to become one; the room is `requested` until they accept.
    "open_direct" OpenDirect { peer: PeerIdText } -> RoomRow;
    /// Leaves a group room; its history stays readable here.
    "leave_room" LeaveRoom { room: RoomIdText } -> Done;
    /// Removes a member of a group room. What members who know of it say from then on they cannot
    /// read, nor see who comes in; what they have stays with them.
    "remove_member" RemoveMember { room: RoomIdText, peer: PeerIdText } -> Done;
    /// Gives a member of a group room another role, at most one's own.
    "set_role" SetRole { room: RoomIdText, peer: PeerIdText, role: Role } -> Done;
    /// Adds a person who was a member of a group room before, without an invite.
    "add_member" AddMember { room: RoomIdText, peer: PeerIdText } -> Done;
    /// Sets what a group room is called and about, who may add people, and whether new members see
    /// what was said before they came; what is left out stays.
    "set_room" SetRoom {
        room: RoomIdText,
        /// 1–64 characters after trimming.
        #[serde(default, skip_serializing_if = "Option::is_none")] #[ts(optional)]
        name: Option<String>,
        /// At most 1024 bytes of UTF-8; empty for none.
        #[serde(default, skip_serializing_if = "Option::is_none")] #[ts(optional)]
        topic: Option<String>,
        /// Only admins may add people, and invite them.
        #[serde(default, skip_serializing_if = "Option::is_none")] #[ts(optional)]
        only_admins_add: Option<bool>,
        /// New members see what was said before they came; those who are in the room keep what
        /// they have.
        #[serde(default, skip_serializing_if = "Option::is_none")] #[ts(optional)]
        history: Option<bool>,
    } -> Done;
    /// All invites to a room that its members know of.
    "room_invites" ListRoomInvites { room: RoomIdText } -> Vec<RoomInvite>;
    /// Ends an invite to a room: nobody else comes in with it.
    "revoke_invite" RevokeInvite { room: RoomIdText, id: InviteIdText } -> Done;
    /// Members, delivery and naming of one room.
    "room" GetRoom { room: RoomIdText } -> RoomDetails;
    /// A page of a room's history, oldest first.
    "timeline" GetTimeline {
        room: RoomIdText,
        /// Where the page lies.
        anchor: Anchor,
        /// At most this many messages, 1–200.
        limit: u32,
    } -> Page;
    /// Sends a text. The reply comes when it is signed and in the local log; notices tell of saving
    /// and delivery.
    "send" Send {
        room: RoomIdText,
        /// 1 byte – 16 KiB of UTF-8, without blank lines before and white space after it.
        text: String,
        /// The message that this one answers.
        #[serde(default, skip_serializing_if = "Option::is_none")] #[ts(optional)]
        reply_to: Option<MessageIdText>,
    } -> Sent;
    /// Replaces the text of one's own message.
    "edit" Edit { room: RoomIdText, message: MessageIdText, text: String } -> Done;
    /// Deletes one's own message for everyone who runs a well-behaved client.
    "delete" Delete { room: RoomIdText, message: MessageIdText } -> Done;
    /// Sets (or clears, with no emoji) one's reaction with this emoji to a message.
    "react" React {
        room: RoomIdText,
        message: MessageIdText,
        /// One emoji; it is kept fully qualified, so ❤ and ❤️ are one.
        emoji: String,
        /// False takes the reaction back.
        on: bool,
    } -> Done;
    /// Says one's own message that is dated ahead (`early`) again, with the time of now, and takes
    /// the other one back.
    "send_again" SendAgain { room: RoomIdText, message: MessageIdText } -> Sent;
    /// Marks everything up to and including this position as read.
    "mark_read" MarkRead {
        room: RoomIdText,
        up_to: PositionText,
        /// Where messages stand that were seen, at most 256. Of those that came late, only these
        /// are read then; without it, all up to `up_to` are.
        #[serde(default, skip_serializing_if = "Option::is_none")] #[ts(optional)]
        seen: Option<Vec<PositionText>>,
    } -> Done;
    /// Keeps what is typed but not sent; empty forgets it.
    "set_draft" SetDraft { room: RoomIdText, text: String } -> Done;
    /// Makes an invite to a room, or, without one, an invite to become contacts.
    "create_invite" CreateInvite {
        #[serde(default, skip_serializing_if = "Option::is_none")] #[ts(optional)]
        room: Option<RoomIdText>,
        /// How many people may use it, 1–1000.
        uses: u32,
    } -> Invite;
    /// Looks at pasted text without acting: the invites and deep links that it holds, whatever
    /// stands around them, or an address that is all of it, or what is wrong.
    "read_invite" ReadInvite { text: String } -> InviteReading;
    /// Uses the invite in a text, if it holds one only. The reply says that the attempt runs;
    /// `join_changed` notices tell how it goes.
    "accept_invite" AcceptInvite { text: String } -> Joining;
    /// Gives up a running (or failed) attempt to join or to reach an address.
    "cancel_join" CancelJoin { join: JoinIdText } -> Done;
    /// Dials `host:port` and asks the person who answers to become a contact.
    "add_address" AddAddress { address: String } -> Joining;
    /// Asks a person nearby to become a contact.
    "say_hello" SayHello { nearby: NearbyIdText } -> Joining;
    /// Answers a contact request.
    "answer_request" AnswerRequest { peer: PeerIdText, accept: bool } -> Done;
    /// All that is known of one person.
    "person" GetPerson { peer: PeerIdText } -> PersonDetails;
    /// Everybody, how each is reached, and who waits for what. With `watch`, `network_changed`
    /// notices follow for 20 s; ask again to go on.
    "network" GetNetwork {
        /// Tell changes too.
        #[serde(default)] #[ts(as = "Option<bool>", optional)]
        watch: bool,
    } -> Network;
    /// Why others can reach this device, or cannot, and what can be done. With `watch`,
    /// `doctor_changed` notices follow for 20 s; ask again to go on.
    "doctor" GetDoctor {
        /// Tell changes too.
        #[serde(default)] #[ts(as = "Option<bool>", optional)]
        watch: bool,
    } -> Doctor;
    /// Finds out anew how others reach this device.
    "try_reach" TryReach {} -> Done;
    /// Does what a row of the doctor or the trouble of an attempt offers. What only a person can do
    /// (forwarding a port, signing in, a command) is looked at anew.
    "fix" Fix { fix: FixKind } -> Done;
    /// Dials a person now instead of waiting for the back-off.
    "redial" Redial { peer: PeerIdText } -> Done;
    /// Orderly end: says goodbye to peers, writes everything to disk. No further call is answered.
    "shutdown" Shutdown {} -> Done;
}
