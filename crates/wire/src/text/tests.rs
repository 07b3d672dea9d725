use proptest::prelude::*;

use super::*;

/// Characters that show nothing, of every kind.
const NOTHING: [&str; 16] = [
    "",
    " ",
    "\u{200b}",
    "\u{2060}",
    "\u{ad}",
    "\u{fe0f}",
    "\u{200d}",
    "\u{feff}",
    "\u{3164}",
    "\u{115f}",
    "\u{e0020}",
    "\u{2800}",
    "\u{180e}",
    "\u{34f}",
    "\u{fffc}",
    "\u{ffff}",
];

fn check_tidy(raw: &str, expected: &str) {
    assert_eq!(tidy_name(raw), expected, "{}", raw.escape_unicode());
    assert_eq!(tidy_name(expected), expected, "{} is in the one form", expected.escape_unicode());
}

#[test]
fn a_name_of_what_does_not_show_is_blank() {
    for one in NOTHING {
        for two in NOTHING {
            assert_eq!(check_name(&format!("{one}{two}{one}")), Err(NameFault::Blank), "{} {}", one.escape_unicode(), two.escape_unicode());
            assert_eq!(check_name(&format!("{one}A{two}")), Ok(()));
            assert!(!shows(&format!("{one}\n\t{two}\r")));
        }
    }
    for control in ["\0", "\u{7}", "\u{1b}\u{1b}", "\u{85}"] {
        assert_eq!(check_name(control), Err(NameFault::Character));
        assert!(!shows(control));
    }
}

#[test]
fn letters_marks_numbers_signs_emoji_and_what_is_not_assigned_yet_show() {
    for text in ["a", "א", "李", "ा", "\u{301}", "7", ".", "€", "🍇", "❤\u{fe0f}", "\u{f8ff}", "\u{1fbff}", "\u{200b}x"] {
        assert!(shows(text), "{}", text.escape_unicode());
    }
}

#[test]
fn what_does_not_show_is_no_part_of_a_name() {
    for hidden in ["\u{200b}", "\u{2060}", "\u{ad}", "\u{200e}", "\u{fe0f}", "\u{200d}", "\u{200c}", "\u{feff}", "\u{e0041}", "\u{fe00}"] {
        check_tidy(&format!("A{hidden}na"), "Ana");
        check_tidy(&format!("{hidden} Ana {hidden}"), "Ana");
    }
    check_tidy("\u{a0}\u{3000}Ana\u{2003}", "Ana");
    check_tidy("A\u{301}na", "Ána");
    check_tidy("한", "한");
}

#[test]
fn joiners_and_selectors_stay_where_a_script_or_an_emoji_needs_them() {
    for name in [
        // Persian, Hindi, Bengali, Malayalam; a Japanese family name with its own form of a
        // character.
        "علی\u{200c}رضا",
        "क्\u{200d}ष",
        "र्\u{200c}य",
        "ত্\u{200d}",
        "葛\u{e0100}城",
        "👩\u{200d}👩\u{200d}👧 and co",
        "🧑🏽\u{200d}🚀",
        "❤\u{fe0f}\u{200d}🔥",
        "1\u{fe0f}\u{20e3}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "אנה\u{200f}!",
    ] {
        check_tidy(name, name);
    }
    check_tidy("علی\u{200c} رضا", "علی رضا");
    check_tidy("👩\u{200d}", "👩");
    check_tidy("1\u{fe0f}", "1");
}

#[test]
fn a_name_that_grows_by_composing_is_kept_as_it_is() {
    let name = "\u{958}".repeat(MAX_NAME_CHARS);
    assert_eq!(tidy_name(&name), name);
    check_tidy("\u{958}", "\u{915}\u{93c}");
}

#[test]
fn names_that_a_reader_can_take_for_each_other_are_alike() {
    let alike = |one: &str, two: &str| Likeness::of(one).is_like(&Likeness::of(two));
    for (one, two) in [
        ("Ana", "Ana"),
        ("Ana", "A\u{200b}na"),
        ("Ana", "Аnа"),
        ("Ana", "ANA"),
        ("Ivan", "lvan"),
        ("Ivan", "ivan"),
        ("Carmen", "Carrnen"),
        ("Bo 0", "Bo O"),
        ("Ana  B", "Ana B"),
        ("ANA", "АNА"),
    ] {
        assert!(alike(one, two) && alike(two, one), "{one} {two}");
    }
    for (one, two) in [("Ana", "Anna"), ("Ana", "Ben"), ("Ana", "Ána"), ("李四", "李三")] {
        assert!(!alike(one, two), "{one} {two}");
    }
}

proptest! {
    #[test]
    fn any_name_has_one_form_that_is_no_longer_than_names_are(raw in "\\PC{0,70}|[A\u{200b}-\u{200f}क्👩🏽\u{fe0f}ع]{0,20}") {
        let tidy = tidy_name(&raw);
        prop_assert_eq!(&tidy_name(&tidy), &tidy);
        prop_assert!(check_name(&raw).is_err() || check_name(&tidy).is_ok(), "{}", raw.escape_unicode());
    }
}
