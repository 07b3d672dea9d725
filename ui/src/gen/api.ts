// Generated from crates/api by `./test`; never edited by hand.

export type Done = Record<symbol, never>;

export type Stage = { "stage": "opening", 
/**
 * Milliseconds since the keychain was asked; shown as waiting once it has taken two
 * seconds.
 */
waited_ms: number, 
/**
 * Set while so much of the history is read anew that it can be seen.
 */
building: Building | null, } | { "stage": "welcome", 
/**
 * From the OS user.
 */
suggested_name: string, 
/**
 * Set when the system keychain cannot be used now, so that the first screen can say so
 * and offer the key file.
 */
keychain: KeychainProblem | null, } | { "stage": "locked", 
/**
 * What is wrong.
 */
problem: KeychainProblem, } | { "stage": "needs_passphrase", 
/**
 * The last one was wrong.
 */
wrong: boolean, } | { "stage": "unusable", 
/**
 * The case; clients have their own words for each.
 */
code: Code, 
/**
 * For a report; never shown alone.
 */
detail: string, } | { "stage": "open" };

export type Building = { 
/**
 * Records that were read.
 */
done: number, 
/**
 * All that are to be read.
 */
of: number, };

export type KeychainProblem = { 
/**
 * The case; a screen has words for each.
 */
kind: KeychainProblemKind, 
/**
 * The system's own words, for a report.
 */
detail: string, };

export type KeychainProblemKind = "absent" | "denied" | "wiped" | "silent";

export type CustodyChoice = { "kind": "keychain" } | { "kind": "key_file", 
/**
 * At least 10 characters, not all alike.
 */
passphrase: string, };

export type Custody = "keychain" | "key_file";

export type Fingerprint = { 
/**
 * Words to read aloud.
 */
words: Array<string>, 
/**
 * Pictures to compare, with names for reading aloud.
 */
emoji: Array<FingerprintEmoji>, };

export type FingerprintEmoji = { 
/**
 * The emoji itself.
 */
symbol: string, 
/**
 * Its name in plain words.
 */
name: string, };

export type Me = { 
/**
 * Own public key.
 */
peer: string, 
/**
 * Display name.
 */
name: string, 
/**
 * For comparing in person.
 */
fingerprint: Fingerprint, 
/**
 * Where the key is kept.
 */
custody: Custody, 
/**
 * Addresses at which others may reach this device, best first (`host:port`).
 */
addresses: Array<string>, 
/**
 * From where others can dial this device: no more than what somebody has done.
 */
reach: OwnReach, 
/**
 * Set when listening does not work, or not on all that was asked for, with the system's
 * reason.
 */
not_listening: string | null, 
/**
 * The name is announced on the local network.
 */
nearby_visible: boolean, 
/**
 * People are met by the DHT.
 */
internet: boolean, 
/**
 * The router is asked for doors.
 */
mapping: boolean, 
/**
 * Messages are carried for friends.
 */
carry: boolean, 
/**
 * Links that are up, with contacts, members and strangers.
 */
links: number, 
/**
 * Contacts, and members of common rooms, with whom a link is up.
 */
friends: number, };

export type OwnReach = "closed" | "no_network" | "this_computer" | "this_network" | "only_outward" | "reachable" | "not_known";

export type RoomKind = "group" | "direct";

export type Standing = "member" | "left" | "removed" | "requested";

