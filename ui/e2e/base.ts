import { expect, test as plain, type Locator, type Page } from '@playwright/test';

/** Every page must stay without errors and within the window's content policy. */
export const test = plain.extend({
  page: async ({ page }, use) => {
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') faults.push(line.text());
    });
    await use(page);
    expect(faults).toEqual([]);
  },
});

export { expect };

/** Opens a scene of the fake world; friends stay silent unless told otherwise. */
export async function begin(page: Page, scene: string, more = 'answers=off'): Promise<void> {
  await page.goto(`./?scene=${scene}&${more}`);
  await page.waitForFunction(() => window.grapevineFake !== undefined);
}

export async function openRoom(page: Page, name: string): Promise<void> {
  await page.locator(`[data-testid="room-row"][data-room-name="${name}"]`).click();
  await expect(page.getByTestId('room-title')).toHaveText(name);
  await expect(page.getByTestId('message').last()).toBeVisible();
}

export function composer(page: Page): Locator {
  return page.getByTestId('composer');
}

/** The message that says this. */
export function said(page: Page, text: string): Locator {
  return page
    .getByTestId('message')
    .filter({ has: page.locator('.message-text', { hasText: text }) })
    .last();
}

export async function send(page: Page, text: string): Promise<Locator> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
  await expect(said(page, text)).toBeVisible();
  return said(page, text);
}

/** A person of the fake world speaks. */
export async function hear(page: Page, room: string, who: string, text: string): Promise<void> {
  await page.evaluate(([r, w, t]) => window.grapevineFake?.say(r, w, t), [room, who, text] as const);
}
