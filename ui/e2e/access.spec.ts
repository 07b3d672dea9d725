import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { begin, expect, openRoom, test } from './base';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Finding {
  impact: string | null;
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** Serious and critical findings of axe-core. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const runner = (window as unknown as { axe: { run: (o: object) => Promise<{ violations: Finding[] }> } }).axe;
    return (await runner.run({ resultTypes: ['violations'] })).violations;
  });
  return found
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} — ${n.failureSummary ?? ''}`));
}

type Scene = [name: string, scene: string, go: (page: Page) => Promise<void>];

const SCENES: Scene[] = [
  [
    'first run',
    'first',
    async (page) => {
      await page.getByTestId('first-name').waitFor();
    },
  ],
  [
    'no keychain',
    'keychain-absent',
    async (page) => {
      await page.getByTestId('first-use-keyfile').click();
    },
  ],
  [
    'locked',
    'locked',
    async (page) => {
      await page.getByTestId('keychain-problem').waitFor();
    },
  ],
  [
    'a history that is put in order',
    'building',
    async (page) => {
      await page.getByTestId('building').waitFor();
    },
  ],
  [
    'empty',
    'empty',
    async (page) => {
      await page.getByTestId('empty').waitFor();
    },
  ],
  [
    'late words and wrong clocks',
    'clocks',
    async (page) => {
      await openRoom(page, 'Sunday Cooks');
      await page.evaluate(() => window.grapevineFake?.sayLate('Sunday Cooks', 'Dice', 'from the tunnel', 2_000));
      await expect(page.getByTestId('late-bar')).toHaveCSS('opacity', '1');
    },
  ],
  [
    'a room',
    'chat',
    async (page) => {
      await openRoom(page, 'Sunday Cooks');
    },
  ],
  [
    'a room in words',
    'unreachable',
    async (page) => {
      await openRoom(page, 'Sunday Cooks');
    },
  ],
  [
    'requests',
    'requests',
    async (page) => {
      await openRoom(page, 'Bayo');
    },
  ],
  [
    'hostile text',
    'hostile',
    async (page) => {
      await openRoom(page, 'W'.repeat(40));
    },
  ],
  [
    'send an invite',
    'chat',
    async (page) => {
      await page.getByTestId('add-open').click();
      await page.getByTestId('invite-copy').waitFor();
    },
  ],
  [
    'have an invite',
    'chat',
    async (page) => {
      await page.getByTestId('add-open').click();
      await page.getByTestId('add-tab-have').click();
      await page.getByTestId('have-input').fill('gv1broken');
      await page.getByText('missing or changed').waitFor();
    },
  ],
  [
    'settings',
    'chat',
    async (page) => {
      await page.getByTestId('settings-open').click();
      await page.getByTestId('custody').waitFor();
    },
  ],
  [
    'the network',
    'network',
    async (page) => {
      await page.getByTestId('network-open').click();
      await page.getByTestId('reach').first().click();
      await page.getByTestId('reach-more').waitFor();
    },
  ],
  [
    'the network of a crowd',
    'network-crowd',
    async (page) => {
      await page.getByTestId('network-open').click();
      await page.getByTestId('reach').first().waitFor();
    },
  ],
  ...(['upnp_off', 'local_firewall', 'captive_portal', 'not_checked', 'came_in'] as const).map((finding): Scene => [
    `the doctor with ${finding}`,
    `doctor-${finding}`,
    async (page) => {
      await page.getByTestId('doctor-open').click();
      await page.getByTestId('doctor-addresses').click();
      await page.getByTestId('finding').first().waitFor();
    },
  ]),
  [
    'new room',
    'chat',
    async (page) => {
      await page.getByTestId('rail-new-room').click();
      await page.getByTestId('new-room-name').waitFor();
    },
  ],
  [
    'people and their menu',
    'roles',
    async (page) => {
      await openRoom(page, 'Sunday Cooks');
      await page.getByTestId('member-more').first().click();
      await page.getByRole('menu').waitFor();
    },
  ],
  [
    'removing somebody',
    'roles',
    async (page) => {
      await openRoom(page, 'Sunday Cooks');
      await page.getByTestId('member-more').first().click();
      await page.getByTestId('menu-remove').click();
      await page.getByTestId('remove-confirm').waitFor();
    },
  ],
  ...(['roles', 'roles-member'] as const).map((scene): Scene => [
    `the settings of a room, ${scene}`,
    scene,
    async (page) => {
      await openRoom(page, 'Sunday Cooks');
      await page.getByTestId('room-settings-open').click();
      await page.getByTestId('room-invite').first().waitFor();
    },
  ]),
  [
    'a room that one was removed from',
    'roles-removed',
    async (page) => {
      await openRoom(page, 'Sunday Cooks');
    },
  ],
  [
    'message menu',
    'chat',
    async (page) => {
      await openRoom(page, 'Bayo');
      await page.keyboard.press('Shift+F6');
      await page.keyboard.press('Enter');
      await page.getByTestId('menu-reply').waitFor();
    },
  ],
];

for (const theme of ['light', 'dark'] as const) {
  for (const [name, scene, go] of SCENES) {
    test(`${name}, ${theme}, has no serious barrier`, async ({ page }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
      await begin(page, scene);
      await go(page);
      expect(await findings(page)).toEqual([]);
    });
  }
}

test('the messages are one stop on the way of Tab', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await expect(page.locator('[data-testid="message-list"] [tabindex="0"]')).toHaveCount(1);
  expect(
    await page
      .locator('[data-testid="message-list"]')
      .locator('a, button')
      .evaluateAll((all) => all.filter((el) => (el as HTMLElement).tabIndex >= 0).length),
  ).toBe(0);
});

test('a message is read as who, when, what, and how far it came', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await expect(
    page.getByRole('listitem', {
      name: /^You, \d\d:\d\d, Dice’s — her kitchen has two ovens\. Seven o’clock\?, delivered to 5 of 5$/,
    }),
  ).toBeVisible();
  await expect(page.getByRole('listitem', { name: /I can pick up the rice.*3 🙌, 1 🍚$/ })).toBeVisible();
});

test('nothing moves for those who want no motion', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await begin(page, 'requests');
  await expect(page.getByTestId('joining').first()).toBeVisible();
  expect(await page.evaluate(() => document.getAnimations().filter((a) => a.playState === 'running').length)).toBe(0);
});
