//! From first line to orderly end.

use api::contract::{Begin, Command, Reply, Status};
use api::lines::{self, Output};
use api::session::{Config, Notices, Session};
use api::types::{Notice, Stage};

use crate::args::Beginning;
use crate::pipes;

/// Serves stdin until it ends, `shutdown` is called, or the process is asked to end.
pub(crate) async fn serve(config: Config, beginning: Option<Beginning>) {
    let session = Session::open(config);
    let (output, writing) = Output::start(session.subscribe(), pipes::stdout());
    tokio::spawn(begin(session.clone(), session.subscribe(), beginning));
    // A task of its own, so that it runs where the node does.
    let ended = tokio::spawn(lines::serve(session.clone(), pipes::stdin(), output));
    tokio::select! {
        _ = ended => {}
        () = asked_to_end() => {}
    }
    session.close().await;
    writing.finish().await;
}

/// Begins the profile if it is new and a name was given on the command line.
async fn begin(session: Session, mut notices: Notices, beginning: Option<Beginning>) {
    let Some(Beginning { name, custody }) = beginning else { return };
    let mut stage = match session.run(Command::Status(Status {})).await {
        Ok(Reply::Status(stage)) => stage,
        Ok(_) | Err(_) => return,
    };
    loop {
        match stage {
            Stage::Welcome { .. } => break,
            Stage::Opening { .. } => {}
            Stage::Locked { .. } | Stage::NeedsPassphrase { .. } | Stage::Unusable { .. } | Stage::Open => return,
        }
        let Some(batch) = notices.next().await else { return };
        let moved = batch.into_iter().rev().find_map(|numbered| match numbered.notice {
            Notice::StageChanged { stage } => Some(stage),
            _ => None,
        });
        stage = moved.unwrap_or(stage);
    }
    if let Err(refusal) = session.run(Command::Begin(Begin { name, custody })).await {
        eprintln!("grapevine-node: cannot begin: {}", refusal.message);
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signals) => {
                signals.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
