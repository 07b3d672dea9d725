import type { Page } from '@playwright/test';
import { begin, composer, expect, openRoom, test } from './base';

const ROOM = 'Sunday Cooks';

const memberOf = (page: Page, name: string) =>
  page.locator('.people li').filter({ has: page.locator(`[data-member-name="${name}"]`) });

async function menuOf(page: Page, name: string): Promise<void> {
  await memberOf(page, name).getByTestId('member-more').click();
  await page.getByRole('menu').waitFor();
}

async function openSettings(page: Page): Promise<void> {
  await page.getByTestId('room-settings-open').click();
  await page.getByTestId('room-settings').waitFor();
}

const line = (page: Page, words: string) => page.getByTestId('message').filter({ hasText: words }).last();

test('people are shown with their role, and who let them in', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await expect(memberOf(page, 'Ada').getByTestId('member-role')).toHaveText('Owner');
  await expect(memberOf(page, 'Ada').getByTestId('member-came')).toHaveText('you · made this room');
  await expect(memberOf(page, 'Bayo').getByTestId('member-role')).toHaveText('Admin');
  await expect(memberOf(page, 'Dice').getByTestId('member-role')).toHaveCount(0);
  await expect(memberOf(page, 'Dice').getByTestId('member-came')).toHaveText('added by Bayo');
  await memberOf(page, 'Bayo').getByTestId('member').click();
  await expect(page.getByTestId('person-place')).toHaveText('Admin · added by you');
});

test('a role is given from the menu of a person, and is a line in the room', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await menuOf(page, 'Dice');
  await expect(page.getByRole('menuitem')).toHaveText(['Make owner', 'Make admin', 'Remove…']);
  await page.getByTestId('menu-admin').click();
  await expect(line(page, 'You made Dice an admin')).toBeVisible();
  await expect(memberOf(page, 'Dice').getByTestId('member-role')).toHaveText('Admin');
  await menuOf(page, 'Dice');
  await expect(page.getByRole('menuitem')).toHaveText(['Make owner', 'Make member', 'Remove…']);
});

test('removing somebody is asked about once, says what it can do, and can be undone on its line', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await menuOf(page, 'Dice');
  await page.getByTestId('menu-remove').click();
  await expect(page.getByTestId('remove-confirm')).toContainText('What Dice already has stays with Dice.');
  await page.getByTestId('remove-confirm-no').click();
  await expect(memberOf(page, 'Dice')).toHaveCount(1);
  await menuOf(page, 'Dice');
  await page.getByTestId('menu-remove').click();
  await page.getByTestId('remove-confirm-yes').click();
  await expect(memberOf(page, 'Dice')).toHaveCount(0);
  const removal = line(page, 'You removed Dice');
  await removal.getByTestId('add-again').click();
  await expect(line(page, 'You added Dice')).toBeVisible();
  await expect(memberOf(page, 'Dice')).toHaveCount(1);
  await expect(removal.getByTestId('add-again')).toHaveCount(0);
});

