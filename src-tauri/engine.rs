//! The engine as the shell holds it: running, or refused with a reason that the first screen can show.

use api::contract::Reply;
use api::session::{Config, Notices, Session};
use api::types::{Refusal, Stage};

use crate::args::Args;
use crate::profile::Profile;

/// Longest link taken from the command line, from another process or from the system, in bytes. Invites are below 1 KiB.
const MAX_LINK_BYTES: usize = 4096;

/// The engine, if it could be started.
pub(crate) enum Engine {
    Running(Session),
    /// Nothing runs; every call is answered with this.
    Refused(Refusal),
}

impl Engine {
    pub(crate) fn open(profile: &Profile, args: &Args) -> Engine {
        let config = Config { profile: profile.folder.clone(), listen: args.listen.clone(), nearby: !args.no_nearby, ..Config::default() };
        let runtime = tauri::async_runtime::handle();
        let _inside = runtime.inner().enter();
        match Session::open(config) {
            Ok(session) => Engine::Running(session),
            Err(refusal) => {
                tracing::error!(code = ?refusal.code, message = refusal.message, "the engine does not start");
                Engine::Refused(refusal)
            }
        }
    }

    pub(crate) async fn call(&self, call: &str, args: &str) -> Result<Reply, Refusal> {
        match self {
            Engine::Running(session) => session.call(call, args).await,
            Engine::Refused(refusal) if call == "status" => {
                Ok(Reply::Status(Stage::Unusable { code: refusal.code, detail: refusal.message.clone() }))
            }
            Engine::Refused(refusal) => Err(refusal.clone()),
        }
    }

    pub(crate) fn subscribe(&self) -> Option<Notices> {
        match self {
            Engine::Running(session) => Some(session.subscribe()),
            Engine::Refused(_) => None,
        }
    }

    /// Hands a link to the page, which shows what it is and asks before acting.
    pub(crate) fn open_invite(&self, link: &str) {
        if link.len() > MAX_LINK_BYTES {
            tracing::warn!(bytes = link.len(), "a link was too long and was ignored");
            return;
        }
        if let Engine::Running(session) = self {
            session.open_invite(link.to_owned());
        }
    }
}
