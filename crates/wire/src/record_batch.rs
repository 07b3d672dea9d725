//! Many signed records as few messages.

use crate::codec;
use crate::limits::{MAX_RECORD, MAX_RECORDS};
use crate::message::Message;
use crate::record::PeerRecord;

impl PeerRecord {
    /// The records as messages, in order, as many in each as its limits allow.
    pub fn messages(records: impl IntoIterator<Item = PeerRecord>) -> Vec<Message> {
        let mut messages = Vec::new();
        let mut batch = Vec::new();
        let mut bytes = 0;
        for record in records {
            let size = codec::size(&record);
            // Two bytes: the type, and a count below 251.
            if batch.len() == MAX_RECORDS || 2 + bytes + size > MAX_RECORD {
                messages.push(Message::Records(std::mem::take(&mut batch)));
                bytes = 0;
            }
            bytes += size;
            batch.push(record);
        }
        if !batch.is_empty() {
            messages.push(Message::Records(batch));
        }
        messages
    }
}
