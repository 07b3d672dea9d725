import { begin, composer, expect, openRoom, test } from './base';

test('an invite stands as text, as a code and on the clipboard', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.getByTestId('add-open').click();
  await expect(page.getByTestId('invite-target')).toHaveValue(/^[0-9a-f]{64}$/);
  const field = page.getByTestId('invite-text');
  await expect(field).toHaveValue(/^gv1[a-z0-9]{40,}$/);
  const text = await field.inputValue();
  await expect(page.getByRole('img', { name: 'The invite as a QR code' })).toBeVisible();
  await page.getByTestId('invite-copy').click();
  await expect(page.getByTestId('invite-copy')).toHaveText('Copied');
  expect(await page.evaluate(() => window.grapevineFake?.copied)).toEqual([text]);
  await page.getByTestId('invite-another').click();
  await expect(field).not.toHaveValue(text);
  await page.getByTestId('invite-uses').selectOption('5');
  await expect(page.getByText('Send this to up to 5 people')).toBeVisible();
});

test('focus stays in the dialog, Escape closes it, and focus returns', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('add-open').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('add-dialog')).toBeVisible();
  for (let i = 0; i < 14; i++) await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null)).toBe(true);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('add-dialog')).toHaveCount(0);
  await expect(page.getByTestId('add-open')).toBeFocused();
});

test('pasted text is recognised at once', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('add-open').click();
  await page.getByTestId('add-tab-have').click();
  const cases: [string, string][] = [
    ['192.168.1.7:4747', 'An address. Whoever answers at 192.168.1.7:4747'],
    [`gv1r${'a'.repeat(60)}`, 'An invite to a room.'],
    [`grapevine://join/gv1c${'a'.repeat(60)}`, 'An invite to talk.'],
    ['gv1broken', 'some of its characters are missing or changed'],
    ['hello', 'neither an invite nor an address'],
  ];
  for (const [text, words] of cases) {
    await page.getByTestId('have-input').fill(text);
    await expect(page.getByTestId('have-what')).toContainText(words);
  }
});

test('an invite to a room leads into the room', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('add-open').click();
  await page.getByTestId('add-tab-have').click();
  await page.getByTestId('have-input').fill(`gv1r${'a'.repeat(60)}`);
  await page.getByTestId('have-go').click();
  await expect(page.getByTestId('join-state')).toBeVisible();
  await expect(page.getByTestId('room-title')).toHaveText('Garden club');
  await expect(page.getByTestId('add-dialog')).toHaveCount(0);
  await expect(page.getByTestId('message-list').getByText('Mind the wet paint')).toBeVisible();
});

test('an address that refuses is counted down in words and can be given up', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('add-open').click();
  await page.getByTestId('add-tab-have').click();
  await page.getByTestId('have-input').fill('192.168.1.7:4747');
  await page.getByTestId('have-go').click();
  await expect(page.getByTestId('join-state')).toContainText(/Trying again in \d s/);
  await expect(page.getByTestId('join-state')).toContainText('On their side: their computer is there');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('joining')).toContainText(/Trying again in [78] s/);
  await expect(page.getByTestId('joining')).toContainText(/Trying again in [1-6] s/);
  await page.getByTestId('join-cancel').click();
  await expect(page.getByTestId('joining')).toHaveCount(0);
});

test('somebody nearby is greeted with one button', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('say-hello').click();
  await expect(page.getByTestId('room-title')).toHaveText('Bob');
  await expect(composer(page)).toBeFocused();
});

test('a new room needs a name and nothing else, and shows what to do next', async ({ page }) => {
  await begin(page, 'empty');
  await page.getByTestId('rail-new-room').click();
  await page.getByTestId('new-room-create').click();
  await expect(page.getByText('A name needs 1 to 64 characters.')).toBeVisible();
  await page.getByTestId('new-room-name').fill('Vine');
  await page.getByTestId('new-room-name').press('Enter');
  await expect(page.getByTestId('room-title')).toHaveText('Vine');
  await expect(page.getByTestId('room-empty')).toContainText('Nobody else is here yet');
  await page.getByTestId('room-empty').getByRole('button').click();
  await expect(page.getByTestId('invite-text')).toHaveValue(/^gv1r/);
});

test('a request is answered where it stands', async ({ page }) => {
  await begin(page, 'requests');
  await expect(page.getByTestId('request')).toContainText('Bob');
  await page.getByTestId('request-accept').click();
  await expect(page.getByTestId('request')).toHaveCount(0);
  await expect(page.locator('[data-room-name="Bob"]')).toBeVisible();
});

test('an opened link shows the invite that it carries', async ({ page }) => {
  await begin(page, 'chat');
  await expect(page.getByTestId('rail-me')).toBeVisible();
  await page.evaluate(() =>
    window.grapevineFake?.world.emit({ notice: 'invite_opened', text: `grapevine://join/gv1r${'b'.repeat(60)}` }),
  );
  await expect(page.getByTestId('have-input')).toHaveValue(/gv1rb+$/);
  await expect(page.getByTestId('have-what')).toContainText('An invite to a room.');
});
