import { begin, composer, expect, openRoom, test } from './base';

test('Ctrl+K finds a chat, Enter opens it', async ({ page }) => {
  await begin(page, 'chat');
  await expect(page.getByTestId('rail-me')).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(page.getByTestId('search')).toBeFocused();
  await page.keyboard.type('five');
  await expect(page.getByTestId('room-row')).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('room-title')).toHaveText('Five-a-side');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('nobody of that name');
  await expect(page.getByText('Nothing here is called “nobody of that name”.')).toBeVisible();
});

test('a folded rail unfolds for a search and folds again', async ({ page }) => {
  await page.setViewportSize({ width: 640, height: 600 });
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.keyboard.press('Control+k');
  await expect(page.getByTestId('search')).toBeFocused();
  await page.keyboard.type('bay');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('room-title')).toHaveText('Bayo');
  await expect(page.getByTestId('search')).toHaveCount(0);
  await page.getByTestId('search-open').click();
  await expect(page.getByTestId('search')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('search')).toHaveCount(0);
});

test('keys move between chats and parts of the window, and letters find the box', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.keyboard.press('Alt+ArrowDown');
  await expect(page.getByTestId('room-title')).toHaveText('Bayo');
  await page.keyboard.press('Control+1');
  await expect(page.getByTestId('room-title')).toHaveText('Sunday Cooks');
  const seen: string[] = [];
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('F6');
    seen.push(
      await page.evaluate(() => document.activeElement?.closest<HTMLElement>('[data-region]')?.dataset['region'] ?? ''),
    );
  }
  expect([...seen].sort()).toEqual(['composer', 'details', 'messages', 'rail']);
  await page.getByTestId('details-toggle').focus();
  await page.keyboard.type('hey');
  await expect(composer(page)).toHaveValue('hey');
});

test('the window opens again where it was closed', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await page.reload();
  await expect(page.getByTestId('room-title')).toHaveText('Bayo');
});

test('the only room there is opens by itself', async ({ page }) => {
  await begin(page, 'big');
  await expect(page.getByTestId('room-title')).toHaveText('The long table');
  await begin(page, 'network');
  await expect(page.getByTestId('empty')).toBeVisible();
});

test('details fold below 1100 px and come as an overlay', async ({ page }) => {
  await page.setViewportSize({ width: 1000, height: 700 });
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await expect(page.getByTestId('details')).toHaveCount(0);
  await page.getByTestId('details-toggle').click();
  await expect(page.getByTestId('details')).toContainText('trying again in');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('details')).toHaveCount(0);
  await expect(page.getByTestId('details-toggle')).toBeFocused();
});

test('a person shows words and pictures to compare', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.getByTestId('member').filter({ hasText: 'Dice' }).click();
  await expect(page.getByTestId('details')).toContainText('direct · 31 ms');
  await expect(page.getByTestId('fingerprint').getByRole('listitem')).toHaveCount(8);
});

for (const [width, height] of [
  [1280, 800],
  [900, 600],
  [760, 700],
  [480, 760],
  [360, 640],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`nothing runs out of the window at ${width}×${height}, ${colorScheme}`, async ({ page }, info) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      for (const [scene, room] of [
        ['chat', 'Sunday Cooks'],
        ['hostile', 'W'.repeat(40)],
        ['unreachable', 'Bayo'],
      ] as const) {
        await begin(page, scene);
        await openRoom(page, room);
        const wide = await page.evaluate(() => {
          // Cut off on purpose, with an ellipsis or a scroll bar of its own.
          const isClipped = (el: Element): boolean => {
            const up = el.parentElement;
            return (
              up !== null &&
              up !== document.body &&
              (getComputedStyle(up).overflowX !== 'visible' ? up.getBoundingClientRect().right <= limit : isClipped(up))
            );
          };
          const limit = document.documentElement.clientWidth + 1;
          return [...document.querySelectorAll<HTMLElement>('header *, form *, nav *, [data-testid="message"] > *')]
            .filter((el) => el.getBoundingClientRect().right > limit && !isClipped(el))
            .map((el) => el.outerHTML.slice(0, 80));
        });
        expect(wide, scene).toEqual([]);
        if (scene === 'chat') await page.screenshot({ path: info.outputPath('chat.png') });
      }
      expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe(colorScheme);
    });
  }
}

test('at 200 % zoom everything is still in reach', async ({ page }) => {
  // Zooming to 200 % halves the window in CSS pixels.
  await page.setViewportSize({ width: 640, height: 400 });
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await expect(composer(page)).toBeInViewport();
  await page.getByTestId('add-open').click();
  await page.getByTestId('invite-copy').scrollIntoViewIfNeeded();
  await expect(page.getByTestId('invite-copy')).toBeInViewport();
});

test('the theme is chosen at once and remembered', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await begin(page, 'chat');
  await page.getByTestId('settings-open').click();
  await page.getByTestId('theme-dark').click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByTestId('settings-open').click();
  await page.getByTestId('theme-system').click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a new name is seen at once', async ({ page }) => {
  await begin(page, 'chat');
  await page.getByTestId('settings-open').click();
  await page.getByTestId('settings-name').fill('Ada Lovelace');
  await page.getByTestId('settings-save-name').click();
  await expect(page.getByTestId('rail-me')).toContainText('Ada Lovelace');
});

test('what one should know stands above the conversation until it is dismissed', async ({ page }) => {
  await begin(page, 'unreachable');
  await expect(page.getByTestId('alert')).toContainText('Others cannot call you');
  await page.getByTestId('alert').getByRole('button', { name: 'Dismiss' }).click();
  await expect(page.getByTestId('alert')).toContainText('clock is 3 minutes fast');
});

test('the rail can be made wider and stays so', async ({ page }) => {
  await begin(page, 'chat');
  const edge = page.getByRole('separator');
  await edge.focus();
  await page.keyboard.press('ArrowRight');
  await expect(edge).toHaveAttribute('aria-valuenow', '304');
  await page.reload();
  await expect(page.getByRole('separator')).toHaveAttribute('aria-valuenow', '304');
});
