//! Namespaces of one's own: a program starts itself again in new ones, and does its work there.
//! They end with their first process, and everything in them with it.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::programs::{self, NEEDED};

/// Set for the program that runs inside.
const INSIDE: &str = "GRAPEVINE_IN_LAB";
/// Said inside before anything else. A harness that was asked for a test that it does not know
/// would end well too.
const BEGUN: &str = "the lab begins";

/// What became of a program in its own namespaces, with all that it said.
pub enum Ended {
    /// It did what it was to do.
    Well(String),
    /// It failed.
    Badly(String),
    /// It was ended when its time was up.
    Late(String),
}

/// Whether this process has namespaces of its own.
pub fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Why there can be no lab on this computer; none if there can.
pub fn refused() -> Option<String> {
    if let Some(missing) = NEEDED.iter().find(|program| programs::find(program).is_none()) {
        return Some(format!("the program {missing} is missing"));
    }
    let try_it = "mount -t tmpfs lab /run && mkdir /run/netns && ip netns add x && ip netns exec x nft list ruleset";
    let mut command = unshared();
    command.args(["sh", "-c", try_it]).env("PATH", path_of_all());
    programs::try_run(&mut command, "").err().map(|error| format!("namespaces are refused ({error})"))
}

fn path_of_all() -> std::ffi::OsString {
    let folders = NEEDED.iter().filter_map(|program| programs::find(program)?.parent().map(std::path::Path::to_owned));
    let told = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::env::split_paths(&told).chain(folders)).expect("plain names of folders")
}

/// New namespaces for network, mounts and processes; for others than root, also one of users in
/// which they are root.
fn unshared() -> Command {
    let mut command = programs::command("unshare");
    if !nix::unistd::Uid::effective().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "--"]);
    command
}

/// Runs this program again with these arguments, inside, for at most so long.
pub fn again(arguments: &[&str], limit: Duration) -> Ended {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = unshared();
    command.arg(program).args(arguments).env(INSIDE, "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("unshare starts");
    // Its end tells those inside that nobody waits for them any more.
    let lifeline = child.stdin.take();
    let (said, whole) = sync_channel(2);
    for stream in [child.stdout.take().map(boxed), child.stderr.take().map(boxed)].into_iter().flatten() {
        let said = said.clone();
        std::thread::spawn(move || said.send(read_all(stream)));
    }
    drop(said);
    let mut text = String::new();
    let end = std::time::Instant::now() + limit;
    let late = loop {
        match whole.recv_timeout(end.saturating_duration_since(std::time::Instant::now())) {
            Ok(part) => text += &part,
            Err(RecvTimeoutError::Disconnected) => break false,
            Err(RecvTimeoutError::Timeout) => {
                let _gone = child.kill();
                text.extend(whole.iter());
                break true;
            }
        }
    };
    drop(lifeline);
    ended(child, text, late)
}

fn ended(mut child: Child, text: String, late: bool) -> Ended {
    let status = child.wait().expect("a child can be waited for");
    match (late, status.success()) {
        (true, _) => Ended::Late(text),
        (false, true) => Ended::Well(text),
        (false, false) => Ended::Badly(text),
    }
}

fn boxed(stream: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(stream)
}

fn read_all(mut stream: Box<dyn Read + Send>) -> String {
    let mut bytes = Vec::new();
    let _cut_off = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// To be called first inside: gives the namespaces a place for their names, and sees to it that
/// this process ends when nobody waits for it.
pub fn settle_in() {
    programs::run(programs::command("mount").args(["-t", "tmpfs", "lab", "/run"]), "");
    std::fs::create_dir_all("/run/netns").expect("/run is ours");
    std::thread::spawn(|| {
        let mut byte = [0];
        loop {
            match std::io::stdin().read(&mut byte) {
                Ok(count) if count > 0 => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => std::process::exit(3),
            }
        }
    });
    println!("{BEGUN}");
}

/// The body of a test, in namespaces of its own. Where there can be none, the test says so and is
/// passed.
///
/// The test harness is started again inside, for this test alone; its name is that of the type of
/// `body`, a closure that stands in the test.
pub fn test<F: FnOnce()>(limit: Duration, body: F) {
    if inside() {
        settle_in();
        return body();
    }
    if let Some(why) = refused() {
        // Not captured by the harness.
        let _closed = writeln!(std::io::stderr(), "skipped, no lab here: {why}");
        return;
    }
    let whole = std::any::type_name::<F>();
    let name = whole.trim_end_matches("::{{closure}}").split_once("::").map_or(whole, |(_, name)| name);
    let (how, said) = match again(&[name, "--exact", "--include-ignored", "--nocapture"], limit) {
        Ended::Well(said) if said.contains(BEGUN) => {
            println!("{said}");
            return;
        }
        Ended::Well(said) => ("was not found by the harness inside", said),
        Ended::Badly(said) => ("failed", said),
        Ended::Late(said) => ("took too long", said),
    };
    panic!("{name} {how}; inside was said:\n{said}");
}
