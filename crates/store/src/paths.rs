//! Where the files of a profile's store are, and where a repair puts others beside them.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the files of a profile's store are.
pub(crate) struct Paths {
    pub(crate) profile: PathBuf,
    pub(crate) db: PathBuf,
    pub(crate) witness: PathBuf,
}

impl Paths {
    pub(crate) fn of(profile: &Path) -> Paths {
        Paths { profile: profile.to_path_buf(), db: profile.join("store"), witness: profile.join("store.witness") }
    }
}

pub(crate) fn rebuilt_path(profile: &Path) -> PathBuf {
    profile.join("store.rebuilt")
}

/// `store.damaged-20260131-235959`, with a number if that is taken.
pub(crate) fn free_name(profile: &Path) -> PathBuf {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let base = format!("store.damaged-{}", date(seconds));
    let names = std::iter::once(base.clone()).chain((2..).map(|n| format!("{base}-{n}")));
    names.map(|name| profile.join(name)).find(|path| !path.exists()).unwrap_or_else(|| profile.join(base))
}

/// `yyyymmdd-hhmmss` UTC, by the proleptic Gregorian calendar (Howard Hinnant's days-to-civil).
#[expect(clippy::arithmetic_side_effects, reason = "no step leaves the range of u64, whatever the seconds")]
fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}-{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right() {
        assert_eq!(date(0), "19700101-000000");
        assert_eq!(date(951_782_399), "20000228-235959");
        assert_eq!(date(951_782_400), "20000229-000000");
        assert_eq!(date(1_767_225_599), "20251231-235959");
    }
}
