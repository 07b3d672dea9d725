import type { Level, RoomRow } from '../gen/api';
import { messages, names } from './count';
import { ok, plain, warn, type SentencePart } from './sentence';
import { briefTime } from './time';

/**
 * Who has what in a room, as parts of a sentence; empty when there is nothing to say. Whether
 * anybody is here comes from the links, which are told at once; who has what follows with the next
 * level.
 */
export function levelWords(
  { level: looked, members: of, connected }: Pick<RoomRow, 'level' | 'members' | 'connected'>,
  now: number,
): SentencePart[] {
  const level = withArrivals(looked, connected);
  if (connected === 0) return [plain('nobody else of this room is here now; what you write goes out when somebody is')];
  if (level.behind_in_all > 0) return [warn(behindWords(level)), ...restWords(level, of)];
  if (level.heard === 0) return [plain('just linked, comparing what each of you has')];
  if (level.up_to === null) return [];
  const all = level.unheard + level.through + level.away === 0;
  return [
    ok(
      all
        ? 'everyone has everything'
        : level.through > 0
          ? 'everyone linked has everything'
          : 'everyone here now has everything',
    ),
    plain(` up to ${briefTime(level.up_to, now)}`),
    ...restWords(level, of),
  ];
}

/** Peers linked since the level was made are not offline, and have not said yet what they have. */
function withArrivals(level: Level, connected: number): Level {
  const arrived = Math.max(0, connected - level.heard - level.unheard);
  return { ...level, unheard: level.unheard + arrived, away: Math.max(0, level.away - arrived) };
}

/**
 * "Ben is missing 12 messages", "Ben is missing 12 messages, Chi 3", "Ben, Chi and 4 more are
 * missing messages".
 */
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
function restWords(level: Level, of: number): SentencePart[] {
  const parts = [];
  if (level.through > 0) parts.push(`${level.through} more get it through them`);
  if (level.away > 0)
    parts.push(
      level.away === 1
        ? '1 is offline and will catch up when back'
        : `${level.away} of ${of} are offline and will catch up when they are back`,
    );
  return parts.map((words) => plain(` · ${words}`));
}
