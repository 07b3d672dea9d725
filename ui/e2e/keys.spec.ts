import type { Page } from '@playwright/test';
import { begin, composer, expect, hear, openRoom, said, send, test } from './base';

/**
 * A key that an input method lets through. Some mark it with `isComposing`, WebKit with the key
 * code alone, or with neither.
 */
async function keyOfInputMethod(page: Page, key: string, how: 'composing' | 'code' | 'after'): Promise<void> {
  await page.evaluate(
    async ([k, h]) => {
      const at = document.activeElement;
      if (h === 'after') at?.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data: '日本' }));
      const event = new KeyboardEvent('keydown', {
        key: k,
        bubbles: true,
        cancelable: true,
        isComposing: h === 'composing',
      });
      if (h === 'code') Object.defineProperty(event, 'keyCode', { value: 229 });
      at?.dispatchEvent(event);
      // The next key comes when a person can press it.
      await new Promise((later) => setTimeout(later, 60));
    },
    [key, how] as const,
  );
}

const heldBy = (page: Page) =>
  page.evaluate(() =>
    document.activeElement?.closest('[role="dialog"], [role="alertdialog"]')?.getAttribute('data-testid'),
  );

test('a name typed at once after Ctrl+N names the room and goes nowhere else', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const before = await page.getByTestId('message').count();
  await page.keyboard.press('Control+n');
  await page.keyboard.type('Harbour walk');
  await expect(page.getByTestId('new-room-name')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('room-title')).toHaveText('Harbour walk');
  await expect(composer(page)).toBeFocused();
  await openRoom(page, 'Bayo');
  await expect(composer(page)).toHaveValue('');
  await expect(page.getByTestId('message')).toHaveCount(before);
});

test('a dialog has the focus in the turn in which it opens', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  for (const [key, dialog, first] of [
    ['n', 'new-room-dialog', 'new-room-name'],
    [',', 'settings-dialog', 'settings-dialog'],
    ['/', 'shortcuts-dialog', 'shortcuts-dialog'],
    ['A', 'add-dialog', 'invite-text'],
  ] as const) {
    await expect(composer(page)).toBeFocused();
    // No frame is drawn and no timer runs between the key and the look.
    const at = await page.evaluate(async (k) => {
      document.activeElement?.dispatchEvent(
        new KeyboardEvent('keydown', { key: k, ctrlKey: true, shiftKey: k === 'A', bubbles: true, cancelable: true }),
      );
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      return document.activeElement?.getAttribute('data-testid');
    }, key);
    expect(at).toBe(first);
    expect(await heldBy(page)).toBe(dialog);
    await page.keyboard.press('Escape');
    await expect(page.getByTestId(dialog)).toHaveCount(0);
  }
});

test('a question has the focus on its safe answer, and gives it back to the message', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const mine = await send(page, 'to be kept');
  await page.keyboard.press('Shift+F6');
  await expect(mine).toBeFocused();
  await page.keyboard.press('Delete');
  await expect(page.getByTestId('delete-confirm-no')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('delete-confirm')).toHaveCount(0);
  await expect(mine).toBeFocused();
  await mine.press('Enter');
  await page.getByTestId('menu-delete').press('Enter');
  await expect(page.getByTestId('delete-confirm-no')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(mine).toBeFocused();
  await expect(mine).toContainText('to be kept');
});

test('a name that was typed is there again after a dialog was closed by mistake', async ({ page }) => {
  await begin(page, 'chat');
  await page.keyboard.press('Control+n');
  await page.keyboard.type('Harbour');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+n');
  await expect(page.getByTestId('new-room-name')).toHaveValue('Harbour');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+A');
  await page.getByTestId('add-tab-have').click();
  await page.keyboard.type('host.example:4747');
  await page.getByTestId('add-tab-nearby').click();
  await page.getByTestId('add-tab-have').click();
  await expect(page.getByTestId('have-input')).toHaveValue('host.example:4747');
});

test('whoever writes is not taken elsewhere when somebody answers', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await page.getByTestId('say-hello').click();
  await composer(page).click();
  await page.keyboard.type('I am just ');
  await expect(page.locator('[data-room-name="Bob"]')).toBeVisible();
  await page.keyboard.type('writing this');
  await expect(page.getByTestId('room-title')).toHaveText('Sunday Cooks');
  await expect(composer(page)).toHaveValue('I am just writing this');
});

test('Enter held down acts once', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await page.keyboard.type('half a sentence');
  await page.keyboard.press('Control+,');
  await page.keyboard.press('Shift+Tab');
  await expect(page.getByTestId('settings-dialog').getByRole('button', { name: 'Close' })).toBeFocused();
  for (let i = 0; i < 5; i++) await page.keyboard.down('Enter');
  await page.keyboard.up('Enter');
  await expect(page.getByTestId('settings-dialog')).toHaveCount(0);
  await expect(composer(page)).toHaveValue('half a sentence');
});