export type RoomRow = { 
/**
 * Room id.
 */
id: string, 
/**
 * Group or direct.
 */
kind: RoomKind, 
/**
 * Name; for a direct room the other person's.
 */
name: string, 
/**
 * The other person of a direct room.
 */
peer: string | null, 
/**
 * Own standing.
 */
standing: Standing, 
/**
 * Number of members, oneself included.
 */
members: number, 
/**
 * Number of other members with whom a link is up.
 */
connected: number, 
/**
 * Newest message, if any.
 */
last: Preview | null, 
/**
 * Unread messages of others; counting stops at 999.
 */
unread: number, 
/**
 * Of the unread, the messages that came when what stands below them had been read. None if
 * there are none.
 */
late: Late | null, 
/**
 * Everything up to here has been read, but for what came late. Never one's own message
 * while there are others'.
 */
read_up_to: string | null, 
/**
 * What was typed but not sent.
 */
draft: string, 
/**
 * Events that others are known to have and this device lacks; 0 when level with everyone
 * heard from.
 */
lacking: number, 
/**
 * Who has what.
 */
level: Level, 
/**
 * Creation or last activity, for ordering.
 */
active_at: number, 
/**
 * Own role; none if one is not a member.
 */
my_role: Role | null, 
/**
 * What it is about; may be empty.
 */
topic: string, 
/**
 * Only admins may add people, and invite them.
 */
only_admins_add: boolean, 
/**
 * New members see what was said before they came.
 */
shows_history: boolean, 
/**
 * What one may do in it, beside speaking.
 */
may: RoomMay, 
/**
 * Why nothing more can be said, if one was a member.
 */
closed: Closed | null, };

export type Role = "member" | "admin" | "owner";

export type RoomMay = { 
/**
 * Add people, and invite them.
 */
add: boolean, 
/**
 * Set its name, its topic, who may add people, and whether new members see what was said.
 */
rename: boolean, };

export type Closed = { 
/**
 * The case.
 */
why: ClosedWhy, 
/**
 * Who removed one.
 */
by: string | null, 
/**
 * Their name; empty if one left.
 */
by_name: string, 
/**
 * When, by the clock of who did it.
 */
at_ms: number, };

export type Setter = { 
/**
 * Public key.
 */
peer: string, 
/**
 * Their name.
 */
name: string, 
/**
 * When, by their clock.
 */
at_ms: number, };

export type ClosedWhy = "left" | "removed";

export type Late = { 
/**
 * How many; counting stops at 999.
 */
count: number, 
/**
 * Where the first one stands.
 */
first: string, };

export type Level = { 
/**
 * Whatever is known here and was written up to then, everybody who was heard has; none if
 * nobody was heard, or nothing can be said.
 */
up_to: number | null, 
/**
 * Linked members who have said what they have.
 */
heard: number, 
/**
 * Linked members who have not yet.
 */
unheard: number, 
/**
 * Members without a link to this device to whom others pass on what is written.
 */
through: number, 
/**
 * Members who are not to be reached now; they get it when they are back.
 */
away: number, 
/**
 * Heard members who lack something for longer than it takes to arrive: the first three,
 * most first.
 */
behind: Array<Behind>, 
/**
 * How many lack something, those not named included.
 */
behind_in_all: number, };

export type Behind = { 
/**
 * Public key.
 */
peer: string, 
/**
 * Their name.
 */
name: string, 
/**
 * Events that are here and that they are not known to have.
 */
count: number, };

export type Preview = { 
/**
 * Author's key.
 */
author: string, 
/**
 * Author's name.
 */
author_name: string, 
/**
 * Written by oneself.
 */
mine: boolean, 
/**
 * At most 140 characters.
 */
text: string, 
/**
 * When it was written.
 */
at: number, };

export type RoomDetails = { 
/**
 * The row.
 */
room: RoomRow, 
/**
 * All members, oneself included, by name.
 */
people: Array<Member>, 
/**
 * Delivery of one's own messages.
 */
delivery: Delivery, 
/**
 * Who last set whether new members see what was said before they came; none if nobody did.
 */
history: Setter | null, };

export type Member = { 
/**
 * Public key.
 */
peer: string, 
/**
 * Display name.
 */
name: string, 
/**
 * Oneself.
 */
me: boolean, 
/**
 * Made the room.
 */
creator: boolean, 
/**
 * How this device is connected with them.
 */
link: LinkState, 
/**
 * What they are in the room.
 */
role: Role, 
/**
 * Who let them in; none for who made the room, and in direct rooms.
 */
added_by: string | null, 
/**
 * What one may do with them.
 */
may: MemberMay, };

export type MemberMay = { 
/**
 * Remove them.
 */
remove: boolean, 
/**
 * Roles that one may give them, other than the one that they have.
 */
set_role: Array<Role>, };

