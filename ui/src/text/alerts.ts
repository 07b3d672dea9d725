import type { Alert } from '../gen/api';

export const alerts = { label: 'Things to know', dismiss: 'Dismiss', more: (n: number) => `${n} more` };

/** Each case: what happened, and what it means. */
export function alertWords(alert: Alert): { tone: 'warn' | 'bad'; words: string } {
  switch (alert.kind) {
    case 'history_repaired':
      return { tone: 'warn', words: 'Your history was damaged on disk. What could be read was kept; the rest comes again from the others.' };
    case 'history_set_aside':
      return { tone: 'warn', words: 'Your history could not be read. It was set aside, and comes again from the others.' };
    case 'disk_failing':
      return { tone: 'bad', words: 'Writing to the disk fails: new messages are not kept. Make room or look at the disk.' };
    case 'not_listening':
      return { tone: 'warn', words: 'Others cannot dial you, because the port is taken or forbidden. You can still dial them.' };
    case 'clock_off':
      return { tone: 'warn', words: 'This computer’s clock differs from your friends’ by more than two minutes. Set it, or messages stand in the wrong order.' };
    case 'fork':
      return { tone: 'bad', words: 'One person’s device said different things to different people about who is in a room. What came after was not accepted.' };
    case 'profile_copied':
      return { tone: 'bad', words: 'This profile also runs on another computer, or was restored from an old copy. No words are lost, but the two take each other’s connections. Use it in one place only, and make a new profile in the other.' };
  }
}
