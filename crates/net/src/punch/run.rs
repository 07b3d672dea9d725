//! All ways of one punch at once.

use std::time::Duration;

use tokio::sync::watch;

use super::birthday::{be_found, look};
use super::clock::Clock;
use super::limits::TCP_GRACE;
use super::plan::{BirthdaySide, PunchPlan};
use super::quic::quic;
use super::race::race;
use super::tcp::tcp;
use super::tried::{PunchFault, Tried};
use crate::byte_stream::ByteStream;
use crate::path::Path;
use crate::quic::UdpPort;

/// A connection to whoever answered. That it is the peer the greeting proves.
pub(crate) struct Punched {
    pub(crate) stream: ByteStream,
    pub(crate) path: Path,
}

/// Punches from this device's TCP port (where it listens) and UDP port. `go` turns true when the
/// other side is known to have begun; only a plan with `low_ttl` looks at it, and may take 10 s
/// until then, and 10 s more. What the other side dials comes in at those ports, and whoever gets
/// it drops this future: then nothing more is sent.
pub(crate) async fn punch(
    plan: PunchPlan,
    tcp_port: Option<u16>,
    udp: Option<UdpPort>,
    go: watch::Receiver<bool>,
) -> Result<Punched, PunchFault> {
    let clock = Clock::start(plan.low_ttl.then_some(go));
    let by_tcp = async {
        let (Some(port), Some(to)) = (tcp_port, plan.tcp) else { return Err(Tried::Not) };
        tcp(port, to, &clock).await.map(|stream| Punched { stream, path: Path::Tcp(to) })
    };
    let by_quic = async {
        let (Some(part), Some(port), Some(to)) = (plan.quic_part(), &udp, plan.udp) else { return Err(Tried::Not) };
        quic(part, port, to, plan.lead(), &clock).await.map(|stream| Punched { stream, path: Path::Quic(to) })
    };
    let by_birthday = async {
        let (Some(side), Some(port), Some(to)) = (plan.birthday, &udp, plan.udp) else { return Err(Tried::Not) };
        match side {
            BirthdaySide::Sockets => be_found(plan.session, to, &clock).await.map(|stream| Punched { stream, path: Path::Quic(to) }),
            BirthdaySide::Ports => Err(look(port, plan.session, to.ip(), &clock).await),
        }
    };
    let by_udp = race(by_quic, Duration::ZERO, by_birthday);
    race(by_tcp, TCP_GRACE, by_udp).await.map_err(|(tcp, (quic, birthday))| PunchFault { tcp, quic, birthday })
}
