import type { Page } from '@playwright/test';
import { begin, expect, openRoom, test } from './base';

const finding = (page: Page, name: string) => page.locator(`[data-testid="finding"][data-finding="${name}"]`);
const heading = (page: Page) => page.getByRole('heading', { level: 1, name: 'Can others reach you?' });

async function openDoctor(page: Page): Promise<void> {
  await page.getByTestId('doctor-open').click();
  await expect(page.getByTestId('doctor-summary')).toBeVisible();
}

const copied = (page: Page) => page.evaluate(() => window.grapevineFake?.copied ?? []);

test('troubles come first, then notes, then what is well', async ({ page }) => {
  await begin(page, 'doctor-changing_doors');
  await openDoctor(page);
  await expect(page.getByTestId('doctor-summary').getByRole('heading')).toHaveText(
    'Only outward: others cannot come in by themselves',
  );
  await expect(page.getByTestId('doctor-trouble').getByTestId('finding')).toHaveCount(2);
  const order = await page
    .getByTestId('finding')
    .evaluateAll((all) => all.map((row) => row.getAttribute('data-finding')));
  expect(order).toEqual(['upnp_off', 'changing_doors', 'internet_off', 'listening']);
});

test('a port and a line for the terminal are copied as they are', async ({ page }) => {
  await begin(page, 'doctor-upnp_off');
  await openDoctor(page);
  await finding(page, 'upnp_off').getByRole('button', { name: 'Copy 4747' }).click();
  expect(await copied(page)).toEqual(['4747']);
  await begin(page, 'doctor-local_firewall');
  await openDoctor(page);
  await expect(finding(page, 'local_firewall')).toContainText('The firewall ufw is on and turns them away');
  await finding(page, 'local_firewall').getByRole('button', { name: 'Copy the line' }).click();
  expect(await copied(page)).toEqual(['sudo ufw allow 4747 comment Grapevine']);
});

test('it is seen to check, and what was found out is there at once', async ({ page }) => {
  await begin(page, 'doctor-not_checked', 'answers=on');
  await openDoctor(page);
  const button = page.getByTestId('doctor-try');
  await button.focus();
  await page.keyboard.press('Enter');
  await expect(button).toContainText('Checking…');
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await expect(page.getByTestId('doctor-summary').getByRole('heading')).toHaveText('Reachable');
  await expect(page.getByTestId('rail-reach')).toHaveText('Reachable');
  await expect(button).toContainText('Try now');
  await expect(button).toBeFocused();
  await expect(finding(page, 'not_checked')).toHaveCount(0);
});

test('a switch that is off is turned on from here, after a sentence on who sees what', async ({ page }) => {
  await begin(page, 'doctor-shared_address');
  await openDoctor(page);
  await expect(finding(page, 'internet_off'), 'is said once').toHaveCount(0);
  const row = finding(page, 'shared_address');
  await expect(row).toContainText('when it is on; not who you are, whom you know or what you say');
  await row.getByRole('button', { name: 'Reach over the internet' }).click();
  await page.getByTestId('doctor-settings').click();
  await expect(page.getByTestId('settings-internet')).toBeChecked();
  await page.getByTestId('settings-internet').click();
  await expect(page.getByTestId('settings-internet')).not.toBeChecked();
});

test('the focus is not lost with a row that was put right', async ({ page }) => {
  await begin(page, 'doctor-carry_off');
  await openDoctor(page);
  await finding(page, 'carry_off').getByRole('button', { name: 'Carry messages for friends' }).press('Enter');
  await expect(finding(page, 'carry_off')).toHaveCount(0);
  await expect(heading(page)).toBeFocused();
});

test('a network that wants a sign-in opens its page outside', async ({ page }) => {
  await begin(page, 'doctor-captive_portal');
  await openDoctor(page);
  await finding(page, 'captive_portal').getByRole('button', { name: 'Open the sign-in page' }).click();
  expect(await page.evaluate(() => window.grapevineFake?.links)).toEqual(['http://portal.example/']);
});

test('addresses are shown when they are asked for, and are never in the copy for a friend', async ({ page }) => {
  await begin(page, 'doctor-came_in');
  await openDoctor(page);
  await expect(page.getByTestId('doctor')).not.toContainText('192.168.1.12');
  await page.getByTestId('doctor-copy').click();
  const [text = ''] = await copied(page);
  expect(text).toContain('Grapevine: can others reach me?\nReachable. ');
  expect(text).toContain('- Somebody from outside came in. ');
  expect(text).not.toMatch(/\d+\.\d+\.\d+\.\d+|2001:db8/);
  await page.getByTestId('doctor-addresses').click();
  await expect(page.getByTestId('doctor')).toContainText('192.168.1.12:4747');
});

test('what is well is folded beside other things, and stands open alone', async ({ page }) => {
  await begin(page, 'doctor-came_in');
  await openDoctor(page);
  await expect(page.getByTestId('doctor-ok').getByTestId('finding')).toHaveCount(6);
  await expect(page.getByTestId('doctor-unfold')).toHaveCount(0);
});

