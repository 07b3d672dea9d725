import type { RoomInvite, Setter } from '../gen/api';
import { datedWords, whenWords } from './time';

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
  fixed: 'Only admins and owners change the name, the topic, who may add people and what new members see.',
  adds: 'Who may add people',
  everyone: 'Everyone',
  admins: 'Admins only',
  everyoneHint: 'Everyone in the room can add people and make invites.',
  adminsHint:
    'Only admins and owners can add people and make invites. Invites made by members let nobody in any more; those made by admins and owners do, until they are revoked.',
  history: 'New members see what was said before',
  historyTerm: 'New members',
  historyOn: 'See what was said before',
  historyOff: 'See only what is said after they came in',
  historyOnHint: 'Who comes in can read what was said in this room, as far as somebody here has it.',
  historyOffHint:
    'Who comes in can read only what is said from then on. What was said before stays with those who were here.',
  historyByYou: 'by you',
  historyBy: (name: string) => `by ${name}`,
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

/** Since when new members see what was said before, or do not; empty where that is not known. */
export function sinceWords(setter: Setter | null, me: string | null, now: number, zone?: string): string {
  if (setter === null) return 'It has been so since the room was made.';
  const by = setter.peer === me ? roomSettings.historyByYou : roomSettings.historyBy(setter.name);
  return `Set ${by} ${whenWords(setter.at_ms, now, zone)}.`;
}

/** "for one person", "3 of 5 uses left". */
export function usesWords({ uses, used }: RoomInvite): string {
  return uses === 1 ? 'for one person' : `${Math.max(0, uses - used)} of ${uses} uses left`;
}

/** Until when it lets people in. */
export function endWords({ expires_ms: end }: RoomInvite, now: number, zone: string): string {
  return end === 0 ? 'never expires' : `until ${datedWords(end, now, zone)}`;
}
