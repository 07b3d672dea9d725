//! What came of each way that a punch tried.

use std::fmt;
use std::io;

/// Why a punch brought no connection. Its words name no address: people pass them on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("TCP: {tcp}; QUIC: {quic}; birthday: {birthday}")]
pub(crate) struct PunchFault {
    pub(crate) tcp: Tried,
    pub(crate) quic: Tried,
    pub(crate) birthday: Tried,
}

/// How one way ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tried {
    /// There was no address or no port for it, or it cannot work between these two.
    Not,
    /// Nothing came back.
    Silent,
    /// Somebody there, or a router, refused each time.
    Refused,
    /// The other side was to dial. Had it come, the punch would have been ended.
    Awaited,
    /// This system could not send.
    Failed(io::ErrorKind),
}

impl Tried {
    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Self::Refused,
            io::ErrorKind::TimedOut => Self::Silent,
            kind => Self::Failed(kind),
        }
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Not => f.write_str("not tried"),
            Self::Silent => f.write_str("no answer"),
            Self::Refused => f.write_str("refused"),
            Self::Awaited => f.write_str("the other side did not come"),
            Self::Failed(kind) => write!(f, "{kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_what_was_tried() {
        let fault = PunchFault { tcp: Tried::Refused, quic: Tried::Awaited, birthday: Tried::Not };
        assert_eq!(fault.to_string(), "TCP: refused; QUIC: the other side did not come; birthday: not tried");
    }
}
