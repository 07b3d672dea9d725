//! Every bound and every wait of rendezvous. Times are in milliseconds.

/// Meetings that are attended. Higher: more traffic at the start, and each slot is looked at less
/// often; lower: somebody waits in vain.
pub(super) const MAX_MEETINGS: usize = 16;
/// Slots for those who hold one invite. Higher: two who come at once rather have one each; lower:
/// the inviter has less to look at.
pub(super) const JOINER_SEATS: u8 = 4;

/// Bytes of every value. More than all addresses can take; DHT nodes refuse more than 1000.
pub(super) const SEALED: usize = 384;
/// Addresses on which a side says that it listens.
pub(super) const MAX_OWN: usize = 4;
/// Partners at whom a side says that it fires: one for each seat of joiners.
pub(super) const MAX_TO: usize = JOINER_SEATS as usize;
/// Values whose time is further from this computer's are not believed: wrong clocks (2 h), and the
/// time for which DHT nodes keep a value that nobody says again (2 h, BEP 44).
pub(super) const BELIEVED: u64 = 4 * 60 * 60 * 1000;

/// Bytes of an answer. Nodes send no more than fits one packet.
pub(super) const MAX_DATAGRAM: usize = 2048;
/// How deep an answer may be nested; real ones are two deep.
pub(super) const MAX_DEPTH: u8 = 16;
/// Questions without an answer that are remembered.
pub(super) const MAX_QUESTIONS: usize = 256;
/// Then nobody answers any more.
pub(super) const QUESTION_AGE: u64 = 3_000;

/// Witnesses without whom no address is believed.
pub(super) const MIN_VOTES: usize = 3;
/// Witnesses that count. Higher: a new address is noticed later; lower: fewer liars are outvoted.
pub(super) const MAX_VOTES: usize = 5;
/// Then a witness is forgotten.
pub(super) const VOTE_AGE: u64 = 120_000;

/// Nodes near a slot that are remembered, of at least 20 that keep its value.
pub(super) const MAX_NEAR: usize = 8;
/// Of those so many are asked in turn.
pub(super) const ASKED_NEAR: usize = 4;
/// Questions in a row after which a node near a slot is given up.
pub(super) const MAX_SILENT: u8 = 3;
/// Nodes that are remembered to be asked where they see this device.
pub(super) const MAX_KNOWN: usize = 16;

/// Slots of the partners of those meetings that come first, of three invites at most: they are
/// asked about more often than all others.
pub(super) const FOREMOST: usize = 3 * JOINER_SEATS as usize;
/// How long a new foremost meeting is urgent: the partner is likely to be there.
pub(super) const URGENT: u64 = 60_000;
/// How long a slot is urgent after its value changed: the partner is firing.
pub(super) const URGENT_AFTER_MET: u64 = 20_000;
/// Between two questions about any urgent slot, in the mean.
pub(super) const PEEK_URGENT: u64 = 500;
/// Between two questions about a slot of a foremost meeting, and at least of any: also what keeps a
/// NAT's mapping open, which some close after 20 s.
pub(super) const PEEK_IDLE: u64 = 5_000;
/// Between two questions about any slot of foremost meetings, in the mean: what keeps traffic below
/// 1 KiB/s.
pub(super) const PEEK_FOREMOST: u64 = 1_300;
/// The same for slots of the other meetings.
pub(super) const PEEK_SPACING: u64 = 30_000;
/// The age of a meeting from which it is peeked at less often.
pub(super) const OLD: u64 = 24 * 60 * 60 * 1000;
/// How much less often.
pub(super) const OLD_FACTOR: u64 = 3;
/// The same for slots of the other day.
pub(super) const OTHER_DAY_FACTOR: u64 = 4;

/// Searches at once.
pub(super) const MAX_SEARCHES: usize = 4;
/// Searches that are allowed at once, and the wait for one more: about 20 KiB each.
pub(super) const SEARCH_BURST: u64 = 6;
/// See above. All meetings have their turn within the hour.
pub(super) const SEARCH_EVERY: u64 = 180_000;
/// The same for values that are stored, about 50 KiB each, except for the next two.
pub(super) const STORE_BURST: u64 = 3;
/// See above. Well within the two hours after which nodes forget.
pub(super) const STORE_EVERY: u64 = 180_000;
/// So many of the first meetings say what has changed at once.
pub(super) const FREE_TO_SAY: usize = 3;
/// Between two searches for one slot, once the nodes near it are known.
pub(super) const SEARCH_AGAIN: u64 = 15 * 60 * 1000;
/// Before the second search of a slot whose partner is likely to be there; each later wait is four
/// times as long.
pub(super) const SEARCH_SOON: u64 = 10_000;
/// Before it is tried again after nobody answered; doubled each time.
pub(super) const RETRY: u64 = 2_000;
/// The longest of those waits.
pub(super) const RETRY_MOST: u64 = 5 * 60 * 1000;

/// A value is said again: DHT nodes forget it after two hours, and some go away earlier.
pub(super) const SAY_AGAIN: u64 = 25 * 60 * 1000;
/// Changes of one value that are said at once, and the wait for one more.
pub(super) const SAY_BURST: u64 = 6;
/// See above.
pub(super) const SAY_EVERY: u64 = 20_000;
/// After storing, a joiner looks so much later whether another joiner sits in its seat.
pub(super) const CHECK_SEAT: u64 = 4_000;
/// How long to wait for the word of DHT nodes before saying a value without it.
pub(super) const WAIT_FOR_SEEN: u64 = 3_000;
/// Before another set of addresses from one seat is told: whoever holds an invite may write a
/// joiner's slot, and what is told is fired at.
pub(super) const MET_EVERY: u64 = 5_000;

/// Nodes asked at once where they see this device.
pub(super) const PINGS: usize = 4;
/// Between two rounds of that while too few have answered; doubled each time.
pub(super) const PING_SOON: u64 = 500;
/// The longest of those waits.
pub(super) const PING_MOST: u64 = 60_000;
/// Between two rounds when nobody is awaited: the doctor's news are not older than that.
pub(super) const PING_IDLE: u64 = 5 * 60 * 1000;
/// Without an answer for so long, and questions asked, the DHT is unreachable.
pub(super) const UNREACHABLE: u64 = 10_000;
/// Questions that must have gone unanswered for that.
pub(super) const UNANSWERED: u32 = 4;
