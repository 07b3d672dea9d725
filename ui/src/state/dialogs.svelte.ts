import type { Message } from '../gen/api';

/** Which way of adding a person is shown first. */
export type AddTab = 'send' | 'have' | 'nearby';

/** The dialog that is open; one at a time. */
export type Dialog =
  | { kind: 'add'; tab: AddTab; room: string | null; text: string }
  | { kind: 'new_room' }
  | { kind: 'settings' }
  | { kind: 'shortcuts' }
  | { kind: 'room_settings'; room: string }
  | { kind: 'leave'; room: string }
  | { kind: 'remove'; room: string; peer: string; name: string }
  | { kind: 'delete'; message: Message }
  | { kind: 'link'; url: string };

class Dialogs {
  open: Dialog | null = $state.raw(null);

  show(dialog: Dialog): void {
    this.open = dialog;
  }

  openAdd({ tab = 'send', room = null, text = '' }: { tab?: AddTab; room?: string | null; text?: string } = {}): void {
    this.open = { kind: 'add', tab, room, text };
  }

  close(): void {
    this.open = null;
  }
}

export const dialogs = new Dialogs();
