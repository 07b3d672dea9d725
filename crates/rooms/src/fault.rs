//! How bytes can fail to be events of a log.

/// Why events were not taken. Nothing has changed. All of these but [`Room`](EventFault::Room) mean
/// that the sender broke the rules, because honest peers verify before they pass on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// Cut short, longer than its fields say, or larger than an event may be.
    #[error("the size does not fit")]
    Size,
    /// A flag that version 1 does not have.
    #[error("unknown flags")]
    Flags,
    /// Not version 1.
    #[error("unknown event version")]
    Version,
    /// Kind 0, a control kind in a content log, or the other way round.
    #[error("the kind does not belong in this log")]
    Kind,
    /// What is said is sealed; only prekeys and epochs are in the clear, and they always are.
    #[error("in the clear, or sealed, where the kind does not allow it")]
    Epoch,
    /// Sequence numbers start at 1 and rise by one.
    #[error("the sequence number does not follow")]
    Seq,
    /// The announced payload is larger than a payload may be.
    #[error("the payload is too large")]
    PayloadSize,
    /// The payload is not the one that the header names.
    #[error("the payload does not match its hash")]
    PayloadHash,
    /// Of content it may be erased, of a control event never: what is kept of it would be kept
    /// instead of it.
    #[error("a control event without its payload")]
    NoPayload,
    /// Another room than the run was announced for.
    #[error("an event of another room")]
    Room,
    /// A run holds events of one log.
    #[error("an event of another log")]
    Log,
    /// `prev` is not the chain hash of the event before.
    #[error("the hash chain is broken")]
    Chain,
    /// The hybrid time does not rise.
    #[error("time runs backwards in a log")]
    Time,
    /// A run ends in a signed event.
    #[error("the run does not end in a signature")]
    Unsigned,
    /// No event at all, too many, or too many bytes.
    #[error("the run is empty or too large")]
    RunSize,
    /// The signature is not the author's.
    #[error("the signature is not the author's")]
    Signature,
}
