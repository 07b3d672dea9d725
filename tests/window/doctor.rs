//! The page that says whether others can reach one, in the real window.

use crate::WIDE;
use crate::bus::Bus;
use crate::person::{Key, Person};

#[tokio::test]
async fn the_doctor_says_what_it_found_and_a_switch_survives_the_end_of_the_program() {
    let bus = Bus::with_keyring();
    let mut ana = Person::open("ana", WIDE, &bus).await;
    ana.begin().await;
    ana.see("[data-testid=empty]").await;

    // It listens to this computer alone, as every window here does.
    ana.see_text("[data-testid=rail-reach]", "Only on this computer").await;
    ana.click("[data-testid=doctor-open]").await;
    ana.see_text("[data-testid=doctor-summary] h2", "Only on this computer").await;
    ana.until("document.activeElement?.matches('[data-testid=doctor] h1')").await;
    ana.see("[data-testid=finding][data-finding=internet_off]").await;
    ana.see_text("[data-testid=doctor-checked]", "Last checked").await;
    ana.picture("doctor").await;
    ana.click("[data-testid=doctor-try]").await;
    ana.see_text("[data-testid=doctor-try]", "Checking…").await;
    ana.see_text("[data-testid=doctor-try]", "Try now").await;

    ana.click("[data-testid=doctor-settings]").await;
    ana.click("[data-testid=theme-dark]").await;
    ana.click("[data-testid=settings-carry]").await;
    ana.see("[data-testid=settings-carry][aria-checked=false]").await;
    ana.picture("doctor-switches").await;
    ana.press(Key::Escape).await;
    ana.gone("[data-testid=settings-dialog]").await;
    ana.see("[data-testid=finding][data-finding=carry_off]").await;
    ana.picture("doctor-dark").await;
    ana.quit().await;

    ana.start().await;
    ana.see("[data-testid=empty]").await;
    ana.click("[data-testid=doctor-open]").await;
    ana.click("[data-finding=carry_off] [data-testid=fix-turn_carry_on]").await;
    ana.gone("[data-finding=carry_off]").await;
    ana.until("document.activeElement?.matches('[data-testid=doctor] h1')").await;
    ana.press(Key::Escape).await;
    ana.gone("[data-testid=doctor]").await;
    ana.quit().await;
}
