import type { Locator, Page } from '@playwright/test';
import { begin, composer, expect, openRoom, test } from './base';

/** Sends exactly this and gives what stands in the newest bubble. */
async function sent(page: Page, text: string): Promise<Locator> {
  const before = await newest(page);
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await expect.poll(() => newest(page)).not.toBe(before);
  return page.locator(`[data-message-id="${await newest(page)}"] .rich`);
}

function newest(page: Page): Promise<string | null> {
  return page.getByTestId('message').last().getAttribute('data-message-id');
}

test('what was typed and is no mark is read as it was typed', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  for (const text of [
    '3. option three',
    '2*3*4 = 24',
    'C:\\_work\\#1',
    '+ 1',
    '```',
    '    def f():\n        return 1',
    'a   b\n\n\nc',
    '- one\n\n- two',
    '# 1',
    '>:(',
    '<b>&amp;</b>',
    'a\n---',
    '\tx',
  ]) {
    const bubble = await sent(page, text);
    // What a person gets who marks the bubble and copies it.
    const copied = await bubble.evaluate((el) => {
      getSelection()?.selectAllChildren(el);
      return String(getSelection());
    });
    expect(copied, JSON.stringify(text)).toBe(text);
  }
});

test('marks are shown by what they mean, alike in the bubble, the list of chats and a quote', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const bubble = await sent(page, '```js\nlet  a = b*c;\n```');
  await expect(bubble.locator('pre')).toHaveText('let  a = b*c;');
  await expect(bubble.locator('.language')).toHaveText('js');
  await expect(page.locator('[data-room-name="Bayo"] .preview bdi')).toHaveText('let a = b*c;');
  const bold = await sent(page, '**Six**, or `7*8*9`?');
  await expect(bold.locator('strong')).toHaveText('Six');
  await expect(page.locator('[data-room-name="Bayo"] .preview bdi')).toHaveText('Six, or 7*8*9?');
  await bold.hover();
  await page.getByTestId('act-reply').click();
  await sent(page, 'Six.');
  await expect(page.getByTestId('message').last().locator('.quote span')).toHaveText('Six, or 7*8*9?');
});

test('lines stand apart as they were typed, blank ones too', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const height = async (text: string) => Math.round((await (await sent(page, text)).boundingBox())?.height ?? 0);
  const line = await height('a');
  expect(await height('a\n\nb')).toBe(3 * line);
  expect(await height('- a\n\n- b')).toBe(3 * line);
  expect(await height('a\n\n- b')).toBe(3 * line);
  expect(await height('> a\n\nb')).toBe(3 * line);
});

test('a text longer than the screen is folded until somebody wants all of it', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const bubble = await sent(page, `begin${'\n'.repeat(3_000)}end`);
  expect((await bubble.boundingBox())?.height).toBeLessThan(600);
  const row = page.getByTestId('message').last();
  await row.focus();
  await page.keyboard.press('ArrowRight');
  await expect(row.getByTestId('unfold')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await bubble.boundingBox())?.height).toBeGreaterThan(40_000);
  await expect(row.getByTestId('unfold')).toHaveText('Show less');
  await expect(row.getByTestId('unfold')).toBeFocused();
});
