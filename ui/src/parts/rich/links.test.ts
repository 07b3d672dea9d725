import { expect, it } from 'vitest';
import { addressesIn, isOddLink } from './links';

const found = (line: string) => addressesIn(line).map(({ from, to }) => line.slice(from, to));

it('finds addresses without what stands around them', () => {
  for (const [line, link] of [
    ['see https://example.org/a_(b)_c, then', 'https://example.org/a_(b)_c'],
    ['(https://example.org)', 'https://example.org'],
    ['https://example.org/a?b=c&d#e.', 'https://example.org/a?b=c&d#e'],
    ['**https://example.org/**', 'https://example.org/'],
    ['“https://example.org/”!', 'https://example.org/'],
    ['<https://example.org/>', 'https://example.org/'],
    ['https://example.org/a*b*c', 'https://example.org/a*b*c'],
    ['mailto:ana@example.org;', 'mailto:ana@example.org'],
  ] as const)
    expect(found(line), line).toEqual([link]);
  for (const none of [
    'example.org',
    '//example.org',
    'ftp://example.org',
    'javascript:alert(1)',
    'https://',
    'C:\\_work',
  ])
    expect(found(none), none).toEqual([]);
});

it('asks about links that show something else than they lead to', () => {
  expect(isOddLink('https://example.org/', 'https://example.org/')).toBe(false);
  expect(isOddLink('https://example.org/', 'https://example.org')).toBe(false);
  expect(isOddLink('https://evil.example/', 'my bank')).toBe(true);
  expect(isOddLink('https://user@bank.example/', 'https://user@bank.example/')).toBe(true);
  expect(isOddLink('https://xn--bnk-4na.example/', 'https://xn--bnk-4na.example/')).toBe(true);
  expect(isOddLink('https://bänk.example/', 'https://bänk.example/')).toBe(true);
  expect(isOddLink('https://example.org/\u202Egro.knab', 'https://example.org/\u202Egro.knab')).toBe(true);
});
