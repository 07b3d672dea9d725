//! What those who look at the doctor were told, and when the system is asked again.

use gossip::Millis;

use crate::view::{Doctor, Time};

/// Between two notices. Lower: nobody could read the changes; higher: it would not look alive.
const PAUSE: Millis = 500;
/// How long changes are told after a client asked.
const WATCHED_FOR: Millis = 20_000;
/// Between two looks at the system, unless its network has changed or a person asks. Lower: more
/// programs started for nothing.
const LOOK_PAUSE: Millis = 30_000;
/// Longest that looking may take before it counts as over.
const LOOK_LIMIT: Millis = 10_000;

/// Who watches, and what is under way.
#[derive(Default)]
pub(crate) struct DoctorView {
    watched: Option<Watched>,
    looked_at: Option<Millis>,
    looking: bool,
    found_at: Option<Time>,
}

struct Watched {
    until: Millis,
    due: Millis,
    told: Doctor,
}

impl DoctorView {
    /// Whether the system is to be asked now: it was not of late, or there is `cause`.
    pub(crate) fn begin_to_look(&mut self, now: Millis, cause: Cause) -> bool {
        let rested = self.looked_at.is_none_or(|at| at.saturating_add(LOOK_PAUSE) <= now);
        let begins = !self.is_looking(now) && (rested || cause == Cause::Changed);
        if begins {
            (self.looked_at, self.looking) = (Some(now), true);
        }
        begins
    }

    pub(crate) fn is_looking(&self, now: Millis) -> bool {
        self.looking && self.looked_at.is_some_and(|at| now < at.saturating_add(LOOK_LIMIT))
    }

    /// The system has answered.
    pub(crate) fn end_look(&mut self) {
        self.looking = false;
    }

    /// Something was found out.
    pub(crate) fn note_found(&mut self, at: Time) {
        self.found_at = Some(at);
    }

    pub(crate) fn found_at(&self) -> Option<Time> {
        self.found_at
    }

    /// A client has this, and wants the changes from now on.
    pub(crate) fn watch(&mut self, told: Doctor, now: Millis) {
        self.watched = Some(Watched { until: now + WATCHED_FOR, due: now + PAUSE, told });
    }

    pub(crate) fn wake(&self) -> Option<Millis> {
        self.watched.as_ref().map(|watched| watched.due)
    }

    /// Whether watchers are to be told now what has changed.
    pub(crate) fn take_due(&mut self, now: Millis) -> bool {
        let Some(watched) = self.watched.as_mut().filter(|watched| watched.due <= now) else { return false };
        watched.due = now + PAUSE;
        let is_over = watched.until <= now;
        if is_over {
            self.watched = None;
        }
        !is_over
    }

    /// This, if watchers were told something else.
    pub(crate) fn tell(&mut self, fresh: Doctor) -> Option<Doctor> {
        let watched = self.watched.as_mut().filter(|watched| watched.told != fresh)?;
        watched.told = fresh.clone();
        Some(fresh)
    }
}

/// Why the system is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A client looks at the doctor.
    Watched,
    /// The network has changed, or a person wants it to be tried anew.
    Changed,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::OwnReach;

    fn doctor(checking: bool) -> Doctor {
        Doctor { rows: Vec::new(), summary: OwnReach::NotKnown, checking, checked_at: None, addresses: Vec::new() }
    }

    #[test]
    fn the_system_is_asked_at_most_every_thirty_seconds_or_when_something_has_changed() {
        let mut view = DoctorView::default();
        assert!(view.begin_to_look(5, Cause::Watched));
        assert!(!view.begin_to_look(6, Cause::Changed), "it is being asked");
        view.end_look();
        assert!(!view.begin_to_look(4 + LOOK_PAUSE, Cause::Watched));
        assert!(view.begin_to_look(7, Cause::Changed));
        view.end_look();
        assert!(view.begin_to_look(7 + LOOK_PAUSE, Cause::Watched));
        assert!(view.is_looking(6 + LOOK_PAUSE + LOOK_LIMIT));
        assert!(!view.is_looking(7 + LOOK_PAUSE + LOOK_LIMIT), "it hangs");
    }

    #[test]
    fn watchers_are_told_what_differs_for_a_while() {
        let mut view = DoctorView::default();
        assert_eq!((view.wake(), view.tell(doctor(true))), (None, None));
        view.watch(doctor(false), 100);
        assert_eq!(view.wake(), Some(100 + PAUSE));
        assert!(view.take_due(100 + PAUSE));
        assert_eq!(view.tell(doctor(false)), None);
        assert_eq!(view.tell(doctor(true)), Some(doctor(true)));
        assert_eq!(view.tell(doctor(true)), None);
        assert!(!view.take_due(100 + WATCHED_FOR) && view.wake().is_none());
    }
}