export type RoomInvite = { 
/**
 * The event that announced it; for `revoke_invite`.
 */
id: string, 
/**
 * Who made it.
 */
author: string, 
/**
 * How many people it lets in.
 */
uses: number, 
/**
 * How many it has let in. After a partition this may be more than `uses`.
 */
used: number, 
/**
 * Until when; 0 for no end.
 */
expires_ms: number, 
/**
 * A member ended it.
 */
revoked: boolean, 
/**
 * One may end it: one's own, or as an admin.
 */
may_revoke: boolean, };

export type Delivery = { 
/**
 * Highest sequence number known to be on disk, for each own log.
 */
saved: Record<string, number>, 
/**
 * What each other member said that it has of each own log.
 */
acks: Array<Ack>, };

export type Ack = { 
/**
 * The member.
 */
peer: string, 
/**
 * Our log.
 */
log: string, 
/**
 * Highest sequence number that it has.
 */
seq: number, };

export type LinkState = { "state": "own" } | { "state": "connected", 
/**
 * How it goes.
 */
path: LinkPath, 
/**
 * The other end's address; none if a friend carries the link.
 */
address: string | null, 
/**
 * Round-trip time in microseconds, once measured.
 */
latency_us: number | null, 
/**
 * Since when.
 */
since: number, } | { "state": "connecting", 
/**
 * Address being tried.
 */
address: string, } | { "state": "waiting", 
/**
 * Address that was tried last.
 */
address: string, 
/**
 * When the next attempt starts.
 */
retry_at: number, 
/**
 * Why the last one failed.
 */
reason: LinkReason, } | { "state": "unreachable", 
/**
 * When a link was last up, if ever.
 */
last_seen: number | null, };

export type LinkPath = { "kind": "direct" } | { "kind": "door" } | { "kind": "through", 
/**
 * Who.
 */
peer: string, 
/**
 * Their name.
 */
name: string, };

export type LinkReason = "refused" | "timed_out" | "no_route" | "name_unknown" | "wrong_peer" | "version" | "protocol" | "not_welcome" | "goodbye" | "lost" | "silent" | "replaced" | "too_slow" | "busy";

export type Person = { 
/**
 * Public key.
 */
peer: string, 
/**
 * Display name.
 */
name: string, 
/**
 * In the address book (not merely in a common room).
 */
contact: boolean, 
/**
 * Connection.
 */
link: LinkState, };

export type PersonDetails = { 
/**
 * The row.
 */
person: Person, 
/**
 * For comparing in person.
 */
fingerprint: Fingerprint, 
/**
 * Known addresses, best first.
 */
addresses: Array<string>, 
/**
 * Rooms in common.
 */
rooms: Array<string>, 
/**
 * Another person's name, or one's own, for which a reader could take this one.
 */
looks_like: string | null, };

export type Network = { 
/**
 * Oneself, with the addresses at which one may be reached.
 */
me: Me, 
/**
 * The others.
 */
people: Array<Reach>, };

export type Reach = { 
/**
 * Public key.
 */
peer: string, 
/**
 * Display name.
 */
name: string, 
/**
 * In the address book.
 */
contact: boolean, 
/**
 * This device's own link with them.
 */
link: LinkState, 
/**
 * Without a link: who passes on what is said in a common room.
 */
through: Via | null, 
/**
 * When a link was last up, if ever.
 */
last_seen: number | null, 
/**
 * When they wrote the newest thing of theirs that is here.
 */
wrote_at: number | null, 
/**
 * Rooms in common.
 */
rooms: Array<string>, 
/**
 * What is on its way, for each room where something is.
 */
owed: Array<Owed>, 
/**
 * Bytes that wait here for their link to take them.
 */
queued: number, };

export type Via = { 
/**
 * Public key.
 */
peer: string, 
/**
 * Display name.
 */
name: string, 
/**
 * How many others would do it too.
 */
others: number, };

export type Owed = { 
/**
 * The room.
 */
room: string, 
/**
 * Events that they are not known to have.
 */
theirs: number, 
/**
 * Events of theirs that are missing here.
 */
ours: number, };

