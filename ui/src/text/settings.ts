import type { Custody } from '../gen/api';
import type { Theme } from '../state/settings.svelte';

export const settings = {
  title: 'Settings',
  close: 'Close',
  name: 'Your name',
  save: 'Save',
  saved: 'Saved',
  theme: 'Appearance',
  nearby: 'Let people on this network see me',
  fingerprint: 'Your fingerprint',
  fingerprintHint:
    'Read it aloud or compare the pictures with a friend. When both of you see the same, nobody is between you.',
  custody: 'Your key',
  addresses: 'Your addresses',
  notListening: 'Listening does not work, or not everywhere. The system says:',
  copyAddress: (address: string) => `Copy ${address}`,
  shortcuts: 'Keyboard',
};

export const themeWords: Record<Theme, string> = { system: 'Like the system', light: 'Light', dark: 'Dark' };

export const custodyWords: Record<Custody, string> = {
  keychain: 'Kept in this computer’s keychain. It has never left this computer.',
  key_file: 'Kept in a file that only your passphrase opens. It has never left this computer.',
};

/** Keys and what they do. */
export const shortcuts: readonly (readonly [string, string])[] = [
  ['Ctrl K', 'Search or jump to a chat'],
  ['Ctrl N', 'New room'],
  ['Ctrl Shift A', 'Add someone'],
  ['Ctrl Shift N', 'Network: who is linked with you'],
  ['Alt ↑ / Alt ↓', 'Previous or next chat'],
  ['Ctrl 1 … 9', 'The first nine chats'],
  ['F6', 'Next part of the window'],
  ['↑ in an empty box', 'Edit your last message'],
  ['↑ ↓ in the messages', 'Move from one to the next'],
  ['→ on a message', 'Its actions'],
  ['R, E, C, Del on a message', 'Reply, edit, copy, delete'],
  ['Ctrl ,', 'Settings'],
  ['Esc', 'Close, cancel, back to writing'],
];
