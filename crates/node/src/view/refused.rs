//! Why something asked for was not done.

/// Why something asked for was not done; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No such room here.
    #[error("no such room")]
    UnknownRoom,
    /// No such message here.
    #[error("no such message")]
    UnknownMessage,
    /// No such person here.
    #[error("no such person")]
    UnknownPeer,
    /// Only its author may do that.
    #[error("not the author")]
    NotAuthor,
    /// Only members may do that.
    #[error("not a member")]
    NotMember,
    /// One's role does not allow that here, or not with this person.
    #[error("You may not do that in this room.")]
    NotAllowed,
    /// Neither invite nor address.
    #[error("not an invite: {0}")]
    BadInvite(wire::invite::InviteFault),
    /// Several different invites, of which one must be chosen.
    #[error("several different invites: choose one")]
    SeveralInvites,
    /// A limit was reached.
    #[error("limit reached")]
    Limit,
    /// The disk failed.
    #[error("disk failed")]
    Disk,
    /// The node ends.
    #[error("closing")]
    Closing,
}