export type Request = { 
/**
 * Public key.
 */
peer: string, 
/**
 * The name that they give.
 */
name: string, 
/**
 * For comparing in person.
 */
fingerprint: Fingerprint, 
/**
 * When it came.
 */
at: number, 
/**
 * Another person's name, or one's own, for which a reader could take this one.
 */
looks_like: string | null, };

export type Nearby = { 
/**
 * Id for `say_hello`.
 */
id: string, 
/**
 * Name that they announce.
 */
name: string, 
/**
 * Where they listen, `ip:port`.
 */
address: string, 
/**
 * Their public key, if it is known: they are linked, or a contact was reached at this
 * address before.
 */
peer: string | null, 
/**
 * The attempt to reach them that is under way.
 */
join: string | null, };

export type Invite = { 
/**
 * `gv1…`
 */
text: string, 
/**
 * `grapevine://join/gv1…`
 */
link: string, 
/**
 * How many may use it.
 */
uses: number, 
/**
 * Addresses in it; when empty nobody can follow it.
 */
addresses: Array<string>, };

export type InviteReading = { "kind": "room", 
/**
 * Who made it.
 */
inviter: Fingerprint, 
/**
 * Where it leads.
 */
addresses: Array<string>, 
/**
 * Already a member of that room.
 */
member: string | null, } | { "kind": "contact", 
/**
 * Who made it.
 */
inviter: Fingerprint, 
/**
 * Where it leads.
 */
addresses: Array<string>, 
/**
 * Already a contact.
 */
known: string | null, } | { "kind": "address", 
/**
 * As it will be dialled.
 */
address: string, } | { "kind": "own" } | { "kind": "several", 
/**
 * In the order of the text, at most 16; one's own are left out.
 */
found: Array<FoundInvite>, } | { "kind": "unreadable", 
/**
 * What is wrong with it.
 */
why: InviteFault, };

export type FoundInvite = { 
/**
 * It alone, for `accept_invite`.
 */
text: string, 
/**
 * What it is: to a room, or to become contacts.
 */
reading: InviteReading, };

export type InviteFault = "empty" | "damaged" | "too_new" | "too_long" | "unknown";

export type Joining = { 
/**
 * Given to `cancel_join`.
 */
id: string, 
/**
 * Whom or what is being reached: a name, or an address.
 */
target: string, 
/**
 * How it stands.
 */
state: JoinState, 
/**
 * Why it does not get on, within 15 s; it is tried on all the same.
 */
trouble: JoinTrouble | null, };

export type JoinState = { "state": "connecting", 
/**
 * Address being tried.
 */
address: string, } | { "state": "waiting", 
/**
 * When the next attempt starts.
 */
retry_at: number, 
/**
 * Why the last one failed.
 */
reason: LinkReason, } | { "state": "asked", 
/**
 * Name of the person who is asked.
 */
name: string, } | { "state": "joined", 
/**
 * The room that opened.
 */
room: string, } | { "state": "refused", 
/**
 * What a screen says about it.
 */
why: JoinRefusal, };

export type JoinTrouble = { 
/**
 * Whose trouble it is.
 */
side: TroubleSide, 
/**
 * What it is.
 */
finding: JoinFinding, 
/**
 * What can be done here.
 */
fixes: Array<FixKind>, };

export type TroubleSide = "mine" | "theirs" | "both" | "unknown";

export type JoinFinding = "no_network" | "captive_portal" | "own_address" | "no_address" | "only_their_computer" | "only_their_network" | "name_unknown" | "not_running" | "somebody_else" | "version" | "nothing_answers" | "not_heard_of" | "udp_blocked" | "changing_doors" | "no_way" | "breaks_off";

export type JoinRefusal = "unknown_invite" | "used_up" | "declined" | "full" | "own";

