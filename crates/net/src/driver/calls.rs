//! Ways to a peer other than dialling its addresses, each a task: a punch, a circuit, a dial-back.

use std::net::SocketAddr;
use std::sync::Arc;

use identity::PeerId;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tracing::debug;
use wire::reach::{CheckOutcome, HelpRefused};

use crate::arrival::Arrival;
use crate::byte_stream::ByteStream;
use crate::context::Context;
use crate::greeting::introduce;
use crate::path::Path;
use crate::punch::{PunchPlan, punch};
use crate::quic::UdpPort;
use crate::reason::Reason;
use crate::report::{Origin, Report};
use crate::table::AttemptId;

/// Punches, and greets whoever that reaches.
pub(super) async fn call_by_punch(
    context: Arc<Context>,
    attempt: AttemptId,
    expect: Option<PeerId>,
    plan: PunchPlan,
    tcp_port: Option<u16>,
    udp: Option<UdpPort>,
    go: watch::Receiver<bool>,
) {
    match punch(plan, tcp_port, udp, go).await {
        Ok(punched) => call(&context, attempt, expect, punched.stream, punched.path).await,
        Err(fault) => {
            debug!(?expect, %fault, "nobody came through");
            let _ = context.reports.send(Report::OtherFailed(attempt, None)).await;
        }
    }
}

/// Greets a peer over a stream that leads to it.
pub(super) async fn call(context: &Context, attempt: AttemptId, expect: Option<PeerId>, stream: ByteStream, path: Path) {
    let report = match greet(context, attempt, expect, stream, path).await {
        Ok(Some(arrival)) => Report::Greeted(Origin::Dialled(attempt), arrival),
        // The driver has ended the attempt already.
        Ok(None) => return,
        Err(reason) => {
            debug!(?expect, %path, ?reason, "no greeting");
            let busy = (reason == Reason::Busy).then_some(HelpRefused::Busy);
            Report::OtherFailed(attempt, busy)
        }
    };
    let _ = context.reports.send(report).await;
}

/// Dials an address from any port, so that no router lets this in for another reason.
pub(super) async fn call_back(context: Arc<Context>, token: u64, attempt: AttemptId, peer: PeerId, address: SocketAddr) {
    let outcome = match timeout(context.times.connect, ByteStream::connect(address, None)).await {
        Err(_) => Err(CheckOutcome::TimedOut),
        Ok(Err(error)) => Err(match Reason::of_io(&error) {
            Reason::TimedOut => CheckOutcome::TimedOut,
            Reason::Refused | Reason::Lost => CheckOutcome::Refused,
            _ => CheckOutcome::NotDone,
        }),
        Ok(Ok(stream)) => match greet(&context, attempt, Some(peer), stream, Path::Tcp(address)).await {
            Ok(Some(arrival)) => Ok(arrival),
            // It came by itself meanwhile.
            Ok(None) => Err(CheckOutcome::NotDone),
            Err(Reason::TimedOut) => Err(CheckOutcome::TimedOut),
            Err(_) => Err(CheckOutcome::Refused),
        },
    };
    let _ = context.reports.send(Report::DialledBack(token, attempt, outcome)).await;
}

async fn greet(
    context: &Context,
    attempt: AttemptId,
    expect: Option<PeerId>,
    stream: ByteStream,
    path: Path,
) -> Result<Option<Box<Arrival>>, Reason> {
    stream.set_nodelay().map_err(|error| Reason::of_io(&error))?;
    let may_complete = async |peer| {
        let (reply, answer) = oneshot::channel();
        let asked = context.reports.send(Report::MayComplete(attempt, peer, path.rank(), reply)).await;
        asked.is_ok() && answer.await.unwrap_or(false)
    };
    Ok(introduce(stream, path, context, expect, may_complete).await?.map(Box::new))
}
