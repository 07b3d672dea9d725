//! A virtual screen.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::child::Owned;
use crate::x11;

/// Ends when dropped.
pub(crate) struct Screen {
    _server: Owned,
    /// For `DISPLAY`.
    pub(crate) name: String,
}

impl Screen {
    pub(crate) fn open((width, height): (u32, u32)) -> Screen {
        let mut command = Command::new("Xvfb");
        command.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", &format!("{width}x{height}x24")]);
        let mut server = Owned::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()), "xvfb");
        let mut number = String::new();
        BufReader::new(server.0.stdout.take().expect("stdout is piped")).read_line(&mut number).expect("the server tells its number");
        assert!(!number.trim().is_empty(), "the virtual screen did not start");
        Screen { _server: server, name: format!(":{}", number.trim()) }
    }

    /// Tells every window on it to close, as a window manager does when its button is pressed.
    pub(crate) fn close_windows(&self) {
        x11::close_windows(self.name.trim_start_matches(':')).expect("the screen's server answers");
    }
}
