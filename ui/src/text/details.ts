import type { Me, RoomRow } from '../gen/api';
import { people } from './count';

export const details = {
  label: 'Details',
  close: 'Close details',
  people: 'People',
  you: 'you',
  creator: 'made this room',
  invite: 'Invite someone',
  leave: 'Leave room',
  leaveTitle: (name: string) => `Leave ${name}?`,
  leaveBody: 'The others see that you left, and you get no further messages. What was said so far stays readable here.',
  leaveConfirm: 'Leave',
  stay: 'Stay',
  back: 'Back',
  backToRoom: (name: string) => `Back to ${name}`,
  fingerprint: 'Fingerprint',
  fingerprintHint: 'When both of you see the same words and pictures, nobody is between you.',
  addresses: 'Known addresses',
  noAddresses: 'None yet: only they can dial you.',
  common: 'Rooms in common',
  message: 'Message',
  redial: 'Try now',
  more: (n: number) => `Show ${n} more`,
  contact: 'In your address book',
  notContact: 'You share a room',
};

/** Under a room's name. */
export function roomWords(room: RoomRow): string {
  if (room.standing === 'left') return 'You left this room';
  return room.kind === 'direct' ? 'just the two of you' : `private room · ${people(room.members)}`;
}

/** Whether others can reach this device. */
export function reachWords(me: Me): { tone: 'ok' | 'warn'; words: string } {
  if (me.not_listening !== null) {
    return { tone: 'warn', words: 'Others cannot dial you just now, but you can dial them: use their invite.' };
  }
  const outside = me.addresses.filter((a) => !isLocal(a));
  if (me.addresses.length === 0) {
    return { tone: 'warn', words: 'This computer has no network address, so nobody can reach you just now.' };
  }
  if (me.addresses.every(isLoopback)) {
    return { tone: 'warn', words: 'Only programs on this computer can reach you: it is on no network, or was told to listen to itself alone.' };
  }
  if (outside.length === 0) return { tone: 'ok', words: 'Others can reach you on this network.' };
  return { tone: 'ok', words: 'Others can reach you on this network, and from outside if your router lets them in.' };
}

/** An address of this machine to itself. */
function isLoopback(address: string): boolean {
  return /^(127\.|\[?::1\]?:|localhost:)/i.test(address);
}

/** An address that means something only on this machine or in this house. */
export function isLocal(address: string): boolean {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '').toLowerCase();
  return /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(host)
    || /^(::1$|fe[89ab]|f[cd])/.test(host) || host === 'localhost' || host.endsWith('.local');
}
