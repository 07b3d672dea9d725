//! Any bytes as a record: refused, skipped, or read as a message with exactly this encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::Message;

fuzz_target!(|record: &[u8]| {
    let Ok(Some(message)) = Message::decode(record) else { return };
    assert_eq!(&*message.encode(), record);
    let _ = message.class();
    let _ = format!("{message:?}");
    match &message {
        Message::Records(records) => records.iter().for_each(|record| drop(record.verify())),
        Message::Join(join) => drop(join.verify(&[0; 32], &identity::PeerId::from_bytes([1; 32]))),
        _ => {}
    }
});
