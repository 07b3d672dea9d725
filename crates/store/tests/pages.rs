//! Pages against a model: a sorted map of everything that was said.

mod common;

use std::collections::BTreeMap;

use common::*;
use proptest::prelude::*;
use rooms::{Hlc, Position, Verified};
use store::{Anchor, Page};

type Model = BTreeMap<Position, Verified>;

fn model_page(model: &Model, anchor: Anchor, limit: usize, not_after: Hlc) -> Page {
    let shown: Vec<&Verified> = model.values().filter(|e| e.header.hlc <= not_after).collect();
    let split = |at: &dyn Fn(&Position) -> bool| shown.iter().position(|e| at(&e.position())).unwrap_or(shown.len());
    let (from, to) = match anchor {
        Anchor::Latest => (shown.len().saturating_sub(limit), shown.len()),
        Anchor::Before(place) => {
            let end = split(&|p| *p >= place);
            (end.saturating_sub(limit), end)
        }
        Anchor::After(place) => {
            let start = split(&|p| *p > place);
            (start, (start + limit).min(shown.len()))
        }
        Anchor::Around(place) => {
            let middle = split(&|p| *p >= place);
            (middle.saturating_sub(limit / 2), (middle + limit - limit / 2).min(shown.len()))
        }
    };
    let entries = shown[from..to].iter().map(|e| (*e).clone()).collect();
    Page { entries, more_before: from > 0, more_after: to < shown.len() }
}

#[derive(Clone, Debug)]
struct Say {
    who: usize,
    after_ms: u64,
}

#[derive(Clone, Debug)]
struct Ask {
    anchor: u8,
    place: prop::sample::Index,
    limit: usize,
    horizon: Option<prop::sample::Index>,
}

fn says() -> impl Strategy<Value = Vec<Say>> {
    prop::collection::vec((0usize..3, 0u64..20).prop_map(|(who, after_ms)| Say { who, after_ms }), 1..80)
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let ask = (0u8..4, any::<prop::sample::Index>(), 1usize..30, prop::option::of(any::<prop::sample::Index>()));
    prop::collection::vec(ask.prop_map(|(anchor, place, limit, horizon)| Ask { anchor, place, limit, horizon }), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn every_page_is_the_one_that_the_model_gives(says in says(), asks in asks()) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = open(dir.path());
        let mut pens = [Pen::new(ana(), room(1), 1), Pen::new(ben(), room(1), 2), Pen::new(chi(), room(1), 3)];
        let mut elsewhere = [Pen::new(ana(), room(0), 4), Pen::new(ana(), room(2), 5)];
        let mut model = Model::new();
        for (n, say) in says.iter().enumerate() {
            pens[say.who].now_ms += say.after_ms;
            let event = pens[say.who].say(&format!("words {n}"));
            let noise = elsewhere[n % 2].say("another room");
            store.append(&[event.clone(), noise]).expect("the disk has room");
            model.insert(event.position(), event);
        }
        let places: Vec<Position> = model.keys().copied().collect();
        for ask in asks {
            let mut place = *ask.place.get(&places);
            if ask.limit % 5 == 0 {
                place.id.0[15] ^= 1; // between two entries
            }
            let anchor = [Anchor::Latest, Anchor::Before(place), Anchor::After(place), Anchor::Around(place)][usize::from(ask.anchor)];
            let not_after = ask.horizon.map_or(EVER, |at| at.get(&places).hlc);
            let page = store.page(&room(1), anchor, ask.limit, not_after);
            prop_assert_eq!(page, model_page(&model, anchor, ask.limit, not_after), "{:?} {:?}", anchor, not_after);
        }
    }
}

#[test]
fn an_empty_room_has_an_empty_page_wherever_one_looks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let store = open(dir.path());
    let place = Pen::new(ana(), room(1), 1).say("never stored").position();
    for anchor in [Anchor::Latest, Anchor::Before(place), Anchor::After(place), Anchor::Around(place)] {
        assert_eq!(store.page(&room(1), anchor, 50, EVER), Page { entries: Vec::new(), more_before: false, more_after: false });
    }
}
