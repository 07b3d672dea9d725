import { begin, composer, expect, hear, openRoom, said, send, test } from './base';

test('a message is sent with Enter, and its delivery is told in words', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  const message = await send(page, 'Wine or juice?');
  await expect(message.getByTestId('delivery')).toHaveText(/^(sending|saved · waiting for .*|delivered to \d of 5.*)$/);
  await expect(message.getByTestId('delivery')).toHaveText('delivered to 3 of 5 · waiting for Blessing, Taiwo');
  await expect(composer(page)).toHaveValue('');
  await expect(page.getByTestId('room-sentence')).toContainText(
    /everyone here now has everything up to .* · 2 of 6 are offline and will catch up when they are back/,
  );
});

test('Shift+Enter breaks the line and the box grows', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const before = (await composer(page).boundingBox())?.height ?? 0;
  await composer(page).fill('one');
  for (let i = 0; i < 3; i++) await composer(page).press('Shift+Enter');
  await composer(page).pressSequentially('two');
  const after = (await composer(page).boundingBox())?.height ?? 0;
  expect(after).toBeGreaterThan(before + 40);
  await composer(page).press('Enter');
  await expect(said(page, 'one')).toContainText('two');
});

test('by mouse: react, reply, edit, delete', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');

  await said(page, 'Six at the station?').hover();
  await page.getByTestId('act-react').click();
  await page.getByTestId('emoji-search').fill('grapes');
  await page.getByRole('button', { name: 'grapes', exact: true }).click();
  await expect(said(page, 'Six at the station?').getByTestId('reaction')).toContainText('🍇');
  await said(page, 'Six at the station?').getByTestId('reaction').click();
  await expect(said(page, 'Six at the station?').getByTestId('reaction')).toHaveCount(0);

  await said(page, 'Six at the station?').hover();
  await page.getByTestId('act-reply').click();
  await expect(page.getByTestId('composer-banner')).toContainText('Answering Bayo');
  await expect(composer(page)).toBeFocused();
  const reply = await send(page, 'At six.');
  await expect(reply.locator('.quote')).toContainText('Six at the station?');

  await reply.hover();
  await page.getByTestId('act-more').click();
  await page.getByTestId('menu-edit').click();
  await expect(composer(page)).toHaveValue('At six.');
  await composer(page).fill('At half past six.');
  await page.getByTestId('composer-send').click();
  const edited = said(page, 'At half past six.');
  await expect(edited).toContainText('edited');

  await edited.hover();
  await page.getByTestId('act-more').click();
  await page.getByTestId('menu-delete').click();
  await page.getByTestId('delete-confirm-yes').click();
  await expect(page.getByText('This message was deleted.')).toBeVisible();
  await expect(said(page, 'At half past six.')).toHaveCount(0);
});

test('by keyboard: edit the last with ↑, walk the messages, reply, react, delete', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await composer(page).pressSequentially('frist');
  await page.keyboard.press('Enter');
  await expect(said(page, 'frist')).toBeVisible();
  await page.keyboard.press('ArrowUp');
  await expect(composer(page)).toHaveValue('frist');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('first');
  await page.keyboard.press('Enter');
  await expect(said(page, 'first')).toBeVisible();

  await page.keyboard.press('Shift+F6');
  await expect(said(page, 'first')).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(said(page, 'Six at the station?')).toBeFocused();
  await page.keyboard.press('r');
  await expect(composer(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('composer-banner')).toHaveCount(0);

  await page.keyboard.press('Shift+F6');
  await expect(said(page, 'Six at the station?')).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByTestId('menu-react').press('Enter');
  await expect(page.getByTestId('emoji-search')).toBeFocused();
  await page.keyboard.type('bicycle');
  await expect(page.getByRole('button', { name: 'bicycle', exact: true })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(said(page, 'Six at the station?').getByTestId('reaction')).toBeVisible();

  await expect(said(page, 'Six at the station?')).toBeFocused();
  await page.keyboard.press('End');
  await expect(said(page, 'first')).toBeFocused();
  await page.keyboard.press('Delete');
  await page.getByTestId('delete-confirm-yes').press('Enter');
  await expect(said(page, 'first')).toHaveCount(0);
});

test('the actions are in the context menu too, and → reaches them from a message', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await said(page, 'Six at the station?').locator('.bubble').click({ button: 'right' });
  await page.getByTestId('menu-reply').click();
  await expect(page.getByTestId('composer-banner')).toContainText('Answering Bayo');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+F6');
  await expect(said(page, 'Six at the station?')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByTestId('act-react')).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('composer-banner')).toContainText('Answering Bayo');
});

