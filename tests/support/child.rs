//! Processes that end with the test that started them.

use std::io::ErrorKind;
use std::process::{Child, Command};

/// Ended by its own id when dropped, whatever became of the test.
pub(crate) struct Owned(pub(crate) Child);

impl Owned {
    /// Starts a program; a missing one fails the test with the name of the package that has it.
    pub(crate) fn start(command: &mut Command, package: &str) -> Owned {
        let program = command.get_program().to_string_lossy().into_owned();
        match command.spawn() {
            Ok(child) => Owned(child),
            Err(error) if error.kind() == ErrorKind::NotFound => panic!("{program} is missing; it is in the package {package}"),
            Err(error) => panic!("{program} does not start: {error}"),
        }
    }

    /// SIGKILL: no time for anything.
    pub(crate) fn kill(&mut self) {
        let _gone_already = self.0.kill();
        let _reaped_already = self.0.wait();
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.kill();
    }
}
