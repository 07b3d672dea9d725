import type { RoomRow } from '../gen/api';

export const composer = {
  label: 'Write a message',
  placeholder: (name: string) => `Message ${name}`,
  send: 'Send',
  save: 'Save the change',
  emoji: 'Insert an emoji',
  editing: 'Editing your message',
  replying: (name: string) => `Answering ${name}`,
  cancel: 'Cancel',
  tooLong: (over: number) => `${over} bytes too long for one message`,
};

/** Why nothing can be written, or `null` when it can. */
export function closedWords(room: RoomRow): string | null {
  switch (room.standing) {
    case 'left':
      return 'You left this room.';
    case 'member':
    case 'requested':
      return null;
  }
}
