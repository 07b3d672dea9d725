//! From first line to orderly end.

use std::sync::Arc;

use api::contract::{Begin, Command, Reply, Status};
use api::session::{Config, Notices, Session};
use api::types::{Code, Notice, Refusal, Stage};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::args::Beginning;
use crate::lines::{self, Line, Read};
use crate::output::Output;

/// Sends under way; beyond it the next line waits.
const MAX_SENDS: usize = 1_024;

/// Serves stdin until it ends, `shutdown` is called, or the process is asked to end.
pub(crate) async fn serve(config: Config, beginning: Option<Beginning>) {
    let session = Session::open(config);
    let (output, writing) = Output::start(session.subscribe());
    tokio::spawn(begin(session.clone(), session.subscribe(), beginning));
    // A task of its own, so that it runs where the node does.
    let ended = tokio::spawn(take_lines(session.clone(), output));
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

async fn take_lines(session: Session, output: Output) {
    let mut input = lines::input();
    let mut line = Vec::new();
    let sends = Arc::new(Semaphore::new(MAX_SENDS));
    loop {
        match lines::read(&mut input, &mut line).await {
            Ok(Read::Line) => {}
            Ok(Read::TooLong) => {
                refuse(&output, "not a call: a line has at most 512 KiB".to_owned()).await;
                continue;
            }
            Ok(Read::End) | Err(_) => break,
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if take_line(&session, &output, &line, &sends).await == Next::End {
            break;
        }
    }
    // Messages that are on their way into the log are answered before the end.
    let _never_closed = sends.acquire_many(MAX_SENDS as u32).await;
}

#[derive(PartialEq)]
enum Next {
    Line,
    End,
}

async fn take_line(session: &Session, output: &Output, line: &[u8], sends: &Arc<Semaphore>) -> Next {
    match serde_json::from_slice::<Line<'_>>(line) {
        Ok(call) => {
            answer(session, output, &call, sends).await;
            if call.call == "shutdown" { Next::End } else { Next::Line }
        }
        Err(error) => {
            refuse(output, format!("not a call: {error}")).await;
            Next::Line
        }
    }
}

/// Answers a line that is not a call.
async fn refuse(output: &Output, message: String) {
    output.answer(RawValue::NULL, &Err(Refusal { code: Code::BadArguments, message })).await;
}

/// Answers one call. A send gets its place now and its answer later, so that many can be under way.
async fn answer(session: &Session, output: &Output, line: &Line<'_>, sends: &Arc<Semaphore>) {
    let id = line.id.unwrap_or(RawValue::NULL);
    let args = line.args.map_or("{}", RawValue::get);
    if line.call != "send" {
        output.answer(id, &session.call(&line.call, args).await).await;
        return;
    }
    match session.queue_send(args).await {
        Err(refusal) => {
            output.answer(id, &Err(refusal)).await;
        }
        Ok(pending) => {
            let Ok(place) = sends.clone().acquire_owned().await else { return };
            let (id, output) = (id.to_owned(), output.clone());
            tokio::spawn(async move {
                output.answer(&id, &pending.outcome().await).await;
                drop(place);
            });
        }
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
