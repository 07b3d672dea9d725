//! A person with a window, and what they do in it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bus::Bus;
use crate::child::Owned;
use crate::screen::Screen;

/// Nothing that is waited for takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(45);

/// What is pressed after a text.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    None,
    Enter,
    Escape,
}

impl Key {
    /// As WebDriver writes it.
    fn code(self) -> &'static str {
        match self {
            Key::None => "",
            Key::Enter => "\u{e007}",
            Key::Escape => "\u{e00c}",
        }
    }
}

/// One person over all runs of their program.
pub(crate) struct Person {
    name: &'static str,
    /// Of the window, at the next start.
    pub(crate) size: (u32, u32),
    env: Vec<(&'static str, String)>,
    home: TempDir,
    run: Option<Run>,
}

struct Run {
    client: Client,
    // In the order in which they end; without its driver or its screen the program ends too.
    _driver: Owned,
    screen: Screen,
}

impl Person {
    /// Opens the program with a new profile.
    pub(crate) async fn open(name: &'static str, size: (u32, u32), bus: &Bus) -> Person {
        let home = tempfile::Builder::new().prefix(&format!("grapevine-{name}-")).tempdir().expect("a folder for the profile");
        let mut person = Person { name, size, env: bus.env(), home, run: None };
        person.start().await;
        person
    }

    fn profile(&self) -> PathBuf {
        self.home.path().join("profile")
    }

    /// Opens the program, as it is told to by WebKit's driver, on a screen of its own.
    pub(crate) async fn start(&mut self) {
        let screen = Screen::open(self.size);
        let port = free_port();
        let output = File::options().create(true).append(true).open(self.home.path().join("output.txt")).expect("a file for the output");
        let mut command = Command::new("WebKitWebDriver");
        command.args([format!("--port={port}"), "--host=127.0.0.1".to_owned()]);
        command.envs(self.env.iter().cloned()).env("DISPLAY", &screen.name).env("TAURI_WEBVIEW_AUTOMATION", "true");
        command.env_remove("WAYLAND_DISPLAY").env("GDK_BACKEND", "x11").env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(output.try_clone().expect("a second handle")).stderr(output);
        let driver = Owned::start(&mut command, "webkit2gtk-driver");
        let (width, height) = self.size;
        let args = [
            "--profile".to_owned(),
            self.profile().display().to_string(),
            "--listen=127.0.0.1:0".to_owned(),
            "--no-nearby".to_owned(),
            format!("--place=0,0,{width},{height}"),
        ];
        let options = json!({"webkitgtk:browserOptions": {"binary": env!("CARGO_BIN_EXE_grapevine"), "args": args}});
        let Value::Object(options) = options else { unreachable!("an object is written above") };
        let client = self.connect(port, options).await;
        let patience = TimeoutConfiguration::new(Some(PATIENCE), Some(PATIENCE), None);
        client.update_timeouts(patience).await.expect("the driver takes time-outs");
        self.run = Some(Run { client, _driver: driver, screen });
    }

    async fn connect(&self, port: u16, options: serde_json::Map<String, Value>) -> Client {
        // The driver listens a moment after it was started.
        let end = Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(Instant::now() < end, "{}: WebKitWebDriver does not listen\n{}", self.name, self.output());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(options).connect(&format!("http://127.0.0.1:{port}")).await;
        client.unwrap_or_else(|error| panic!("{} has no window: {error}\n{}", self.name, self.output()))
    }

    pub(crate) fn client(&self) -> &Client {
        &self.run.as_ref().unwrap_or_else(|| panic!("{} has no window", self.name)).client
    }

    /// Asks the program to end, as a session does that closes.
    pub(crate) async fn quit(&mut self) {
        let pid = self.process().unwrap_or_else(|| panic!("{} has no process\n{}", self.name, self.output()));
        let before = self.orderly_ends();
        let asked = Command::new("kill").arg(pid.to_string()).status().expect("kill is there");
        assert!(asked.success(), "{}: process {pid} is there", self.name);
        self.ended(before).await;
    }

    /// Closes the window by its button, which a window manager would draw.
    pub(crate) async fn close(&mut self) {
        let before = self.orderly_ends();
        self.run.as_ref().expect("there is a window").screen.close_windows();
        self.ended(before).await;
    }

    fn orderly_ends(&self) -> usize {
        all_text(&self.profile().join("logs")).matches("ended in order").count()
    }