test('it is two clicks away from everywhere, and leads back to where one was', async ({ page }) => {
  await begin(page, 'chat');
  await openRoom(page, 'Sunday Cooks');
  await openDoctor(page);
  await expect(heading(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('room-title')).toHaveText('Sunday Cooks');
  await expect(page.getByTestId('composer')).toBeFocused();

  await page.getByTestId('settings-open').click();
  await page.getByTestId('settings-doctor').click();
  await expect(page.getByTestId('settings-dialog')).toHaveCount(0);
  await expect(heading(page)).toBeFocused();
  await page.getByTestId('doctor-close').click();

  await page.getByTestId('network-open').click();
  await page.getByTestId('network-doctor').click();
  await expect(heading(page)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('network')).toBeVisible();
  await page.getByTestId('network-doctor').click();
  await page.getByTestId('network-open').click();
  await expect(page.getByTestId('network')).toBeVisible();

  await page.getByTestId('add-open').click();
  await page.getByTestId('reach-why').click();
  await expect(heading(page)).toBeFocused();
  await openRoom(page, 'Bayo');
  await expect(page.getByTestId('doctor')).toHaveCount(0);
});

test('by keys alone everything on it is reached', async ({ page }) => {
  await begin(page, 'doctor-local_firewall');
  await page.getByTestId('doctor-open').focus();
  await page.keyboard.press('Enter');
  await expect(heading(page)).toBeFocused();
  const seen: string[] = [];
  for (let i = 0; i < 10; i++) {
    await page.keyboard.press('Tab');
    seen.push(await page.evaluate(() => document.activeElement?.textContent?.trim() ?? ''));
  }
  for (const name of ['Try now', 'Copy the line', 'Reach over the internet', 'Your addresses', 'Copy for a friend'])
    expect(seen).toContain(name);
});

test('an attempt that does not get on says whose trouble it is, and leads here', async ({ page }) => {
  await begin(page, 'requests');
  const join = page.getByTestId('joining').first();
  await expect(join.getByTestId('join-trouble')).toHaveText(
    'On their side: their computer is there, but Grapevine is not open on it.',
  );
  await expect(join).not.toContainText('refused');
  await join.getByTestId('join-why').click();
  await expect(heading(page)).toBeFocused();
});

test('the rail and the dialog for adding people say the same of every state', async ({ page }) => {
  await begin(page, 'chat');
  for (const [reach, rail, brief] of [
    ['reachable', 'Reachable', 'Reachable. '],
    ['this_network', 'Reachable on this network', 'Reachable on this network. '],
    ['only_outward', 'Only outward', 'Only outward: others cannot come in by themselves. '],
    ['not_known', 'Reach not yet known', 'Not yet known whether others can reach you. '],
    ['closed', 'Others cannot call you', 'Others cannot call you. '],
    ['no_network', 'On no network', 'On no network. '],
    ['this_computer', 'Only on this computer', 'Only on this computer. '],
  ] as const) {
    await page.evaluate((to) => {
      const world = window.grapevineFake?.world;
      if (!world) throw new Error('no world');
      world.me = { ...world.me, reach: to };
      world.emit({ notice: 'me_changed', me: world.me });
    }, reach);
    await expect(page.getByTestId('rail-reach')).toHaveText(rail);
    await page.getByTestId('add-open').click();
    await expect(page.getByTestId('add-dialog').getByTestId('reach')).toContainText(brief);
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('add-dialog')).toHaveCount(0);
  }
});

const FINDINGS =
  'closed no_network captive_portal vpn upnp_off router_failed shared_address two_routers changing_doors udp_blocked local_firewall ipv6_closed not_reached ipv6_only only_this_computer mapping_off firewall_on not_checked dht_silent internet_off carry_off hairpin listening came_in came_in_nearby mapped dht_answers carried'.split(
    ' ',
  );

test('each finding has its row', async ({ page }) => {
  for (const name of FINDINGS) {
    await begin(page, `doctor-${name}`);
    await openDoctor(page);
    const unfold = page.getByTestId('doctor-unfold');
    if ((await unfold.count()) > 0) await unfold.click();
    await expect(finding(page, name)).toBeVisible();
  }
});

for (const [width, height] of [
  [1280, 800],
  [900, 600],
  [640, 400],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`the doctor fits ${width}×${height}, ${colorScheme}`, async ({ page }, info) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height });
      for (const name of ['upnp_off', 'local_firewall', 'shared_address', 'not_checked', 'came_in', 'closed']) {
        await begin(page, `doctor-${name}`);
        await openDoctor(page);
        await page.getByTestId('doctor-addresses').click();
        await page.screenshot({ path: info.outputPath(`${name}.png`) });
        const out = await page
          .getByTestId('doctor')
          .evaluate(
            (el) =>
              [...el.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1).length,
          );
        expect(out, name).toBe(0);
        await page.getByTestId('doctor-copy').scrollIntoViewIfNeeded();
        await expect(page.getByTestId('doctor-copy')).toBeInViewport();
      }
    });
  }
}
