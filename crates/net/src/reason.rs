//! Why a link ended or a dial failed.

use std::fmt;
use std::io;

use wire::Bye;

/// Why a link ended or a dial failed. The window has words for each (`api::LinkReason` has the same
/// names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The name could not be resolved.
    NameUnknown,
    /// The network says there is no way there.
    NoRoute,
    /// No answer in time.
    TimedOut,
    /// The other machine answered that nothing listens there.
    Refused,
    /// The connection broke.
    Lost,
    /// Liveness checks went unanswered.
    Silent,
    /// A limit of this device or of theirs was reached.
    Busy,
    /// The other side could not keep up, or found us too slow.
    TooSlow,
    /// A better link with the same peer replaced this one, or it was a day old.
    Replaced,
    /// The other side said goodbye, or this one did.
    Goodbye,
    /// What arrived was not the protocol.
    Protocol,
    /// The other side speaks no version that we speak.
    Version,
    /// One side does not know the other.
    NotWelcome,
    /// Another peer answered at that address.
    WrongPeer,
}

impl Reason {
    /// What a failed system call means. Everything unforeseen counts as a broken connection.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => Self::NoRoute,
            io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::Unsupported
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::PermissionDenied => Self::NoRoute,
            // Only circuits say so.
            io::ErrorKind::ResourceBusy => Self::Busy,
            _ => Self::Lost,
        }
    }

    /// What a Bye means, whichever side said it.
    pub(crate) fn of_bye(bye: Bye) -> Self {
        match bye {
            Bye::Shutdown | Bye::Surplus => Self::Goodbye,
            Bye::NotWelcome => Self::NotWelcome,
            Bye::Replaced | Bye::Renew => Self::Replaced,
            Bye::Protocol => Self::Protocol,
            Bye::TooSlow => Self::TooSlow,
            Bye::Busy => Self::Busy,
        }
    }

    /// Of several failures of one dial, the one that tells most: what was learned later in the
    /// course of connecting.
    pub(crate) fn more_telling(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameUnknown => "the name is unknown",
            Self::NoRoute => "no way there",
            Self::TimedOut => "no answer in time",
            Self::Refused => "nothing listens there",
            Self::Lost => "the connection broke",
            Self::Silent => "no sign of life",
            Self::Busy => "a limit was reached",
            Self::TooSlow => "too slow",
            Self::Replaced => "replaced by another link",
            Self::Goodbye => "goodbye",
            Self::Protocol => "not the protocol",
            Self::Version => "no version in common",
            Self::NotWelcome => "not welcome",
            Self::WrongPeer => "somebody else answered",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_errors_have_their_reasons() {
        let cases = [
            (io::ErrorKind::ConnectionRefused, Reason::Refused),
            (io::ErrorKind::TimedOut, Reason::TimedOut),
            (io::ErrorKind::HostUnreachable, Reason::NoRoute),
            (io::ErrorKind::NetworkUnreachable, Reason::NoRoute),
            (io::ErrorKind::ConnectionReset, Reason::Lost),
            (io::ErrorKind::BrokenPipe, Reason::Lost),
            (io::ErrorKind::UnexpectedEof, Reason::Lost),
            (io::ErrorKind::ResourceBusy, Reason::Busy),
        ];
        for (kind, reason) in cases {
            assert_eq!(Reason::of_io(&io::Error::from(kind)), reason, "{kind:?}");
        }
    }

    #[test]
    fn a_wrong_peer_tells_more_than_a_closed_port() {
        assert_eq!(Reason::Refused.more_telling(Reason::WrongPeer), Reason::WrongPeer);
        assert_eq!(Reason::Refused.more_telling(Reason::NameUnknown), Reason::Refused);
    }
}
