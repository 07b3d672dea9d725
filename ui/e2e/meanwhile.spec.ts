import type { Page } from '@playwright/test';
import type { Role, RoomRow } from '../src/gen/api';
import { begin, composer, expect, openRoom, test } from './base';

// What others do to a room while a menu, a dialog or the message box is in use.

const ROOM = 'Sunday Cooks';

interface Change {
  name?: string;
  roles?: Record<string, Role>;
  /** Who is not in the room any more. */
  out?: string[];
  row?: Partial<RoomRow>;
  /** All invites are revoked. */
  revoked?: boolean;
  /** The page has not heard of it yet. */
  unheard?: boolean;
}

async function others(page: Page, change: Change): Promise<void> {
  await page.evaluate(
    ({ name, roles, out, row, revoked, unheard }) => {
      const world = window.grapevineFake?.world;
      const room = [...(world?.rooms.values() ?? [])].find((r) => r.row.name === name);
      if (!world || !room) throw new Error('no room');
      const peerOf = (who: string) => [world.me, ...world.folk.values()].find((one) => one.name === who)?.peer ?? '';
      for (const [who, role] of Object.entries(roles ?? {})) room.roles.set(peerOf(who), role);
      const gone = (out ?? []).map(peerOf);
      room.people = room.people.filter((peer) => !gone.includes(peer));
      Object.assign(room.row, row);
      if (revoked === true) room.invites = room.invites.map((one) => ({ ...one, revoked: true }));
      world.refresh(room);
      if (unheard === true) return;
      world.emit(
        { notice: 'members_changed', room: room.row.id, people: world.members(room) },
        { notice: 'room_changed', room: room.row },
      );
    },
    { name: ROOM, ...change },
  );
}

const THROWN_OUT: Change = {
  out: ['Ada'],
  row: { standing: 'removed', closed: { why: 'removed', by: null, by_name: 'Bayo', at_ms: 1 } },
};

async function open(page: Page): Promise<void> {
  await begin(page, 'roles');
  await openRoom(page, ROOM);
}

async function openMenu(page: Page, name: string): Promise<void> {
  const row = page.locator('.people li').filter({ has: page.locator(`[data-member-name="${name}"]`) });
  await row.getByTestId('member-more').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
}

async function openSettings(page: Page): Promise<void> {
  await page.getByTestId('room-settings-open').click();
  await page.getByTestId('room-invite').first().waitFor();
}

async function expectFocusBeside(page: Page): Promise<void> {
  const aside = page.getByTestId('details');
  await expect(aside.locator(':focus').or(page.locator('[data-testid="details"]:focus'))).toHaveCount(1);
}

test('a menu goes when nothing may be done any more, and does not come back by itself', async ({ page }) => {
  await open(page);
  await openMenu(page, 'Dice');
  await others(page, { roles: { Ada: 'member' } });
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expectFocusBeside(page);
  await others(page, { roles: { Ada: 'owner' } });
  await expect(page.getByTestId('member-more')).toHaveCount(5);
  await expect(page.getByRole('menu')).toHaveCount(0);
});

test('a menu offers the roles that can be given now', async ({ page }) => {
  await open(page);
  await openMenu(page, 'Dice');
  await others(page, { roles: { Dice: 'admin' } });
  await expect(page.getByRole('menuitem')).toHaveText(['Make owner', 'Make member', 'Remove…']);
});

test('nobody is asked any more about removing who is out already', async ({ page }) => {
  await open(page);
  await openMenu(page, 'Dice');
  await page.getByTestId('menu-remove').press('Enter');
  await page.getByTestId('remove-confirm').waitFor();
  await others(page, { out: ['Dice'] });
  await expect(page.getByTestId('remove-confirm')).toHaveCount(0);
  await expectFocusBeside(page);
});

test('the settings of a room close with it', async ({ page }) => {
  await open(page);
  await openSettings(page);
  await others(page, THROWN_OUT);
  await expect(page.getByTestId('room-settings')).toHaveCount(0);
  await expectFocusBeside(page);
});

test('who is writing when the room closes is told why', async ({ page }) => {
  await open(page);
  await composer(page).fill('One more thing');
  await others(page, THROWN_OUT);
  await expect(page.getByTestId('composer-closed')).toBeFocused();
});

