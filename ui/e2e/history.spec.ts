import type { Page } from '@playwright/test';
import { begin, expect, hear, openRoom, said, test } from './base';

/** Where a message stands on the screen. */
async function topOf(page: Page, id: string): Promise<number> {
  const box = await page.locator(`[data-message-id="${id}"]`).boundingBox();
  if (!box) throw new Error('the message left the document');
  return box.y;
}

/** The first message that is wholly in view. While rows are laid out again there is none. */
async function inView(page: Page): Promise<string> {
  const found = await page.waitForFunction(() => {
    const list = document.querySelector('[data-testid="message-list"]')?.getBoundingClientRect();
    const row = [...document.querySelectorAll<HTMLElement>('[data-message-id]')].find(
      (el) => list !== undefined && el.getBoundingClientRect().top > list.top + 40,
    );
    return row?.dataset['messageId'];
  });
  return (await found.jsonValue()) ?? '';
}

/** The list has measured its rows and stands still. */
async function atRest(page: Page): Promise<void> {
  await page.getByTestId('message-list').evaluate(async (list) => {
    const place = () => `${list.scrollTop} ${list.scrollHeight}`;
    for (let still = 0, last: string; still < 4; still = place() === last ? still + 1 : 0) {
      last = place();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
}

async function scrollBy(page: Page, pixels: number): Promise<void> {
  await atRest(page);
  await page.getByTestId('message-list').evaluate((list, by) => {
    list.scrollTop += by;
  }, pixels);
}

/** The number of the first message in view; none if it left the document at once. */
async function number(page: Page): Promise<number> {
  const id = await inView(page);
  const text = await page.evaluate(
    (id) => document.querySelector<HTMLElement>(`[data-message-id="${id}"]`)?.innerText ?? '',
    id,
  );
  return Number(/No\. (\d+)/.exec(text)?.[1] ?? NaN);
}

test('a hundred thousand messages open at the end, with few in the document', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  await expect(said(page, 'No. 100000:')).toBeInViewport();
  expect(await page.getByTestId('message').count()).toBeLessThan(80);
});

test('scrolling back loads page after page without a jump', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  await expect(said(page, 'No. 100000:')).toBeInViewport();
  let last = NaN;
  await expect.poll(async () => (last = await number(page))).toBeGreaterThan(0);
  for (let i = 0; i < 25; i++) {
    await scrollBy(page, -700);
    let now = NaN;
    await expect.poll(async () => (now = await number(page))).toBeLessThan(last);
    // A jump would skip more messages than fit into what was scrolled.
    expect(last - now).toBeLessThan(40);
    last = now;
  }
  expect(last).toBeLessThan(99_850);
});

test('what is read does not move while earlier history is laid in above it', async ({ page }) => {
  await begin(page, 'big', 'answers=off&slow=1500');
  await openRoom(page, 'The long table');
  await expect(said(page, 'No. 100000:')).toBeInViewport();
  for (let i = 0; i < 3; i++) {
    await page.getByTestId('message-list').evaluate((list) => {
      list.scrollTop = 500;
    });
    await expect(page.getByText('Loading earlier messages…')).toBeVisible();
    await atRest(page);
    const id = await inView(page);
    const before = await topOf(page, id);
    await expect(page.getByText('Loading earlier messages…')).toHaveCount(0);
    await atRest(page);
    expect(Math.abs((await topOf(page, id)) - before)).toBeLessThan(2);
  }
});

test('new messages do not move a reader who is in the past, and a button leads to them', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  await scrollBy(page, -1500);
  await expect(page.getByTestId('to-newest')).toBeVisible();
  const id = await inView(page);
  const before = await topOf(page, id);
  for (let i = 0; i < 5; i++) await hear(page, 'The long table', 'Dice', `late guest ${i}`);
  await expect(page.getByTestId('to-newest')).toHaveText('5 new messages');
  expect(Math.abs((await topOf(page, id)) - before)).toBeLessThan(2);
  await page.getByTestId('to-newest').click();
  await expect(said(page, 'late guest 4')).toBeInViewport();
  await expect(page.getByTestId('to-newest')).toHaveCount(0);
});

test('messages that arrive late and belong above do not move the reader', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  await scrollBy(page, -1200);
  await expect(page.getByTestId('to-newest')).toBeVisible();
  await atRest(page);
  const id = await inView(page);
  const before = await topOf(page, id);
  await page.evaluate(() => {
    for (let i = 0; i < 4; i++) window.grapevineFake?.sayLate('The long table', 'Dice', `from the past ${i}`, 150 + i);
  });
  await atRest(page);
  expect(Math.abs((await topOf(page, id)) - before)).toBeLessThan(4);
});

test('a reader at the end stays at the end', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  for (let i = 0; i < 12; i++) await hear(page, 'The long table', 'Dice', `guest ${i} ${'who talks a lot '.repeat(i)}`);
  await expect(said(page, 'guest 11')).toBeInViewport({ ratio: 0.9 });
});

test('a flood of messages is drawn without losing any', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.evaluate(() => {
    for (let i = 0; i < 2000; i++) window.grapevineFake?.say('Sunday Cooks', 'Dice', `drop ${i}`);
  });
  await expect(said(page, 'drop 1999')).toBeInViewport();
});

test('the place in a room is kept while another is looked at', async ({ page }) => {
  await begin(page, 'chat');
  await page.evaluate(() => {
    for (let i = 0; i < 60; i++) window.grapevineFake?.say('Rust bench', 'Dice', `line ${i}`);
  });
  await expect(page.locator('[data-room-name="Rust bench"]').getByTestId('unread')).toContainText('60');
  await openRoom(page, 'Rust bench');
  await expect(page.getByTestId('unread-divider')).toHaveText('60 new');
  await page.getByTestId('to-newest').click();
  await expect(said(page, 'line 59')).toBeInViewport();
  await scrollBy(page, -900);
  await expect(page.getByTestId('to-newest')).toBeVisible();
  await atRest(page);
  const id = await inView(page);
  const before = await topOf(page, id);
  await openRoom(page, 'Bayo');
  await openRoom(page, 'Rust bench');
  await expect.poll(async () => Math.abs((await topOf(page, id)) - before)).toBeLessThan(4);
});
