//! Invites, and attempts to follow one.

use node::view;

use super::me::fingerprint;
use super::person::address;
use crate::types as dto;

pub(crate) fn reading(read: view::Reading) -> dto::InviteReading {
    match read {
        view::Reading::Room { inviter, addresses, member } => {
            let addresses = addresses.into_iter().map(address).collect();
            dto::InviteReading::Room { inviter: fingerprint(&inviter), addresses, member: member.map(|r| r.to_string()) }
        }
        view::Reading::Contact { inviter, addresses, known } => {
            let addresses = addresses.into_iter().map(address).collect();
            dto::InviteReading::Contact { inviter: fingerprint(&inviter), addresses, known: known.then(|| inviter.to_string()) }
        }
        view::Reading::Address(text) => dto::InviteReading::Address { address: address(text) },
        view::Reading::Own => dto::InviteReading::Own,
        view::Reading::Several(found) => dto::InviteReading::Several {
            found: found.into_iter().map(|one| dto::FoundInvite { text: one.text, reading: reading(one.reading) }).collect(),
        },
    }
}

pub(crate) fn invite_fault(fault: view::InviteFault) -> dto::InviteFault {
    use view::InviteFault as F;
    match fault {
        F::Empty => dto::InviteFault::Empty,
        F::Damaged => dto::InviteFault::Damaged,
        F::TooNew => dto::InviteFault::TooNew,
        F::TooLong => dto::InviteFault::TooLong,
        F::NotAnInvite | F::BadAddress(_) => dto::InviteFault::Unknown,
    }
}

pub(crate) fn joining(joining: view::Joining) -> dto::Joining {
    dto::Joining {
        id: joining.id.to_string(),
        target: address(joining.target),
        trouble: joining.trouble,
        state: match joining.state {
            view::JoinState::Connecting { address: text } => dto::JoinState::Connecting { address: address(text) },
            view::JoinState::Waiting { retry_at, reason } => dto::JoinState::Waiting { retry_at, reason },
            view::JoinState::Asked { name } => dto::JoinState::Asked { name: address(name) },
            view::JoinState::Joined { room } => dto::JoinState::Joined { room: room.to_string() },
            view::JoinState::Refused(why) => dto::JoinState::Refused { why },
        },
    }
}
