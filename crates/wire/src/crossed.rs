//! Both sides dialled, and each sent the first message of the handshake (`docs/PROTOCOL.md` §1.1).

/// What follows when both sides dialled and each sent the first message (TCP's simultaneous open).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossed {
    /// This side stays the initiator and passes over the other's message.
    Lead,
    /// This side answers the other's message, as
    /// [`Handshake::respond`](crate::Handshake::respond) does.
    Follow,
}

/// Whether `theirs`, which came in answer to the first message `ours`, is no second message but
/// another first one, and what follows. The side with the smaller ephemeral key leads; both come to
/// the same end.
pub fn crossed(ours: &[u8], theirs: &[u8]) -> Option<Crossed> {
    let (own, other) = (ours.first_chunk::<32>()?, theirs.first_chunk::<32>()?);
    // The second message holds a sealed key and two tags more.
    if theirs.len() != ours.len() || own == other {
        return None;
    }
    Some(if own < other { Crossed::Lead } else { Crossed::Follow })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ana, ben, static_key};
    use crate::handshake::{Handshake, Step};

    #[test]
    fn both_sides_come_to_the_same_end_and_a_second_message_is_no_first_one() {
        let (_, ours) = Handshake::initiate(ana(), &static_key(11), None).expect("ana can dial");
        let (_, theirs) = Handshake::initiate(ben(), &static_key(12), None).expect("ben can dial");
        let both = [crossed(&ours, &theirs), crossed(&theirs, &ours)];
        assert!(both == [Some(Crossed::Lead), Some(Crossed::Follow)] || both == [Some(Crossed::Follow), Some(Crossed::Lead)], "{both:?}");
        let responder = Handshake::respond(ben(), &static_key(12)).expect("ben can answer");
        let Ok(Step::Reply(_, second)) = responder.read(&ours) else { panic!("ben answers") };
        assert_eq!(crossed(&ours, &second), None);
        assert_eq!(crossed(&ours, &ours), None, "an echo of the own message");
        assert_eq!(crossed(&ours, &[]), None);
    }
}
