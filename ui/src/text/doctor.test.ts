import { describe, expect, it } from 'vitest';
import type { DoctorRow, Finding, FindingDetails, FixKind, JoinFinding, TroubleSide } from '../gen/api';
import { checkedWords, copyText } from './doctor';
import { findingWords } from './finding';
import { fixText, fixWords } from './fixes';
import { carriedWords } from './switches';
import { troubleWords } from './trouble';

// All of the contract: a record that lacks one, or has one too many, does not pass the type check.
const FINDINGS = Object.keys({
  closed: 0,
  no_network: 0,
  captive_portal: 0,
  vpn: 0,
  upnp_off: 0,
  router_failed: 0,
  shared_address: 0,
  two_routers: 0,
  changing_doors: 0,
  udp_blocked: 0,
  local_firewall: 0,
  ipv6_closed: 0,
  not_reached: 0,
  ipv6_only: 0,
  only_this_computer: 0,
  mapping_off: 0,
  firewall_on: 0,
  not_checked: 0,
  dht_silent: 0,
  internet_off: 0,
  carry_off: 0,
  hairpin: 0,
  listening: 0,
  came_in: 0,
  came_in_nearby: 0,
  mapped: 0,
  dht_answers: 0,
  carried: 0,
} satisfies Record<Finding, 0>) as Finding[];

const FIXES = Object.values({
  turn_mapping_on: { fix: 'turn_mapping_on' },
  turn_internet_on: { fix: 'turn_internet_on' },
  turn_carry_on: { fix: 'turn_carry_on' },
  other_port: { fix: 'other_port' },
  forward_port: { fix: 'forward_port', port: 4747 },
  allow_in_firewall: { fix: 'allow_in_firewall', command: 'sudo ufw allow 4747' },
  open_portal: { fix: 'open_portal', url: 'http://portal.example' },
  try_now: { fix: 'try_now' },
} satisfies { [K in FixKind['fix']]: Extract<FixKind, { fix: K }> }) as FixKind[];

const JOIN_FINDINGS = Object.keys({
  no_network: 0,
  captive_portal: 0,
  own_address: 0,
  no_address: 0,
  only_their_computer: 0,
  only_their_network: 0,
  name_unknown: 0,
  not_running: 0,
  somebody_else: 0,
  version: 0,
  nothing_answers: 0,
  not_heard_of: 0,
  udp_blocked: 0,
  changing_doors: 0,
  no_way: 0,
  breaks_off: 0,
} satisfies Record<JoinFinding, 0>) as JoinFinding[];

const NOW = new Date(2026, 4, 12, 15, 30).getTime();
const NONE: FindingDetails = { port: null, ip: null, protocol: null, firewall: null, at: null, bytes: null };
const ALL: FindingDetails = {
  port: 4747,
  ip: 'v6',
  protocol: 'nat_pmp',
  firewall: 'ufw',
  at: NOW - 60_000,
  bytes: 3 * 1024 * 1024,
};
/** What no person should have to read. */
const JARGON = /\b(NAT|DHT|symmetric|peer|node|socket|packet|mapping|null|undefined|NaN)\b/;

const row = (finding: Finding, change: Partial<DoctorRow> = {}): DoctorRow => ({
  finding,
  level: 'trouble',
  details: NONE,
  fixes: [],
  ...change,
});

describe('every finding', () => {
  it.each(FINDINGS)('%s says what was found and what it means, with or without particulars', (finding) => {
    for (const details of [NONE, ALL]) {
      const { title, means } = findingWords({ finding, details }, NOW);
      expect(title).toMatch(/^[A-Z].{5,60}[^.]$/);
      expect(means).toMatch(/^[A-Z0-9].{12,}\.$/);
      // A name of a setting in the router may stand in it, as the router has it.
      expect(`${title} ${means}`.replace('NAT-PMP', '')).not.toMatch(JARGON);
    }
  });

  it('has a title of its own', () => {
    expect(new Set(FINDINGS.map((finding) => findingWords({ finding, details: NONE }, NOW).title)).size).toBe(
      FINDINGS.length,
    );
  });

  it('says its particulars', () => {
    const means = (finding: Finding, details: Partial<FindingDetails>) =>
      findingWords({ finding, details: { ...NONE, ...details } }, NOW).means;
    expect(means('local_firewall', { firewall: 'windows' })).toContain('The Windows firewall is on');
    expect(means('mapped', { port: 4747, protocol: 'upnp' })).toBe(
      'Port 4747 leads to Grapevine, asked for by UPnP. It closes again when Grapevine ends.',
    );
    expect(means('carried', { bytes: 3.4 * 1024 * 1024 })).toMatch(/^3\.4 MB\. /);
    expect(means('ipv6_closed', { port: 4747 })).toContain('port 4747 (TCP and UDP)');
  });
});

