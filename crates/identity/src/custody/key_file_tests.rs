use proptest::prelude::*;

use super::*;

const PASSPHRASE: &str = "correct horse battery";

fn sealed() -> (Secrets, Vec<u8>) {
    let secrets = Secrets::generate();
    let file = seal(&secrets, PASSPHRASE, CHEAP).expect("cheap parameters are valid");
    (secrets, file)
}

/// The file with `change` made and the checksum made right again, as a forger would.
fn forged(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let (_, mut file) = sealed();
    file.truncate(FILE_LEN - CHECKSUM_LEN);
    change(&mut file);
    let checksum = blake3::hash(&file);
    file.extend_from_slice(checksum.as_bytes());
    file
}

fn is_damage(file: &[u8]) -> bool {
    matches!(unseal(file, PASSPHRASE), Err(CustodyError::DamagedFile { .. }))
}

#[test]
fn every_changed_byte_is_damage_and_not_a_wrong_passphrase() {
    let (_, file) = sealed();
    assert_eq!(file.len(), FILE_LEN);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x10;
        assert!(is_damage(&changed), "byte {at}");
    }
}

#[test]
fn every_cut_and_every_tail_is_damage() {
    let (_, file) = sealed();
    for length in 0..file.len() {
        assert!(is_damage(&file[..length]), "{length} bytes");
    }
    assert!(is_damage(&[file.as_slice(), &[0]].concat()));
    assert!(is_damage(&forged(|file| file.push(0))));
}

#[test]
fn a_forged_checksum_still_opens_nothing() {
    for (region, at) in [("passes", 16), ("salt", 21), ("nonce", 37), ("sealed", HEAD_LEN), ("tag", FILE_LEN - CHECKSUM_LEN - 1)] {
        let file = forged(|file| file[at] ^= 2);
        assert!(matches!(unseal(&file, PASSPHRASE), Err(CustodyError::WrongPassphrase)), "{region}");
    }
}

#[test]
fn numbers_above_their_limit_are_refused_before_any_work() {
    let cost = |memory_kib: u32, passes: u32, lanes: u32| {
        forged(|file| {
            for (at, number) in [(9, memory_kib), (13, passes), (17, lanes)] {
                file[at..at + 4].copy_from_slice(&number.to_be_bytes());
            }
        })
    };
    let begun = std::time::Instant::now();
    for (memory_kib, passes, lanes) in [
        (MAX_MEMORY_KIB + 1, 1, 1),
        (8, MAX_PASSES + 1, 1),
        (64, 1, MAX_LANES + 1),
        (u32::MAX, u32::MAX, u32::MAX),
        (0, 1, 1),
        (8, 0, 1),
        (8, 1, 0),
    ] {
        assert!(is_damage(&cost(memory_kib, passes, lanes)), "{memory_kib} KiB, {passes} passes, {lanes} lanes");
    }
    assert!(begun.elapsed().as_secs() < 5, "nothing was computed");
    assert!(
        matches!(unseal(&cost(64, MAX_PASSES, MAX_LANES), PASSPHRASE), Err(CustodyError::WrongPassphrase)),
        "the limit itself is allowed"
    );
}

#[test]
fn a_newer_version_says_so() {
    let error = unseal(&forged(|file| file[8] = 2), PASSPHRASE).expect_err("version 2 does not exist");
    assert!(error.to_string().contains("version 2"), "{error}");
}

#[test]
fn no_secret_stands_in_the_file() {
    let (secrets, file) = sealed();
    for secret in [&*secrets.identity.seed(), &*secrets.store_key] {
        assert!(!file.windows(8).any(|window| secret.windows(8).any(|part| part == window)));
    }
}

#[test]
fn two_files_of_one_identity_have_nothing_in_common_but_their_numbers() {
    let (secrets, one) = sealed();
    let other = seal(&secrets, PASSPHRASE, CHEAP).expect("cheap parameters are valid");
    assert_eq!(one[..21], other[..21]);
    assert!(one[21..].windows(8).zip(other[21..].windows(8)).all(|(a, b)| a != b));
}

proptest! {
    #[test]
    fn any_passphrase_opens_its_own_file_and_no_other(passphrase in ".{0,40}", other in ".{0,40}") {
        let secrets = Secrets::generate();
        let file = seal(&secrets, &passphrase, CHEAP).expect("cheap parameters are valid");
        let opened = unseal(&file, &passphrase).expect("the same passphrase");
        prop_assert_eq!(opened.identity.peer(), secrets.identity.peer());
        prop_assert_eq!(opened.store_key, secrets.store_key);
        if passphrase != other {
            prop_assert!(matches!(unseal(&file, &other), Err(CustodyError::WrongPassphrase)));
        }
    }

    #[test]
    fn any_bytes_are_damage(bytes: Vec<u8>) {
        prop_assert!(is_damage(&bytes));
        prop_assert!(is_damage(&[MAGIC.as_slice(), &bytes].concat()));
    }
}
