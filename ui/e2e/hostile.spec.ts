import { begin, composer, expect, openRoom, said, send, test } from './base';

test('text that tries to be HTML is text', async ({ page }) => {
  await begin(page, 'hostile');
  await openRoom(page, 'W'.repeat(40));
  await page.getByTestId('message').last().press('Home');
  const message = page.getByTestId('message').filter({ hasText: '<img src=x onerror' });
  await expect(message).toBeInViewport();
  await expect(message.locator('.message-text')).toHaveText(
    `<img src=x onerror="document.title='owned'"><script>document.title="owned"</script>`,
  );
  expect(await page.locator('[data-testid="message-list"]').locator('img, script, iframe').count()).toBe(0);
  expect(await page.title()).not.toContain('owned');
});

test('links that hide something are asked about, and none leads inside', async ({ page }) => {
  await begin(page, 'hostile');
  await openRoom(page, 'W'.repeat(40));
  await page.getByTestId('message').last().press('Home');
  const message = page.getByTestId('message').filter({ hasText: 'javascript:' });
  await expect(message).toBeInViewport();
  const schemes = await page
    .locator('[data-testid="message-list"] a')
    .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).protocol));
  expect(schemes.filter((s) => !['https:', 'http:', 'mailto:'].includes(s))).toEqual([]);
  const address = page.url();
  await message.getByRole('link', { name: 'bank', exact: true }).click();
  await expect(page.getByTestId('link-confirm')).toContainText('https://evil.example/login');
  await page.getByTestId('link-confirm-no').click();
  expect(await page.evaluate(() => window.grapevineFake?.links)).toEqual([]);
  expect(page.url()).toBe(address);
});

test('a plain link opens outside', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.getByRole('link', { name: 'https://example.org/pots' }).click();
  expect(await page.evaluate(() => window.grapevineFake?.links)).toEqual(['https://example.org/pots']);
});

test('overriding and stacked characters stay inside their bubble', async ({ page }) => {
  await begin(page, 'hostile');
  await openRoom(page, 'W'.repeat(40));
  await page.getByTestId('message').last().press('Home');
  const stacked = page.getByTestId('message').filter({ hasText: 'omes' }).locator('.bubble');
  await stacked.scrollIntoViewIfNeeded();
  expect(await stacked.evaluate((el) => getComputedStyle(el).overflow)).toBe('clip');
  const after = await send(page, 'still the right way round');
  expect(await after.locator('.rich').evaluate((el) => getComputedStyle(el).direction)).toBe('ltr');
});

test('right-to-left text stands right-to-left', async ({ page }) => {
  await begin(page, 'hostile');
  await openRoom(page, 'W'.repeat(40));
  await expect(said(page, 'مرحبا').locator('.rich .lines')).toHaveCSS('direction', 'rtl');
  await composer(page).fill('> اقتباس\n> - b');
  await composer(page).press('Enter');
  await expect(said(page, 'اقتباس').locator('blockquote')).toHaveCSS('direction', 'rtl');
});
