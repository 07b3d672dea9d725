use super::*;
use crate::fixtures::link;
use crate::frame::FrameReader;
use crate::limits::FRAME_HEADER;

fn seal(from: &mut LinkCipher, plaintext: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    from.seal(plaintext, &mut frame).expect("the plaintext has a right length");
    frame.split_off(FRAME_HEADER)
}

fn open(at: &mut LinkCipher, body: &[u8]) -> Result<Vec<u8>, OpenFault> {
    let mut plaintext = vec![0xee; 7];
    at.open(body, &mut plaintext).map(|()| plaintext)
}

#[test]
fn frames_of_every_size_pass_in_both_directions() {
    let (mut ana, mut ben) = link();
    for size in [1, 64, 4096, MAX_PLAINTEXT] {
        let body = seal(&mut ana.cipher, &vec![1; size]);
        assert_eq!(open(&mut ben.cipher, &body), Ok(vec![1; size]));
        let body = seal(&mut ben.cipher, &vec![2; size]);
        assert_eq!(open(&mut ana.cipher, &body), Ok(vec![2; size]));
    }
}

#[test]
fn sealed_frames_append_and_the_reader_cuts_them_again() {
    let (mut ana, mut ben) = link();
    let mut stream = Vec::new();
    for text in [b"one".as_slice(), b"two", b"three"] {
        ana.cipher.seal(text, &mut stream).expect("short text");
    }
    let mut reader = FrameReader::new();
    reader.established();
    let mut received = Vec::new();
    let (mut input, mut plaintext) = (stream.as_slice(), Vec::new());
    while let Some(body) = reader.next(&mut input).expect("right lengths") {
        ben.cipher.open(body, &mut plaintext).expect("honest frames");
        received.push(plaintext.clone());
    }
    assert_eq!(received, [b"one".as_slice(), b"two", b"three"]);
}

#[test]
fn a_replayed_frame_is_refused() {
    let (mut ana, mut ben) = link();
    let body = seal(&mut ana.cipher, b"once");
    assert_eq!(open(&mut ben.cipher, &body), Ok(b"once".to_vec()));
    assert_eq!(open(&mut ben.cipher, &body), Err(OpenFault::Forged));
}

#[test]
fn a_frame_left_out_or_sent_back_is_refused() {
    let (mut ana, mut ben) = link();
    let _lost = seal(&mut ana.cipher, b"lost");
    let body = seal(&mut ana.cipher, b"next");
    assert_eq!(open(&mut ben.cipher, &body), Err(OpenFault::Forged));
    assert_eq!(open(&mut ana.cipher, &body), Err(OpenFault::Forged), "one's own frames do not open");
}

#[test]
fn a_frame_of_another_link_is_refused() {
    let (mut ana, _) = link();
    let (_, mut ben) = link();
    let body = seal(&mut ana.cipher, b"elsewhere");
    assert_eq!(open(&mut ben.cipher, &body), Err(OpenFault::Forged));
}

#[test]
fn a_flipped_bit_is_refused_wherever_it_is() {
    let (mut ana, mut ben) = link();
    let body = seal(&mut ana.cipher, b"whole");
    for index in 0..body.len() {
        let mut changed = body.clone();
        changed[index] ^= 1 << (index % 8);
        assert_eq!(open(&mut ben.cipher, &changed), Err(OpenFault::Forged), "byte {index}");
    }
}

#[test]
fn a_refused_frame_leaves_no_plaintext() {
    let (_, mut ben) = link();
    let mut plaintext = b"before".to_vec();
    assert_eq!(ben.cipher.open(&[0; 40], &mut plaintext), Err(OpenFault::Forged));
    assert!(plaintext.is_empty());
}

#[test]
fn lengths_outside_a_frame_are_refused_without_harm() {
    let (mut ana, mut ben) = link();
    let mut out = b"kept".to_vec();
    assert_eq!(ana.cipher.seal(&[], &mut out), Err(SealFault::Length(0)));
    assert_eq!(ana.cipher.seal(&vec![0; MAX_PLAINTEXT + 1], &mut out), Err(SealFault::Length(MAX_PLAINTEXT + 1)));
    assert_eq!(out, b"kept");
    for len in [0, 16, MAX_FRAME + 1] {
        assert_eq!(open(&mut ben.cipher, &vec![0; len]), Err(OpenFault::Length(len)));
    }
    let body = seal(&mut ana.cipher, b"fine");
    assert_eq!(open(&mut ben.cipher, &body), Ok(b"fine".to_vec()));
}

#[test]
fn both_directions_pass_the_rekey_boundary() {
    let (mut ana, mut ben) = link();
    let mut frame = Vec::new();
    let mut plaintext = Vec::new();
    for count in 0..REKEY_FRAMES + 2 {
        for (from, to) in [(0, 1), (1, 0)] {
            let ends = [&mut ana.cipher, &mut ben.cipher];
            frame.clear();
            ends[from].seal(&count.to_be_bytes(), &mut frame).expect("eight bytes");
            ends[to].open(&frame[FRAME_HEADER..], &mut plaintext).expect("the next frame");
            assert_eq!(plaintext, count.to_be_bytes());
        }
    }
}

#[test]
fn a_peer_that_does_not_rekey_is_refused_at_the_boundary() {
    let (mut ana, mut ben) = link();
    let mut frame = Vec::new();
    let mut plaintext = Vec::new();
    for _ in 0..REKEY_FRAMES {
        frame.resize(8 + TAG, 0);
        ana.cipher.noise.write_message(&[1; 8], &mut frame).expect("eight bytes");
        ben.cipher.open(&frame, &mut plaintext).expect("the next frame");
    }
    ana.cipher.noise.write_message(&[1; 8], &mut frame).expect("eight bytes");
    assert_eq!(ben.cipher.open(&frame, &mut plaintext), Err(OpenFault::Forged));
}
