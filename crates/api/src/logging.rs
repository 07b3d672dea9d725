//! Where `tracing` goes: a rotating file in the profile, and stderr.

use std::path::Path;

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Log files kept, one a day.
const FILES_KEPT: usize = 7;
/// Level of the file; stderr has `warn` unless `GRAPEVINE_LOG` says otherwise.
const FILE_FILTER: &str = "info,zbus=warn,keyring_core=warn,mainline=error,mdns_sd=error,sled=warn";

/// Starts logging for the process; a second call does nothing. `GRAPEVINE_LOG` holds filter
/// directives (`debug`, `net=trace,info`, …) for both outputs. Without a writable folder only
/// stderr is used.
pub fn start(profile: &Path) {
    let wish = std::env::var("GRAPEVINE_LOG").ok();
    let filter = |fallback: &str| EnvFilter::builder().parse_lossy(wish.as_deref().unwrap_or(fallback));
    let stderr = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let logs = profile.join("logs");
    let _told_by_the_appender = std::fs::create_dir_all(&logs);
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("grapevine")
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(&logs)
        .ok();
    let file = file.map(|file| tracing_subscriber::fmt::layer().with_writer(file).with_ansi(false));
    use tracing_subscriber::Layer;
    let started = tracing_subscriber::registry()
        .with(stderr.with_filter(filter("warn,mainline=error,mdns_sd=error")))
        .with(file.map(|layer| layer.with_filter(filter(FILE_FILTER))))
        .try_init();
    if started.is_err() {
        tracing::debug!("logging had been started before");
    }
}