    async fn ended(&mut self, before: usize) {
        let end = Instant::now() + PATIENCE;
        while self.process().is_some() {
            assert!(Instant::now() < end, "{} did not end\n{}", self.name, self.output());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(self.orderly_ends(), before + 1, "{} ended, but not in order\n{}", self.name, self.output());
        self.run = None;
    }

    /// Id of the program: the driver has started it and does not tell.
    fn process(&self) -> Option<u32> {
        let profile = self.profile().display().to_string();
        let words = |pid: u32| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let is_ours = |pid: &u32| {
            let words = words(*pid);
            let mut words = words.split('\0');
            words.next() == Some(env!("CARGO_BIN_EXE_grapevine")) && words.any(|word| word == profile)
        };
        let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(is_ours)
    }

    /// First run: the name, and Enter.
    pub(crate) async fn begin(&self) {
        self.write("[data-testid=first-name]", self.name, Key::Enter).await;
    }

    /// Waits until something is there and can be seen.
    pub(crate) async fn see(&self, what: &str) -> Element {
        self.until(&format!("document.querySelector({})?.getClientRects().length > 0", json!(what))).await;
        let found = self.client().find(Locator::Css(what)).await;
        found.unwrap_or_else(|error| panic!("{}: {what}: {error}", self.name))
    }

    /// Waits until one of these says something.
    pub(crate) async fn see_text(&self, what: &str, text: &str) {
        let says = format!("[...document.querySelectorAll({})].some((one) => one.textContent.includes({}))", json!(what), json!(text));
        self.until(&says).await;
    }

    pub(crate) async fn gone(&self, what: &str) {
        self.until(&format!("document.querySelector({}) === null", json!(what))).await;
    }

    /// Waits until a field holds something that begins so.
    pub(crate) async fn value(&self, what: &str, begins: &str) -> String {
        let field = format!("document.querySelector({})", json!(what));
        self.until(&format!("{field}?.value.startsWith({})", json!(begins))).await;
        let value = self.client().execute(&format!("return {field}.value"), Vec::new()).await;
        value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub(crate) async fn click(&self, what: &str) {
        let clicked = self.see(what).await.click().await;
        if let Err(error) = clicked {
            self.fail(&format!("clicks {what}: {error}")).await;
        }
    }

    /// Replaces what a field holds.
    pub(crate) async fn write(&self, what: &str, text: &str, then: Key) {
        let field = self.see(what).await;
        let written = async {
            field.clear().await?;
            field.send_keys(&format!("{text}{}", then.code())).await
        };
        if let Err(error) = written.await {
            self.fail(&format!("writes into {what}: {error}")).await;
        }
    }

    /// Pastes, as from the clipboard of the system.
    pub(crate) async fn paste(&self, what: &str, text: &str) {
        self.click(what).await;
        let pasted = self.client().execute("return document.execCommand('insertText', false, arguments[0])", vec![json!(text)]).await;
        if !matches!(pasted, Ok(Value::Bool(true))) {
            self.fail(&format!("pastes into {what}: {pasted:?}")).await;
        }
    }

    /// A key for whatever has the focus.
    pub(crate) async fn press(&self, key: Key) {
        let focused = self.client().active_element().await.expect("something has the focus");
        focused.send_keys(key.code()).await.expect("keys can be pressed");
    }

    pub(crate) async fn open_room(&self, name: &str) {
        self.click(&format!("[data-testid=room-row][data-room-name={}]", json!(name))).await;
        self.see_text("[data-testid=room-title]", name).await;
        self.see("[data-testid=composer]").await;
    }

    pub(crate) async fn say(&self, text: &str) {
        self.write("[data-testid=composer]", text, Key::Enter).await;
        self.see_text("[data-testid=message]", text.replace('*', "").as_str()).await;
    }

    pub(crate) async fn read(&self, text: &str) {
        self.see_text("[data-testid=message]", text).await;
    }

    /// Waits until a condition of the page holds.
    pub(crate) async fn until(&self, condition: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const look = () => {{ if ({condition}) done(true); else setTimeout(look, 20); }};
             look();"
        );
        if let Err(error) = self.client().execute_async(&script, Vec::new()).await {
            self.fail(&format!("{condition}: {error}")).await;
        }
    }

    /// Keeps a picture of the page once it is painted.
    pub(crate) async fn picture(&self, step: &str) {
        let painted = "const done = arguments[0]; const later = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
                       Promise.all(document.getAnimations().map((moving) => moving.finished.catch(() => null)))
                         .then(() => later(() => done(true)));";
        if let Err(error) = self.client().execute_async(painted, Vec::new()).await {
            self.fail(&format!("is painted: {error}")).await;
        }
        self.keep_picture(step).await;
    }

    async fn keep_picture(&self, step: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".artefacts/window");
        fs::create_dir_all(&folder).expect("the folder can be made");
        let picture = self.client().screenshot().await.unwrap_or_default();
        assert!(picture.starts_with(b"\x89PNG"), "{}: no picture of {step}", self.name);
        fs::write(folder.join(format!("{step}-{}.png", self.name)), picture).expect("the picture can be kept");
    }

    /// Ends the test with all that is known.
    async fn fail(&self, what: &str) -> ! {
        self.keep_picture("failed").await;
        let look =
            "const at = document.activeElement?.cloneNode(); return `${document.body.innerText}\\nthe focus is on: ${at?.outerHTML}`";
        let page = self.client().execute(look, Vec::new()).await;
        let page = page.ok().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
        panic!("{}: never happened: {what}\nthe page says:\n{page}\n{}", self.name, self.output());
    }

    fn output(&self) -> String {
        let output = fs::read_to_string(self.home.path().join("output.txt")).unwrap_or_default();
        format!("output:\n{output}\nlog:\n{}", all_text(&self.profile().join("logs")))
    }
}

/// Asked of the system; WebKit's driver does not choose one itself.
fn free_port() -> u16 {
    let socket = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    socket.local_addr().expect("it is bound").port()
}

fn all_text(folder: &Path) -> String {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect()
}