test('a room in which nothing was said asks for nothing when it is closed', async ({ page }) => {
  await begin(page, 'roles');
  await page.getByTestId('rail-new-room').click();
  await page.getByTestId('new-room-name').fill('Quiet');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('room-empty')).toContainText('Send an invite');
  await others(page, { ...THROWN_OUT, name: 'Quiet' });
  await expect(page.getByTestId('room-empty')).toContainText('Nothing was said here.');
});

test('removing somebody whose page is open leaves the keyboard beside the conversation', async ({ page }) => {
  await open(page);
  await page.locator('[data-member-name="Dice"]').click();
  await page.getByTestId('person-more').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('menu-remove').press('Enter');
  await page.getByTestId('remove-confirm-yes').press('Enter');
  await expect(page.getByTestId('person-more')).toHaveCount(0);
  await expectFocusBeside(page);
});

test('only the newest removal of somebody offers to add them again', async ({ page }) => {
  await open(page);
  const offers = page.getByTestId('message').filter({ hasText: 'You removed Dice' }).getByTestId('add-again');
  for (const time of [1, 2]) {
    await openMenu(page, 'Dice');
    await page.getByTestId('menu-remove').press('Enter');
    await page.getByTestId('remove-confirm-yes').press('Enter');
    await expect(offers, `removal ${time}`).toHaveCount(1);
    if (time === 2) break;
    await offers.press('Enter');
    await expect(page.locator('[data-member-name="Dice"]')).toHaveCount(1);
    // The line still has the keyboard, without its button.
    await expect(page.locator('[data-testid="message"]:focus')).toContainText('You removed Dice');
  }
});

test('an invite that somebody else revokes goes from the open list', async ({ page }) => {
  await open(page);
  await openSettings(page);
  await page.getByTestId('invite-revoke').first().focus();
  await others(page, { revoked: true });
  await expect(page.getByTestId('room-invite')).toHaveCount(0);
  await expect(page.getByRole('heading', { name: 'Invites that still work' })).toBeFocused();
});

test('an invite is shown again only as long as it lets somebody in', async ({ page }) => {
  await open(page);
  const shown = async () => {
    await page.getByTestId('details-invite').click();
    const text = page.getByTestId('invite-text');
    await expect(text).toHaveValue(/^gv1r/);
    const value = await text.inputValue();
    await page.keyboard.press('Escape');
    return value;
  };
  const first = await shown();
  expect(await shown()).toBe(first);
  await others(page, { revoked: true });
  const second = await shown();
  expect(second).not.toBe(first);
  expect(await shown()).toBe(second);
});

test('nobody is shown an invite to a room to which they may add nobody any more', async ({ page }) => {
  await open(page);
  await page.getByTestId('details-invite').click();
  await expect(page.getByTestId('invite-text')).toHaveValue(/^gv1r/);
  await others(page, { roles: { Ada: 'member' }, row: { only_admins_add: true } });
  await expect(page.getByText('You can no longer invite people to this room.')).toBeVisible();
  await expect(page.getByTestId('invite-text')).toHaveValue('');
});

test('what was saved is followed again when others change it', async ({ page }) => {
  await open(page);
  await openSettings(page);
  await page.getByTestId('room-topic-field').fill('Soups only');
  await page.getByTestId('room-save-topic').press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();
  await expect(page.getByTestId('room-topic-field')).toBeFocused();
  await others(page, { row: { topic: 'Bread' } });
  await expect(page.getByTestId('room-topic-field')).toHaveValue('Bread');
  await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toHaveCount(0);
  await expect(page.getByTestId('room-save-topic')).toHaveCount(0);
});

test('a choice that was refused stands as it is in the room', async ({ page }) => {
  await open(page);
  await openSettings(page);
  await others(page, { roles: { Ada: 'member' }, unheard: true });
  await page.getByTestId('room-adds-admins').click();
  await expect(page.getByText('You may not do that in this room. Nothing was changed.')).toBeVisible();
  await expect(page.getByTestId('room-adds-everyone')).toBeChecked();
});
