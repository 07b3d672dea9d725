import { begin, expect, test } from './base';

test('first run is one screen: a name, Enter, talking', async ({ page }) => {
  await begin(page, 'first');
  await expect(page.getByTestId('first-name')).toHaveValue('Ada');
  await expect(page.getByTestId('first-name')).toBeFocused();
  await page.keyboard.type('Ben');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('rail-me')).toContainText('Ben');
  await expect(page.getByTestId('empty')).toContainText('Hello, Ben');
});

test('an empty name is answered in words', async ({ page }) => {
  await begin(page, 'first');
  await page.getByTestId('first-name').fill('  ');
  await page.getByTestId('first-start').click();
  await expect(page.getByText('A name needs 1 to 64 characters.')).toBeVisible();
});

test('without a keychain the screen says so and never falls back by itself', async ({ page }) => {
  await begin(page, 'keychain-absent');
  await expect(page.getByTestId('keychain-problem')).toContainText('no keychain running');
  await expect(page.getByTestId('first-start')).toHaveCount(0);
  await page.getByTestId('first-name').press('Enter');
  await expect(page.getByTestId('keychain-problem')).toBeVisible();

  await page.getByTestId('first-use-keyfile').click();
  await expect(page.getByTestId('first-passphrase')).toBeFocused();
  await page.getByTestId('first-passphrase').fill('short');
  await page.getByTestId('first-start').click();
  await expect(page.getByText('A passphrase needs at least 10 characters')).toBeVisible();
  await page.getByTestId('first-passphrase').fill('correct horse battery');
  await page.getByTestId('first-passphrase').press('Enter');
  await expect(page.getByTestId('rail-me')).toBeVisible();
  await page.getByTestId('settings-open').click();
  await expect(page.getByTestId('custody')).toContainText('only your passphrase opens');
});

for (const [kind, words] of [
  ['denied', 'locked'],
  ['wiped', 'no longer in it'],
  ['silent', 'did not answer'],
] as const) {
  test(`a keychain that is ${kind} is explained, with a way on`, async ({ page }) => {
    await begin(page, `locked-${kind}`);
    await expect(page.getByTestId('keychain-problem')).toContainText(words);
    await page.getByTestId('first-retry').click();
    await expect(page.getByTestId('first-retry')).toBeEnabled();
  });
}

test('a wrong passphrase is told, the right one opens', async ({ page }) => {
  await begin(page, 'passphrase');
  await page.getByTestId('first-passphrase').fill('wrong horse');
  await page.getByTestId('first-unlock').click();
  await expect(page.getByText('does not open the key file')).toBeVisible();
  await page.getByTestId('first-passphrase').fill('correct horse');
  await page.getByTestId('first-passphrase').press('Enter');
  await expect(page.getByTestId('rail-me')).toBeVisible();
});

test('waiting for the keychain is named after two seconds', async ({ page }) => {
  await begin(page, 'opening');
  await expect(page.getByText('Waiting for your keychain to be unlocked…')).toBeVisible();
});

test('a profile that cannot open says why and what to do', async ({ page }) => {
  await begin(page, 'unusable');
  await expect(page.getByTestId('unusable')).toContainText('open already, in another window');
});

test('a history that is put in order tells how far it is, and then opens', async ({ page }) => {
  await begin(page, 'building');
  const bar = page.getByRole('progressbar', { name: 'Putting your history in order' });
  await expect(page.getByTestId('building')).toContainText('Putting your history in order: 42 %');
  await expect(bar).toHaveJSProperty('value', 42);

  await page.evaluate(() => {
    const world = window.grapevineFake?.world;
    if (world?.stage.stage !== 'opening') throw new Error('the scene is another one');
    world.stage = { ...world.stage, building: { done: 990_000, of: 1_000_000 } };
    world.emit({ notice: 'stage_changed', stage: world.stage });
  });
  await expect(page.getByTestId('building')).toContainText('99 %');
  await expect(bar).toHaveJSProperty('value', 99);

  await page.evaluate(() => {
    const world = window.grapevineFake?.world;
    if (!world) throw new Error('there is no fake world');
    world.stage = { stage: 'open' };
    world.emit({ notice: 'stage_changed', stage: world.stage });
  });
  await expect(page.getByTestId('rail-me')).toBeVisible();
  await expect(bar).toHaveCount(0);
});

test('data of an older version is told apart, and another try is not offered', async ({ page }) => {
  await begin(page, 'too-old');
  await expect(page.getByTestId('unusable')).toContainText('An older version of Grapevine wrote this data');
  await expect(page.getByTestId('first-retry')).toHaveCount(0);
});
