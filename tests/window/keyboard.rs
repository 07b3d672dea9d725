//! What a keyboard does in the real window: real key events for whatever has the focus, never text
//! put into an element.

use serde_json::json;

use crate::WIDE;
use crate::bus::Bus;
use crate::keys::{DELETE, DOWN, ENTER, ESCAPE, F6, LEFT, TAB, UP, alt, control, control_shift, shift};
use crate::person::Person;

const LONG: &str = "One line that is long enough for this. ";

/// One window for all of it: a start takes longer than what is tried.
#[tokio::test]
async fn what_is_typed_stays_where_it_was_begun() {
    let bus = Bus::with_keyring();
    let mut ana = Person::open("ana", WIDE, &bus).await;
    ana.see("[data-testid=first-name]").await;
    ana.keys(&format!("{}Ana{ENTER}", control('a'))).await;
    ana.see("[data-testid=empty]").await;

    a_new_room_gets_the_name_that_is_typed_at_once(&ana).await;
    each_dialog_keeps_what_is_typed_and_gives_the_focus_back(&ana).await;
    a_dialog_answers_its_questions_by_keyboard(&ana).await;
    search_finds_a_room_and_what_follows_is_written_there(&ana).await;
    an_edit_shows_all_of_a_long_message_and_waits_for_its_writer(&ana).await;
    the_list_is_walked_and_acted_on(&ana).await;
    escape_leaves_one_level_at_a_time(&ana).await;
    words_survive_the_end_of_the_program(&mut ana).await;
    ana.quit().await;
}

async fn a_new_room_gets_the_name_that_is_typed_at_once(ana: &Person) {
    ana.keys(&format!("{}Harbour walk{ENTER}", control('n'))).await;
    ana.in_room("Harbour walk").await;
    ana.focus_is("composer").await;
    ana.keys(&format!("Good morning{ENTER}")).await;
    ana.read("Good morning").await;
    // With a chat open, from which words could go astray.
    ana.keys(&format!("kept{}Sunday Cooks{ENTER}", control('n'))).await;
    ana.in_room("Sunday Cooks").await;
    ana.box_holds("").await;
    ana.keys(&alt(DOWN)).await;
    ana.in_room("Harbour walk").await;
    ana.box_holds("kept").await;
    ana.said(&["Good morning"]).await;
}

async fn each_dialog_keeps_what_is_typed_and_gives_the_focus_back(ana: &Person) {
    let dialogs = [
        (control('n'), "new-room-dialog", "new-room-name"),
        (control(','), "settings-dialog", "settings-dialog"),
        (control('/'), "shortcuts-dialog", "shortcuts-dialog"),
        (control_shift('a'), "add-dialog", "invite-text"),
    ];
    for (opens, dialog, first) in dialogs {
        ana.focus_is("composer").await;
        ana.keys(&format!("{opens}a b")).await;
        ana.focus_is(first).await;
        ana.picture(&format!("keys-{dialog}")).await;
        ana.keys(&format!("{ESCAPE}")).await;
        ana.gone(&format!("[data-testid={dialog}]")).await;
        ana.focus_is("composer").await;
        ana.box_holds("kept").await;
    }
    // Round it by Tab: backwards from the dialog itself is its last control.
    ana.keys(&format!("{}{}{ENTER}", control(','), shift(TAB))).await;
    ana.gone("[data-testid=settings-dialog]").await;
    ana.focus_is("composer").await;
    // What was typed into the name is there again, and serves.
    ana.keys(&control('n')).await;
    assert_eq!(ana.value("[data-testid=new-room-name]", "a b").await, "a b");
    ana.keys(&format!("{ESCAPE}")).await;
    ana.gone("[data-testid=new-room-dialog]").await;

    for (tab, first) in [("have", "have-input"), ("nearby", "add-tab-nearby")] {
        ana.keys(&control_shift('a')).await;
        ana.click(&format!("[data-testid=add-tab-{tab}]")).await;
        ana.keys("a b").await;
        ana.focus_is(first).await;
        ana.keys(&format!("{ESCAPE}")).await;
        ana.gone("[data-testid=add-dialog]").await;
        ana.focus_is("composer").await;
        ana.box_holds("kept").await;
    }
    // By its button, as a mouse does it.
    ana.click("[data-testid=rail-new-room]").await;
    ana.keys(" c d").await;
    assert_eq!(ana.value("[data-testid=new-room-name]", "a b").await, "a b c d");
    ana.keys(&format!("{}Plum cake{ENTER}", control('a'))).await;
    ana.in_room("Plum cake").await;
    ana.focus_is("composer").await;
    ana.keys(&format!("first words{ENTER}")).await;
    ana.said(&["first words"]).await;
    ana.keys(&format!("{}{}", alt(DOWN), alt(DOWN))).await;
    ana.in_room("Harbour walk").await;
    ana.box_holds("kept").await;
    ana.said(&["Good morning"]).await;
}

