//! Every hostile input and behaviour of the design, in its order, and the tests of it: here, at a
//! real node over a real socket, or where the part that meets it is tested by itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is tried | the file of a test | its name. A line that begins with a blank adds a test to
/// the one before.
const LIST: &str = "
# Frames
len 0, 16, 65 536, 2^32 − 1 | crates/net/tests/hostile.rs | ben_sends_frames_that_are_none
 before the handshake | tests/systems/strangers.rs | noise_and_huge_lengths_end_the_link_and_cost_nothing
one byte per second | crates/net/tests/hostile.rs | one_byte_now_and_then_does_not_stretch_the_deadline
half a header, then silence | crates/net/tests/hostile.rs | a_stranger_with_bad_first_bytes_is_cut_off_and_disturbs_nobody
 on a link | crates/net/tests/hostile.rs | ben_says_nothing_any_more
truncated body | crates/net/tests/hostile.rs | ben_vanishes_in_the_middle_of_a_frame
 what it holds | crates/wire/src/frame/tests.rs | a_truncated_body_holds_no_more_than_twice_what_arrived
1 GiB of noise | crates/wire/src/frame/tests.rs | a_gibibyte_of_noise_never_holds_more_than_a_frame
 at a node | tests/systems/strangers.rs | noise_and_huge_lengths_end_the_link_and_cost_nothing
junk M1 | crates/wire/src/handshake/tests.rs | junk_as_first_message_is_refused
low-order point | crates/wire/src/handshake/tests.rs | low_order_points_are_refused_as_ephemeral_keys
M2 and M3 swapped or repeated | crates/wire/src/handshake/tests.rs | second_and_third_message_swapped_or_repeated_are_refused
M3 signed over another session's hash | crates/wire/src/handshake/tests.rs | a_third_message_signed_over_another_sessions_hash_is_refused
 at a socket | crates/net/tests/hostile.rs | chi_spoils_her_proof_and_is_refused
own identity reflected | crates/wire/src/handshake/tests.rs | own_identity_reflected_is_refused
a flipped bit | crates/wire/src/handshake/tests.rs | a_flipped_bit_in_any_byte_of_any_message_leaves_no_session
 on a link | crates/net/tests/hostile.rs | ben_changes_repeats_or_leaves_out_a_frame
a replayed frame | crates/net/tests/hostile.rs | ben_changes_repeats_or_leaves_out_a_frame
rekey boundary | crates/wire/src/link_cipher/tests.rs | a_peer_that_does_not_rekey_is_refused_at_the_boundary
unknown types | tests/hostile/frames.rs | records_that_are_none_end_the_link_of_whoever_sends_them
 those that are skipped | tests/systems/protocol.rs | what_is_skipped_may_fill_a_frame_and_what_is_known_may_not
5 000 half-open sockets | tests/hostile/frames.rs | five_thousand_half_open_sockets_keep_nobody_apart
a reader that never reads | tests/hostile/frames.rs | readers_who_read_nothing_or_a_byte_now_and_then_delay_nobody
 its link ends | crates/net/tests/hostile.rs | ben_never_reads_is_cut_off_and_delays_nobody
1 B/s | tests/hostile/frames.rs | readers_who_read_nothing_or_a_byte_now_and_then_delay_nobody
ping flood | crates/net/tests/hostile.rs | ben_asks_for_a_million_pongs_and_never_reads
simultaneous open in all orders | crates/net/src/table/tests/ties.rs | one_link_stays_in_all_orders
500 reconnects in 1 s | crates/net/tests/hostile.rs | ben_reconnects_500_times

# Codec
length prefix 2^63 | tests/hostile/frames.rs | records_that_are_none_end_the_link_of_whoever_sends_them
 what it allocates | crates/wire/tests/memory.rs | memory_costs_what_the_documents_say
