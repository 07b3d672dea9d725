import type { LinkPath, Reach } from '../gen/api';
import type { Way } from '../state/reach';
import { amountWords, capital, messages, names, people } from './count';
import { latencyWords, reasonWords } from './links';
import { briefTime, untilWords } from './time';

export const network = {
  title: 'Network',
  label: 'Network: who is linked with you',
  open: 'Network',
  close: 'Back to the chats',
  everyone: 'Show everyone',
  ofRoom: 'See how they are linked',
  you: 'You',
  list: 'People, and how they are reached',
  find: 'Find someone',
  noHits: (query: string) => `Nobody here is called “${query}”.`,
  emptyTitle: 'Nobody to link with yet',
  emptySentence:
    'As soon as somebody follows your invite you see here how the two of you are linked, and whether anything is still on its way.',
  invite: 'Invite someone',
  message: 'Message',
  redial: 'Try now',
  canOthers: 'Can others reach you?',
  common: (rooms: readonly string[]) =>
    `In common: ${rooms.length > 3 ? `${rooms.slice(0, 3).join(', ')} and ${rooms.length - 3} more` : rooms.join(', ')}.`,
};

export const wayNames: Record<Way, string> = {
  direct: 'Linked directly',
  carried: 'Linked through a friend',
  through: 'Reached through others',
  none: 'Not linked now',
};

/** "4 linked directly · 2 reached through others · 1 not linked now". */
function countWords(count: Record<Way, number>): string {
  const parts = [count.direct === 0 ? 'nobody linked directly' : `${count.direct} linked directly`];
  if (count.carried > 0) parts.push(`${count.carried} linked through a friend`);
  if (count.through > 0) parts.push(`${count.through} reached through others`);
  if (count.none > 0) parts.push(`${count.none} not linked now`);
  return parts.join(' · ');
}

/**
 * Who waits for what: "3 people linked · Bayo is missing 12 messages · 3 messages are on their way
 * to you".
 */
export function summaryWords(all: readonly Reach[]): string {
  const linked = all.filter((reach) => reach.link.state === 'connected');
  const lacking = linked
    .flatMap((reach) => ({ name: reach.name, count: sum(reach.owed.map((o) => o.theirs)) }))
    .filter((l) => l.count > 0);
  const coming = sum(linked.flatMap((reach) => reach.owed.map((o) => o.ours)));
  const parts = [linked.length === 0 ? 'nobody is linked with you now' : `${people(linked.length)} linked with you`];
  const [first] = lacking;
  if (first && lacking.length === 1) parts.push(`${first.name} is missing ${messages(first.count)}`);
  else if (first) parts.push(`${names(lacking.map((l) => l.name))} are missing messages`);
  if (coming > 0) parts.push(`${messages(coming)} on the way to you`);
  if (linked.length > 0 && parts.length === 1) parts.push('nobody is waiting for anything');
  return capital(parts.join(' · '));
}

/** What the picture shows, for those who do not see it. */
export function pictureWords(count: Record<Way, number>): string {
  return `A drawing of you and ${people(count.direct + count.carried + count.through + count.none)} around you: ${countWords(count)}. The list says the same in words.`;
}

/** "Linked directly", "Linked through Dice". */
function linkedWords(path: LinkPath): string {
  switch (path.kind) {
    case 'direct':
      return 'Linked directly';
    case 'door':
      return 'Linked directly through your router’s door';
    case 'through':
      return `Linked through ${path.name}`;
  }
}

/**
 * "Linked directly, 12 ms", "Reached through Ben", "Offline, last seen 14:02; trying again in 20
 * s".
 */
export function reachWords({ link, through, last_seen }: Reach, now: number): string {
  if (link.state === 'connected') {
    const how = linkedWords(link.path);
    return link.latency_us === null ? how : `${how}, ${latencyWords(link.latency_us)}`;
  }
  if (through) return `Reached through ${through.name}${andOthers(through.others)}`;
  const seen = last_seen === null ? 'never seen yet' : `last seen ${briefTime(last_seen, now)}`;
  switch (link.state) {
    case 'connecting':
      return `Calling them now; ${seen}`;
    case 'waiting':
      return `Offline, ${seen}; trying again ${untilWords(link.retry_at, now)}`;
    case 'unreachable':
    case 'own':
      return last_seen === null ? 'Not linked yet' : `Offline, ${seen}`;
  }
}

/** What is on its way: "Missing 12 messages", "Waiting for 3 messages from Ana". */
export function owedWords(name: string, { theirs, ours }: { theirs: number; ours: number }, queued: number): string[] {
  const words = [];
  if (theirs > 0) words.push(`Missing ${messages(theirs)}`);
  if (ours > 0) words.push(`Waiting for ${messages(ours)} from ${name}`);
  if (queued >= 1024) words.push(`${amountWords(queued)} on the way to them`);
  return words;
}

/** The same for the picture, where there is little room. */
export function owedBrief({ theirs, ours }: { theirs: number; ours: number }): string {
  if (theirs > 0) return `missing ${theirs}`;
  return ours > 0 ? `${ours} to come` : '';
}

/** More about one person, when they are chosen. */
export function moreWords(reach: Reach, now: number): string {
  const { link, through, name } = reach;
  if (link.state === 'connected') return linkedMore(link.path, name, briefTime(link.since, now));
  if (through) {
    const wrote = reach.wrote_at === null ? '' : ` Their newest message here is of ${briefTime(reach.wrote_at, now)}.`;
    return `You two have no link of your own. What is said in a room you share is passed on by ${through.name}${andOthers(through.others)}, in both directions.${wrote}`;
  }
  const kept = `What you write is kept and reaches ${name} when they are back.`;
  return link.state === 'waiting' ? `The last try ended so: ${reasonWords[link.reason]}. ${kept}` : kept;
}

function linkedMore(path: LinkPath, name: string, since: string): string {
  switch (path.kind) {
    case 'direct':
      return `Your computer and ${name}’s talk to each other directly, since ${since}.`;
    case 'door':
      return `Your computer and ${name}’s talk to each other directly, since ${since}. ${name} came in through the door that your router holds open.`;
    case 'through':
      return `${path.name} carries what the two of you say, since ${since}, and sees only how much, never what. A direct way is looked for all the time.`;
  }
}

/**
 * Those who are not drawn one by one: "+462 others, reached through them" on the ring, and a second
 * line for the rest.
 */
export function restWords(more: Record<Way, number>): string[] {
  const words = [];
  if (more.through > 0) words.push(`+${more.through} others, reached through them`);
  if (more.carried > 0) words.push(`+${more.carried} linked through a friend`);
  if (more.direct > 0) words.push(`+${more.direct} more linked directly`);
  if (more.none > 0) words.push(`+${more.none} not linked now`);
  const [first, ...rest] = words;
  return first === undefined ? [] : rest.length === 0 ? [first] : [first, rest.join(' · ')];
}

function andOthers(n: number): string {
  return n === 0 ? '' : n === 1 ? ' and 1 other' : ` and ${n} others`;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
