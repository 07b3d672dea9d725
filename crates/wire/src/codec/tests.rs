use proptest::prelude::*;

use super::*;

fn check<T: Decode<()> + Encode + std::fmt::Debug + PartialEq>(bytes: &[u8], expected: Result<T, CodecFault>) {
    assert_eq!(decode::<T>(bytes), expected, "{bytes:?}");
}

#[test]
fn a_length_prefix_of_2_63_is_refused() {
    let mut bytes = vec![253];
    bytes.extend_from_slice(&(1u64 << 63).to_le_bytes());
    check::<Vec<u8>>(&bytes, Err(CodecFault::Length));
    check::<String>(&bytes, Err(CodecFault::Length));
    check::<Vec<String>>(&bytes, Err(CodecFault::Length));
    check::<Vec<[u8; 32]>>(&bytes, Err(CodecFault::Length));
    bytes[1..].copy_from_slice(&u64::MAX.to_le_bytes());
    check::<Vec<u64>>(&bytes, Err(CodecFault::Length));
}

#[test]
fn a_length_just_beyond_the_input_is_refused() {
    check::<Vec<u8>>(&[3, 1, 2], Err(CodecFault::Truncated));
    check::<String>(&[251, 0xff, 0xff, b'a'], Err(CodecFault::Length));
}

#[test]
fn trailing_bytes_are_refused() {
    check::<u8>(&[7, 0], Err(CodecFault::Trailing));
    check::<Vec<u8>>(&[1, 9, 9], Err(CodecFault::Trailing));
}

#[test]
fn non_minimal_varints_are_refused() {
    check::<u64>(&[250], Ok(250));
    check::<u64>(&[251, 250, 0], Err(CodecFault::NotMinimal));
    check::<u64>(&[251, 251, 0], Ok(251));
    check::<u64>(&[252, 251, 0, 0, 0], Err(CodecFault::NotMinimal));
    check::<u64>(&[253, 1, 0, 0, 0, 0, 0, 0, 0], Err(CodecFault::NotMinimal));
    check::<Vec<u8>>(&[251, 1, 0, 9], Err(CodecFault::NotMinimal));
    check::<Option<u32>>(&[1, 251, 4, 0], Err(CodecFault::NotMinimal));
}

#[test]
fn a_varint_too_wide_for_its_type_is_refused() {
    check::<u32>(&[253, 1, 0, 0, 0, 0, 0, 0, 0], Err(CodecFault::Malformed));
    check::<u64>(&[254; 17], Err(CodecFault::Malformed));
    check::<u64>(&[255], Err(CodecFault::Malformed));
}

#[test]
fn invalid_utf8_is_refused() {
    check::<String>(&[2, 0xc3, 0x28], Err(CodecFault::Malformed));
    check::<String>(&[3, 0xed, 0xa0, 0x80], Err(CodecFault::Malformed));
    check::<String>(&[2, 0xc3, 0xa9], Ok("é".to_owned()));
}

#[test]
fn a_bool_or_option_other_than_0_and_1_is_refused() {
    check::<bool>(&[2], Err(CodecFault::Malformed));
    check::<Option<u8>>(&[2, 0], Err(CodecFault::Malformed));
}

#[test]
fn more_than_a_frame_is_refused_unread() {
    check::<Vec<u8>>(&vec![0; MAX_FRAME + 1], Err(CodecFault::TooLong));
    let most = vec![5u8; MAX_FRAME - 3];
    check(&encode(&most), Ok(most));
}

#[test]
fn every_step_of_the_limit_takes_lists_eight_times_larger_in_memory() {
    for wire in [1000, 1024, 1025, 4096, 4097, 16_384, 16_385, MAX_FRAME] {
        let numbers = vec![1u64; wire - 3];
        check(&encode(&numbers), Ok(numbers));
    }
}

proptest! {
    #[test]
    fn values_round_trip_and_size_is_the_length(number: u64, text: String, list: Vec<(u32, bool)>, choice: Option<[u8; 16]>) {
        let value = (number, text, list, choice);
        let bytes = encode(&value);
        prop_assert_eq!(bytes.len(), size(&value));
        prop_assert_eq!(decode(&bytes), Ok(value));
    }

    #[test]
    fn random_bytes_never_panic_and_what_is_accepted_has_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(value) = decode::<(u64, String, Vec<(u32, bool)>, Option<u8>)>(&bytes) {
            prop_assert_eq!(encode(&value), bytes);
        }
    }
}