describe('every fix', () => {
  it.each(FIXES)('$fix is a button, or says what to do by hand', (fix) => {
    const { button, steps, copy } = fixWords(fix);
    expect(button ?? steps).toBeTruthy();
    if (copy) expect(steps, 'what is copied is explained').toBeTruthy();
    expect(`${button} ${steps}`.replace('undefined', '').replace('undefined', '')).not.toMatch(JARGON);
  });

  it('gives what there is to copy', () => {
    expect(fixWords({ fix: 'forward_port', port: 4747 }).copy?.text).toBe('4747');
    const allow = { fix: 'allow_in_firewall', command: 'netsh …' } as const;
    expect(fixWords(allow, 'windows')).toMatchObject({
      copy: { text: 'netsh …' },
      button: 'Open the firewall’s settings',
    });
    expect(fixWords(allow, 'nftables').button, 'Linux has no dialog of one name').toBeUndefined();
    expect(fixWords({ ...allow, command: null }).copy).toBeUndefined();
  });

  it('says who sees what before one reaches over the internet', () => {
    expect(fixWords({ fix: 'turn_internet_on' }).steps).toMatch(/internet address and when it is on; not who you are/);
  });
});

it('every trouble of an attempt says whose it is', () => {
  const begins: Record<TroubleSide, string> = {
    mine: 'On your side: ',
    theirs: 'On their side: ',
    both: 'On both sides: ',
    unknown: 'Not clear on which side: ',
  };
  for (const side of Object.keys(begins) as TroubleSide[])
    for (const finding of JOIN_FINDINGS) {
      const said = troubleWords({ side, finding });
      expect(said.startsWith(begins[side]), said).toBe(true);
      expect(said).toMatch(/\.$/);
      expect(said).not.toMatch(JARGON);
    }
});

it('what is copied for a friend holds no address, no path and no more than the page', () => {
  const rows = [
    row('upnp_off', { fixes: [{ fix: 'forward_port', port: 4747 }] }),
    row('local_firewall', {
      details: { ...NONE, firewall: 'macos' },
      fixes: [{ fix: 'allow_in_firewall', command: 'sudo … /home/ana/Grapevine' }, { fix: 'try_now' }],
    }),
    row('captive_portal', { fixes: [{ fix: 'open_portal', url: 'http://192.0.2.1/' }] }),
    row('not_checked', { level: 'note', fixes: [{ fix: 'try_now' }] }),
    row('listening', { level: 'ok', details: { ...NONE, port: 4747 } }),
  ];
  const text = copyText({ summary: 'only_outward', rows, checked_at: NOW }, NOW);
  expect(text).toMatch(/^Grapevine: can others reach me\?\nOnly outward: others cannot come in by themselves\. /);
  expect(text).toContain('In the way:\n- Your router doesn’t open doors by itself. ');
  expect(text).toContain('  To do: in the router, lead port 4747 to this computer, both TCP and UDP.');
  expect(text).toContain('Worth knowing:\n- Nobody has tried yet to come in from outside. ');
  expect(text).toContain('What is well:\n- Grapevine listens. ');
  expect(text).toMatch(/\nChecked: today, .*\.$/);
  expect(text).not.toMatch(/\/home|192\.0\.2|\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]/);
});

it('has words for every fix that a friend can read', () => {
  expect(FIXES.filter((fix) => fixText(fix) === '').map((fix) => fix.fix)).toEqual(['try_now']);
});

it('says when it was checked, and how much was carried', () => {
  expect(checkedWords(null, NOW)).toBe('Not checked yet');
  expect(checkedWords(NOW, NOW)).toMatch(/^Last checked .*3/);
  expect(carriedWords(0)).toBe('');
  expect(carriedWords(300 * 1024)).toBe(' Carried today: 300 KB.');
});
