import { expect, it } from 'vitest';
import { ANA, BEN, CHI, level, row } from '../test/people';
import { levelWords } from './level';

const NOW = new Date(2026, 4, 12, 15, 30).getTime();
const TWO = new Date(2026, 4, 12, 14, 2).getTime();

/** Linked are those of whom the level knows, unless it is behind. */
const words = (
  change: Parameters<typeof level>[0],
  members: number,
  connected = (change?.heard ?? 0) + (change?.unheard ?? 0),
) =>
  levelWords(row({ level: level(change), members, connected }), NOW)
    .map((part) => part.words)
    .join('');
const missing = (peer: string, name: string, count: number) => ({ peer, name, count });

it('says of everyone only what everyone said', () => {
  expect(words({ heard: 8, up_to: TWO }, 9)).toMatch(/^everyone has everything up to .*2/);
  expect(words({ heard: 5, away: 3, up_to: TWO }, 9)).toMatch(
    /^everyone here now has everything up to .*2.* · 3 of 9 are offline and will catch up when they are back$/,
  );
  expect(words({ heard: 2, away: 1, up_to: TWO }, 4)).toMatch(/ · 1 is offline and will catch up when back$/);
  expect(words({ heard: 8, through: 491, up_to: TWO }, 500)).toMatch(
    /^everyone linked has everything up to .* · 491 more get it through them$/,
  );
  expect(words({ heard: 1, unheard: 1, up_to: TWO }, 3)).toMatch(/^everyone here now/);
});

it('names who lacks how much', () => {
  const ben = missing(BEN, 'Ben', 12);
  const chi = missing(CHI, 'Chi', 3);
  expect(words({ heard: 2, up_to: TWO, behind: [ben], behind_in_all: 1 }, 3)).toBe('Ben is missing 12 messages');
  expect(words({ heard: 2, up_to: TWO, behind: [ben, chi], behind_in_all: 2 }, 3)).toBe(
    'Ben is missing 12 messages, Chi 3',
  );
  expect(words({ heard: 9, up_to: TWO, behind: [ben, chi, missing(ANA, 'Ana', 1)], behind_in_all: 6 }, 10)).toBe(
    'Ben, Chi and 4 more are missing messages',
  );
  expect(words({ heard: 1, away: 1, up_to: null, behind: [ben], behind_in_all: 1 }, 3)).toBe(
    'Ben is missing 12 messages · 1 is offline and will catch up when back',
  );
});

it('claims nothing when nobody was heard', () => {
  expect(words({ away: 2 }, 3)).toBe('nobody else of this room is here now; what you write goes out when somebody is');
  expect(words({ unheard: 1 }, 2)).toBe('just linked, comparing what each of you has');
  expect(words({}, 3)).toMatch(/^nobody else of this room is here now/);
  expect(words({ heard: 2 }, 3)).toBe('');
});

it('says that somebody is here or not as the links say, though the last look at the room knows better', () => {
  expect(words({ away: 2 }, 3, 1)).toBe('just linked, comparing what each of you has');
  expect(words({ heard: 2, up_to: TWO }, 3, 0)).toMatch(/^nobody else of this room is here now/);
  expect(words({ heard: 1, away: 1, up_to: TWO }, 3, 2)).not.toContain('offline');
});
