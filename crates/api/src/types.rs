//! The plain data of the contract. Ids are lowercase hexadecimal text; times are milliseconds since 1970 UTC.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Public key of a device, 64 hex digits.
pub type PeerIdText = String;
/// Room id, 64 hex digits.
pub type RoomIdText = String;
/// Event id of a message, 64 hex digits.
pub type MessageIdText = String;
/// Place in a room's order: hex of hybrid time, UUID and id. Compares as text in display order.
pub type PositionText = String;
/// Id of an attempt to join or to reach somebody, valid while this process runs.
pub type JoinIdText = String;
/// Id of somebody nearby, valid while they are listed.
pub type NearbyIdText = String;
/// A log of one device in one room, 16 hex digits.
pub type LogIdText = String;

macro_rules! data {
    ($( $(#[$meta:meta])* $vis:vis $kind:ident $name:ident $body:tt )*) => { $(
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS, JsonSchema)]
        $(#[$meta])*
        $vis $kind $name $body
    )* };
}

data! {
    /// Nothing to tell but success.
    pub struct Done {}

    /// Where a profile stands.
    #[serde(tag = "stage", rename_all = "snake_case")]
    pub enum Stage {
        /// The keychain is being asked; shown as waiting once it has taken two seconds.
        Opening {
            /// Milliseconds since the question was put.
            #[ts(type = "number")] waited_ms: u64,
        },
        /// No identity yet.
        Welcome {
            /// From the OS user.
            suggested_name: String,
            /// Set when the system keychain cannot be used now, so that the first screen can say so and offer the key file.
            keychain: Option<KeychainProblem>,
        },
        /// There is an identity, but the keychain does not give its key.
        Locked {
            /// What is wrong.
            problem: KeychainProblem,
        },
        /// The key is in a passphrase file.
        NeedsPassphrase {
            /// The last one was wrong.
            wrong: bool,
        },
        /// The data on disk cannot be opened.
        Unusable {
            /// Which case; words are the client's.
            code: Code,
            /// For a report; never shown alone.
            detail: String,
        },
        /// Open; `snapshot` answers.
        Open,
    }

    /// Why the keychain does not serve.
    pub struct KeychainProblem {
        /// Which case.
        pub kind: KeychainProblemKind,
        /// The system's own words, for a report.
        pub detail: String,
    }

    /// Cases of keychain trouble that a screen tells apart.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum KeychainProblemKind {
        /// No service of this kind runs on this system.
        Absent,
        /// It runs, and is locked or the user said no.
        Denied,
        /// It answers, but our entry is gone.
        Wiped,
        /// It did not answer in time.
        Silent,
    }

    /// Where the identity key is to be kept.
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum CustodyChoice {
        /// The system keychain.
        Keychain,
        /// A file sealed with a passphrase (Argon2id).
        KeyFile {
            /// At least 8 characters.
            passphrase: String,
        },
    }

    /// Where the identity key is kept.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Custody {
        /// The system keychain.
        Keychain,
        /// A file sealed with a passphrase.
        KeyFile,
    }

    /// A public key in forms that people can compare in person.
    pub struct Fingerprint {
        /// Words to read aloud.
        pub words: Vec<String>,
        /// Pictures to compare, with names for reading aloud.
        pub emoji: Vec<FingerprintEmoji>,
    }

    /// One picture of a fingerprint.
    pub struct FingerprintEmoji {
        /// The emoji itself.
        pub symbol: String,
        /// Its name in plain words.
        pub name: String,
    }

    /// Oneself.
    pub struct Me {
        /// Own public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// For comparing in person.
        pub fingerprint: Fingerprint,
        /// Where the key is kept.
        pub custody: Custody,
        /// Addresses at which others may reach this device, best first (`host:port`).
        pub addresses: Vec<String>,
        /// Set when nobody can dial this device, with the system's reason.
        pub not_listening: Option<String>,
        /// The name is announced on the local network.
        pub nearby_visible: bool,
        /// Links that are up.
        pub links: u32,
    }

    /// Group or direct.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum RoomKind {
        /// Any number of people.
        Group,
        /// Exactly two.
        Direct,
    }

    /// One's own standing in a room.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Standing {
        /// May read and write.
        Member,
        /// Left; history stays readable.
        Left,
        /// A direct room whose other side has not accepted yet.
        Requested,
    }

    /// A room as the sidebar shows it.
    pub struct RoomRow {
        /// Room id.
        pub id: RoomIdText,
        /// Group or direct.
        pub kind: RoomKind,
        /// Name; for a direct room the other person's.
        pub name: String,
        /// The other person of a direct room.
        pub peer: Option<PeerIdText>,
        /// Own standing.
        pub standing: Standing,
        /// Number of members, oneself included.
        pub members: u32,
        /// Number of other members with whom a link is up.
        pub connected: u32,
        /// Newest message, if any.
        pub last: Option<Preview>,
        /// Unread messages of others; counting stops at 999.
        pub unread: u32,
        /// Everything up to here has been read.
        pub read_up_to: Option<PositionText>,
        /// What was typed but not sent.
        pub draft: String,
        /// Events that others are known to have and this device lacks; 0 when level with everyone heard from.
        pub lacking: u32,
        /// Creation or last activity, for ordering.
        #[ts(type = "number")] pub active_at: u64,
    }

    /// First line of the newest message.
    pub struct Preview {
        /// Author's key.
        pub author: PeerIdText,
        /// Author's name.
        pub author_name: String,
        /// Written by oneself.
        pub mine: bool,
        /// At most 140 characters, one line.
        pub text: String,
        /// When it was written.
        #[ts(type = "number")] pub at: u64,
    }

    /// A room as its own view shows it.
    pub struct RoomDetails {
        /// The row.
        pub room: RoomRow,
        /// All members, oneself included, by name.
        pub people: Vec<Member>,
        /// Delivery of one's own messages.
        pub delivery: Delivery,
    }

    /// One member of a room.
    pub struct Member {
        /// Public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// Oneself.
        pub me: bool,
        /// Made the room.
        pub creator: bool,
        /// How this device is connected with them.
        pub link: LinkState,
    }

    /// How far one's own logs in a room have come. A message with (`log`, `seq`) is *sending* until `saved[log] ≥ seq`, then *saved*; it is
    /// *delivered* to each peer with an entry of that log with `seq` at least as high.
    pub struct Delivery {
        /// Highest sequence number known to be on disk, for each own log.
        #[ts(type = "Record<string, number>")] pub saved: BTreeMap<LogIdText, u32>,
        /// What each other member said that it has of each own log.
        pub acks: Vec<Ack>,
    }

    /// What one member has of one of our logs.
    pub struct Ack {
        /// The member.
        pub peer: PeerIdText,
        /// Our log.
        pub log: LogIdText,
        /// Highest sequence number that it has.
        pub seq: u32,
    }

    /// State of the connection with a person.
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum LinkState {
        /// This is oneself.
        Own,
        /// A link is up.
        Connected {
            /// The other end's address.
            address: String,
            /// Round-trip time in microseconds, once measured.
            latency_us: Option<u32>,
            /// Since when.
            #[ts(type = "number")] since: u64,
        },
        /// Dialling now.
        Connecting {
            /// Address being tried.
            address: String,
        },
        /// The last attempt failed; another follows.
        Waiting {
            /// Address that was tried last.
            address: String,
            /// When the next attempt starts.
            #[ts(type = "number")] retry_at: u64,
            /// Why the last one failed.
            reason: LinkReason,
        },
        /// No address is known, so only they can dial us.
        Unreachable {
            /// When a link was last up, if ever.
            #[ts(type = "number | null")] last_seen: Option<u64>,
        },
    }

    /// Why a link ended or an attempt failed.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum LinkReason {
        /// The other machine answered that nothing listens there.
        Refused,
        /// No answer in time.
        TimedOut,
        /// The network says there is no way there.
        NoRoute,
        /// The name could not be resolved.
        NameUnknown,
        /// Somebody else answered at that address.
        WrongPeer,
        /// The other side speaks no version that we speak.
        Version,
        /// What arrived was not the protocol.
        Protocol,
        /// The other side does not know us.
        NotWelcome,
        /// The other side said goodbye.
        Goodbye,
        /// The connection broke.
        Lost,
        /// Liveness checks went unanswered.
        Silent,
        /// A better link with the same peer replaced this one.
        Replaced,
        /// The other side could not keep up.
        TooSlow,
        /// A limit of this device or of theirs was reached.
        Busy,
    }

    /// Somebody known: a contact or a co-member.
    pub struct Person {
        /// Public key.
        pub peer: PeerIdText,
        /// Display name.
        pub name: String,
        /// In the address book (not merely in a common room).
        pub contact: bool,
        /// Connection.
        pub link: LinkState,
    }

    /// All that is known of a person.
    pub struct PersonDetails {
        /// The row.
        pub person: Person,
        /// For comparing in person.
        pub fingerprint: Fingerprint,
        /// Known addresses, best first.
        pub addresses: Vec<String>,
        /// Rooms in common.
        pub rooms: Vec<RoomIdText>,
    }

    /// Somebody who asks to become a contact.
    pub struct Request {
        /// Public key.
        pub peer: PeerIdText,
        /// The name that they give.
        pub name: String,
        /// For comparing in person.
        pub fingerprint: Fingerprint,
        /// When it came.
        #[ts(type = "number")] pub at: u64,
    }

    /// Somebody seen on the local network.
    pub struct Nearby {
        /// Id for `say_hello`.
        pub id: NearbyIdText,
        /// Name that they announce.
        pub name: String,
        /// Address.
        pub address: String,
    }

    /// An invite that was made.
    pub struct Invite {
        /// `gv1…`
        pub text: String,
        /// `grapevine://join/gv1…`
        pub link: String,
        /// How many may use it.
        pub uses: u32,
        /// Addresses in it; when empty nobody can follow it.
        pub addresses: Vec<String>,
    }

    /// What pasted text turned out to be.
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum InviteReading {
        /// An invite to a room.
        Room {
            /// Who made it.
            inviter: Fingerprint,
            /// Where it leads.
            addresses: Vec<String>,
            /// Already a member of that room.
            member: Option<RoomIdText>,
        },
        /// An invite to become contacts.
        Contact {
            /// Who made it.
            inviter: Fingerprint,
            /// Where it leads.
            addresses: Vec<String>,
            /// Already a contact.
            known: Option<PeerIdText>,
        },
        /// `host:port`.
        Address {
            /// As it will be dialled.
            address: String,
        },
        /// One's own invite.
        Own,
        /// Neither.
        Unreadable {
            /// What is wrong with it.
            why: InviteFault,
        },
    }

    /// What is wrong with pasted text.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum InviteFault {
        /// Nothing there.
        Empty,
        /// Looks like an invite, but characters are missing or changed.
        Damaged,
        /// Made by a newer version.
        TooNew,
        /// Too long to be an invite.
        TooLong,
        /// Neither invite nor address.
        Unknown,
    }

    /// An attempt to join a room, to become contacts, or to reach an address.
    pub struct Joining {
        /// Id of the attempt.
        pub id: JoinIdText,
        /// Whom or what is being reached: a name, or an address.
        pub target: String,
        /// How it stands.
        pub state: JoinState,
    }

    /// Steps of an attempt.
    #[serde(tag = "state", rename_all = "snake_case")]
    pub enum JoinState {
        /// Dialling.
        Connecting {
            /// Address being tried.
            address: String,
        },
        /// The last round failed; another follows.
        Waiting {
            /// When the next attempt starts.
            #[ts(type = "number")] retry_at: u64,
            /// Why the last one failed.
            reason: LinkReason,
        },
        /// Connected; waiting for their answer (a person must accept a contact request).
        Asked {
            /// Name of who is asked.
            name: String,
        },
        /// Done.
        Joined {
            /// The room that opened.
            room: RoomIdText,
        },
        /// Ended without success.
        Refused {
            /// Why.
            why: JoinRefusal,
        },
    }

    /// Why an attempt ended.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum JoinRefusal {
        /// The invite is not known (any more) to whoever answered.
        UnknownInvite,
        /// It has been used as often as it may.
        UsedUp,
        /// The other person said no.
        Declined,
        /// The room is full.
        Full,
        /// Cancelled here.
        Cancelled,
        /// It leads to oneself.
        Own,
    }

    /// One entry of a room's history.
    pub struct Message {
        /// Event id.
        pub id: MessageIdText,
        /// Room.
        pub room: RoomIdText,
        /// Place in the order.
        pub position: PositionText,
        /// Author's key.
        pub author: PeerIdText,
        /// Author's name as known now.
        pub author_name: String,
        /// Written by oneself.
        pub mine: bool,
        /// When it was written.
        #[ts(type = "number")] pub at: u64,
        /// Author's log, for delivery.
        pub log: LogIdText,
        /// Sequence number in that log.
        pub seq: u32,
        /// What it says.
        pub body: Body,
    }

    /// Content of a history entry.
    #[serde(tag = "kind", rename_all = "snake_case")]
    pub enum Body {
        /// A text.
        Text {
            /// As last edited. Plain text with light markdown; never HTML.
            text: String,
            /// When it was last edited.
            #[ts(type = "number | null")] edited: Option<u64>,
            /// What it answers.
            reply: Option<Quote>,
            /// Reactions, most used first.
            reactions: Vec<Reaction>,
        },
        /// It was deleted by its author.
        Deleted,
        /// The room was made.
        RoomCreated {
            /// Its name.
            name: String,
        },
        /// Somebody came in.
        MemberAdded {
            /// Who.
            peer: PeerIdText,
            /// Their name.
            name: String,
        },
        /// The author left.
        MemberLeft,
    }

    /// The message that another one answers.
    pub struct Quote {
        /// Its id.
        pub id: MessageIdText,
        /// Its place.
        pub position: PositionText,
        /// Its author's name; empty when the message is not here yet.
        pub author_name: String,
        /// Its first line, at most 140 characters; empty when deleted or not here yet.
        pub text: String,
    }

    /// One emoji under a message.
    pub struct Reaction {
        /// The emoji.
        pub emoji: String,
        /// Who reacted so, by name.
        pub people: Vec<String>,
        /// Oneself among them.
        pub mine: bool,
    }

    /// Where a page of history lies.
    #[serde(tag = "at", rename_all = "snake_case")]
    pub enum Anchor {
        /// The newest messages.
        Latest,
        /// Those before a position.
        Before {
            /// Exclusive.
            position: PositionText,
        },
        /// Those after a position.
        After {
            /// Exclusive.
            position: PositionText,
        },
        /// Half before, half from this position on.
        Around {
            /// Inclusive.
            position: PositionText,
        },
    }

    /// A page of history.
    pub struct Page {
        /// Oldest first.
        pub messages: Vec<Message>,
        /// There are older ones.
        pub more_before: bool,
        /// There are newer ones.
        pub more_after: bool,
    }

    /// A message that has been accepted.
    pub struct Sent {
        /// Its id.
        pub id: MessageIdText,
        /// Its place.
        pub position: PositionText,
        /// Own log.
        pub log: LogIdText,
        /// Sequence number in it.
        pub seq: u32,
    }

    /// Everything that an open profile shows first.
    pub struct Snapshot {
        /// Notices up to and including this number are contained.
        #[ts(type = "number")] pub seq: u64,
        /// Oneself.
        pub me: Me,
        /// Rooms.
        pub rooms: Vec<RoomRow>,
        /// People.
        pub people: Vec<Person>,
        /// Contact requests.
        pub requests: Vec<Request>,
        /// People on this network.
        pub nearby: Vec<Nearby>,
        /// Attempts under way.
        pub joining: Vec<Joining>,
        /// Things that the user should know (repairs, a wrong clock).
        pub alerts: Vec<Alert>,
    }

    /// Something that the user should know.
    pub struct Alert {
        /// Which case.
        pub kind: AlertKind,
        /// Particulars, such as a path or a count.
        pub detail: String,
    }

    /// Cases of things that the user should know.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum AlertKind {
        /// The history on disk was damaged; what could be read was kept, the rest comes from peers.
        HistoryRepaired,
        /// The history on disk could not be read; it was set aside and comes again from peers.
        HistorySetAside,
        /// Writing to disk fails; new messages are not kept.
        DiskFailing,
        /// The listening port could not be opened.
        NotListening,
        /// This computer's clock differs from others' by more than two minutes.
        ClockOff,
        /// Somebody's device signed two different histories; its log was stopped there.
        Fork,
    }

    /// A numbered notice. A client that sees a number that is not the previous one plus one asks for a snapshot.
    pub struct Numbered {
        /// Rises by one.
        #[ts(type = "number")] pub seq: u64,
        /// What happened.
        pub notice: Notice,
    }

    /// What happened. Rows replace earlier rows with the same id.
    #[serde(tag = "notice", rename_all = "snake_case")]
    pub enum Notice {
        /// The profile moved on.
        StageChanged {
            /// Where it stands now.
            stage: Stage,
        },
        /// Oneself changed.
        MeChanged {
            /// The new row.
            me: Me,
        },
        /// A room is new or changed.
        RoomChanged {
            /// The new row.
            room: RoomRow,
        },
        /// Messages are new or changed (edited, deleted, reacted to).
        Messages {
            /// Their room.
            room: RoomIdText,
            /// In display order.
            messages: Vec<Message>,
        },
        /// Own messages were saved or delivered.
        DeliveryChanged {
            /// The room.
            room: RoomIdText,
            /// Only what changed; sequence numbers never fall.
            delivery: Delivery,
        },
        /// Members of a room came, went, or were renamed.
        MembersChanged {
            /// The room.
            room: RoomIdText,
            /// All members.
            people: Vec<Member>,
        },
        /// A person is new or changed.
        PersonChanged {
            /// The new row.
            person: Person,
        },
        /// A contact request is new.
        RequestAdded {
            /// It.
            request: Request,
        },
        /// A contact request was answered or withdrawn.
        RequestGone {
            /// Whose.
            peer: PeerIdText,
        },
        /// The list of people nearby changed.
        NearbyChanged {
            /// The whole list.
            nearby: Vec<Nearby>,
        },
        /// An attempt moved on.
        JoinChanged {
            /// It.
            joining: Joining,
        },
        /// An attempt is over and no longer listed.
        JoinGone {
            /// Which.
            id: JoinIdText,
        },
        /// Something that the user should know.
        AlertRaised {
            /// It.
            alert: Alert,
        },
        /// The shell was asked to open an invite (deep link, second start).
        InviteOpened {
            /// The text, for `read_invite`.
            text: String,
        },
    }

    /// Why a call was not carried out. Nothing has changed unless the code says so.
    pub struct Refusal {
        /// Which case.
        pub code: Code,
        /// For developers and reports; clients have their own words for each code.
        pub message: String,
    }

    /// Cases that some client treats differently.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "snake_case")]
    pub enum Code {
        /// No such call.
        UnknownCall,
        /// Arguments that do not fit the call.
        BadArguments,
        /// The profile is not open yet.
        NotOpen,
        /// The profile is open (or begun) already.
        AlreadyOpen,
        /// The passphrase is wrong.
        WrongPassphrase,
        /// The passphrase is too short.
        WeakPassphrase,
        /// The keychain does not serve; `status` says why.
        Keychain,
        /// The name is empty or too long.
        BadName,
        /// The text is empty.
        EmptyText,
        /// The text is too long.
        TextTooLong,
        /// No such room here.
        UnknownRoom,
        /// No such message here.
        UnknownMessage,
        /// No such person here.
        UnknownPeer,
        /// Only the author may do that.
        NotAuthor,
        /// Only members may do that.
        NotMember,
        /// The invite or address cannot be read.
        BadInvite,
        /// A limit of this device was reached.
        Limit,
        /// Another process uses this profile.
        ProfileInUse,
        /// The data was written by a newer version.
        DataTooNew,
        /// Reading or writing the disk failed.
        Disk,
        /// The node is shutting down.
        Closing,
    }
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Refusal { code, message: message.into() }
    }

    pub(crate) fn unknown_call(call: &str) -> Self {
        let shown: String = call.chars().take(40).collect();
        Refusal::new(Code::UnknownCall, format!("no call named {shown:?}"))
    }

    pub(crate) fn bad_args(call: &str, error: &serde_json::Error) -> Self {
        Refusal::new(Code::BadArguments, format!("{call}: {error}"))
    }
}
