import type { Page } from '@playwright/test';
import { begin, expect, hear, openRoom, said, test } from './base';

// Rooms whose keys are not all here.

const ROOM = 'Sunday Cooks';
const HINT = 'It comes by itself as soon as somebody who has it is online.';

const open = (page: Page, room = ROOM) => page.evaluate((name) => window.grapevineFake?.openKeys(name), room);
const waiting = (page: Page) => page.getByTestId('waiting');

test('a message without its key has its author and time, and says once what to expect', async ({ page }) => {
  await begin(page, 'keys');
  await openRoom(page, ROOM);
  await expect(waiting(page)).toHaveCount(4);
  await expect(waiting(page).first()).toContainText('Waiting for the key to this message.');
  // One for the three that follow each other, one for the one that stands alone.
  await expect(page.getByText(HINT)).toHaveCount(2);
  const row = page.getByTestId('message').filter({ has: waiting(page) });
  await expect(row.first()).toHaveAccessibleName(/^Dice, \d\d:\d\d, Waiting for the key to this message\., It comes/);
  await expect(row.nth(1)).toHaveAccessibleName(/^Dice, \d\d:\d\d, Waiting for the key to this message\.$/);
  await expect(row.first().locator('.name')).toHaveText('Dice');
});

test('nothing can be done with it, by pointer or by keyboard', async ({ page }) => {
  await begin(page, 'keys');
  await openRoom(page, ROOM);
  await waiting(page).last().hover();
  await expect(page.getByTestId('act-reply')).toHaveCount(0);
  await waiting(page).last().click({ button: 'right' });
  await expect(page.getByRole('menu')).toHaveCount(0);
  const row = page
    .getByTestId('message')
    .filter({ has: waiting(page) })
    .last();
  await row.focus();
  for (const key of ['r', 'e', '+', 'Delete', 'Enter']) await row.press(key);
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(row).toBeFocused();
});

test('it opens in its place, without moving what is read', async ({ page }) => {
  await begin(page, 'keys');
  await openRoom(page, ROOM);
  for (let i = 0; i < 14; i++) await hear(page, ROOM, 'Bayo', `Plate number ${i}`);
  const read = said(page, 'Plate number 12');
  await expect(read).toBeVisible();
  const before = await read.boundingBox();
  await open(page);
  await expect(waiting(page)).toHaveCount(0);
  await expect(read).toBeInViewport();
  expect(Math.abs(((await read.boundingBox())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(2);
  // It stands above what was read, and is unread until it was seen.
  await expect(page.getByTestId('late-bar')).toBeVisible();
});

test('what opens on the screen is said aloud and stands where it waited', async ({ page }) => {
  await begin(page, 'keys');
  await openRoom(page, ROOM);
  await open(page);
  await expect(said(page, 'Found it.')).toBeVisible();
  await expect(page.getByText('Waiting for the key')).toHaveCount(0);
  const texts = await page.locator('.message-text').allInnerTexts();
  const places = ['Who has my big knife?', 'Found it.', 'It was in the soup', 'plates with me', 'brings the chairs'];
  const at = places.map((words) => texts.findIndex((text) => text.includes(words)));
  expect(at).toEqual([...at].sort((a, b) => a - b));
  expect(at).not.toContain(-1);
});

test('the list of chats shows the newest message that can be read, and counts none that waits', async ({ page }) => {
  await begin(page, 'keys');
  const row = page.locator(`[data-room-name="${ROOM}"]`);
  await expect(row).toContainText('green plates');
  await expect(row).not.toContainText('Waiting');
  await expect(page.locator('[data-room-name="Bayo"]')).toContainText('see you at six');
});

test('in a direct room it names whom it waits for', async ({ page }) => {
  await begin(page, 'keys');
  await openRoom(page, 'Bayo');
  await expect(waiting(page)).toContainText('It comes by itself as soon as Bayo is online.');
});

test('a key that did not come is told as that', async ({ page }) => {
  await begin(page, 'keys-lost');
  await openRoom(page, ROOM);
  const lost = waiting(page).filter({ hasText: 'The key to this message did not come.' });
  await expect(waiting(page).last()).toBeInViewport();
  await page.getByTestId('message-list').evaluate((list) => list.scrollTo(0, 0));
  await expect(lost).toHaveCount(2);
  await expect(page.getByText('It can no longer be expected.')).toHaveCount(1);
});

test('who came in later is told that what was said before is not here', async ({ page }) => {
  await begin(page, 'keys-newcomer');
  await openRoom(page, 'Long table');
  await expect(page.getByTestId('joined-blind')).toHaveText(
    'What was said before you joined stays with those who were here.',
  );
  await expect(said(page, 'Hello! We just set the table.')).toBeVisible();
});

test('also where nothing has been said since', async ({ page }) => {
  await begin(page, 'keys-newcomer-quiet');
  await openRoom(page, 'Long table');
  await expect(page.getByTestId('room-empty')).toContainText('Nothing has been said since.');
  await expect(page.getByTestId('joined-blind')).toHaveText(/stays with those who were here\.$/);
});

test('what new members see is set in the room’s settings, and is a line in the room', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await page.getByTestId('room-settings-open').click();
  const hint = page.getByTestId('room-history-hint');
  await expect(hint).toContainText('It has been so since the room was made.');
  await page.getByTestId('room-history').press('Space');
  await expect(hint).toContainText('Who comes in can read only what is said from then on.');
  await expect(hint).toContainText(/Set by you today, \d\d:\d\d\./);
  await page.getByTestId('room-history').click();
  await expect(hint).toContainText('Who comes in can read what was said in this room');
  await page.keyboard.press('Escape');
  const line = page.getByTestId('message').filter({ hasText: 'You set that new members' });
  await expect(line.first()).toContainText('You set that new members do not see what was said before · ');
  await expect(line.last()).toContainText('You set that new members see what was said before · ');
});

test('a member reads what new members see, and who set it', async ({ page }) => {
  await begin(page, 'keys-newcomer');
  await openRoom(page, 'Long table');
  await page.getByTestId('room-settings-open').click();
  await expect(page.getByText('See only what is said after they came in')).toBeVisible();
  await expect(page.getByTestId('room-history-hint')).toContainText('Set by Dice on');
  await expect(page.getByTestId('room-history')).toHaveCount(0);
});

test('a device that contradicted itself is told with whose it is, where, and what to do', async ({ page }) => {
  await begin(page, 'keys-fork');
  const alert = page.getByTestId('alert');
  await expect(alert).toContainText('Dice’s device told some people one thing and others another');
  await expect(alert).toContainText('who is in Sunday Cooks.');
  await expect(alert).toContainText('Ask Dice whether');
});
