//! Every limit of the wire, with unit and reason (`docs/PROTOCOL.md` §1, §2, §4).

/// Bytes of the length in front of a frame.
pub const FRAME_HEADER: usize = 4;
/// Bytes that authenticated encryption adds to a plaintext.
pub const TAG: usize = 16;
/// Bytes in the body of the shortest frame after the handshake: one byte of plaintext.
pub const MIN_FRAME: usize = TAG + 1;
/// Bytes in the body of the longest frame: what Noise allows in one message.
pub const MAX_FRAME: usize = 65_535;
/// Bytes in the body of a handshake message; the longest of today has 197. A stranger can make us
/// hold no more than this.
pub const MAX_HANDSHAKE: usize = 512;
/// Bytes of plaintext in the longest frame.
pub const MAX_PLAINTEXT: usize = MAX_FRAME - TAG;
/// Bytes of records that a writer packs into one frame: leaves room for padding and is one turn of
/// the bulk queue.
pub const MAX_RECORDS_BYTES: usize = 60 * 1024;
/// Bytes of one record, type included, so that it fits into a frame of its own.
pub const MAX_RECORD: usize = MAX_RECORDS_BYTES - RECORD_HEADER;
/// Bytes of the length in front of a record.
pub const RECORD_HEADER: usize = 2;
/// Bytes of the smallest plaintext that a writer makes by padding.
pub const MIN_PADDED: usize = 64;
/// Bytes from which on plaintexts are not padded: the share that padding hides is small there, and
/// its cost is not.
pub const MAX_PADDED: usize = 4096;
/// Frames in one direction after which that direction changes its key.
pub const REKEY_FRAMES: u64 = 65_536;

/// Bytes of a display name. Four per character.
pub const MAX_NAME_BYTES: usize = 256;
/// Characters (Unicode scalar values) of a display name: bounds what a row must show, however small
/// each is.
pub const MAX_NAME_CHARS: usize = 64;
/// Addresses of one device, in Hello, peer records and invites: more than a laptop has interfaces.
pub const MAX_ADDRESSES: usize = 8;
/// Bytes of an address as text, `host:port`.
pub const MAX_ADDRESS: usize = 255;
/// Bytes of a host name, so that it fits into [`MAX_ADDRESS`] with any port.
pub const MAX_HOST: usize = MAX_ADDRESS - ":65535".len();
/// Bytes of the text that names the software.
pub const MAX_AGENT: usize = 64;
/// Room tags in a message: rooms of one device, rounded up to a power of two.
pub const MAX_TAGS: usize = 1024;
/// Peer records in a message.
pub const MAX_RECORDS: usize = 64;
/// Heads in a message: 1 000 of the longest are 54 000 bytes and fit into a frame.
pub const MAX_HEADS: usize = 1000;
/// Epochs that are asked for in one message: what a week of a lively room has.
pub const MAX_EPOCHS_ASKED: usize = 64;
/// Secrets of epochs in a message: 50 035 bytes, which fit into a frame.
pub const MAX_KEYS: usize = 1000;
/// Memberships that ended, of all epochs in a message with keys: 48 000 bytes. With the keys that
/// were asked for they fit into a frame.
pub const MAX_ENDED: usize = 6000;
/// People named in one shuffle.
pub const MAX_SHUFFLE: usize = 32;
/// Hops that a run may still go. Trees over 500 devices are 16 to 22 deep.
pub const MAX_TTL: u8 = 32;
/// Bytes that two devices tell each other in one signal; an offer to punch has a few.
pub const MAX_SIGNAL: usize = 512;
/// Bytes of a circuit in one record: one turn of the bulk queue serves others in between.
pub const MAX_CIRCUIT_DATA: usize = 16 * 1024;

/// Bytes of the shortest event on the wire: flags and header.
pub const MIN_EVENT: usize = 1 + 226;
/// Bytes of the longest event on the wire: flags, header, signature and payload.
pub const MAX_EVENT: usize = 32 * 1024;
/// Events in one Run or Data. Size allows no more than 270 today; this holds whatever events
/// become.
pub const MAX_RUN_EVENTS: usize = 1024;
/// Bytes of events in one Run or Data.
pub const MAX_RUN_BYTES: usize = 56 * 1024;

/// Characters of an invite, white space and hyphens not counted: still one QR code.
pub const MAX_INVITE_CHARS: usize = 1024;
/// Characters of an invite as it is made: it can be read out, and its QR code is coarse. Those of
/// other versions may be longer.
pub const USUAL_INVITE_CHARS: usize = 180;
/// Bytes of text that is searched for invites: a long letter.
pub const MAX_PASTED_TEXT: usize = 1024 * 1024;
/// Different invites that are found in one text; a person is not asked to choose among more.
pub const MAX_INVITES_FOUND: usize = 16;

const _: () = assert!(MAX_RECORDS_BYTES <= MAX_PLAINTEXT);
const _: () = assert!(MAX_RUN_BYTES + 200 <= MAX_RECORD);
