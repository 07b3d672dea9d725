import { begin, expect, hear, openRoom, said, test } from './base';

test('a message that came late is told, led to, and seen once it was on the screen', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Rust bench');
  for (let i = 0; i < 60; i++) await hear(page, 'Rust bench', 'Dice', `line ${i}`);
  const unread = page.locator('[data-room-name="Rust bench"]').getByTestId('unread');
  await expect(said(page, 'line 59')).toBeInViewport();
  await expect(unread).toHaveCount(0);
  await page.evaluate(() => window.grapevineFake?.sayLate('Rust bench', 'Dice', 'from the tunnel', 10));
  await expect(unread).toContainText('1');
  await expect(page.getByTestId('late-bar')).toContainText('1 earlier message came late');
  await expect(page.getByTestId('unread-divider')).toHaveCount(0);
  await expect(said(page, 'line 59')).toBeInViewport();
  await page.getByTestId('late-go').click();
  await expect(said(page, 'from the tunnel')).toBeInViewport();
  await expect(said(page, 'from the tunnel')).toContainText('came late');
  await expect(page.getByTestId('late-bar')).toHaveCount(0);
  await expect(unread).toHaveCount(0);
  await openRoom(page, 'Bayo');
  await openRoom(page, 'Rust bench');
  await expect(page.getByTestId('came-late')).toHaveCount(0);
});

test('what comes late while the reader sees its place is seen at once, and marked', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await page.evaluate(() => window.grapevineFake?.sayLate('Bayo', 'Bayo', 'from the tunnel', 39));
  await expect(said(page, 'from the tunnel')).toContainText('came late');
  await expect(page.getByTestId('late-bar')).toHaveCount(0);
});

test('many that came late are put away together', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  await page.evaluate(() => {
    for (let i = 0; i < 300; i++)
      window.grapevineFake?.sayLate('The long table', 'Dice', `from the tunnel ${i}`, 4000 - i);
  });
  await expect(page.getByTestId('late-bar')).toContainText('300 earlier messages came late');
  await page.getByTestId('late-seen').click();
  await expect(page.getByTestId('late-bar')).toHaveCount(0);
  await expect(
    page.locator('[data-testid="room-row"][data-room-name="The long table"]').getByTestId('unread'),
  ).toHaveCount(0);
});

test('a message of the future is marked, and sent again with the time of now', async ({ page }) => {
  await begin(page, 'clocks');
  await openRoom(page, 'Sunday Cooks');
  const early = said(page, 'Then I take the late train.');
  await expect(early.getByTestId('early')).toContainText('dated tomorrow, 14:02; others will see it then');
  // What others say meanwhile stands above it, and is read when it is seen.
  const unread = page.locator('[data-room-name="Sunday Cooks"]').getByTestId('unread');
  await expect(unread).toHaveCount(0);
  for (const word of ['one', 'two']) {
    await hear(page, 'Sunday Cooks', 'Dice', word);
    await expect(said(page, word)).toBeInViewport();
    await expect(unread).toHaveCount(0);
  }
  await early.getByTestId('send-again').click();
  await expect(page.getByTestId('early')).toHaveCount(0);
  await expect(page.getByText('This message was deleted.')).toHaveCount(0);
  await expect(said(page, 'Then I take the late train.')).toBeVisible();
});

test('the alert names whose clock is off, and goes with its reason', async ({ page }) => {
  await begin(page, 'clocks');
  await expect(page.getByTestId('alert')).toContainText('Bayo’s clock is 3 minutes slow.');
  await page.evaluate(() => {
    const world = window.grapevineFake?.world;
    for (const alert of world?.alerts ?? []) world?.emit({ notice: 'alert_gone', alert });
  });
  await expect(page.getByTestId('alert')).toHaveCount(0);
});
