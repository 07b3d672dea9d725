//! What signing and checking cost: the floor under every message.

use std::time::Instant;

use identity::{Identity, verify};

use crate::figure::{Figures, median, rate};

const CONTEXT: &[u8] = b"grapevine/1 bench";
const ROUNDS: usize = 2_000;

pub(crate) fn measure(figures: &mut Figures) {
    let ana = Identity::from_seed(&[1; 32]);
    // As long as the header of an event.
    let message = [7; 226];
    let sign = || {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            std::hint::black_box(ana.sign(CONTEXT, std::hint::black_box(&message)));
        }
        rate(ROUNDS, began.elapsed())
    };
    figures.put("sign_per_s", median(5, sign), "1/s");
    let (peer, signature) = (ana.peer(), ana.sign(CONTEXT, &message));
    let check = || {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            verify(&peer, CONTEXT, std::hint::black_box(&message), &signature).expect("the signature is good");
        }
        rate(ROUNDS, began.elapsed())
    };
    figures.put("verify_strict_per_s", median(5, check), "1/s");
}