test('a quote leads to what it answers', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  const first = await send(page, 'the very one');
  await first.hover();
  await page.getByTestId('act-reply').click();
  await send(page, 'the answer');
  await said(page, 'the answer').locator('.quote').click();
  await expect(page.locator('.flash')).toContainText('the very one');
});

test('a text that is too long is told before it is sent', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await composer(page).fill('x'.repeat(16 * 1024 + 5));
  await expect(page.getByRole('alert')).toContainText('5 bytes too long');
  await expect(page.getByTestId('composer-send')).toBeDisabled();
});

test('a draft stays with its room, in the rail and after coming back', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Blessing');
  await expect(composer(page)).toHaveValue('about the flat…');
  await composer(page).fill('about the flat: yes');
  await openRoom(page, 'Bayo');
  await expect(composer(page)).toHaveValue('');
  await expect(page.locator('[data-room-name="Blessing"]')).toContainText('Draft: about the flat: yes');
  await expect
    .poll(() =>
      page.evaluate(
        () => [...(window.grapevineFake?.world.rooms.values() ?? [])].find((r) => r.row.name === 'Blessing')?.row.draft,
      ),
    )
    .toBe('about the flat: yes');
  await openRoom(page, 'Blessing');
  await expect(composer(page)).toHaveValue('about the flat: yes');
});

test('a room opens at its unread divider, and what is seen counts as read', async ({ page }) => {
  await begin(page, 'chat');
  await expect(page.locator('[data-room-name="Sunday Cooks"]').getByTestId('unread')).toHaveText('3 unread');
  await openRoom(page, 'Sunday Cooks');
  await expect(page.getByTestId('unread-divider')).toHaveText('3 new');
  await expect(page.getByTestId('unread-divider')).toBeInViewport();
  await expect(page.locator('[data-room-name="Sunday Cooks"]').getByTestId('unread')).toHaveCount(0);
  await openRoom(page, 'Bayo');
  await openRoom(page, 'Sunday Cooks');
  await expect(page.getByTestId('unread-divider')).toHaveCount(0);
});

test('new messages are said aloud, not when a room is opened', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await expect(page.getByTestId('announcer')).toHaveText('');
  await hear(page, 'Sunday Cooks', 'Dice', 'the **oven** is hot');
  await expect(page.getByTestId('announcer')).toHaveText('Dice: the oven is hot');
});

test('friends answer', async ({ page }) => {
  await begin(page, 'chat', '');
  await openRoom(page, 'Bayo');
  const before = await page.getByTestId('message').count();
  await send(page, 'Are you there?');
  await expect.poll(() => page.getByTestId('message').count()).toBeGreaterThan(before + 1);
});

test('after a lost notice the window asks again and lacks nothing', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.evaluate(() => window.grapevineFake?.world.lose());
  await hear(page, 'Sunday Cooks', 'Dice', 'did this arrive?');
  await expect(said(page, 'did this arrive?')).toBeVisible();
  await hear(page, 'Sunday Cooks', 'Dice', 'and this?');
  await expect(said(page, 'and this?')).toBeVisible();
});

test('leaving a room is asked about, and closes the box with a reason', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Five-a-side');
  await page.getByTestId('leave-room').click();
  await page.getByTestId('leave-confirm-no').click();
  await expect(composer(page)).toBeVisible();
  await page.getByTestId('leave-room').click();
  await page.getByTestId('leave-confirm-yes').click();
  await expect(page.getByTestId('composer-closed')).toHaveText(/^You left this room today, \d\d:\d\d\.$/);
  await expect(page.getByText('You left ·')).toBeVisible();
});
