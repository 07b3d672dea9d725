import type { RoomRow } from '../gen/api';
import { people } from './count';

export const details = {
  label: 'Details',
  close: 'Close details',
  people: 'People',
  you: 'you',
  invite: 'Invite someone',
  adminsAdd: 'Only admins add people here.',
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
  noAddresses: 'None yet: only they can call you.',
  common: 'Rooms in common',
  message: 'Message',
  redial: 'Try now',
  more: (n: number) => `Show ${n} more`,
  contact: 'In your address book',
  notContact: 'You share a room',
  looksLike: (name: string, other: string) =>
    name === other
      ? `Somebody else is called ${other} too. Compare the fingerprint.`
      : `Looks like ${other}, but is somebody else.`,
};

/** Under a room's name. */
export function roomWords(room: RoomRow): string {
  if (room.standing === 'left') return 'You left this room';
  if (room.standing === 'removed') return 'You were removed from this room';
  return room.kind === 'direct' ? 'just the two of you' : `private room · ${people(room.members)}`;
}
