//! A stream of bytes, cut anywhere: the reader never holds more than a frame, and where it was cut
//! makes no difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::frame::{pack_records, records};
use wire::limits::{MAX_FRAME, MAX_HANDSHAKE};
use wire::{FrameFault, FrameReader};

/// The frames of `stream` when it arrives in pieces of `step` bytes, until the first fault.
fn read(stream: &[u8], step: usize, established: bool) -> (Vec<Vec<u8>>, bool) {
    let mut reader = FrameReader::new();
    let mut most = MAX_HANDSHAKE;
    if established {
        reader.established();
        most = MAX_FRAME;
    }
    let mut frames = Vec::new();
    for piece in stream.chunks(step) {
        let fed = reader.feed(piece, |body| {
            assert!((1..=most).contains(&body.len()));
            frames.push(body.to_vec());
            Ok::<_, FrameFault>(())
        });
        assert!(reader.held() <= most);
        if fed.is_err() {
            return (frames, false);
        }
    }
    (frames, true)
}

fuzz_target!(|input: &[u8]| {
    let [flags, step, stream @ ..] = input else { return };
    let established = flags & 1 == 1;
    let whole = read(stream, usize::MAX, established);
    assert_eq!(whole, read(stream, usize::from(*step) + 1, established));
    assert_eq!(whole, read(stream, 1, established));

    let read: Vec<&[u8]> = records(stream).map_while(Result::ok).collect();
    let mut packed = Vec::new();
    if pack_records(read.iter().copied(), &mut packed) == read.len() {
        assert!(records(&packed).eq(read.into_iter().map(Ok)));
    }
});
