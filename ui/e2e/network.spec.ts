import type { Page } from '@playwright/test';
import { begin, expect, hear, openRoom, test } from './base';

const rows = (page: Page) => page.getByTestId('reach');
const row = (page: Page, name: string) => rows(page).filter({ hasText: name }).first();

async function openNetwork(page: Page): Promise<void> {
  await page.getByTestId('network-open').click();
  await expect(page.getByTestId('network')).toBeVisible();
}

test('everybody is told by line and by word, with what is on its way', async ({ page }) => {
  await begin(page, 'network');
  await openNetwork(page);
  await expect(page.getByTestId('network-summary')).toHaveText(
    '3 people linked with you · Bayo is missing 12 messages · 3 messages on the way to you',
  );
  await expect(row(page, 'Ana')).toContainText('Linked directly, 18 ms');
  await expect(row(page, 'Chidi')).toContainText('Reached through Dice and 2 others');
  // Before midnight a time, after it the day before.
  await expect(row(page, 'Taiwo')).toContainText(/Offline, last seen (\d\d:\d\d|[A-Z][a-z]{2}); trying again in \d+ s/);
  await expect(row(page, 'Bayo')).toContainText('Missing 12 messages');
  await expect(row(page, 'Dice')).toContainText('Waiting for 3 messages from Dice');
  for (const [way, count] of [
    ['direct', 3],
    ['through', 3],
    ['none', 2],
  ] as const) {
    await expect(page.locator(`[data-testid="network-picture"] line[data-way="${way}"]`)).toHaveCount(count);
  }
  await expect(page.getByTestId('network-me')).toContainText('Reachable on this network');
});

test('each path is told by line and by word', async ({ page }) => {
  await begin(page, 'network-ways');
  await openNetwork(page);
  await expect(row(page, 'Ana')).toContainText('Linked directly through your router’s door, 18 ms');
  await expect(row(page, 'Folake')).toContainText('Linked through Dice, 64 ms');
  await expect(page.getByTestId('network-picture').locator('line[data-way="carried"]')).toHaveCount(1);
  await row(page, 'Folake').click();
  await expect(page.getByTestId('reach-more')).toContainText('Dice carries what the two of you say');
  await expect(page.getByTestId('reach-more').getByRole('button', { name: 'Try now' })).toHaveCount(0);
  await openRoom(page, 'Sunday Cooks');
  await expect(page.getByTestId('member').filter({ hasText: 'Folake' })).toContainText('through Dice · 64 ms');
  await expect(page.getByTestId('member').filter({ hasText: 'Ana' })).toContainText(
    'direct through your router’s door',
  );
});

test('a person who is chosen in the picture is explained in the list', async ({ page }) => {
  await begin(page, 'network');
  await openNetwork(page);
  await page.getByTestId('network-picture').locator('.person', { hasText: 'Chidi' }).click();
  await expect(row(page, 'Chidi')).toHaveAttribute('aria-expanded', 'true');
  await expect(page.getByTestId('reach-more')).toContainText('passed on by Dice and 2 others, in both directions');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('reach-more')).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('network')).toHaveCount(0);
});

