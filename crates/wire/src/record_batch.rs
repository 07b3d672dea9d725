//! Many signed records as few messages.

use crate::codec;
use crate::limits::{MAX_RECORD, MAX_RECORDS};
use crate::message::Message;
use crate::record::PeerRecord;

/// Bytes in front of the records of a message; the count is below 251.
const TYPE_AND_COUNT: usize = 2;

impl PeerRecord {
    /// The records as messages, in order, as many in each as its limits allow.
    pub fn messages(records: impl IntoIterator<Item = PeerRecord>) -> Vec<Message> {
        let mut messages = Vec::new();
        let mut batch = Vec::new();
        let mut bytes = TYPE_AND_COUNT;
        for record in records {
            let size = codec::size(&record);
            if batch.len() == MAX_RECORDS || size > MAX_RECORD.saturating_sub(bytes) {
                messages.push(Message::Records(std::mem::take(&mut batch)));
                bytes = TYPE_AND_COUNT;
            }
            bytes = bytes.saturating_add(size);
            batch.push(record);
        }
        if !batch.is_empty() {
            messages.push(Message::Records(batch));
        }
        messages
    }
}
