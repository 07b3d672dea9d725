//! Every bound and wait of reaching others, and of helping others to it.

use super::bucket::Rate;

/// Signals passed on for one peer: a newcomer tries all whom it misses; more goes on as slowly as
/// tries are repeated.
pub(crate) const SIGNALS: Rate = Rate { burst: 8, every: 2_000 };
/// What one peer may say of this kind at all, refusals included: beyond it nothing is answered.
pub(crate) const TALK: Rate = Rate { burst: 64, every: 250 };

/// Between two answers to offers of one peer, milliseconds: a punch goes on for longer.
pub(crate) const ANSWER_REST: u64 = 2_000;
/// Answered punches at once, each some dozens of packets.
pub(crate) const MAX_ANSWERED: usize = 4;
/// Punches at once, one's own included.
pub(crate) const MAX_PUNCHES: usize = 8;
/// Offers that wait for an answer at once; others wait for their turn.
pub(crate) const MAX_OFFERS: usize = 16;
/// Members asked for help in one round.
pub(crate) const MAX_HELPERS: usize = 3;
/// For an echo, before an offer goes out without it, milliseconds.
pub(crate) const ECHO_WAIT: u64 = 600;
/// A question or its answer may have been lost: it is asked again after this, milliseconds.
pub(crate) const ECHO_AGAIN: u64 = 200;
/// So many times.
pub(crate) const ECHO_REPEATS: u8 = 3;
/// An echo so young shows that the helper knows this device's UDP address, milliseconds: routers
/// keep an address of a silent port for 30 s.
pub(crate) const ECHO_FRESH: u64 = 15_000;
/// A peer's UDP address is passed on when it is no older, milliseconds.
pub(crate) const UDP_SEEN_FRESH: u64 = 25_000;
/// For the answer to an offer, milliseconds: two round trips around the world, and an echo.
pub(crate) const ANSWER_WAIT: u64 = 2_000;
/// A punch ends by itself before, milliseconds.
pub(crate) const PUNCH_WAIT: u64 = 15_000;
/// From the first try to a circuit, milliseconds: most punches have led somewhere by then.
pub(crate) const CIRCUIT_AFTER: u64 = 700;
/// The greater of the two leaves the circuit to the smaller for so much longer, milliseconds.
pub(crate) const CIRCUIT_COURTESY: u64 = 800;
/// For a circuit to become a link, milliseconds.
pub(crate) const CIRCUIT_WAIT: u64 = 10_000;
/// Waits between rounds, milliseconds: this long twice, then twice as long each time, up to the
/// longest.
pub(crate) const FIRST_WAIT: u64 = 3_000;
pub(crate) const LONGEST_WAIT: u64 = 300_000;

/// Between two dial-backs for one asker, milliseconds.
pub(crate) const DIAL_BACK_REST: u64 = 30_000;
/// Dial-backs in all, one TCP connection each: six a minute.
pub(crate) const DIAL_BACKS: Rate = Rate { burst: 1, every: 10_000 };
/// Requests for one that wait for somebody else at once.
pub(crate) const MAX_PASSED_ON: usize = 16;
/// For the node's word, a connection and a handshake, milliseconds.
pub(crate) const DIAL_BACK_WAIT: u64 = 15_000;
/// With whom there was a link so lately, the routers may let in what they let in from nobody else;
/// milliseconds.
pub(crate) const STRANGE_AFTER: u64 = 600_000;
/// So long a router may let in what comes from an address that was dialled, milliseconds: a
/// connection that nobody answered is forgotten after two minutes.
pub(crate) const DIALLED_OPENS: u64 = 150_000;
/// Between two checks of one's own that nobody could do, milliseconds.
pub(crate) const CHECK_REST: u64 = 60_000;

/// Dialled addresses, punched peers and ended links that are remembered: beyond it the oldest goes.
pub(crate) const MAX_REMEMBERED: usize = 1_024;
/// What peers said of this device's address; one each.
pub(crate) const MAX_CLAIMS: usize = 256;
/// A claim outlives its link by so much, milliseconds.
pub(crate) const CLAIM_STAYS: u64 = 600_000;
/// Partners of meetings that are remembered: all seats of all that are attended.
pub(crate) const MAX_MET: usize = 128;
/// Who answers an offer waits for its answer to arrive before the punch, at most so long,
/// milliseconds: a datagram that comes too early has some routers take another port.
pub(crate) const MAX_SIGNAL_WAY: u64 = 500;
/// Peers that were asked in vain before UDP counts as blocked; each may be the one who is hidden.
pub(crate) const SILENT_PEERS: usize = 3;
/// Questions to one peer before it counts as silent.
pub(crate) const SILENT_ASKED: u8 = 3;

/// What waits for the node to tell of a common room, milliseconds: it tells five times a second.
pub(crate) const HELD_FOR: u64 = 1_000;
/// So much of it at once, and so much that one peer brought.
pub(crate) const MAX_HELD: usize = 32;
pub(crate) const MAX_HELD_OF_ONE: usize = 4;

/// Paths tried that the doctor is told of.
pub(crate) const MAX_TRIED: usize = 64;
/// Between two tellings of what is known, milliseconds.
pub(crate) const FACTS_REST: u64 = 500;
