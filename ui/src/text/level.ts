import type { Level } from '../gen/api';
import type { HeadPart } from './conversation';
import { messages, names } from './count';
import { briefTime } from './time';

/** Who has what in a room, as parts of a sentence; empty when there is nothing to say. `of` counts oneself too. */
export function levelWords(level: Level, of: number, now: number): HeadPart[] {
  if (level.behind_in_all > 0) return [{ words: behindWords(level), tone: 'warn' }, ...restWords(level, of)];
  if (level.heard === 0) return nobodyWords(level);
  if (level.up_to === null) return [];
  const all = level.unheard + level.through + level.away === 0;
  return [
    { words: all ? 'everyone has everything' : level.through > 0 ? 'everyone linked has everything' : 'everyone here now has everything', tone: 'ok' },
    { words: ` up to ${briefTime(level.up_to, now)}`, tone: 'plain' },
    ...restWords(level, of),
  ];
}

/** "Ben is missing 12 messages", "Ben is missing 12 messages, Chi 3", "Ben, Chi and 4 more are missing messages". */
function behindWords({ behind, behind_in_all: all }: Level): string {
  const [first, second] = behind;
  if (!first) return `${all} are missing messages`;
  const begins = `${first.name} is missing ${messages(first.count)}`;
  if (all === 1) return begins;
  if (all === 2 && second) return `${begins}, ${second.name} ${second.count}`;
  const named = behind.slice(0, 2).map((b) => b.name);
  return `${names([...named, ...Array.from({ length: all - named.length }, () => '')])} are missing messages`;
}

/** Those of whom nothing is known at first hand. */
function restWords(level: Level, of: number): HeadPart[] {
  const parts = [];
  if (level.through > 0) parts.push(`${level.through} more get it through them`);
  if (level.away > 0) parts.push(level.away === 1 ? '1 is offline and will catch up when back' : `${level.away} of ${of} are offline and will catch up when they are back`);
  return parts.map((words) => ({ words: ` · ${words}`, tone: 'plain' }));
}

function nobodyWords(level: Level): HeadPart[] {
  if (level.unheard > 0) return [{ words: 'just linked, comparing what each of you has', tone: 'plain' }];
  if (level.through + level.away === 0) return [];
  return [{ words: 'nobody else is here now; what you write goes out when somebody is', tone: 'plain' }];
}
