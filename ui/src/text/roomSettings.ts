import type { RoomInvite } from '../gen/api';
import { datedWords } from './time';

export const roomSettings = {
  open: 'Room settings',
  title: 'Room settings',
  name: 'Name',
  topic: 'Topic',
  topicHint: 'What this room is about. Everyone in it sees this.',
  noTopic: 'None',
  topicTooLong: (over: number) => `The topic is ${over} bytes too long.`,
  save: 'Save',
  saved: 'Saved',
  fixed: 'Only admins and owners change the name, the topic and who may add people.',
  adds: 'Who may add people',
  everyone: 'Everyone',
  admins: 'Admins only',
  everyoneHint: 'Everyone in the room can add people and make invites.',
  adminsHint:
    'Only admins and owners can add people and make invites. Invites made by members let nobody in any more; those made by admins and owners do, until they are revoked.',
  invites: 'Invites that still work',
  loading: 'Looking…',
  noInvites: 'None. Nobody can come in with an invite now.',
  invitesFailed: 'The invites could not be read.',
  again: 'Try again',
  revoke: 'Revoke',
  revokeLabel: (invite: string) => `Revoke the invite ${invite}`,
  madeBy: (name: string) => `by ${name}`,
  madeByYou: 'by you',
  madeByGone: 'by somebody who is not in the room any more',
};

/** "for one person", "3 of 5 uses left". */
export function usesWords({ uses, used }: RoomInvite): string {
  return uses === 1 ? 'for one person' : `${Math.max(0, uses - used)} of ${uses} uses left`;
}

/** Until when it lets people in. */
export function endWords({ expires_ms: end }: RoomInvite, now: number, zone: string): string {
  return end === 0 ? 'never expires' : `until ${datedWords(end, now, zone)}`;
}