trailing bytes | tests/hostile/frames.rs | records_that_are_none_end_the_link_of_whoever_sends_them
non-minimal varints | tests/hostile/frames.rs | records_that_are_none_end_the_link_of_whoever_sends_them
invalid UTF-8 | tests/hostile/frames.rs | records_that_are_none_end_the_link_of_whoever_sends_them
NUL, bidi overrides, zalgo, giant graphemes | tests/hostile/frames.rs | names_that_are_none_are_counted_and_change_nothing
 in what is said | tests/hostile/frames.rs | texts_with_nul_or_too_long_are_not_shown_and_strange_ones_are_as_they_are
wrong payload hash or length | tests/hostile/events.rs | mallory_sends_events_whose_form_is_wrong

# Events
bad signature | tests/hostile/events.rs | mallory_sends_events_with_a_bad_signature_or_a_small_order_key
small-order key | tests/hostile/events.rs | mallory_sends_events_with_a_bad_signature_or_a_small_order_key
author not a member | tests/hostile/events.rs | mallory_brings_events_of_somebody_who_is_no_member_and_of_an_unknown_room
author removed before and after the cut | tests/hostile/authority.rs | what_a_removed_member_wrote_counts_up_to_the_cut_and_not_beyond_it
gap | tests/hostile/logs.rs | mallory_leaves_a_gap_and_is_asked_for_what_is_missing
reused seq with the same and with other content | tests/hostile/logs.rs | mallory_uses_a_number_twice_with_the_same_content_and_with_another
fork shown to two halves | tests/hostile/logs.rs | mallory_shows_one_history_to_ana_and_another_to_ben
prev into someone else's log | tests/hostile/events.rs | mallory_points_back_into_bens_log_and_her_words_are_not_shown
hlc backwards, year 1970, 2100, max | tests/hostile/events.rs | mallory_dates_events_back_far_ahead_and_to_the_end_of_time
duplicate uuid | tests/hostile/events.rs | mallory_gives_two_events_one_uuid_and_both_nodes_order_them_alike
edit and delete of another's message | tests/hostile/events.rs | mallory_edits_and_deletes_what_ana_said_and_answers_what_nobody_said
reaction spam | tests/hostile/events.rs | mallory_spams_reactions_and_only_her_latest_are_kept
reply to nothing | tests/hostile/events.rs | mallory_edits_and_deletes_what_ana_said_and_answers_what_nobody_said
500 new logs | tests/hostile/logs.rs | mallory_begins_five_hundred_logs_and_then_as_many_again
unknown room | tests/hostile/events.rs | mallory_brings_events_of_somebody_who_is_no_member_and_of_an_unknown_room

# Gossip
IHAVE that never arrives | tests/hostile/gossip.rs | mallory_tells_of_events_that_never_come_and_of_ends_that_are_not_there
10^6 IHAVEs | tests/hostile/gossip.rs | mallory_tells_of_sixty_thousand_logs_and_little_is_kept
 a million of each kind of id | crates/sim/tests/memory.rs | c6_a_million_invented_ids_cost_a_bounded_amount_of_memory
GRAFT and PRUNE storms | tests/hostile/gossip.rs | storms_of_grafts_prunes_and_neighbours_are_counted_and_read_slowly
TTL 0 and 255 | tests/hostile/gossip.rs | a_ttl_of_zero_goes_no_further_at_once_and_one_of_255_ends_the_link
echo of own messages | tests/hostile/gossip.rs | ana_hears_her_own_words_back_and_says_them_once
forged, expired, duplicate or own records in a shuffle | tests/hostile/gossip.rs | records_that_are_forged_old_copied_or_anas_own_change_nothing
join flood | tests/hostile/gossip.rs | a_flood_of_newcomers_keeps_no_true_one_out
a neighbour that forwards nothing | tests/hostile/gossip.rs | a_neighbour_who_passes_nothing_on_holds_nothing_up
summaries claiming seq max | tests/hostile/gossip.rs | mallory_tells_of_events_that_never_come_and_of_ends_that_are_not_there
need-everything in a loop | tests/hostile/gossip.rs | mallory_asks_for_everything_again_and_again_and_is_served_it_slowly
unsolicited data | tests/hostile/gossip.rs | what_nobody_asked_for_is_checked_like_all_else
lying heads | tests/hostile/gossip.rs | mallory_tells_of_events_that_never_come_and_of_ends_that_are_not_there

