//! What can be had between two kinds of routers: the success table, as measured with probes.

use crate::nat::Nat;

/// The best path that two people can get, with a member between who signals and carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Best {
    /// Only a carrier helps.
    Circuit,
    /// QUIC, by chance over many ports.
    Quic,
    /// TCP.
    Tcp,
}

/// For a pair, in either order.
pub fn best(a: Nat, b: Nat) -> Best {
    // One who lets all in is simply dialled.
    if a.lets_all_in() || b.lets_all_in() {
        return Best::Tcp;
    }
    match (a.is_symmetric(), b.is_symmetric()) {
        (false, false) => Best::Tcp,
        (true, true) => Best::Circuit,
        (true, false) | (false, true) if a == Nat::NoUdp || b == Nat::NoUdp => Best::Circuit,
        (true, false) | (false, true) => Best::Quic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_gets_the_same_in_either_order() {
        let cases = [
            (Nat::Open, Nat::NoUdp, Best::Tcp),
            (Nat::FullCone, Nat::CgSym, Best::Tcp),
            (Nat::Eim, Nat::EimRst, Best::Tcp),
            (Nat::NoUdp, Nat::NoUdp, Best::Tcp),
            (Nat::CgEim, Nat::Sym, Best::Quic),
            (Nat::NoUdp, Nat::Sym, Best::Circuit),
            (Nat::Sym, Nat::CgSym, Best::Circuit),
        ];
        for (a, b, expected) in cases {
            assert_eq!((best(a, b), best(b, a)), (expected, expected), "{a} {b}");
        }
    }
}
