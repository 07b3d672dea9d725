//! The floor: the same bytes over bare tokio TCP, one way, with the wake-up of an idle reader in
//! it.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::figure::{Figures, micros, quantile};

/// A 300-byte message as it travels: event, record and frame around it.
const BYTES: usize = 1_046;
const MESSAGES: usize = 2_000;
const PAUSE: Duration = Duration::from_millis(2);

pub(crate) fn measure(figures: &mut Figures) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut times = runtime.block_on(run()).expect("loopback works");
    figures.put("tcp_floor_p50_us", quantile(&mut times, 0.5), "us");
    figures.put("tcp_floor_p99_us", quantile(&mut times, 0.99), "us");
}

async fn run() -> std::io::Result<Vec<f64>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut there = TcpStream::connect(listener.local_addr()?).await?;
    let (mut here, _) = listener.accept().await?;
    there.set_nodelay(true)?;
    let reading = tokio::spawn(async move {
        let mut arrivals = Vec::with_capacity(MESSAGES);
        let mut bytes = vec![0; BYTES];
        while here.read_exact(&mut bytes).await.is_ok() {
            arrivals.push(Instant::now());
        }
        arrivals
    });
    let mut departures = Vec::with_capacity(MESSAGES);
    let bytes = vec![1; BYTES];
    for _ in 0..MESSAGES {
        tokio::time::sleep(PAUSE).await;
        departures.push(Instant::now());
        there.write_all(&bytes).await?;
    }
    drop(there);
    let arrivals = reading.await.unwrap_or_default();
    Ok(departures.iter().zip(&arrivals).map(|(sent, came)| micros(came.duration_since(*sent))).collect())
}
