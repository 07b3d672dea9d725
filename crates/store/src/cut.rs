//! Shortening logs where they forked.

use rooms::{Hlc, LogHead, Recut};
use wire::ids::{ChainHash, Head, LogKey, RoomId};

use crate::error::StoreError;
use crate::heads::{self, Filed};
use crate::log_index;
use crate::row::Change;
use crate::store::{MAX_BATCH_EVENTS, Store};
use crate::witness::Ended;

impl Store {
    /// Ends a control log at `common`, because its author wrote two histories that part after it;
    /// none if they part at the first event. What was stored beyond is removed, nothing more of
    /// that log is taken, also after a restart. The counterpart of [`rooms::Logs::close`].
    pub fn close_log(&self, room: &RoomId, log: &LogKey, common: Option<(Head, Hlc)>) -> Result<(), StoreError> {
        let _writing = self.writing();
        let (head, hlc) = common.unwrap_or((Head { seq: 0, chain: ChainHash([0; 32]) }, Hlc::default()));
        let end = LogHead { head, hlc, forked: true, branch: None };
        self.shorten(room, log, end)?;
        self.set_head(Vec::new(), room, log, end)
    }

    /// Cuts logs where they forked, and removes what no longer counts.
    pub(crate) fn recut(&self, room: &RoomId, recut: &Recut) -> Result<(), StoreError> {
        for log in &recut.gone {
            let Some(held) = self.heads_now().get(room, log).copied() else { continue };
            let head = held.branch.map_or(Head { seq: 0, chain: ChainHash([0; 32]) }, |branch| branch.after);
            self.shorten(room, log, LogHead { head, forked: true, ..held })?;
            self.apply(vec![Change::Remove { key: heads::row_key(self.disk(), room, log) }])?;
            self.heads_mut().remove(room, log);
        }
        let Some(cut) = &recut.cut else { return Ok(()) };
        let Some(held) = self.heads_now().get(room, &cut.log).copied() else { return Ok(()) };
        self.shorten(room, &cut.log, LogHead { head: cut.rest_end.head, hlc: cut.rest_end.hlc, ..held })?;
        let under = self.heads_now().filed_under(room, &cut.log);
        let parts = [(cut.log, Filed { end: cut.end, under }), (cut.rest, Filed { end: cut.rest_end, under })];
        // In one batch: a crash leaves the log whole or cut.
        self.apply(parts.iter().map(|(log, filed)| heads::row(self.disk(), room, log, filed)).collect())?;
        let mut heads = self.heads_mut();
        parts.into_iter().for_each(|(log, filed)| heads.file(*room, log, filed));
        Ok(())
    }

    /// Removes the events of a log beyond its new end.
    fn shorten(&self, room: &RoomId, log: &LogKey, to: LogHead) -> Result<(), StoreError> {
        let mut have = self.heads_now().get(room, log).map_or(0, |held| held.head.seq);
        // The witness may never claim more than there is, not even for a moment.
        let gone = u64::from(have.saturating_sub(to.head.seq));
        if gone > 0 {
            self.testify(self.events().saturating_sub(gone), Ended::NotYet)?;
        }
        let of = self.heads_now().name(self.disk(), room, log);
        while have > to.head.seq {
            // From the end, with the head in the same batch, so that a crash leaves a shorter whole
            // log.
            let keep = have.saturating_sub(MAX_BATCH_EVENTS as u32).max(to.head.seq);
            let gone = (keep.saturating_add(1)..=have).filter_map(|seq| log_index::find(self.disk(), &of, seq));
            let mut changes: Vec<Change> = gone.map(|key| Change::Remove { key }).collect();
            log_index::cut(self.disk(), &of, keep, &mut changes);
            let end = match self.event_at(&of, keep) {
                Some(event) if keep > to.head.seq => LogHead { head: event.head(), hlc: event.header.hlc, ..to },
                Some(_) | None => to,
            };
            self.set_head(changes, room, log, end)?;
            have = end.head.seq;
        }
        Ok(())
    }

    fn set_head(&self, mut changes: Vec<Change>, room: &RoomId, log: &LogKey, end: LogHead) -> Result<(), StoreError> {
        let filed = self.heads_now().with_end(room, log, end);
        changes.push(heads::row(self.disk(), room, log, &filed));
        self.apply(changes)?;
        self.heads_mut().file(*room, *log, filed);
        Ok(())
    }
}