async fn a_dialog_answers_its_questions_by_keyboard(ana: &Person) {
    ana.click("[data-testid=leave-room]").await;
    ana.focus_is("leave-confirm-no").await;
    ana.keys(&format!("ab{ENTER}")).await;
    ana.gone("[data-testid=leave-confirm]").await;
    ana.focus_is("leave-room").await;
    ana.keys(&format!("{ESCAPE}")).await;
    ana.focus_is("composer").await;
    ana.box_holds("kept").await;
    ana.keys(&format!("{}see https://example.org/pier now{ENTER}", control('a'))).await;
    ana.said(&["Good morning", "see https://example.org/pier now"]).await;
}

async fn search_finds_a_room_and_what_follows_is_written_there(ana: &Person) {
    ana.keys(&format!("mine{}sunday{ENTER}yours", control('k'))).await;
    ana.in_room("Sunday Cooks").await;
    ana.box_holds("yours").await;
    ana.keys(&format!("{}harb{ENTER}", control('k'))).await;
    ana.in_room("Harbour walk").await;
    ana.box_holds("mine").await;
    ana.keys(&format!("{}{DELETE}", control('a'))).await;
}

async fn an_edit_shows_all_of_a_long_message_and_waits_for_its_writer(ana: &Person) {
    let text = LONG.repeat(9);
    ana.keys(&format!("{text}{ENTER}")).await;
    ana.read(text.trim()).await;
    ana.box_holds("").await;
    ana.keys(&format!("{UP}")).await;
    ana.box_holds(text.trim()).await;
    ana.box_shows_all().await;
    ana.picture("keys-long-edit").await;
    ana.keys(&format!(" More{LEFT}{LEFT}{LEFT}{LEFT}{LEFT}")).await;
    ana.keys(&format!("{}{}", alt(DOWN), alt(UP))).await;
    ana.in_room("Harbour walk").await;
    ana.box_holds(&format!("{} More", text.trim())).await;
    ana.box_shows_all().await;
    ana.keys(&format!(" and{ENTER}")).await;
    ana.read(&format!("{} and More", text.trim())).await;
    ana.focus_is("composer").await;
    ana.box_holds("").await;
}

async fn the_list_is_walked_and_acted_on(ana: &Person) {
    ana.keys(&shift(F6)).await;
    ana.focus_is("message").await;
    ana.keys(&format!("{UP}{UP}r")).await;
    ana.focus_is("composer").await;
    ana.see_text("[data-testid=composer-banner]", "Good morning").await;
    ana.keys(&format!("to you too{ENTER}")).await;
    ana.see_text("[data-testid=message] .quote", "Good morning").await;
    // The keyboard's place in the list has stayed.
    ana.keys(&format!("{}e", shift(F6))).await;
    ana.focus_is("composer").await;
    ana.box_holds("Good morning").await;
    ana.keys(&format!(" all{ENTER}")).await;
    ana.read("Good morning all").await;
    // Asked before it is deleted; the safe answer has the focus.
    ana.keys(&format!("{}{DELETE}", shift(F6))).await;
    ana.focus_is("delete-confirm-no").await;
    ana.keys(&format!("{ENTER}")).await;
    ana.gone("[data-testid=delete-confirm]").await;
    ana.focus_is("message").await;
    ana.read("Good morning all").await;
    // By its menu.
    ana.keys(&format!("{ENTER}")).await;
    ana.focus_in("[role=menu]").await;
    ana.keys(&format!("{ESCAPE}")).await;
    ana.gone("[role=menu]").await;
    ana.focus_is("message").await;
    // A letter that means nothing there belongs into the box.
    ana.keys("xy").await;
    ana.focus_is("composer").await;
    ana.box_holds("xy").await;
    ana.keys(&format!("{}{DELETE}", control('a'))).await;
}