test('all of it by keyboard', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  const more = memberOf(page, 'Taiwo').getByTestId('member-more');
  await more.focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('menu-admin').press('Escape');
  await expect(more).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByTestId('menu-remove').press('Enter');
  await expect(page.getByTestId('remove-confirm-yes')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(more).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByTestId('menu-remove').press('Enter');
  await page.getByTestId('remove-confirm-yes').press('Enter');
  await expect(memberOf(page, 'Taiwo')).toHaveCount(0);
  // The focus stays among the people.
  await expect(page.locator('.people :focus')).toHaveCount(1);
  await composer(page).focus();
  await page.keyboard.press('Shift+F6');
  await expect(line(page, 'You removed Taiwo')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(memberOf(page, 'Taiwo')).toHaveCount(1);
});

test('the name, the topic and who may add people are set in one dialog', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await openSettings(page);
  await page.getByTestId('room-name').fill('   ');
  await page.getByTestId('room-save-name').click();
  await expect(page.getByText('A name needs 1 to 64 characters.')).toBeVisible();
  await page.getByTestId('room-name').fill('Monday Cooks');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();
  await page.getByTestId('room-topic-field').fill('x'.repeat(1_030));
  await page.getByTestId('room-save-topic').click();
  await expect(page.getByText('The topic is 6 bytes too long.')).toBeVisible();
  await page.getByTestId('room-topic-field').fill('Soups only');
  await page.getByTestId('room-save-topic').click();
  await page.getByTestId('room-adds-admins').click();
  await expect(page.getByText('Only admins and owners can add people and make invites.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('room-title')).toHaveText('Monday Cooks');
  await expect(page.getByTestId('room-topic')).toHaveText('Soups only');
  await expect(line(page, 'You named this room Monday Cooks')).toBeVisible();
  await expect(line(page, 'You set the topic: Soups only')).toBeVisible();
  await expect(line(page, 'You set that only admins may add people')).toBeVisible();
});

test('what others set meanwhile is followed, and what was typed stays', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await openSettings(page);
  await page.getByTestId('room-topic-field').fill('Soups ');
  await page.evaluate(() => {
    const world = window.grapevineFake?.world;
    const room = [...(world?.rooms.values() ?? [])].find((r) => r.row.name === 'Sunday Cooks');
    if (!world || !room) throw new Error('no room');
    Object.assign(room.row, { name: 'Tuesday Cooks', topic: 'Bread' });
    world.emit({ notice: 'room_changed', room: room.row });
  });
  await expect(page.getByTestId('room-name')).toHaveValue('Tuesday Cooks');
  await expect(page.getByTestId('room-save-name')).toHaveCount(0);
  await expect(page.getByTestId('room-topic-field')).toHaveValue('Soups ');
});

test('invites that stand are listed with who made them, and can be revoked', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await openSettings(page);
  const invites = page.getByTestId('room-invite');
  await expect(invites).toHaveCount(2);
  await expect(invites.first()).toContainText('3 of 5 uses left');
  await expect(invites.first()).toContainText('by you · never expires');
  await expect(invites.last()).toContainText('by Bayo · until');
  await invites.first().getByRole('button', { name: 'Revoke the invite by you, 3 of 5 uses left' }).click();
  await expect(invites).toHaveCount(1);
  await invites.first().getByTestId('invite-revoke').press('Enter');
  await expect(page.getByText('None. Nobody can come in with an invite now.')).toBeVisible();
  // Typing goes nowhere else after the last button went.
  await expect(page.getByTestId('room-settings').locator(':focus')).toHaveCount(1);
});

test('a member sees the settings, changes nothing, and is told who can', async ({ page }) => {
  await begin(page, 'roles-member');
  await openRoom(page, ROOM);
  await expect(page.getByTestId('member-more')).toHaveCount(0);
  await expect(page.getByTestId('add-again')).toHaveCount(0);
  await expect(page.getByTestId('details-closed')).toHaveText('Only admins add people here.');
  await openSettings(page);
  await expect(page.getByTestId('room-fixed')).toContainText('Only admins and owners change');
  await expect(page.getByTestId('room-name')).toHaveCount(0);
  // Those of other members let nobody in now.
  await expect(page.getByTestId('room-invite')).toHaveCount(1);
  await expect(page.getByTestId('invite-revoke')).toHaveCount(0);
});

test('who was removed is told by whom and when, and still reads', async ({ page }) => {
  await begin(page, 'roles-removed');
  await openRoom(page, ROOM);
  await expect(page.getByTestId('composer-closed')).toHaveText(/^Bayo removed you from this room today, \d\d:\d\d\.$/);
  await expect(page.getByTestId('room-sentence')).toHaveText(/^Bayo removed you from this room\. Its history stays/);
  await expect(line(page, 'Bayo removed you')).toHaveCount(1);
  await expect(page.getByTestId('room-settings-open')).toHaveCount(0);
  await expect(page.locator(`[data-room-name="${ROOM}"]`)).toContainText('You were removed');
});

test('what the node refuses is said in words', async ({ page }) => {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
  await menuOf(page, 'Dice');
  // Meanwhile somebody took the role away.
  await page.evaluate(() => {
    const world = window.grapevineFake?.world;
    const room = [...(world?.rooms.values() ?? [])].find((r) => r.row.name === 'Sunday Cooks');
    room?.roles.set(world?.me.peer ?? '', 'member');
  });
  await page.getByTestId('menu-admin').click();
  await expect(page.getByText('You may not do that in this room. Nothing was changed.')).toBeVisible();
});