export type Message = { 
/**
 * Event id; the same at every member.
 */
id: string, 
/**
 * The room that it was said in.
 */
room: string, 
/**
 * Place in the order.
 */
position: string, 
/**
 * Author's key.
 */
author: string, 
/**
 * Author's name as known now.
 */
author_name: string, 
/**
 * Written by oneself.
 */
mine: boolean, 
/**
 * When it was written.
 */
at: number, 
/**
 * One's own, and dated more than two minutes ahead of this computer's clock: others see it
 * when its time has come. See `send_again`.
 */
early: boolean, 
/**
 * It came when what stands below it had been read, and had not been seen when this was
 * told. See `mark_read`.
 */
late: boolean, 
/**
 * Author's log, for delivery.
 */
log: string, 
/**
 * Sequence number in that log.
 */
seq: number, 
/**
 * What it says.
 */
body: Body, };

export type Body = { "kind": "text", 
/**
 * As last edited. Plain text with light markdown; never HTML.
 */
text: string, 
/**
 * When it was last edited.
 */
edited: number | null, 
/**
 * What it answers.
 */
reply: Quote | null, 
/**
 * Reactions, most used first.
 */
reactions: Array<Reaction>, } | { "kind": "waiting", 
/**
 * It has been waited for so long that it may never come.
 */
lost: boolean, } | { "kind": "deleted" } | { "kind": "room_created", 
/**
 * Its name.
 */
name: string, } | { "kind": "member_added", 
/**
 * Public key of the newcomer.
 */
peer: string, 
/**
 * Their name.
 */
name: string, } | { "kind": "member_left" } | { "kind": "member_removed", 
/**
 * Public key of who is no longer a member.
 */
peer: string, 
/**
 * Their name.
 */
name: string, } | { "kind": "role_given", 
/**
 * Public key of who has it now.
 */
peer: string, 
/**
 * Their name.
 */
name: string, 
/**
 * The role.
 */
role: Role, } | { "kind": "room_renamed", 
/**
 * The name.
 */
name: string, } | { "kind": "topic_set", 
/**
 * The topic; may be empty.
 */
text: string, } | { "kind": "only_admins_add", 
/**
 * Only admins, from now on.
 */
on: boolean, } | { "kind": "history_set", 
/**
 * They do, from now on.
 */
on: boolean, };

export type Quote = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its place.
 */
position: string, 
/**
 * Its author's name; empty when the message is not here, or cannot be read.
 */
author_name: string, 
/**
 * How it begins, with its line breaks, at most 140 characters; empty when deleted or not
 * here yet.
 */
text: string, };

export type Reaction = { 
/**
 * The emoji.
 */
emoji: string, 
/**
 * Who reacted so, by name.
 */
people: Array<string>, 
/**
 * Oneself among them.
 */
mine: boolean, };

export type Anchor = { "at": "latest" } | { "at": "before", 
/**
 * Exclusive.
 */
position: string, } | { "at": "after", 
/**
 * Exclusive.
 */
position: string, } | { "at": "around", 
/**
 * Inclusive.
 */
position: string, };

export type Page = { 
/**
 * Oldest first.
 */
messages: Array<Message>, 
/**
 * There are older ones.
 */
more_before: boolean, 
/**
 * There are newer ones.
 */
more_after: boolean, };

export type Sent = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its place.
 */
position: string, 
/**
 * Own log.
 */
log: string, 
/**
 * Sequence number in it.
 */
seq: number, };

export type Doctor = { 
/**
 * What was found out, troubles first. No row holds an address.
 */
rows: Array<DoctorRow>, 
/**
 * What follows from all of it: the same as `me.reach`.
 */
summary: OwnReach, 
/**
 * Something is still being found out.
 */
checking: boolean, 
/**
 * When it was last found out, in milliseconds since 1970; none if not yet.
 */
checked_at: number | null, 
/**
 * The addresses that the rows are about, for those who want to see them.
 */
addresses: Array<DoctorAddress>, };

export type DoctorRow = { 
/**
 * What it is.
 */
finding: Finding, 
/**
 * How much it matters.
 */
level: FindingLevel, 
/**
 * Numbers and names for the sentence; what does not belong to it is not there.
 */
details: FindingDetails, 
/**
 * What can be done, the best first.
 */
fixes: Array<FixKind>, };