test('the network is found by keys alone, and left for where one was', async ({ page }) => {
  await begin(page, 'network');
  await openRoom(page, 'Sunday Cooks');
  await page.keyboard.press('Control+Shift+N');
  await expect(page.getByRole('heading', { name: 'Network' })).toBeFocused();
  await row(page, 'Ana').focus();
  await page.keyboard.press('ArrowDown');
  await expect(row(page, 'Bayo')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(row(page, 'Bayo')).toHaveAttribute('aria-expanded', 'true');
  await page.getByTestId('network-close').click();
  await expect(page.getByTestId('room-title')).toHaveText('Sunday Cooks');
});

test('a room tells who has everything, and leads to its people', async ({ page }) => {
  await begin(page, 'network');
  await openRoom(page, 'Sunday Cooks');
  await expect(page.getByTestId('room-sentence')).toContainText(
    '9 people · Bayo is missing 12 messages · 3 more get it through them',
  );
  await expect(page.getByTestId('room-level')).toContainText('2 of 9 are offline and will catch up when they are back');
  await page.getByTestId('details-network').click();
  await expect(page.getByTestId('network').getByRole('heading', { level: 1 })).toContainText('Sunday Cooks');
  await page.getByTestId('network-everyone').click();
  await expect(page.getByTestId('network').getByRole('heading', { level: 1 })).not.toContainText('Sunday Cooks');
  await openRoom(page, 'Five-a-side');
  await expect(page.getByTestId('network')).toHaveCount(0);
  await expect(page.getByTestId('room-sentence')).toContainText('everyone here now has everything up to');
});

test('it is live: who goes is seen to go', async ({ page }) => {
  await begin(page, 'network');
  await openNetwork(page);
  await expect(row(page, 'Ana')).toHaveAttribute('data-way', 'direct');
  await page.evaluate(() => {
    const { world } = window.grapevineFake ?? {};
    const ana = [...(world?.folk.values() ?? [])].find((who) => who.name === 'Ana');
    if (!world || !ana) throw new Error('no Ana');
    const rooms = [...world.rooms.keys()];
    world.emit({
      notice: 'network_changed',
      gone: [],
      people: [
        {
          peer: ana.peer,
          name: 'Ana',
          contact: true,
          link: { state: 'waiting', address: 'x:1', retry_at: Date.now() + 9_000, reason: 'goodbye' },
          through: null,
          last_seen: Date.now(),
          wrote_at: null,
          rooms,
          owed: [],
          queued: 0,
        },
      ],
    });
  });
  await expect(row(page, 'Ana')).toHaveAttribute('data-way', 'none');
  await expect(row(page, 'Ana')).toContainText('Offline, last seen');
  await hear(page, 'Sunday Cooks', 'Bayo', 'still there?');
  await expect(page.getByTestId('network')).toBeVisible();
});

test('five hundred people: the linked are drawn, the others counted, and all are in the list', async ({ page }) => {
  await begin(page, 'network-crowd');
  await openNetwork(page);
  await expect(page.getByTestId('network-picture')).toContainText('+479 others, reached through them');
  await expect(page.locator('[data-testid="network-picture"] line[data-way="direct"]')).toHaveCount(8);
  expect(await rows(page).count()).toBeLessThan(60);
  await page.getByTestId('network-find').fill('person 499');
  await expect(rows(page)).toHaveCount(1);
  await expect(row(page, 'Person 499')).toContainText('Reached through Person ');
  await page.getByTestId('network-find').fill('nobody');
  await expect(page.getByText('Nobody here is called “nobody”.')).toBeVisible();
});

test('alone there is one thing to do', async ({ page }) => {
  await begin(page, 'empty');
  await openNetwork(page);
  await page.getByTestId('network-empty').getByRole('button', { name: 'Invite someone' }).click();
  await expect(page.getByTestId('invite-copy')).toBeVisible();
});

for (const [width, height] of [
  [1280, 800],
  [900, 600],
  [640, 400],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const scene of ['network', 'network-ways', 'network-crowd', 'network-offline', 'hostile'] as const) {
      test(`the network fits ${width}×${height}, ${colorScheme}, ${scene}`, async ({ page }, info) => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height });
        await begin(page, scene);
        await openNetwork(page);
        await expect(page.getByTestId('network-picture')).toBeVisible();
        await page.screenshot({ path: info.outputPath('network.png') });
        // In a low window the words stand below the picture.
        await page.getByTestId('reach-list').evaluate((el) => el.scrollTo(0, 460));
        await expect(rows(page).first()).toBeVisible();
        const wide = await page
          .getByTestId('network')
          .evaluate(
            (el) =>
              [...el.querySelectorAll('header, .body, .body > *, [data-testid="reach"]')].filter(
                (part) => part.getBoundingClientRect().right > document.documentElement.clientWidth + 1,
              ).length,
          );
        expect(wide).toBe(0);
        expect(
          await page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running').length),
        ).toBe(0);
      });
    }
  }
}

test('as many are drawn one by one as there is space for', async ({ page }) => {
  await begin(page, 'network-forty');
  await openNetwork(page);
  await expect(page.getByTestId('network-picture').locator('.person')).toHaveCount(40);
  await page.setViewportSize({ width: 900, height: 600 });
  await expect(page.getByTestId('network-picture').locator('.person')).toHaveCount(8);
  await expect(page.getByTestId('network-picture')).toContainText('+27 others, reached through them');
});
