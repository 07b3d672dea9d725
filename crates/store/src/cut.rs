//! Shortening logs where they forked, or where the membership of their author ended.

use rooms::{Hlc, LogHead, Recut};
use wire::ids::{ChainHash, Head, LogKey, RoomId};

use crate::entry::Entry;
use crate::error::StoreError;
use crate::heads::Filed;
use crate::store::Store;

impl Store {
    /// Ends a control log at `common`, because its author wrote two histories that part after it;
    /// none if they part at the first event. What was stored beyond is removed, nothing more of
    /// that log is taken, also after a restart. The counterpart of [`rooms::Logs::close`].
    pub fn close_log(&self, room: &RoomId, log: &LogKey, common: Option<(Head, Hlc)>) -> Result<(), StoreError> {
        let _writing = self.writing();
        let (head, hlc) = common.unwrap_or((Head { seq: 0, chain: ChainHash([0; 32]) }, Hlc::default()));
        let end = LogHead { head, hlc, forked: true, branch: None };
        let under = self.heads_now().filed_under(room, log);
        self.record([Entry::End { room: *room, log: *log, keep: head.seq, filed: Some(Filed { end, under }) }])
    }

    /// Makes a log or branch end at `end`, closed or not: what was stored beyond is removed. A
    /// closed one may be opened again by it.
    pub fn end_log(&self, room: &RoomId, log: &LogKey, end: LogHead) -> Result<(), StoreError> {
        let _writing = self.writing();
        let under = self.heads_now().filed_under(room, log);
        self.record([Entry::End { room: *room, log: *log, keep: end.head.seq, filed: Some(Filed { end, under }) }])
    }

    /// Cuts logs where they forked, and removes what no longer counts.
    pub(crate) fn recut(&self, room: &RoomId, recut: &Recut) -> Result<(), StoreError> {
        let held = |log: &LogKey| self.heads_now().filed(room, log).copied();
        for log in &recut.gone {
            if let Some(held) = held(log) {
                self.record([Entry::End { room: *room, log: *log, keep: held.end.before(), filed: None }])?;
            }
        }
        let Some((cut, held)) = recut.cut.as_ref().and_then(|cut| Some((cut, held(&cut.log)?))) else { return Ok(()) };
        // What is left of it, and the rest, stay where they are in the index. In one record: a
        // crash leaves the log whole or cut.
        let keep = cut.rest_end.head.seq;
        let part = |log, end| Entry::End { room: *room, log, keep, filed: Some(Filed { end, under: held.under }) };
        self.record([part(cut.log, cut.end), part(cut.rest, cut.rest_end)])
    }
}
