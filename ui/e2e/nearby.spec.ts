import type { Page } from '@playwright/test';
import { begin, expect, test } from './base';

const rowOf = (page: Page, name: string) => page.getByTestId('nearby-row').filter({ hasText: name });
const faceOf = (page: Page, inside: string, name: string) =>
  page
    .locator(inside)
    .filter({ hasText: name })
    .locator('.avatar')
    .first()
    .evaluate((el) => getComputedStyle(el).backgroundColor);

test('the rail and the dialog say the same of how one is reached', async ({ page }) => {
  for (const [scene, brief, visible] of [
    ['chat', 'Reachable on this network', 'you are visible here'],
    ['loopback', 'Only on this computer', 'nobody can see you here'],
    ['unreachable', 'Others cannot call you', 'nobody can see you here'],
  ] as const) {
    await begin(page, scene);
    await expect(page.getByTestId('rail-reach')).toHaveText(brief);
    await expect(page.getByRole('region', { name: 'Nearby' })).toContainText(visible);
    await page.getByTestId('add-open').click();
    await expect(page.getByTestId('add-dialog').getByTestId('reach')).toContainText(brief);
    await expect(page.getByTestId('invite-nowhere')).toHaveCount(scene === 'chat' ? 0 : 1);
  }
});

test('an invite is for the addresses that there are now', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('add-open').click();
  const field = page.getByTestId('invite-text');
  await expect(field).toHaveValue(/^gv1/);
  const before = await field.inputValue();
  const tell = (me: object) =>
    page.evaluate((change) => {
      const world = window.grapevineFake?.world;
      world?.emit({ notice: 'me_changed', me: { ...world.me, ...change } });
    }, me);
  await tell({ friends: 1 });
  await expect(page.getByTestId('rail-friends')).toHaveText('1 friend here');
  await expect(field).toHaveValue(before);
  await tell({ addresses: ['10.0.0.7:4747'], reach: 'this_network' });
  await expect(field).not.toHaveValue(before);
  await tell({ addresses: [], reach: 'no_network' });
  await expect(page.getByTestId('add-dialog').getByTestId('reach')).toContainText('On no network');
});

test('whoever is near is offered what fits them, and nothing else', async ({ page }) => {
  await begin(page, 'nearby');
  await page.getByRole('button', { name: '+1' }).click();
  const list = page.getByTestId('add-dialog').getByRole('listitem');
  await expect(list.filter({ hasText: 'Efe' }).getByRole('button')).toHaveText('Say hello');
  await expect(list.filter({ hasText: 'Bayo' }).getByRole('button')).toHaveText('Open chat');
  await expect(list.filter({ hasText: 'Dara' })).toContainText('asked, waiting');
  await expect(list.filter({ hasText: 'Dara' }).getByRole('button')).toHaveText('Open chat');
  await expect(list.filter({ hasText: 'Bob' })).toContainText('would like to talk');
  await list.filter({ hasText: 'Bayo' }).getByRole('button').click();
  await expect(page.getByTestId('add-dialog')).toHaveCount(0);
  await expect(page.getByTestId('room-title')).toHaveText('Bayo');
});

test('after a hello it is the same person, asked once, and a friend when they have answered', async ({ page }) => {
  await begin(page, 'chat');
  await expect(page.getByTestId('rail-friends')).toHaveText('3 friends here');
  await page.getByTestId('say-hello').click();
  await expect(rowOf(page, 'Bob')).toContainText('saying hello');
  await expect(page.getByTestId('say-hello')).toHaveCount(0);
  await expect(rowOf(page, 'Bob')).toContainText('asked, waiting');
  await expect(page.locator('[data-room-name="Bob"]')).toContainText('Waiting for an answer');
  await expect(page.getByTestId('rail-friends')).toHaveText('3 friends here');
  expect(await faceOf(page, '[data-testid="nearby-row"]', 'Bob')).toBe(
    await faceOf(page, '[data-testid="room-row"]', 'Bob'),
  );
  await expect(page.getByTestId('rail-friends')).toHaveText('4 friends here');
  await expect(page.getByTestId('room-title')).toHaveText('Bob');
  await expect(rowOf(page, 'Bob').getByRole('button')).toHaveText('Open chat');
});

for (const [width, text] of [
  [1280, 100],
  [900, 100],
  [1280, 200],
] as const) {
  test(`no word of a fingerprint stands alone at ${width} px and ${text} % text`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await begin(page, 'chat');
    await page.evaluate((percent) => (document.documentElement.style.fontSize = `${percent}%`), text);
    /** How many words stand in each row. */
    const rows = (inside: string) =>
      page.locator(`${inside} [data-testid="fingerprint-words"] > span`).evaluateAll((words) => {
        const tops = words.map((word) => Math.round(word.getBoundingClientRect().top));
        return [...new Set(tops)].map((top) => tops.filter((other) => other === top).length);
      });
    await page.locator('[data-room-name="Dice"], [data-room-name="Bayo"]').first().click();
    if ((await page.getByTestId('details').count()) === 0) await page.getByTestId('details-toggle').click();
    await expect(page.getByTestId('details').getByTestId('fingerprint')).toBeVisible();
    const panel = await rows('[data-testid="details"]');
    await page.keyboard.press('Escape');
    await page.getByTestId('settings-open').click();
    await expect(page.getByTestId('settings-dialog').getByTestId('fingerprint')).toBeVisible();
    const dialog = await rows('[data-testid="settings-dialog"]');
    for (const of of [panel, dialog]) {
      expect(of.reduce((all, count) => all + count, 0)).toBe(8);
      expect(new Set(of).size, `rows of ${of.join(' ')}`).toBe(1);
    }
    expect(
      await page
        .getByTestId('fingerprint')
        .first()
        .evaluate((el) => el.scrollWidth <= el.clientWidth),
    ).toBe(true);
  });
}
