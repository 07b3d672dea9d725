//! The programs that build a lab: `ip`, `nft`, `ethtool`, `miniupnpd`, `unshare`, `mount`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What every lab needs.
pub(crate) const NEEDED: [&str; 6] = ["unshare", "mount", "ip", "nft", "ethtool", "miniupnpd"];

/// Where `./test` unpacks those that are not installed (`.ci/reach.sh`).
fn unpacked() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.tools/lab")
}

/// Where a program is, if anywhere. Those of administrators are seldom on the PATH of others.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let own = ["usr/sbin", "usr/bin", "sbin", "bin"].map(|folder| unpacked().join(folder));
    let told = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from);
    let folders = std::env::split_paths(&told).chain(usual).chain(own);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Folders of the libraries that were unpacked with them.
fn libraries() -> Vec<PathBuf> {
    let roots = ["usr/lib", "lib"].map(|folder| unpacked().join(folder));
    let below = roots.iter().filter_map(|root| std::fs::read_dir(root).ok()).flatten().flatten();
    below.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with("-linux-gnu")).collect()
}

/// A program that is found, ready to be given its arguments.
pub(crate) fn command(program: &str) -> Command {
    let path = find(program).unwrap_or_else(|| panic!("{program} is missing; ./test fetches it"));
    let mut command = Command::new(path);
    let libraries = libraries();
    if !libraries.is_empty() {
        command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).expect("plain names of folders"));
    }
    command
}

/// A program inside a namespace.
pub(crate) fn at(namespace: &str, program: &str) -> Command {
    let path = find(program).unwrap_or_else(|| panic!("{program} is missing; ./test fetches it"));
    let mut command = command("ip");
    command.args(["netns", "exec", namespace]).arg(path);
    command
}

/// Runs it with these words on its input; what it says, or a panic with what it says against it.
pub(crate) fn run(command: &mut Command, input: &str) -> String {
    let said = try_run(command, input);
    said.unwrap_or_else(|error| panic!("{command:?}\n{input}\n{error}"))
}

/// The same, with its complaint as the error.
pub(crate) fn try_run(command: &mut Command, input: &str) -> Result<String, String> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may have ended without reading.
        let _closed = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}
