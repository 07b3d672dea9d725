//! One profile from first run to shutdown: identity, then store, then node.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use identity::custody;
use identity::{Choice, CustodyError, Found, Secrets, Zeroizing};
use node::{Node, OpenError};
use tracing::Instrument;

use crate::building;
use crate::contract::{Command, Reply};
use crate::convert;
use crate::dispatch::{self, Pending};
use crate::hub::Hub;
pub use crate::hub::Notices;
use crate::lock::{NotTaken, ProfileLock};
use crate::types::{Code, Custody, CustodyChoice, Done, KeychainProblem, KeychainProblemKind, Notice, Refusal, Stage};

/// How long one question to the keychain may take before the screen says that it waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the keychain is waited for in all before the screen offers to ask again.
const KEYCHAIN_LIMIT: Duration = Duration::from_secs(120);

/// What a session is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of the profile: data, logs, identity marker.
    pub profile: PathBuf,
    /// Addresses to listen on; empty means the default port on all interfaces, or any free port if
    /// that is taken.
    pub listen: Vec<SocketAddr>,
    /// Look for people on the local network, and let the user be visible to them.
    pub nearby: bool,
    /// Learn addresses of co-members from others, and pass them on. Off: dial only people whose
    /// address was given here.
    pub peer_exchange: bool,
    /// Ask the router for doors, if the user has not turned that off.
    pub mapping: bool,
    /// Nodes by which the DHT is entered, `host:port`, where it is turned on; empty for the public
    /// ones.
    pub dht: Vec<String>,
    /// Opens (or makes, on `begin` with a key file) the passphrase file without asking.
    pub passphrase: Option<Zeroizing<String>>,
}

impl Default for Config {
    /// The usual profile of this user, listening, looking around, without a passphrase.
    fn default() -> Self {
        let data = dirs::data_dir().unwrap_or_else(|| PathBuf::from("."));
        Config {
            profile: data.join("grapevine"),
            listen: Vec::new(),
            nearby: true,
            peer_exchange: true,
            mapping: true,
            dht: Vec::new(),
            passphrase: None,
        }
    }
}

/// A profile that is being opened, waits for its user, or is open. Clones share it.
#[derive(Clone)]
pub struct Session(Arc<Inner>);

struct Inner {
    config: Config,
    hub: Arc<Hub>,
    state: Mutex<State>,
    /// One step of opening at a time.
    opening: tokio::sync::Mutex<()>,
    /// Held for good once taken; given back when the session is closed.
    lock: Mutex<Option<ProfileLock>>,
}

enum State {
    At(Stage),
    Open { node: Node, custody: Custody },
    Closed,
}

impl Session {
    /// Begins to open a profile and returns at once; `status` and `stage_changed` notices tell how
    /// it goes. Needs a tokio runtime.
    pub fn open(config: Config) -> Session {
        let state = Mutex::new(State::At(Stage::Opening { waited_ms: 0, building: None }));
        let session =
            Session(Arc::new(Inner { config, hub: Arc::default(), state, opening: tokio::sync::Mutex::new(()), lock: Mutex::default() }));
        let opening = session.clone();
        tokio::spawn(async move { opening.look().await });
        session
    }

    /// Notices from now on. Subscribe first, then ask for the snapshot.
    pub fn subscribe(&self) -> Notices {
        self.0.hub.subscribe()
    }

    /// Carries out one call; `args` is JSON text.
    pub async fn call(&self, call: &str, args: &str) -> Result<Reply, Refusal> {
        self.run(Command::parse(call, args)?).await
    }

    /// Like [`Session::call`] for `send`, but returns as soon as the message has its place in the
    /// order.
    pub async fn queue_send(&self, args: &str) -> Result<Pending, Refusal> {
        match Command::parse("send", args)? {
            Command::Send(send) => dispatch::queue(&self.node()?.0, send).await,
            _ => Err(Refusal::unknown_call("send")),
        }
    }

    /// Tells every subscriber that an invite was opened (deep link, second start).
    pub fn open_invite(&self, text: String) {
        self.0.hub.publish(vec![Notice::InviteOpened { text }]);
    }

    /// Carries out one call.
    pub async fn run(&self, command: Command) -> Result<Reply, Refusal> {
        let span = tracing::debug_span!("command", cmd = command.name());
        self.carry_out(command).instrument(span).await
    }