export type Finding = "closed" | "no_network" | "captive_portal" | "vpn" | "upnp_off" | "router_failed" | "shared_address" | "two_routers" | "changing_doors" | "udp_blocked" | "local_firewall" | "ipv6_closed" | "not_reached" | "ipv6_only" | "only_this_computer" | "mapping_off" | "firewall_on" | "not_checked" | "dht_silent" | "internet_off" | "carry_off" | "hairpin" | "listening" | "came_in" | "came_in_nearby" | "mapped" | "dht_answers" | "carried";

export type FindingLevel = "trouble" | "note" | "ok";

export type FindingDetails = { 
/**
 * The port that it is about.
 */
port: number | null, 
/**
 * Which IP version.
 */
ip: IpVersion | null, 
/**
 * By which protocol a door was opened.
 */
protocol: DoorProtocol | null, 
/**
 * Which firewall.
 */
firewall: Firewall | null, 
/**
 * When it happened, in milliseconds since 1970.
 */
at: number | null, 
/**
 * How many bytes.
 */
bytes: number | null, };

export type IpVersion = "v4" | "v6";

export type DoorProtocol = "upnp" | "nat_pmp" | "pcp";

export type Firewall = "ufw" | "firewalld" | "nftables" | "windows" | "macos";

export type FixKind = { "fix": "turn_mapping_on" } | { "fix": "turn_internet_on" } | { "fix": "turn_carry_on" } | { "fix": "other_port" } | { "fix": "forward_port", 
/**
 * The port.
 */
port: number, } | { "fix": "allow_in_firewall", 
/**
 * What does it in a terminal.
 */
command: string | null, } | { "fix": "open_portal", 
/**
 * A page that the network replaces by its own.
 */
url: string | null, } | { "fix": "try_now" };

export type DoctorAddress = { 
/**
 * Which part.
 */
part: AddressPart, 
/**
 * As text; with a port, but for those of routers.
 */
address: string, };

export type AddressPart = "listening" | "observed" | "door" | "router" | "router_outside";

export type Snapshot = { 
/**
 * Notices up to and including this number are contained.
 */
seq: number, 
/**
 * Oneself.
 */
me: Me, 
/**
 * Rooms.
 */
rooms: Array<RoomRow>, 
/**
 * People.
 */
people: Array<Person>, 
/**
 * Contact requests.
 */
requests: Array<Request>, 
/**
 * People on this network.
 */
nearby: Array<Nearby>, 
/**
 * Attempts under way.
 */
joining: Array<Joining>, 
/**
 * Things that the user should know (repairs, a wrong clock).
 */
alerts: Array<Alert>, };

export type Alert = { 
/**
 * The case; clients have their own words for each.
 */
kind: AlertKind, 
/**
 * Particulars, such as a path or a count. Of one kind there is one alert for each detail.
 */
detail: string, 
/**
 * For `clock_off`: whose clock, and by how much.
 */
clock: ClockOff | null, 
/**
 * For `fork`: whose device, and in which room.
 */
fork: Forked | null, };

export type AlertKind = "history_repaired" | "history_set_aside" | "disk_failing" | "not_listening" | "clock_off" | "fork" | "profile_copied";

export type ClockOff = { 
/**
 * Whose it is.
 */
whose: ClockOwner, 
/**
 * The person, unless it is one's own.
 */
peer: string | null, 
/**
 * Their name; empty if it is one's own.
 */
name: string, 
/**
 * It is ahead of the others; if it is not clear whose is wrong, theirs is ahead of one's
 * own.
 */
fast: boolean, 
/**
 * By how many minutes, rounded.
 */
minutes: number, };

export type ClockOwner = "own" | "theirs" | "unclear";

export type Forked = { 
/**
 * Whose it is.
 */
peer: string, 
/**
 * Their name.
 */
name: string, 
/**
 * The room.
 */
room: string, 
/**
 * Its name.
 */
room_name: string, };

export type Numbered = { 
/**
 * Rises by one.
 */
seq: number, 
/**
 * What happened.
 */
notice: Notice, };

