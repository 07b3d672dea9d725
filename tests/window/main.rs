//! The real thing: the built program in real windows, driven as a person does, with a real
//! keychain.
//!
//! Each window has a virtual screen of its own: one that is covered by another is not painted.
//! Pictures of every step are kept in `.artefacts/window/`. Needs the Debian packages xvfb,
//! webkit2gtk-driver, dbus, gnome-keyring and libsecret-tools; without them the tests fail, and say
//! so.
#![cfg(target_os = "linux")]

#[path = "../support/bus.rs"]
mod bus;
#[path = "../support/child.rs"]
mod child;
mod doctor;
mod keyboard;
mod keys;
mod person;
mod screen;
mod x11;

use std::time::{Duration, Instant};

use bus::Bus;
use person::{Key, Person};

/// The first screen explains within this time that there is no keychain.
const EXPLAINED_WITHIN: Duration = Duration::from_secs(3);
const WIDE: (u32, u32) = (1280, 800);
const NARROW: (u32, u32) = (900, 600);

#[tokio::test]
async fn two_windows_talk_and_whoever_was_away_has_it_afterwards() {
    let bus = Bus::with_keyring();
    let mut ana = Person::open("ana", WIDE, &bus).await;
    ana.see("[data-testid=first-name]").await;
    ana.picture("1-first-run").await;
    ana.begin().await;
    ana.see("[data-testid=empty]").await;
    ana.picture("2-empty").await;

    ana.click("[data-testid=rail-new-room]").await;
    ana.write("[data-testid=new-room-name]", "Harbour walk", Key::Enter).await;
    ana.see_text("[data-testid=room-title]", "Harbour walk").await;
    ana.click("[data-testid=add-open]").await;
    let invite = ana.value("[data-testid=invite-text]", "gv1").await;
    ana.picture("3-dialog").await;
    ana.press(Key::Escape).await;

    let mut ben = Person::open("ben", WIDE, &bus).await;
    ben.begin().await;
    ben.see("[data-testid=empty]").await;
    ben.click("[data-testid=add-open]").await;
    ben.click("[data-testid=add-tab-have]").await;
    ben.paste("[data-testid=have-input]", &invite).await;
    ben.see("[data-testid=have-what] p").await;
    ben.picture("4-have-an-invite").await;
    ben.click("[data-testid=have-go]").await;
    ben.open_room("Harbour walk").await;

    ana.open_room("Harbour walk").await;
    ana.say("Good morning! Shall we walk at noon?").await;
    ben.read("Good morning! Shall we walk at noon?").await;
    ben.say("Noon is fine. I bring *coffee*.").await;
    ana.read("Noon is fine. I bring coffee.").await;
    ana.say("Then I bring the dog.").await;
    ben.read("Then I bring the dog.").await;
    ana.see_text("[data-testid=delivery]", "delivered to 1 of 1").await;
    ana.picture("5-chat").await;
    ben.picture("6-chat-of-the-other").await;

    ben.quit().await;
    ana.say("Ben, are you gone?").await;
    ana.say("Whatever: meet me at the pier.").await;
    ben.size = NARROW;
    ben.start().await;
    ben.open_room("Harbour walk").await;
    ben.read("Ben, are you gone?").await;
    ben.read("Whatever: meet me at the pier.").await;
    ben.picture("7-narrow").await;
    ben.say("I was away, and have read it all.").await;
    ana.read("I was away, and have read it all.").await;

    ana.click("[data-testid=settings-open]").await;
    ana.see_text("[data-testid=custody]", "keychain").await;
    ana.click("[data-testid=theme-dark]").await;
    ana.picture("8-settings-dark").await;
    ana.press(Key::Escape).await;
    ana.gone("[data-testid=settings-dialog]").await;
    ana.picture("9-dark").await;

    let items = bus.secret_tool(&["search", "--all", "service", "Grapevine"]);
    let items = String::from_utf8_lossy(&items);
    assert_eq!(items.matches("label = Grapevine identity").count(), 2, "one item each: {items}");
    ana.quit().await;
    ben.quit().await;
}

#[tokio::test]
async fn without_a_keychain_the_window_explains_and_a_passphrase_file_works() {
    let bus = Bus::without_keyring();
    let began = Instant::now();
    let mut chi = Person::open("chi", WIDE, &bus).await;
    chi.see("[data-testid=keychain-problem]").await;
    let took = began.elapsed();
    println!("explained after {took:?}, the start of the program and its driver included");
    chi.picture("without-keychain").await;
    assert!(took < EXPLAINED_WITHIN, "explained after {took:?}");

    chi.click("[data-testid=first-use-keyfile]").await;
    chi.write("[data-testid=first-passphrase]", "correct horse battery staple", Key::None).await;
    chi.picture("passphrase-file").await;
    chi.begin().await;
    chi.see("[data-testid=empty]").await;
    chi.quit().await;

    chi.start().await;
    chi.write("[data-testid=first-passphrase]", "correct horse battery stable", Key::Enter).await;
    chi.see_text("main", "does not open the key file").await;
    chi.picture("wrong-passphrase").await;
    chi.write("[data-testid=first-passphrase]", "correct horse battery staple", Key::Enter).await;
    chi.see("[data-testid=empty]").await;
    chi.quit().await;
}