test('keys of an input method neither send nor close', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const before = await page.getByTestId('message').count();
  await composer(page).fill('日本');
  for (const how of ['composing', 'code', 'after'] as const) await keyOfInputMethod(page, 'Enter', how);
  await expect(composer(page)).toHaveValue('日本');

  await said(page, 'Six at the station?').hover();
  await page.getByTestId('act-reply').click();
  for (const how of ['composing', 'code', 'after'] as const) await keyOfInputMethod(page, 'Escape', how);
  await expect(page.getByTestId('composer-banner')).toBeVisible();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('five');
  for (const how of ['composing', 'code', 'after'] as const) {
    for (const key of how === 'after' ? ['Enter', 'Escape'] : ['Enter', 'ArrowDown', 'Escape'])
      await keyOfInputMethod(page, key, how);
  }
  await expect(page.getByTestId('search')).toHaveValue('five');
  await expect(page.getByTestId('search')).toBeFocused();

  await page.keyboard.press('Control+Shift+A');
  await page.getByTestId('add-tab-have').click();
  await page.getByTestId('have-input').fill(`gv1r${'a'.repeat(60)}`);
  for (const how of ['composing', 'code', 'after'] as const) {
    for (const key of ['Enter', 'Escape']) await keyOfInputMethod(page, key, how);
  }
  await expect(page.getByTestId('have-input')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByTestId('composer-emoji').click();
  await page.keyboard.type('grapes');
  await expect(page.getByRole('button', { name: 'grapes', exact: true })).toBeVisible();
  for (const how of ['composing', 'code', 'after'] as const) {
    for (const key of how === 'after' ? ['Enter', 'Escape'] : ['Enter', 'ArrowDown', 'Escape'])
      await keyOfInputMethod(page, key, how);
  }
  await expect(page.getByTestId('emoji-search')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('message')).toHaveCount(before);
});

test('an edit, its caret and the place in the list stay with their room', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await page.keyboard.press('ArrowUp');
  await expect(composer(page)).toHaveValue('see you at six');
  await page.keyboard.type(', or half past');
  for (let i = 0; i < 'half past'.length; i++) await page.keyboard.press('ArrowLeft');
  // More rooms than histories are kept of.
  await page.evaluate(() => {
    const world = window.grapevineFake?.world;
    for (let i = 0; i < 10; i++) {
      const made = world?.room(`Room ${i}`, []);
      if (made) world?.emit({ notice: 'room_changed', room: made.row });
    }
  });
  for (let i = 0; i < 10; i++) {
    await page.locator(`[data-room-name="Room ${i}"]`).click();
    await expect(page.getByTestId('room-title')).toHaveText(`Room ${i}`);
  }
  await openRoom(page, 'Bayo');
  await expect(page.getByTestId('composer-banner')).toContainText('see you at six');
  await expect(composer(page)).toHaveValue('see you at six, or half past');
  await page.keyboard.type('almost ');
  await expect(composer(page)).toHaveValue('see you at six, or almost half past');
  await page.keyboard.press('Control+Shift+N');
  await expect(page.getByTestId('network')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(composer(page)).toHaveValue('see you at six, or almost half past');
  await page.keyboard.press('Enter');
  await expect(said(page, 'see you at six, or almost half past')).toContainText('edited');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.type(' no');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowUp');
  await expect(composer(page)).toHaveValue('see you at six, or almost half past');
});

test('an answer is still to the same message after a look elsewhere, and so is the panel', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await said(page, 'bringing the big pot').hover();
  await page.getByTestId('act-reply').click();
  await page.keyboard.type('which one');
  await page.getByTestId('member').filter({ hasText: 'Dice' }).click();
  await openRoom(page, 'Bayo');
  await openRoom(page, 'Sunday Cooks');
  await expect(page.getByTestId('composer-banner')).toContainText('bringing the big pot');
  await expect(composer(page)).toHaveValue('which one');
  await expect(page.getByTestId('details').getByRole('heading', { name: 'Dice' })).toBeVisible();
});

