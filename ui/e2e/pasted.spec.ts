import { begin, composer, expect, openRoom, send, test } from './base';

const ONE = `gv1r${'a'.repeat(60)}`;
const TWO = `gv1c${'b'.repeat(61)}`;

for (const [theme, width, height] of [
  ['light', 1280, 800],
  ['dark', 900, 600],
] as const) {
  test(`of several invites in one text the window asks which (${theme}, ${width}×${height})`, async ({
    page,
  }, info) => {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme: theme });
    await begin(page, 'chat');
    await page.getByTestId('add-open').click();
    await page.getByTestId('add-tab-have').click();
    await page.getByTestId('have-input').fill(`Hi!\n> [${ONE}](grapevine://join/${ONE})\nor ${TWO}. See you!`);
    await expect(page.getByTestId('have-what')).toContainText('There are several invites in this text. Which one?');
    const choices = page.getByTestId('have-found').getByRole('radio');
    await expect(choices).toHaveCount(2);
    await expect(page.getByTestId('have-found')).toContainText('An invite to a room.');
    await expect(page.getByTestId('have-found')).toContainText('home.example.org:4747');
    await expect(page.getByTestId('have-go')).toBeDisabled();
    await expect(page.getByTestId('have-go')).toBeInViewport({ ratio: 1 });
    await info.attach('which', {
      body: await page.screenshot({ path: info.outputPath('which.png') }),
      contentType: 'image/png',
    });
    await choices.first().focus();
    await page.keyboard.press('Space');
    await expect(page.getByTestId('have-go')).toHaveText('Join');
    await page.keyboard.press('ArrowDown');
    await expect(page.getByTestId('have-go')).toHaveText('Connect');
    await choices.first().check();
    await page.getByTestId('have-go').click();
    await expect(page.getByTestId('room-title')).toHaveText('Garden club');
  });
}

test('an invite is read whatever stands around it, and an address alone still works', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('add-open').click();
  await page.getByTestId('add-tab-have').click();
  for (const text of [`Join us: ${ONE} see you!`, `> ${ONE}`, `[join](grapevine://join/${ONE})`, `“${ONE}”.`]) {
    await page.getByTestId('have-input').fill(text);
    await expect(page.getByTestId('have-what')).toContainText('An invite to a room.');
  }
  await page.getByTestId('have-input').fill('192.168.1.7:4747');
  await expect(page.getByTestId('have-what')).toContainText('An address.');
});

test('what shows nothing is neither a message nor a name', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  const last = page.getByTestId('message').last();
  const before = (await last.textContent()) ?? '';
  for (const nothing of ['\u200b', '\u2060\u00ad', ' \ufe0f\n']) {
    await composer(page).fill(nothing);
    await expect(page.getByTestId('composer-send')).toBeDisabled();
    await composer(page).press('Enter');
  }
  // Not by their number: the list holds only what is near the view.
  expect(await last.textContent()).toBe(before);
  await composer(page).fill('');
  await send(page, 'می\u200cخواهم');
  await page.getByTestId('rail-new-room').click();
  await page.getByTestId('new-room-name').fill('\u200b\u3164');
  await page.getByTestId('new-room-create').click();
  await expect(page.getByText('A name needs 1 to 64 characters.')).toBeVisible();
});

test('a name that looks like somebody else’s is told in words', async ({ page }, info) => {
  await begin(page, 'lookalike');
  await expect(page.getByTestId('request').getByTestId('looks-like')).toHaveText(
    'Looks like Ana, but is somebody else.',
  );
  await openRoom(page, 'Sunday Cooks');
  await page.getByTestId('member').filter({ hasText: 'B\u0430yo' }).click();
  await expect(page.getByTestId('details').getByTestId('looks-like')).toHaveText(
    'Looks like Bayo, but is somebody else.',
  );
  await info.attach('request', {
    body: await page.screenshot({ path: info.outputPath('request.png') }),
    contentType: 'image/png',
  });
});
