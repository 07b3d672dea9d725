//! From first line to orderly end.

use api::contract::{Begin, Command};
use api::session::{Config, Notices, Session};
use api::types::{Code, Notice, Refusal, Stage};
use serde_json::value::RawValue;
use tokio::sync::mpsc::Receiver;

use crate::args::Beginning;
use crate::lines::{self, Line};
use crate::output::Output;

/// Sends under way; beyond it the next line waits.
const MAX_SENDS: usize = 1_024;

/// Serves stdin until it ends, `shutdown` is called, or the process is asked to end.
pub(crate) async fn serve(config: Config, beginning: Option<Beginning>) -> std::io::Result<()> {
    let (output, written) = Output::start()?;
    let lines = lines::start()?;
    let session = Session::open(config);
    let notices = tokio::spawn(tell(session.clone(), session.subscribe(), output.clone(), beginning));
    tokio::select! {
        () = take_lines(&session, &output, lines) => {}
        () = asked_to_end() => {}
    }
    session.close().await;
    notices.abort();
    let _aborted = notices.await;
    drop(output);
    // Everything that was answered is written before the process ends.
    let _panicked = tokio::task::spawn_blocking(move || written.join()).await;
    Ok(())
}

/// Passes notices on, and begins the profile if a name was given on the command line.
async fn tell(session: Session, mut notices: Notices, output: Output, mut beginning: Option<Beginning>) {
    if let Ok(api::contract::Reply::Status(stage)) = session.run(Command::Status(api::contract::Status {})).await {
        begin_if_new(&session, &stage, &mut beginning);
    }
    while let Some(batch) = notices.next().await {
        for notice in &batch {
            if let Notice::StageChanged { stage } = &notice.notice {
                begin_if_new(&session, stage, &mut beginning);
            }
            if !output.notice(notice).await {
                return;
            }
        }
    }
}

fn begin_if_new(session: &Session, stage: &Stage, beginning: &mut Option<Beginning>) {
    if !matches!(stage, Stage::Welcome { .. }) {
        return;
    }
    if let Some(Beginning { name, custody }) = beginning.take() {
        let session = session.clone();
        tokio::spawn(async move {
            if let Err(refusal) = session.run(Command::Begin(Begin { name, custody })).await {
                eprintln!("grapevine-node: cannot begin: {}", refusal.message);
            }
        });
    }
}

async fn take_lines(session: &Session, output: &Output, mut lines: Receiver<Vec<u8>>) {
    let sends = std::sync::Arc::new(tokio::sync::Semaphore::new(MAX_SENDS));
    while let Some(line) = lines.recv().await {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let last = match serde_json::from_slice::<Line<'_>>(&line) {
            Ok(call) => {
                answer(session, output, &call, &sends).await;
                call.call == "shutdown"
            }
            Err(error) => {
                let refusal = Refusal { code: Code::BadArguments, message: format!("not a call: {error}") };
                output.answer(RawValue::NULL, &Err(refusal)).await;
                false
            }
        };
        if last {
            break;
        }
    }
    // Messages that are on their way into the log are answered before the end.
    let _never_closed = sends.acquire_many(MAX_SENDS as u32).await;
}

/// Answers one call. A send gets its place now and its answer later, so that many can be under way.
async fn answer(session: &Session, output: &Output, line: &Line<'_>, sends: &std::sync::Arc<tokio::sync::Semaphore>) {
    let id = line.id.unwrap_or(RawValue::NULL);
    let args = line.args.map_or("{}", RawValue::get);
    if line.call != "send" {
        output.answer(id, &session.call(line.call, args).await).await;
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
