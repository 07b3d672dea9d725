use proptest::prelude::*;

use super::*;
use crate::limits::{MAX_PLAINTEXT, TAG};

fn established() -> FrameReader {
    let mut reader = FrameReader::new();
    reader.established();
    reader
}

fn framed(bodies: &[Vec<u8>]) -> Vec<u8> {
    bodies.iter().flat_map(|body| [&(body.len() as u32).to_be_bytes(), body.as_slice()].concat()).collect()
}

fn bodies(reader: &mut FrameReader, chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, FrameFault> {
    let mut bodies = Vec::new();
    for chunk in chunks {
        reader.feed(chunk, |body| {
            bodies.push(body.to_vec());
            Ok::<_, FrameFault>(())
        })?;
    }
    Ok(bodies)
}

fn check_length(mut reader: FrameReader, len: u32, allowed: bool) {
    let result = bodies(&mut reader, &[&len.to_be_bytes(), &[0]]);
    assert_eq!(result.is_ok(), allowed, "length {len}");
    if !allowed {
        assert_eq!(result, Err(FrameFault { len }));
        assert_eq!(reader.held(), 0, "length {len} reserved memory");
    }
}

#[test]
fn lengths_0_16_65536_and_the_greatest_end_the_link_before_anything_is_reserved() {
    for len in [0, 1, 16, 65_536, 1 << 24, u32::MAX] {
        check_length(established(), len, false);
    }
    for len in [17, 18, 65_535] {
        check_length(established(), len, true);
    }
}

#[test]
fn a_handshake_message_of_0_or_513_bytes_ends_the_link() {
    for (len, allowed) in [(0, false), (1, true), (512, true), (513, false), (65_535, false), (u32::MAX, false)] {
        check_length(FrameReader::new(), len, allowed);
    }
}

#[test]
fn one_byte_at_a_time_gives_the_same_frames() {
    let sent = vec![vec![1; 17], vec![2; 300], vec![3; 65_535]];
    let stream = framed(&sent);
    let chunks: Vec<&[u8]> = stream.chunks(1).collect();
    let mut reader = established();
    assert_eq!(bodies(&mut reader, &chunks), Ok(sent));
    assert_eq!(reader.held(), 0);
}

#[test]
fn half_a_header_then_silence_holds_nothing() {
    let mut reader = established();
    assert_eq!(bodies(&mut reader, &[&[0, 0]]), Ok(vec![]));
    assert_eq!(reader.held(), 0);
    assert!(reader.is_inside());
}

#[test]
fn a_truncated_body_holds_no_more_than_twice_what_arrived() {
    let mut reader = established();
    let mut arrived = 0;
    reader.feed(&65_535u32.to_be_bytes(), |_| Ok::<_, FrameFault>(())).expect("the length is right");
    assert_eq!(reader.held(), 0, "a length alone reserves nothing");
    while arrived < 65_000 {
        reader.feed(&[9; 100], |_| -> Result<(), FrameFault> { panic!("the frame is not whole") }).expect("still inside");
        arrived += 100;
        assert!(reader.held() <= 2 * arrived && reader.held() <= MAX_FRAME, "{} held for {arrived}", reader.held());
    }
    assert!(reader.is_inside());
}

#[test]
fn whole_frames_are_lent_from_the_input() {
    let stream = framed(&[vec![1; 50], vec![2; 60]]);
    let mut reader = established();
    let mut input = stream.as_slice();
    let mut ends = Vec::new();
    while let Some(body) = reader.next(&mut input).expect("right frames") {
        ends.push(stream.as_ptr_range().contains(&body.as_ptr()));
    }
    assert_eq!(ends, [true, true]);
    assert!(!reader.is_inside());
}

#[test]
fn the_phase_may_change_between_two_frames_of_one_read() {
    let stream = framed(&[vec![1; 5], vec![2; 600]]);
    let mut reader = FrameReader::new();
    let mut input = stream.as_slice();
    assert_eq!(reader.next(&mut input).expect("a handshake message").map(<[u8]>::len), Some(5));
    reader.established();
    assert_eq!(reader.next(&mut input).expect("a frame").map(<[u8]>::len), Some(600));
    assert_eq!(reader.next(&mut input), Ok(None));
}

#[test]
fn a_gibibyte_of_noise_never_holds_more_than_a_frame() {
    // The reader gives up at the first wrong length; a fresh one goes on, as a stubborn peer would
    // dial again.
    let mut noise = blake3::Hasher::new_keyed(&[5; 32]).finalize_xof();
    let mut chunk = vec![0; 1 << 20];
    noise.fill(&mut chunk);
    let mut reader = established();
    for round in 0..1024u32 {
        let (start, _) = chunk.split_at_mut(4);
        start.copy_from_slice(&round.to_le_bytes());
        if bodies(&mut reader, &[&chunk]).is_err() {
            reader = established();
        }
        assert!(reader.held() <= MAX_FRAME);
    }
}

#[test]
fn records_round_trip_with_padding_to_powers_of_two() {
    for (sizes, padded) in [
        (vec![], 64),
        (vec![1], 64),
        (vec![62], 64),
        (vec![61], 64),
        (vec![63], 128),
        (vec![20, 30, 40], 128),
        (vec![2000], 2048),
        (vec![2047], 4096),
        (vec![4094], 4096),
        (vec![4093], 4096),
        (vec![4095], 4097),
        (vec![MAX_RECORD], MAX_RECORDS_BYTES),
    ] {
        let sent: Vec<Vec<u8>> = sizes.iter().map(|size| vec![0xab; *size]).collect();
        let mut plaintext = vec![1, 2, 3];
        assert_eq!(pack_records(sent.iter().map(Vec::as_slice), &mut plaintext), sent.len());
        assert_eq!(plaintext.len(), padded, "{sizes:?}");
        let received: Result<Vec<_>, _> = records(&plaintext).collect();
        assert_eq!(received.expect("whole records"), sent);
    }
}

#[test]
fn a_frame_takes_60_kib_of_records_and_leaves_the_rest() {
    let sent = vec![vec![7; 1022]; 100];
    let mut plaintext = Vec::new();
    assert_eq!(pack_records(sent.iter().map(Vec::as_slice), &mut plaintext), 60);
    assert!(plaintext.len() <= MAX_PLAINTEXT && MAX_PLAINTEXT + TAG == MAX_FRAME);
}

#[test]
fn no_frame_takes_an_empty_or_too_long_record() {
    let mut plaintext = Vec::new();
    assert_eq!(push_record(&mut plaintext, &[]), Err(Full));
    assert_eq!(push_record(&mut plaintext, &vec![0; MAX_RECORD + 1]), Err(Full));
    assert!(plaintext.is_empty());
}

#[test]
fn a_record_longer_than_its_frame_is_a_fault() {
    let all: Vec<_> = records(&[0, 1, 9, 0, 200, 1, 2]).collect();
    assert_eq!(all, [Ok([9].as_slice()), Err(RecordFault)]);
}

#[test]
fn after_an_empty_record_and_in_a_last_byte_all_is_padding() {
    let all: Vec<_> = records(&[0, 1, 9, 0, 0, 0xff, 0xff, 0xff]).collect();
    assert_eq!(all, [Ok([9].as_slice())]);
    assert_eq!(records(&[0, 1, 9, 0xff]).count(), 1);
    assert_eq!(records(&[]).count(), 0);
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_the_frames_are_the_same(
        sizes in prop::collection::vec(17usize..2000, 0..8),
        cuts in prop::collection::vec(1usize..700, 1..40),
    ) {
        let sent: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(index, size)| vec![index as u8; *size]).collect();
        let stream = framed(&sent);
        let (mut chunks, mut rest) = (Vec::new(), stream.as_slice());
        for cut in cuts.iter().cycle() {
            let (chunk, left) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk);
            rest = left;
            if rest.is_empty() {
                break;
            }
        }
        let mut reader = established();
        prop_assert_eq!(bodies(&mut reader, &chunks), Ok(sent));
        prop_assert_eq!(reader.held(), 0);
        prop_assert!(!reader.is_inside());
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = bodies(&mut established(), &[&bytes]);
        let _ = bodies(&mut FrameReader::new(), &[&bytes]);
        let _ = records(&bytes).count();
    }
}
