//! What a removal costs its author on the wire.

use std::time::Duration;

use sim::{Plan, World, each_seed};

/// What the remover sends within ten seconds: five copies of an Epoch of 9 KB, and Heads.
const MOST_BYTES: u64 = 76 * 1024;

#[test]
fn who_removes_somebody_sends_few_copies_of_the_new_key() {
    each_seed("wire", "removal", &[100], 1, |seed, n| {
        let mut world = World::new(Plan::new(seed, n));
        world.run_for(Duration::from_secs(20));
        for number in 0..n {
            world.say(number, "hello");
            world.run_for(Duration::from_millis(50));
        }
        world.run_for(Duration::from_secs(20));
        let (room, gone, before) = (world.room(), n / 2, world.bytes_sent(0));
        let peer = world.peer(gone);
        let did = world.ask(0, |core| core.remove_member(room, peer));
        assert!(matches!(did, Some(Ok(()))), "the creator may: {did:?}");
        let epoch = world.newest_epoch(0).expect("an epoch");
        let began = world.now();
        let hold = |world: &mut World| (0..n).all(|number| number == gone || world.holds_epoch(number, &epoch));
        assert!(world.run_until(Duration::from_secs(3), hold).is_some(), "all have the new key");
        world.run_for(Duration::from_secs(10).saturating_sub(world.now().since(began)));
        let sent = world.bytes_sent(0) - before;
        assert!(sent <= MOST_BYTES, "{sent} bytes");
    });
}
