//! Bodies of the messages by which members of a room hand each other the secrets of epochs.

use std::fmt;

use bincode::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::ids::{EpochId, RoomId};

/// Asks for the secrets of epochs. Always answered, maybe with fewer or none.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeyRequest {
    /// The room.
    pub room: RoomId,
    /// At most [`crate::limits::MAX_EPOCHS_ASKED`].
    pub epochs: Vec<EpochId>,
}

/// What the sender lets the receiver have of what was asked for, or, right after a Welcome, of all
/// epochs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Keys {
    /// The room.
    pub room: RoomId,
    /// At most [`crate::limits::MAX_KEYS`].
    pub keys: Vec<EpochKey>,
}

/// The secret of one epoch. Whether it is the right one, the receiver computes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EpochKey {
    /// All that was said can be read with it; else only what members did to the room.
    pub whole: bool,
    /// The epoch.
    pub epoch: EpochId,
    /// Its secret.
    pub secret: SecretBytes,
    /// Names of the memberships that had ended when it was minted, sorted, as the epoch's lists
    /// have them. At most [`crate::limits::MAX_ENDED`] in a message.
    pub ended: Option<Vec<[u8; 8]>>,
}

/// A secret on its way. It is not shown, and leaves nothing in memory.
#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(pub [u8; 32]);

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::room;
    use crate::limits::{MAX_ENDED, MAX_EPOCHS_ASKED, MAX_KEYS, MAX_RECORD};
    use crate::message::{Message, MessageFault};

    fn key(byte: u8) -> EpochKey {
        EpochKey { whole: true, epoch: EpochId([byte; 16]), secret: SecretBytes([byte; 32]), ended: None }
    }

    fn asks(epochs: usize) -> Message {
        Message::KeyRequest(KeyRequest { room: room(), epochs: vec![EpochId([255; 16]); epochs] })
    }

    fn hands(keys: usize) -> Message {
        Message::Keys(Keys { room: room(), keys: vec![key(255); keys] })
    }

    /// As many endings as there may be, with as many keys as are asked for.
    fn tells(ended: usize) -> Message {
        let all = [vec![ended], vec![0; MAX_EPOCHS_ASKED - 1]].concat().into_iter();
        let keys = all.map(|count: usize| EpochKey { ended: Some((0..count as u64).map(u64::to_be_bytes).collect()), ..key(255) });
        Message::Keys(Keys { room: room(), keys: keys.collect() })
    }

    #[test]
    fn the_longest_lists_fit_into_a_frame_and_one_more_is_refused() {
        for message in [asks(MAX_EPOCHS_ASKED), hands(MAX_KEYS), tells(MAX_ENDED)] {
            let record = message.encode();
            assert!(record.len() <= MAX_RECORD, "{} bytes", record.len());
            assert_eq!(Message::decode(&record), Ok(Some(message)));
        }
        let over = |kind: u8, body: Vec<u8>| Message::decode(&[&[kind], &body[..]].concat());
        let request = KeyRequest { room: room(), epochs: vec![EpochId([1; 16]); MAX_EPOCHS_ASKED + 1] };
        assert_eq!(over(0x15, crate::codec::encode(&request)), Err(MessageFault::Limit("epochs that are asked for")));
        let keys = Keys { room: room(), keys: vec![key(1); MAX_KEYS + 1] };
        assert_eq!(over(0x16, crate::codec::encode(&keys)), Err(MessageFault::Limit("secrets of epochs")));
        let Message::Keys(told) = tells(MAX_ENDED + 1) else { panic!("keys") };
        assert_eq!(over(0x16, crate::codec::encode(&told)), Err(MessageFault::Limit("memberships that ended")));
        let unsorted = EpochKey { ended: Some(vec![[2; 8], [1; 8]]), ..key(1) };
        let unsorted = Keys { room: room(), keys: vec![unsorted] };
        assert_eq!(over(0x16, crate::codec::encode(&unsorted)), Err(MessageFault::Limit("memberships that ended")));
    }

    #[test]
    fn debug_of_a_key_does_not_show_it() {
        let shown = format!("{:?}", Message::Keys(Keys { room: room(), keys: vec![key(0xab)] }));
        assert!(shown.ends_with("secret: SecretBytes, ended: None }] })"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_of_them_round_trips(
            epochs in prop::collection::vec(any::<[u8; 16]>(), 0..20),
            keys in prop::collection::vec(any::<(bool, [u8; 16], [u8; 32], Option<[u8; 8]>)>(), 0..20),
        ) {
            let key = |(whole, epoch, secret, ended): (_, _, _, Option<_>)| {
                EpochKey { whole, epoch: EpochId(epoch), secret: SecretBytes(secret), ended: ended.map(|one| vec![one]) }
            };
            let (epochs, keys) = (epochs.into_iter().map(EpochId).collect(), keys.into_iter().map(key).collect());
            let messages = [Message::KeyRequest(KeyRequest { room: room(), epochs }), Message::Keys(Keys { room: room(), keys })];
            for message in messages {
                prop_assert_eq!(Message::decode(&message.encode()), Ok(Some(message)));
            }
        }
    }
}