# Authority and keys
mutual removal of admins | tests/hostile/authority.rs | two_admins_remove_each_other_and_both_nodes_keep_the_same_one
back-dated operation by a removed admin | tests/hostile/authority.rs | a_removed_admin_dates_operations_back_and_none_of_them_counts
self-promotion | tests/hostile/authority.rs | mallory_promotes_herself_and_acts_by_the_rights_of_others
removing the last owner | tests/hostile/authority.rs | an_admin_and_an_owner_made_by_her_cannot_remove_who_made_the_room
invite over-use across a partition | tests/hostile/invites.rs | an_invite_for_one_that_is_used_in_two_halves_lets_in_one_at_both
expired, revoked, replayed invite | tests/hostile/invites.rs | an_expired_a_revoked_and_a_replayed_invite_let_nobody_in
epoch with wrong members | tests/hostile/keys.rs | an_epoch_for_a_stranger_or_somebody_removed_is_used_by_nobody
garbage seals | tests/hostile/keys.rs | seals_of_garbage_and_keys_of_garbage_open_nothing_and_the_true_key_does
two secrets under one id | tests/hostile/keys.rs | one_id_has_one_secret_whoever_claims_another
an epoch that includes a removed member | tests/hostile/keys.rs | an_epoch_for_a_stranger_or_somebody_removed_is_used_by_nobody
unknown epoch | tests/hostile/keys.rs | words_under_an_epoch_that_nobody_has_wait_and_hold_up_nothing
100 concurrent mints | tests/hostile/keys.rs | a_hundred_epochs_at_once_do_no_harm
foreign prekey | tests/hostile/keys.rs | prekeys_of_others_and_of_small_order_keep_nobody_from_reading
a client that ignores its removal | tests/hostile/removed.rs | a_client_changed_to_ignore_its_removal_reads_shows_and_learns_nothing
key request by a stranger | tests/hostile/keys.rs | a_stranger_and_somebody_removed_ask_for_keys_and_get_none
";

/// The folder of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// File and name of each test in the list.
fn listed() -> Vec<(&'static str, &'static str)> {
    let lines = LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parts = lines.map(|line| {
        let mut parts = line.split(" | ").skip(1);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    });
    parts.collect()
}

/// Names of the tests in a file.
fn tests_in(text: &str) -> BTreeSet<String> {
    let is_test = |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let mut names = BTreeSet::new();
    let mut marked = false;
    for line in text.lines().map(str::trim_start) {
        let name = line.trim_start_matches("async ").strip_prefix("fn ");
        if let (true, Some(name)) = (marked, name) {
            names.insert(name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
        marked = is_test(line) || marked && line.starts_with("#[");
    }
    names
}

#[test]
fn every_test_that_the_list_names_is_there() {
    let missing: Vec<_> = listed()
        .into_iter()
        .filter(|(file, name)| !fs::read_to_string(root().join(file)).is_ok_and(|text| tests_in(&text).contains(*name)))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_test_of_this_suite_is_in_the_list() {
    let listed: BTreeSet<_> = listed().into_iter().collect();
    let folder = fs::read_dir(root().join("tests/hostile")).expect("the folder of this file");
    let mut missing = Vec::new();
    for file in folder.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|name| name != "list.rs") {
        let path = format!("tests/hostile/{file}");
        let text = fs::read_to_string(root().join(&path)).expect("it is text");
        missing.extend(tests_in(&text).into_iter().filter(|name| !listed.contains(&(path.as_str(), name.as_str()))));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
