import type { Alert, ClockOff, Forked } from '../gen/api';

export const alerts = { label: 'Things to know', dismiss: 'Dismiss', more: (n: number) => `${n} more` };

/** How many messages a part of a log may lack; nothing if that is not known. */
function atMost(detail: string): string {
  const count = Number(detail);
  if (!Number.isInteger(count) || count < 1) return '';
  return `, ${count === 1 ? 'one message' : `at most ${count.toLocaleString('en')} messages`},`;
}

/** Each case: what happened, and what it means. */
export function alertWords(alert: Alert): { tone: 'warn' | 'bad'; words: string } {
  switch (alert.kind) {
    case 'history_repaired':
      return {
        tone: 'warn',
        words: `Your history was damaged on disk. What could be read was kept; the rest${atMost(alert.detail)} comes again from the others.`,
      };
    case 'history_set_aside':
      return {
        tone: 'warn',
        words: 'Your history could not be read. It was set aside, and comes again from the others.',
      };
    case 'disk_failing':
      return {
        tone: 'bad',
        words: 'Writing to the disk fails: new messages are not kept. Make room or look at the disk.',
      };
    case 'not_listening':
      return {
        tone: 'warn',
        words: 'Others cannot call you, because the port is taken or forbidden. You can still call them.',
      };
    case 'clock_off':
      return { tone: 'warn', words: alert.clock ? clockWords(alert.clock) : '' };
    case 'fork':
      return { tone: 'bad', words: alert.fork ? forkWords(alert.fork) : '' };
    case 'profile_copied':
      return {
        tone: 'bad',
        words:
          'This profile also runs on another computer, or was restored from an old copy. No words are lost, but the two take each other’s connections. Use it in one place only, and make a new profile in the other.',
      };
  }
}

/** Whose device contradicted itself and where, what became of it, and what to do. */
function forkWords({ name, room_name: room }: Forked): string {
  return `${name}’s device told some people one thing and others another about who is in ${room}. What it did to this room from there on does not count. Ask ${name} whether their profile runs twice, or came from an old copy. If not, somebody else may have their key: let an admin remove them.`;
}

/** Whose clock is off, what that means for messages, and what to do. */
function clockWords({ whose, name, fast, minutes }: ClockOff): string {
  const by = durationWords(minutes);
  switch (whose) {
    case 'own':
      return fast
        ? `Your computer’s clock is ${by} fast. Others see what you write only when its time has come: set the clock.`
        : `Your computer’s clock is ${by} slow. You see what others write only when its time has come: set the clock.`;
    case 'theirs':
      return fast
        ? `${name}’s clock is ${by} fast. What ${name} writes shows here when its time has come.`
        : `${name}’s clock is ${by} slow. What ${name} writes stands too early here.`;
    case 'unclear':
      return `Your clock and ${name}’s differ by ${by}; one of them is wrong. Messages wait, or stand too early, until it is set.`;
  }
}

function durationWords(minutes: number): string {
  if (minutes < 120) return `${minutes} minutes`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} hours`;
  return `${Math.round(minutes / (24 * 60))} days`;
}