test('the place in a long history is found again, however many rooms were looked at', async ({ page }) => {
  await begin(page, 'big');
  await openRoom(page, 'The long table');
  const list = page.getByTestId('message-list');
  await list.hover();
  for (let i = 0; i < 6; i++) {
    await page.mouse.wheel(0, -1500);
    await page.waitForTimeout(80);
  }
  const top = () =>
    page.evaluate(() => {
      const box = document.querySelector('[data-testid="message-list"]')?.getBoundingClientRect();
      return [...document.querySelectorAll<HTMLElement>('[data-message-id]')].find(
        (m) => m.getBoundingClientRect().bottom > (box?.top ?? 0) + 2,
      )?.dataset['messageId'];
    });
  await page.waitForTimeout(300);
  const was = await top();
  await page.evaluate(() => {
    const world = window.grapevineFake?.world;
    for (let i = 0; i < 10; i++) {
      const made = world?.room(`Room ${i}`, []);
      if (made) world?.emit({ notice: 'room_changed', room: made.row });
    }
  });
  for (let i = 0; i < 10; i++) {
    await page.locator(`[data-room-name="Room ${i}"]`).click();
    await expect(page.getByTestId('room-title')).toHaveText(`Room ${i}`);
  }
  await openRoom(page, 'The long table');
  await expect.poll(top).toBe(was);
});

test('the box is as high as what it holds, however that came into it', async ({ page }) => {
  const long = Array.from({ length: 6 }, (_, i) => `line ${i + 1}`).join('\n');
  const fits = () =>
    composer(page).evaluate(
      (box: HTMLTextAreaElement) => box.scrollHeight <= box.clientHeight + 1 && box.clientHeight > 100,
    );
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  const flat = (await composer(page).boundingBox())?.height ?? 0;
  await composer(page).fill(long);
  await page.keyboard.press('Enter');
  await expect(composer(page)).toHaveValue('');
  expect((await composer(page).boundingBox())?.height).toBe(flat);
  await expect(said(page, 'line 6')).toBeVisible();
  await page.keyboard.press('ArrowUp');
  await expect(composer(page)).toHaveValue(long);
  expect(await fits()).toBe(true);
  await openRoom(page, 'Blessing');
  await openRoom(page, 'Bayo');
  expect(await fits()).toBe(true);
  await page.keyboard.press('Escape');
  expect((await composer(page).boundingBox())?.height).toBe(flat);
  // Pasted, undone, done again.
  await page.evaluate((text) => document.execCommand('insertText', false, text), long);
  expect(await fits()).toBe(true);
  await page.keyboard.press('Control+z');
  expect((await composer(page).boundingBox())?.height).toBe(flat);
  // One line in a wide window is several in a narrow one.
  await composer(page).fill('word '.repeat(60));
  await page.setViewportSize({ width: 480, height: 900 });
  await expect
    .poll(() => composer(page).evaluate((box: HTMLTextAreaElement) => box.scrollHeight - box.clientHeight))
    .toBeLessThanOrEqual(1);
});

test('in a box that is full the line that is written stays in sight', async ({ page }) => {
  const below = () =>
    composer(page).evaluate((box: HTMLTextAreaElement) => box.scrollHeight - box.clientHeight - box.scrollTop);
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await page.evaluate(() =>
    document.execCommand('insertText', false, Array.from({ length: 40 }, (_, i) => `line ${i + 1}`).join('\n')),
  );
  await page.keyboard.type(' and more');
  expect(await below()).toBeLessThan(2);
  await page.keyboard.press('Enter');
  await expect(said(page, 'line 40 and more')).toBeVisible();
  await page.keyboard.press('ArrowUp');
  await expect(composer(page)).toHaveValue(/line 40 and more$/);
  expect(await below()).toBeLessThan(2);
  for (let i = 0; i < 30; i++) await page.keyboard.press('ArrowUp');
  const middle = await below();
  await page.keyboard.type('x');
  expect(Math.abs((await below()) - middle)).toBeLessThan(2);
});

test('a draft is kept while somebody types on and on, and at the end at once', async ({ page }) => {
  const kept = () =>
    page.evaluate(
      () => [...(window.grapevineFake?.world.rooms.values() ?? [])].find((r) => r.row.name === 'Bayo')?.row.draft,
    );
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  for (let i = 0; i < 30; i++) {
    await page.keyboard.type('x');
    await page.waitForTimeout(100);
  }
  expect((await kept())?.length).toBeGreaterThan(10);
  await page.keyboard.type(' and last');
  await page.evaluate(() => window.grapevineFake?.end());
  expect(await kept()).toContain(' and last');
});

test('a window that comes into its place by itself ends the word that was begun', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Bayo');
  await page.keyboard.type('see you');
  await page.evaluate(() =>
    window.grapevineFake?.world.emit({ notice: 'invite_opened', text: `gv1r${'a'.repeat(60)}` }),
  );
  await expect(page.getByTestId('have-input')).toBeFocused({ timeout: 350 });
  await page.keyboard.type(' six');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('have-input')).toHaveValue(`gv1r${'a'.repeat(60)}`);
  await hear(page, 'Bayo', 'Bayo', 'are you there?');
  await expect(page.getByTestId('have-input')).toBeVisible();
});
