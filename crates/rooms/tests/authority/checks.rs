//! What holds of every set of events.

use rooms::authority::{Act, Authority, Cut, Op, Rank, Role};

fn rank_of(all: &Authority, ops: &[Op], op: &Op) -> Option<Rank> {
    let right = ops.iter().find(|right| Some(right.id) == op.by)?;
    let device = match &right.act {
        Act::Create => right.author,
        Act::Add { device, .. } | Act::SetRole { device, .. } => *device,
        _ => return None,
    };
    all.standing(&device)?.rank_by(right.id)
}

/// Nobody acts after a removal that binds them, and nobody has a rank that nobody above gave them.
pub(crate) fn check_sound(all: &Authority, ops: &[Op]) {
    for op in ops.iter().filter(|op| all.counts(&op.id) && !matches!(op.act, Act::Create | Act::Leave { .. })) {
        let rank = rank_of(all, ops, op).expect("what counts is done by a right that counts");
        assert!(ops.iter().any(|right| Some(right.id) == op.by && all.counts(&right.id)), "by a right that counts");
        match &op.act {
            Act::SetRole { device, role, .. } => {
                assert!(*role <= rank.role && rank.role >= Role::Admin, "nobody gives more than they have");
                let given = all.standing(device).and_then(|standing| standing.rank_by(op.id)).expect("it was given");
                assert!(given < rank, "what is given is below the giver");
            }
            Act::Remove { .. } => assert!(rank.role >= Role::Admin),
            _ => {}
        }
    }
    for act in ops.iter().filter(|op| all.counts(&op.id) && !matches!(op.act, Act::Create | Act::Leave { .. })) {
        let Some(by) = rank_of(all, ops, act) else { continue };
        let round_of_right = all.standing(&act.author).and_then(|standing| standing.round_by(by.right));
        // The highest who removed them says what counts.
        let removals = ops.iter().filter(|op| all.counts(&op.id)).filter_map(|op| match &op.act {
            Act::Remove { device, round, cut } if *device == act.author && round_of_right.is_some_and(|of| of <= *round) => {
                Some((rank_of(all, ops, op)?, cut))
            }
            _ => None,
        });
        let lowered = ops.iter().any(|op| matches!(&op.act, Act::SetRole { device, .. } if *device == act.author) && all.counts(&op.id));
        let removals: Vec<(Rank, &Cut)> = removals.filter(|(rank, _)| by < *rank && !lowered).collect();
        if let Some(highest) = removals.iter().map(|(rank, _)| *rank).max() {
            let mut of_highest = removals.iter().filter(|(rank, _)| *rank == highest);
            let keeps = |cut: &Cut| cut.get(&act.at.0).is_some_and(|kept| kept.has(act.at.1));
            assert!(of_highest.any(|(_, cut)| keeps(cut)), "{act:?} after a removal by {highest:?}");
        }
    }
}