export type Notice = { "notice": "stage_changed", 
/**
 * Where it stands now.
 */
stage: Stage, } | { "notice": "me_changed", 
/**
 * The new row.
 */
me: Me, } | { "notice": "room_changed", 
/**
 * The new row.
 */
room: RoomRow, } | { "notice": "room_gone", 
/**
 * Room id; a client drops the row with it.
 */
room: string, } | { "notice": "messages", 
/**
 * Their room.
 */
room: string, 
/**
 * In display order.
 */
messages: Array<Message>, } | { "notice": "messages_gone", 
/**
 * Their room.
 */
room: string, 
/**
 * Their ids.
 */
messages: Array<string>, } | { "notice": "delivery_changed", 
/**
 * The room.
 */
room: string, 
/**
 * Only what changed; sequence numbers never fall.
 */
delivery: Delivery, } | { "notice": "members_changed", 
/**
 * The room.
 */
room: string, 
/**
 * All members.
 */
people: Array<Member>, } | { "notice": "person_changed", 
/**
 * The new row.
 */
person: Person, } | { "notice": "request_added", 
/**
 * The new row.
 */
request: Request, } | { "notice": "request_gone", 
/**
 * The person who had asked.
 */
peer: string, } | { "notice": "nearby_changed", 
/**
 * The whole list.
 */
nearby: Array<Nearby>, } | { "notice": "join_changed", 
/**
 * The new row.
 */
joining: Joining, } | { "notice": "join_gone", 
/**
 * Id of the attempt; it is not used again while this process runs.
 */
id: string, } | { "notice": "alert_raised", 
/**
 * Takes the place of the one with the same kind and detail.
 */
alert: Alert, } | { "notice": "alert_gone", 
/**
 * The one to take away: its kind and detail tell which.
 */
alert: Alert, } | { "notice": "network_changed", 
/**
 * New and changed rows.
 */
people: Array<Reach>, 
/**
 * Those who are no longer known.
 */
gone: Array<string>, } | { "notice": "doctor_changed", 
/**
 * All of it.
 */
doctor: Doctor, } | { "notice": "invite_opened", 
/**
 * The text, for `read_invite`.
 */
text: string, };

export type Refusal = { 
/**
 * The case.
 */
code: Code, 
/**
 * For developers and reports; clients have their own words for each code.
 */
message: string, };

export type Code = "unknown_call" | "bad_arguments" | "not_open" | "already_open" | "wrong_passphrase" | "weak_passphrase" | "keychain" | "bad_name" | "empty_text" | "text_too_long" | "unknown_room" | "unknown_message" | "unknown_peer" | "not_author" | "not_member" | "not_allowed" | "bad_invite" | "limit" | "profile_in_use" | "data_too_new" | "data_too_old" | "disk" | "closing";

export type Status = Record<symbol, never>;

export type Begin = { 
/**
 * Display name, 1–64 characters after trimming.
 */
name: string, 
/**
 * Where the key is to be kept.
 */
custody: CustodyChoice, };

export type Unlock = { passphrase: string, };

export type Retry = Record<symbol, never>;

export type TakeSnapshot = Record<symbol, never>;

export type SetName = { name: string, };

export type SetNearbyVisible = { visible: boolean, };

export type SetInternet = { on: boolean, };

export type SetMapping = { on: boolean, };

export type SetCarry = { on: boolean, };

export type CreateRoom = { name: string, };

export type OpenDirect = { peer: string, };

export type LeaveRoom = { room: string, };

export type RemoveMember = { room: string, peer: string, };

export type SetRole = { room: string, peer: string, role: Role, };

export type AddMember = { room: string, peer: string, };

export type SetRoom = { room: string, 
/**
 * 1–64 characters after trimming.
 */
name?: string, 
/**
 * At most 1024 bytes of UTF-8; empty for none.
 */
topic?: string, 
/**
 * Only admins may add people, and invite them.
 */
only_admins_add?: boolean, 
/**
 * New members see what was said before they came; those who are in the room keep what
 * they have.
 */
history?: boolean, };

export type ListRoomInvites = { room: string, };

export type RevokeInvite = { room: string, id: string, };

export type GetRoom = { room: string, };

export type GetTimeline = { room: string, 
/**
 * Where the page lies.
 */
anchor: Anchor, 
/**
 * At most this many messages, 1–200.
 */
limit: number, };