    async fn carry_out(&self, command: Command) -> Result<Reply, Refusal> {
        match command {
            Command::Status(_) => Ok(Reply::Status(self.stage())),
            Command::Begin(a) => self.begin(&a.name, a.custody).await.map(Reply::Begin),
            Command::Unlock(a) => self.unlock(Zeroizing::new(a.passphrase)).await.map(Reply::Unlock),
            Command::Retry(_) => {
                if !matches!(self.stage(), Stage::Open) {
                    self.look().await;
                }
                Ok(Reply::Retry(self.stage()))
            }
            Command::Shutdown(_) => {
                self.close().await;
                Ok(Reply::Shutdown(Done {}))
            }
            other => {
                let (node, custody) = self.node()?;
                dispatch::dispatch(&node, custody, other).await
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stage(&self) -> Stage {
        match &*self.state() {
            State::At(stage) => stage.clone(),
            State::Open { .. } => Stage::Open,
            State::Closed => Stage::Unusable { code: Code::Closing, detail: "shut down".into() },
        }
    }

    fn node(&self) -> Result<(Node, Custody), Refusal> {
        match &*self.state() {
            State::Open { node, custody } => Ok((node.clone(), *custody)),
            State::At(_) => Err(Refusal::new(Code::NotOpen, "the profile is not open yet")),
            State::Closed => Err(Refusal::new(Code::Closing, "the profile is closed")),
        }
    }

    fn set_stage(&self, stage: Stage) {
        {
            let mut state = self.state();
            match &*state {
                State::At(now) if *now == stage => return,
                State::At(_) => *state = State::At(stage.clone()),
                State::Open { .. } | State::Closed => return,
            }
        }
        self.0.hub.publish(vec![Notice::StageChanged { stage }]);
    }

    /// Looks at what the profile holds and goes as far as possible without the user.
    async fn look(&self) {
        let _one = self.0.opening.lock().await;
        if matches!(self.stage(), Stage::Open) {
            return;
        }
        if let Err(not_taken) = self.take_profile() {
            return self.set_stage(match not_taken {
                NotTaken::Held => Stage::Unusable { code: Code::ProfileInUse, detail: "another process uses this profile".into() },
                NotTaken::Io(error) => Stage::Unusable { code: Code::Disk, detail: error.to_string() },
            });
        }
        let profile = self.0.config.profile.clone();
        match blocking(move || custody::found(&profile)).await {
            Ok(Found::Nothing) => self.welcome().await,
            Ok(Found::Keychain) => self.ask_keychain().await,
            Ok(Found::KeyFile) => match self.0.config.passphrase.clone() {
                Some(passphrase) => {
                    let _told_by_stage = self.open_key_file(passphrase).await;
                }
                None => self.set_stage(Stage::NeedsPassphrase { wrong: false }),
            },
            Err(error) => self.set_stage(Stage::Unusable { code: Code::Disk, detail: error.to_string() }),
        }
    }

    fn take_profile(&self) -> Result<(), NotTaken> {
        let mut held = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(ProfileLock::take(&self.0.config.profile)?);
        }
        Ok(())
    }

    async fn welcome(&self) {
        let problem = blocking(|| custody::probe_within(PATIENCE)).await.err().map(|e| problem(&e));
        self.set_stage(Stage::Welcome { suggested_name: suggested_name(), keychain: problem });
    }

    async fn ask_keychain(&self) {
        let began = Instant::now();
        loop {
            let profile = self.0.config.profile.clone();
            match blocking(move || custody::open_keychain_within(PATIENCE, &profile)).await {
                Ok(secrets) => {
                    let _told_by_stage = self.start(secrets, Custody::Keychain, None).await;
                    return;
                }
                Err(CustodyError::Silent { .. }) if began.elapsed() < KEYCHAIN_LIMIT => {
                    let waited_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    self.set_stage(Stage::Opening { waited_ms, building: None });
                }
                Err(error) => return self.set_stage(locked(&error)),
            }
        }
    }

    async fn begin(&self, name: &str, choice: CustodyChoice) -> Result<Stage, Refusal> {
        let name = dispatch::name(name)?;
        let _one = self.0.opening.lock().await;
        if !matches!(self.stage(), Stage::Welcome { .. }) {
            return Err(Refusal::new(Code::AlreadyOpen, "this profile has an identity already"));
        }
        let (choice, custody) = match choice {
            CustodyChoice::Keychain => (Choice::Keychain, Custody::Keychain),
            CustodyChoice::KeyFile { passphrase } => (Choice::KeyFile(Zeroizing::new(passphrase)), Custody::KeyFile),
        };
        let profile = self.0.config.profile.clone();
        let made = blocking(move || custody::create_within(KEYCHAIN_LIMIT, &profile, choice)).await;
        let secrets = match made {
            Ok(secrets) => secrets,
            Err(error) => {
                if let Some(kind) = problem_kind(&error) {
                    let keychain = Some(KeychainProblem { kind, detail: error.to_string() });
                    self.set_stage(Stage::Welcome { suggested_name: name, keychain });
                }
                return Err(refusal(&error));
            }
        };
        self.start(secrets, custody, Some(name)).await
    }

    async fn unlock(&self, passphrase: Zeroizing<String>) -> Result<Stage, Refusal> {
        let _one = self.0.opening.lock().await;
        if !matches!(self.stage(), Stage::NeedsPassphrase { .. }) {
            return Err(Refusal::new(Code::AlreadyOpen, "no passphrase is asked for"));
        }
        self.open_key_file(passphrase).await
    }

    async fn open_key_file(&self, passphrase: Zeroizing<String>) -> Result<Stage, Refusal> {
        let profile = self.0.config.profile.clone();
        match blocking(move || custody::open_key_file(&profile, &passphrase)).await {
            Ok(secrets) => self.start(secrets, Custody::KeyFile, None).await,
            Err(CustodyError::WrongPassphrase) => {
                self.set_stage(Stage::NeedsPassphrase { wrong: true });
                Err(refusal(&CustodyError::WrongPassphrase))
            }
            Err(error) => {
                self.set_stage(Stage::Unusable { code: Code::Disk, detail: error.to_string() });
                Err(refusal(&error))
            }
        }
    }

    /// Opens the store and starts the node. A failure is the new stage.
    async fn start(&self, secrets: Secrets, custody: Custody, name: Option<String>) -> Result<Stage, Refusal> {
        let profile = self.0.config.profile.clone();
        let key = secrets.store_key.clone();
        let telling = self.clone();
        let tell = move |progress| {
            if let Some(building) = building::told(progress) {
                telling.set_stage(Stage::Opening { waited_ms: 0, building: Some(building) });
            }
        };
        let opened = match blocking(move || node::open_store_telling(&profile, &key, tell)).await {
            Ok(opened) => opened,
            Err(error) => {
                let code = match &error {
                    OpenError::InUse => Code::ProfileInUse,
                    OpenError::TooNew { .. } => Code::DataTooNew,
                    OpenError::TooOld => Code::DataTooOld,
                    _ => Code::Disk,
                };
                self.set_stage(Stage::Unusable { code, detail: error.to_string() });
                return Err(Refusal::new(code, error.to_string()));
            }
        };
        let hub = self.0.hub.clone();
        let options = node::Options {
            identity: secrets.identity,
            opened,
            name,
            fallback_name: suggested_name(),
            listen: self.0.config.listen.clone(),
            nearby: self.0.config.nearby,
            peer_exchange: self.0.config.peer_exchange,
            mapping: self.0.config.mapping,
            dht: self.0.config.dht.clone(),
            agent: concat!("grapevine/", env!("CARGO_PKG_VERSION")).to_owned(),
            sink: Box::new(move |batch| hub.publish(batch.into_iter().map(|n| convert::notice(n, custody)).collect())),
        };
        let node = node::start(options).await.map_err(|error| {
            self.set_stage(Stage::Unusable { code: Code::Disk, detail: error.to_string() });
            Refusal::new(Code::Disk, error.to_string())
        })?;
        *self.state() = State::Open { node, custody };
        self.0.hub.publish(vec![Notice::StageChanged { stage: Stage::Open }]);
        Ok(Stage::Open)
    }

    /// Ends in order: peers are told, everything is on disk when this returns.
    pub async fn close(&self) {
        let _one = self.0.opening.lock().await;
        let state = std::mem::replace(&mut *self.state(), State::Closed);
        if let State::Open { node, .. } = state {
            node.stop().await;
        }
        self.0.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Keychain, passphrase hashing and opening the store block; the window must not.
async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(f).await {
        Ok(value) => value,
        Err(broken) => std::panic::resume_unwind(broken.into_panic()),
    }
}

fn suggested_name() -> String {
    let real = whoami::realname().unwrap_or_default();
    let first = real.split([',', ' ']).next().unwrap_or_default().to_owned();
    let user = || std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default();
    let name = if first.is_empty() || first == "Unknown" { user() } else { first };
    dispatch::name(&name).unwrap_or_default()
}

fn problem_kind(error: &CustodyError) -> Option<KeychainProblemKind> {
    match error {
        CustodyError::Absent { .. } => Some(KeychainProblemKind::Absent),
        CustodyError::Denied { .. } => Some(KeychainProblemKind::Denied),
        CustodyError::Wiped | CustodyError::WrongIdentity => Some(KeychainProblemKind::Wiped),
        CustodyError::Silent { .. } => Some(KeychainProblemKind::Silent),
        _ => None,
    }
}

fn problem(error: &CustodyError) -> KeychainProblem {
    KeychainProblem { kind: problem_kind(error).unwrap_or(KeychainProblemKind::Absent), detail: error.to_string() }
}

fn locked(error: &CustodyError) -> Stage {
    match problem_kind(error) {
        Some(kind) => Stage::Locked { problem: KeychainProblem { kind, detail: error.to_string() } },
        None => Stage::Unusable { code: Code::Disk, detail: error.to_string() },
    }
}

fn refusal(error: &CustodyError) -> Refusal {
    let code = match error {
        CustodyError::WrongPassphrase => Code::WrongPassphrase,
        CustodyError::WeakPassphrase => Code::WeakPassphrase,
        CustodyError::AlreadyExists => Code::AlreadyOpen,
        other if problem_kind(other).is_some() => Code::Keychain,
        _ => Code::Disk,
    };
    Refusal::new(code, error.to_string())
}
