//! A circuit is replaced by a direct link while people talk.

use std::time::Duration;

use lab::{Lab, Nat, Plan};

use crate::NODE;

const WHOLE: Duration = Duration::from_secs(120);
const LIMIT: Duration = Duration::from_secs(20);
/// Twice what is promised: other labs run beside this one. `./bench reach` measures it.
const CARRIED_WITHIN: Duration = Duration::from_secs(6);
const UPGRADED_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn talk_goes_on_when_a_better_path_comes_and_nothing_is_lost_or_doubled() {
    lab::test(WHOLE, || {
        let lab = Lab::build(Plan::pair(Nat::Eim, Nat::Eim), NODE);
        let upgraded = lab::upgrade(&lab, LIMIT);
        println!("{} said, circuit after {:?}, direct after {:?}", upgraded.said.len(), upgraded.circuit, upgraded.direct);
        assert_eq!(upgraded.heard, upgraded.said);
        assert!(upgraded.circuit <= CARRIED_WITHIN, "a circuit after {:?}", upgraded.circuit);
        assert!(upgraded.direct.is_some_and(|after| after <= UPGRADED_WITHIN), "direct after {:?}", upgraded.direct);
    });
}
