import type { AddressPart, Doctor, DoctorRow, FindingLevel } from '../gen/api';
import { findingWords } from './finding';
import { fixText } from './fixes';
import { reachSentence } from './reachable';
import { briefTime, datedWords } from './time';

export const doctor = {
  title: 'Can others reach you?',
  open: 'Can others reach you?',
  close: 'Back',
  tryNow: 'Try now',
  checking: 'Checking…',
  copy: 'Copy for a friend',
  copyHint: 'What is said here, without your addresses.',
  addresses: 'Your addresses',
  addressesHint: 'Whoever has them can call this computer. They are not in what you copy for a friend.',
  noAddresses: 'None is known.',
  copyAddress: (address: string) => `Copy ${address}`,
  loading: 'Looking…',
  more: 'Click to see why.',
  settings: 'Switches in the settings',
};

export const levelNames: Record<FindingLevel, string> = {
  trouble: 'In the way',
  note: 'Worth knowing',
  ok: 'What is well',
};

export const partNames: Record<AddressPart, string> = {
  listening: 'Grapevine listens at',
  observed: 'Friends see you at',
  door: 'Your router’s door',
  router: 'Your router, from inside',
  router_outside: 'Your router, from outside',
};

/** "Checked at 14:02", or that it was not. */
export function checkedWords(at: number | null, now: number): string {
  return at === null ? 'Not checked yet' : `Last checked ${briefTime(at, now)}`;
}

/** Everything in words, for a friend who helps. No address is in it. */
export function copyText(
  { summary, rows, checked_at: at }: Pick<Doctor, 'summary' | 'rows' | 'checked_at'>,
  now: number,
): string {
  const parts = (['trouble', 'note', 'ok'] as const).flatMap((level) => {
    const of = rows.filter((row) => row.level === level);
    if (of.length === 0) return [];
    return ['', `${levelNames[level]}:`, ...of.map((row) => rowText(row, now))];
  });
  const checked = at === null ? 'Not checked yet.' : `Checked: ${datedWords(at, now)}.`;
  return ['Grapevine: can others reach me?', reachSentence(summary), ...parts, '', checked].join('\n');
}

function rowText(row: DoctorRow, now: number): string {
  const { title, means } = findingWords(row, now);
  const todo = row.fixes.map(fixText).filter((words) => words !== '');
  return [`- ${title}. ${means}`, ...todo.map((words) => `  To do: ${words}`)].join('\n');
}
