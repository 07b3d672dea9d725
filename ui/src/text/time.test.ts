import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { briefTime, dayName, timeOf, wholeTime } from './time';

const at = Date.UTC(2026, 4, 12, 20, 30);
const usual = process.env['TZ'];

beforeEach(() => vi.useFakeTimers({ now: at + 60_000 }));

afterEach(() => {
  vi.useRealTimers();
  if (usual === undefined) delete process.env['TZ'];
  else process.env['TZ'] = usual;
});

/** What is said after the computer came to a zone, at the latest at the next tick of the clock. */
function saidIn(zone: string): string[] {
  process.env['TZ'] = zone;
  vi.advanceTimersByTime(1_000);
  return [
    timeOf(at),
    wholeTime(at),
    briefTime(at, Date.now()),
    dayName(at, at + 5 * 3_600_000),
    briefTime(at - 2 * 86_400_000, at),
  ];
}

it('says times of the zone in which the computer is now', () => {
  const berlin = saidIn('Europe/Berlin');
  expect(berlin[0]).toMatch(/10:30|22:30/);
  expect(berlin[3]).toBe('Yesterday');
  const tokyo = saidIn('Asia/Tokyo');
  expect(tokyo[0]).toMatch(/5:30/);
  expect(tokyo[1]).not.toBe(berlin[1]);
  expect(tokyo[2]).toBe(tokyo[0]);
  expect(tokyo[3]).toBe('Today');
  expect(saidIn('Europe/Berlin')).toEqual(berlin);
  expect(saidIn('Asia/Kolkata')[0]).toMatch(/2:00/);
});
