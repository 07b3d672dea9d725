//! What the user should know.

use crate::view::{Alert, AlertKind};

/// Alerts kept for the window; more would not be read.
const MAX_ALERTS: usize = 16;

/// Alerts that stand, and which of them the window has not been told.
#[derive(Default)]
pub(crate) struct Alerts {
    standing: Vec<Alert>,
    fresh: Vec<Alert>,
    gone: Vec<Alert>,
}

impl Alerts {
    pub(crate) fn all(&self) -> &[Alert] {
        &self.standing
    }

    pub(crate) fn has(&self, kind: AlertKind) -> bool {
        self.standing.iter().any(|alert| alert.kind == kind)
    }

    /// An alert that stands already is not told again.
    pub(crate) fn raise(&mut self, alert: Alert) {
        if self.standing.contains(&alert) {
            return;
        }
        tracing::warn!(kind = ?alert.kind, "alert");
        if self.standing.len() >= MAX_ALERTS {
            self.standing.remove(0);
        }
        self.standing.push(alert.clone());
        self.fresh.push(alert);
    }

    /// Puts these in place of all alerts of their kind.
    pub(crate) fn replace(&mut self, kind: AlertKind, found: Vec<Alert>) {
        let before: Vec<Alert> = self.standing.extract_if(.., |alert| alert.kind == kind).collect();
        let gone = before.iter().filter(|old| found.iter().all(|new| new.detail != old.detail));
        self.gone.extend(gone.cloned());
        for alert in found {
            match before.contains(&alert) {
                true => self.standing.push(alert),
                false => self.raise(alert),
            }
        }
    }

    pub(crate) fn take_gone(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.gone)
    }

    pub(crate) fn take_fresh(&mut self) -> Vec<Alert> {
        std::mem::take(&mut self.fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(kind: AlertKind, detail: &str) -> Alert {
        Alert { kind, detail: detail.to_owned(), clock: None, fork: None }
    }

    #[test]
    fn an_alert_is_told_once_and_the_oldest_gives_way() {
        let mut alerts = Alerts::default();
        for nth in 0..=MAX_ALERTS {
            alerts.raise(alert(AlertKind::Fork, &nth.to_string()));
            alerts.raise(alert(AlertKind::Fork, &nth.to_string()));
        }
        assert_eq!(alerts.take_fresh().len(), MAX_ALERTS + 1);
        assert_eq!(alerts.all().len(), MAX_ALERTS);
        assert_eq!(alerts.all().first(), Some(&alert(AlertKind::Fork, "1")));
    }

    #[test]
    fn alerts_of_a_kind_that_are_found_again_stand_untold_and_the_others_go() {
        let mut alerts = Alerts::default();
        let [ben, chi] = ["ben", "chi"].map(|who| alert(AlertKind::ClockOff, who));
        let disk = alert(AlertKind::DiskFailing, "full");
        [disk.clone(), ben.clone()].into_iter().for_each(|alert| alerts.raise(alert));
        alerts.take_fresh();
        alerts.replace(AlertKind::ClockOff, vec![ben.clone(), chi.clone()]);
        assert_eq!((alerts.take_fresh(), alerts.take_gone()), (vec![chi.clone()], vec![]));
        alerts.replace(AlertKind::ClockOff, vec![chi.clone()]);
        assert_eq!((alerts.take_fresh(), alerts.take_gone()), (vec![], vec![ben]));
        assert_eq!(alerts.all(), [disk, chi]);
    }
}