async fn escape_leaves_one_level_at_a_time(ana: &Person) {
    ana.click("[data-testid=composer-emoji]").await;
    ana.focus_is("emoji-search").await;
    ana.keys(&format!("grapes{ESCAPE}")).await;
    ana.gone("[data-testid=emoji-search]").await;
    ana.focus_is("composer").await;

    ana.keys(&format!("{UP}{ESCAPE}")).await;
    ana.gone("[data-testid=composer-banner]").await;
    ana.box_holds("").await;

    ana.keys(&format!("{}abc{ESCAPE}", control('k'))).await;
    ana.focus_is("search").await;
    assert_eq!(ana.value("[data-testid=search]", "").await, "");
    ana.keys(&format!("{ESCAPE}")).await;
    ana.focus_is("composer").await;

    ana.keys(&format!("{}{ESCAPE}", shift(F6))).await;
    ana.focus_is("composer").await;

    ana.keys(&control_shift('n')).await;
    ana.see("[data-testid=network]").await;
    ana.keys(&control(',')).await;
    ana.see("[data-testid=settings-dialog]").await;
    ana.keys(&format!("{ESCAPE}")).await;
    ana.gone("[data-testid=settings-dialog]").await;
    ana.see("[data-testid=network]").await;
    ana.keys(&format!("{ESCAPE}")).await;
    ana.gone("[data-testid=network]").await;
    ana.focus_is("composer").await;
}

/// The last key and the end within one breath, both ways in which a program ends.
async fn words_survive_the_end_of_the_program(ana: &mut Person) {
    ana.keys("half a sentence").await;
    ana.quit().await;
    ana.start().await;
    ana.in_room("Harbour walk").await;
    ana.box_holds("half a sentence").await;
    ana.keys(" and more").await;
    ana.close().await;
    ana.start().await;
    ana.in_room("Harbour walk").await;
    ana.box_holds("half a sentence and more").await;
    // What was sent with the last key is sent; the room that was opened with it is open.
    ana.keys(&format!("{ENTER}{}", alt(DOWN))).await;
    ana.quit().await;
    ana.start().await;
    ana.in_room("Plum cake").await;
    ana.box_holds("").await;
    ana.keys(&alt(UP)).await;
    ana.in_room("Harbour walk").await;
    ana.read("half a sentence and more").await;
    ana.box_holds("").await;
}

impl Person {
    async fn in_room(&self, name: &str) {
        self.until(&format!("document.querySelector('[data-testid=room-title]')?.textContent === {}", json!(name))).await;
    }

    /// What is typed now goes there.
    async fn focus_is(&self, testid: &str) {
        self.until(&format!("document.activeElement?.dataset.testid === {}", json!(testid))).await;
    }

    async fn focus_in(&self, what: &str) {
        self.until(&format!("document.activeElement?.closest({}) !== null", json!(what))).await;
    }

    async fn box_holds(&self, text: &str) {
        self.until(&format!("document.querySelector('[data-testid=composer]')?.value === {}", json!(text))).await;
    }

    /// Nothing of what the message box holds is out of sight.
    async fn box_shows_all(&self) {
        let all = "((box) => box.scrollHeight <= box.clientHeight + 1 && box.clientHeight > 60)(document.querySelector('[data-testid=composer]'))";
        self.until(all).await;
    }

    /// The texts of the room in view: these, and no others.
    async fn said(&self, texts: &[&str]) {
        let said =
            "JSON.stringify([...document.querySelectorAll('[data-testid=message] .message-text .rich')].map((one) => one.textContent))";
        self.until(&format!("{said} === {}", json!(json!(texts).to_string()))).await;
    }
}