export type Send = { room: string, 
/**
 * 1 byte – 16 KiB of UTF-8, without blank lines before and white space after it.
 */
text: string, 
/**
 * The message that this one answers.
 */
reply_to?: string, };

export type Edit = { room: string, message: string, text: string, };

export type Delete = { room: string, message: string, };

export type React = { room: string, message: string, 
/**
 * One emoji; it is kept fully qualified, so ❤ and ❤️ are one.
 */
emoji: string, 
/**
 * False takes the reaction back.
 */
on: boolean, };

export type SendAgain = { room: string, message: string, };

export type MarkRead = { room: string, up_to: string, 
/**
 * Where messages stand that were seen, at most 256. Of those that came late, only these
 * are read then; without it, all up to `up_to` are.
 */
seen?: Array<string>, };

export type SetDraft = { room: string, text: string, };

export type CreateInvite = { room?: string, 
/**
 * How many people may use it, 1–1000.
 */
uses: number, };

export type ReadInvite = { text: string, };

export type AcceptInvite = { text: string, };

export type CancelJoin = { join: string, };

export type AddAddress = { address: string, };

export type SayHello = { nearby: string, };

export type AnswerRequest = { peer: string, accept: boolean, };

export type GetPerson = { peer: string, };

export type GetNetwork = { 
/**
 * Tell changes too.
 */
watch?: boolean, };

export type GetDoctor = { 
/**
 * Tell changes too.
 */
watch?: boolean, };

export type TryReach = Record<symbol, never>;

export type Fix = { fix: FixKind, };

export type Redial = { peer: string, };

export type Shutdown = Record<symbol, never>;

/** Arguments and reply of every call. */
export interface Calls {
  status: { args: Status; reply: Stage };
  begin: { args: Begin; reply: Stage };
  unlock: { args: Unlock; reply: Stage };
  retry: { args: Retry; reply: Stage };
  snapshot: { args: TakeSnapshot; reply: Snapshot };
  set_name: { args: SetName; reply: Me };
  set_nearby_visible: { args: SetNearbyVisible; reply: Me };
  set_internet: { args: SetInternet; reply: Me };
  set_mapping: { args: SetMapping; reply: Me };
  set_carry: { args: SetCarry; reply: Me };
  create_room: { args: CreateRoom; reply: RoomRow };
  open_direct: { args: OpenDirect; reply: RoomRow };
  leave_room: { args: LeaveRoom; reply: Done };
  remove_member: { args: RemoveMember; reply: Done };
  set_role: { args: SetRole; reply: Done };
  add_member: { args: AddMember; reply: Done };
  set_room: { args: SetRoom; reply: Done };
  room_invites: { args: ListRoomInvites; reply: Array<RoomInvite> };
  revoke_invite: { args: RevokeInvite; reply: Done };
  room: { args: GetRoom; reply: RoomDetails };
  timeline: { args: GetTimeline; reply: Page };
  send: { args: Send; reply: Sent };
  edit: { args: Edit; reply: Done };
  delete: { args: Delete; reply: Done };
  react: { args: React; reply: Done };
  send_again: { args: SendAgain; reply: Sent };
  mark_read: { args: MarkRead; reply: Done };
  set_draft: { args: SetDraft; reply: Done };
  create_invite: { args: CreateInvite; reply: Invite };
  read_invite: { args: ReadInvite; reply: InviteReading };
  accept_invite: { args: AcceptInvite; reply: Joining };
  cancel_join: { args: CancelJoin; reply: Done };
  add_address: { args: AddAddress; reply: Joining };
  say_hello: { args: SayHello; reply: Joining };
  answer_request: { args: AnswerRequest; reply: Done };
  person: { args: GetPerson; reply: PersonDetails };
  network: { args: GetNetwork; reply: Network };
  doctor: { args: GetDoctor; reply: Doctor };
  try_reach: { args: TryReach; reply: Done };
  fix: { args: Fix; reply: Done };
  redial: { args: Redial; reply: Done };
  shutdown: { args: Shutdown; reply: Done };
}
