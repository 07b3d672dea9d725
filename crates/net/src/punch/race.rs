//! Two ways at once.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::clock::later;

/// The first that succeeds; if that is `other`, `better` gets `grace` more. Both faults if none
/// does. What is not waited for any more is dropped.
pub(super) async fn race<T, E, F>(
    better: impl Future<Output = Result<T, E>>,
    grace: Duration,
    other: impl Future<Output = Result<T, F>>,
) -> Result<T, (E, F)> {
    let (mut better, mut other) = (pin!(better), pin!(other));
    tokio::select! {
        biased;
        first = &mut better => match first {
            Ok(found) => Ok(found),
            Err(fault) => other.await.map_err(|other| (fault, other)),
        },
        first = &mut other => match first {
            Ok(found) => {
                let end = later(Instant::now(), grace);
                tokio::select! {
                    biased;
                    last = better => Ok(last.unwrap_or(found)),
                    () = sleep_until(end) => Ok(found),
                }
            }
            Err(fault) => better.await.map_err(|better| (better, fault)),
        },
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    /// Milliseconds after which a way ends, and how.
    type Way = (u64, Result<&'static str, &'static str>);

    async fn way((after, end): Way) -> Result<&'static str, &'static str> {
        sleep(Duration::from_millis(after)).await;
        end
    }

    async fn check(better: Way, other: Way, expected: Result<&'static str, (&'static str, &'static str)>, after: u64) {
        let start = Instant::now();
        assert_eq!(race(way(better), Duration::from_millis(300), way(other)).await, expected);
        assert_eq!(start.elapsed().as_millis(), u128::from(after));
    }

    #[tokio::test(start_paused = true)]
    async fn the_better_way_gets_a_moment_more() {
        check((100, Ok("tcp")), (50, Ok("quic")), Ok("tcp"), 100).await;
        check((100, Ok("tcp")), (500, Ok("quic")), Ok("tcp"), 100).await;
        check((400, Ok("tcp")), (50, Ok("quic")), Ok("quic"), 350).await;
        check((100, Err("refused")), (50, Ok("quic")), Ok("quic"), 100).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_way_that_failed_does_not_end_the_other() {
        check((100, Err("refused")), (500, Ok("quic")), Ok("quic"), 500).await;
        check((500, Ok("tcp")), (50, Err("silent")), Ok("tcp"), 500).await;
        check((500, Err("refused")), (50, Err("silent")), Err(("refused", "silent")), 500).await;
        check((50, Err("refused")), (500, Err("silent")), Err(("refused", "silent")), 500).await;
    }
}
