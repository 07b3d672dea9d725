use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn a_log_names_the_round_in_which_it_was_begun(round in 1..=1_u32 << 23, control: bool, random: u64) {
        let log = LogId::in_round(round, control, random);
        prop_assert_eq!((log.round(), log.is_control(), log.0 & 0xff_ffff_ffff), (round, control, random & 0xff_ffff_ffff));
    }

    #[test]
    fn every_log_is_of_some_round(log: u64) {
        prop_assert!((1..=1 << 23).contains(&LogId(log).round()));
        prop_assert_eq!(LogId::in_round(LogId(log).round(), LogId(log).is_control(), log), LogId(log));
    }
}

#[test]
fn a_round_that_a_log_cannot_name_makes_no_control_log() {
    for round in [0, (1 << 23) + 1, u32::MAX] {
        assert!(!LogId::in_round(round, false, u64::MAX).is_control());
    }
}
