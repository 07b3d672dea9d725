import { begin, expect, openRoom, said, send, test } from './base';

test('who travels sees all times in the zone where they are, within seconds', async ({ page }) => {
  const browser = await page.context().newCDPSession(page);
  const travel = async (timezoneId: string) => {
    await browser.send('Emulation.setTimezoneOverride', { timezoneId: '' });
    await browser.send('Emulation.setTimezoneOverride', { timezoneId });
  };
  const noon = Date.UTC(2026, 4, 12, 12, 0);
  await page.clock.install({ time: noon });
  await travel('Europe/Berlin');
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await send(page, 'before the flight');
  await expect(said(page, 'before the flight').locator('.meta time')).toHaveText('14:00');
  const preview = page.locator('[data-room-name="Bayo"] .time');
  await expect(preview).toHaveText('14:00');

  await travel('Pacific/Auckland');
  await page.clock.runFor(30_000);
  await expect(said(page, 'before the flight').locator('.meta time')).toHaveText('00:00');
  await expect(preview).toHaveText('00:00');
  await expect(page.getByTestId('message-list').getByText('Yesterday')).toBeVisible();
  await send(page, 'after it');
  await expect(said(page, 'after it').locator('.meta time')).toHaveText('00:00');

  await travel('Asia/Kolkata');
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await expect(said(page, 'after it').locator('.meta time')).toHaveText('17:30');
  await expect(preview).toHaveText('17:30');
});
