import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Doctor, DoctorRow } from '../gen/api';
import type { Host } from '../host/host';
import { dialogs } from './dialogs.svelte';
import { doctor } from './doctor.svelte';
import { network } from './network.svelte';
import { page } from './page.svelte';
import { connect } from './wire';

let calls: string[];
let links: string[];
let answer: Doctor;

const row = (change: Partial<DoctorRow>): DoctorRow => ({
  finding: 'internet_off',
  level: 'note',
  details: { port: null, ip: null, protocol: null, firewall: null, at: null, bytes: null },
  fixes: [],
  ...change,
});

beforeEach(() => {
  vi.useFakeTimers();
  [calls, links] = [[], []];
  answer = { rows: [], summary: 'not_known', checking: false, checked_at: null, addresses: [] };
  connect({
    call: (name: string) => {
      calls.push(name);
      return Promise.resolve(name === 'doctor' ? answer : { people: [] });
    },
    openExternal: (url: string) => Promise.resolve(links.push(url)),
  } as unknown as Host);
});

afterEach(() => {
  doctor.hide();
  network.hide();
  vi.useRealTimers();
});

it('asks while it is shown, and never after', async () => {
  doctor.show();
  await vi.advanceTimersByTimeAsync(25_000);
  expect(calls).toEqual(['doctor', 'doctor', 'doctor']);
  doctor.hide();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls).toHaveLength(3);
});

it('stands over the network and leads back to it; a dialog that led here is over', () => {
  network.show();
  dialogs.show({ kind: 'settings' });
  doctor.show();
  expect([page.shown, dialogs.open]).toEqual(['doctor', null]);
  doctor.hide();
  expect(page.shown).toBe('network');
  doctor.show();
  network.show();
  expect(page.shown, 'asked for').toBe('network');
});

it('is seen to check, however quickly it is done', async () => {
  doctor.show();
  await vi.advanceTimersByTimeAsync(0);
  const trying = doctor.tryNow();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(doctor.checking).toBe(true);
  await vi.advanceTimersByTimeAsync(300);
  await trying;
  expect(doctor.checking).toBe(false);
  expect(calls).toEqual(['doctor', 'try_reach', 'doctor']);
  doctor.onChanged({ ...answer, checking: true });
  expect(doctor.checking, 'the node says so').toBe(true);
});

it('opens a sign-in page outside, and hands everything else to the node', async () => {
  void doctor.fix({ fix: 'open_portal', url: 'http://portal.example/' });
  void doctor.fix({ fix: 'turn_carry_on' });
  void doctor.fix({ fix: 'try_now' });
  await vi.advanceTimersByTimeAsync(0);
  expect([links, calls]).toEqual([['http://portal.example/'], ['fix', 'try_reach']]);
});

it('leaves out a note that offers only what a trouble offers', async () => {
  const fixes = [{ fix: 'turn_internet_on' }] as const;
  const note = row({ fixes: [...fixes] });
  const checked = row({ finding: 'not_checked', fixes: [{ fix: 'try_now' }] });
  const shared = row({ finding: 'shared_address', level: 'trouble', fixes: [...fixes, { fix: 'try_now' }] });
  answer = { ...answer, rows: [shared, note, checked] };
  await doctor.look();
  expect(doctor.rows).toEqual([shared, checked]);
  answer = { ...answer, rows: [note, checked] };
  await doctor.look();
  expect(doctor.rows).toEqual([note, checked]);
});
