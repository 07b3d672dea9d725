import type { Body, LinkState, Role, RoomRow } from '../gen/api';
import { endedWords } from './closed';
import { capital, messages, people } from './count';
import { levelWords } from './level';
import { linkWords } from './links';
import { ok, plain, warn, type SentencePart } from './sentence';

export const conversation = {
  label: 'Conversation',
  list: (name: string) => `Messages in ${name}`,
  showDetails: 'People and details',
  hideDetails: 'Hide people and details',
  back: 'Back to chats',
  loadingEarlier: 'Loading earlier messages…',
  toNewest: 'Jump to newest',
  toNewestCount: (n: number) => (n === 1 ? '1 new message' : `${n} new messages`),
  late: (n: number) =>
    n === 1 ? '1 earlier message came late' : `${n >= 999 ? '999+' : n} earlier messages came late`,
  cameLate: 'came late',
  lateSeen: 'I have seen them',
  early: (when: string) => `dated ${when}; others will see it then`,
  sendAgain: 'Send again now',
  unread: (n: number) => (n >= 999 ? '999+ new' : `${n} new`),
  you: 'You',
  edited: 'edited',
  deleted: 'deleted',
  deletedLong: 'This message was deleted.',
  waiting: 'Waiting for the key to this message.',
  waitingHint: 'It comes by itself as soon as somebody who has it is online.',
  waitingHintDirect: (name: string) => `It comes by itself as soon as ${name} is online.`,
  lost: 'The key to this message did not come.',
  lostHint: 'It can no longer be expected.',
  joinedBlind: 'What was said before you joined stays with those who were here.',
  joinedBlindAgain: 'What was said while you were out stays with those who were here.',
  react: 'React',
  reply: 'Reply',
  edit: 'Edit',
  remove: 'Delete',
  copy: 'Copy text',
  more: 'More',
  actions: 'Message actions',
  copied: 'Copied',
  copyCode: 'Copy code',
  showAll: 'Show all of it',
  showLess: 'Show less',
  quoteGone: 'A message that is not here',
  quoteWaiting: 'A message that waits for its key',
  goToQuote: (name: string) => `Go to what ${name === '' ? 'it answers' : `${name} wrote`}`,
  reactionLabel: (emoji: string, who: readonly string[], mine: boolean) =>
    `${emoji} ${who.length}: ${who.join(', ')}. ${mine ? 'Take yours back' : 'Add yours'}`,
  pickTitle: 'Friends around a table',
  pickSentence: 'Choose a chat on the left, or begin one.',
  emptyTitle: (name: string) => `${name} is yours`,
  emptyAlone: 'Nobody else is here yet. Send an invite: it works whenever they open it.',
  emptyDirect: (name: string) => `Say something to ${name}. It is kept here until it reaches them.`,
  emptyClosed: 'Nothing was said here.',
  emptyGroup: 'Nothing has been said yet. What you write is kept until everyone has it.',
  emptySince: 'Nothing has been said since. What you write is kept until everyone has it.',
  welcomeTitle: (name: string) => `Hello, ${name}`,
  welcomeSentence: 'Bring in the first friend. One invite, sent any way you like, is enough.',
  invite: 'Invite someone',
  haveInvite: 'I have an invite',
  newRoom: 'New room',
  loadFailed: 'The history could not be read.',
  again: 'Try again',
};

/** What happened to a room, rather than what was said in it. */
export type RoomEvent = Exclude<Body, { kind: 'text' | 'waiting' | 'deleted' }>;

const made: Record<Role, string> = { owner: 'an owner', admin: 'an admin', member: 'a member' };

/** Events of a room as quiet lines. */
export function systemWords(body: RoomEvent, who: string, me: string | null): string {
  const whom = 'peer' in body ? (body.peer === me ? conversation.you.toLowerCase() : body.name) : '';
  switch (body.kind) {
    case 'room_created':
      return `${who} made ${body.name === '' ? 'this room' : body.name}`;
    case 'member_added':
      return `${who} added ${whom}`;
    case 'member_left':
      return `${who} left`;
    case 'member_removed':
      return `${who} removed ${whom}`;
    case 'role_given':
      return `${who} made ${whom} ${made[body.role]}`;
    case 'room_renamed':
      return `${who} named this room ${body.name}`;
    case 'topic_set':
      return body.text === '' ? `${who} took the topic away` : `${who} set the topic: ${body.text}`;
    case 'only_admins_add':
      return `${who} set that ${body.on ? 'only admins' : 'everyone'} may add people`;
    case 'history_set':
      return `${who} set that new members ${body.on ? 'see' : 'do not see'} what was said before`;
  }
}

/** What is not here for who came in, at first or again. */
export function blindWords({ again }: { again: boolean }): string {
  return again ? conversation.joinedBlindAgain : conversation.joinedBlind;
}

/** What stands for a message whose key is not here, and what to expect of it. */
export function waitingWords(
  { lost }: { lost: boolean },
  { kind, name }: Pick<RoomRow, 'kind' | 'name'>,
): { words: string; hint: string } {
  if (lost) return { words: conversation.lost, hint: conversation.lostHint };
  const hint = kind === 'direct' ? conversation.waitingHintDirect(name) : conversation.waitingHint;
  return { words: conversation.waiting, hint };
}

/** What is known about a room when its sentence is made. */
export interface HeadFacts {
  room: RoomRow;
  /** The other person's link in a direct room. */
  link: LinkState | null;
}

/** What stands under a room's name: a sentence that is true. */
export function headSentence({ room, link }: HeadFacts, now: number): SentencePart[] {
  const ended = endedWords(room);
  if (ended !== null) return [plain(`${ended}. Its history stays readable here.`)];
  if (room.standing === 'requested') return [plain(`Waiting for ${room.name} to accept`)];
  if (room.kind === 'direct') return directSentence(link, room, now);
  if (room.members <= 1) return [plain('Only you so far')];
  const parts = [plain(`${people(room.members)} · `)];
  if (room.lacking > 0) return [...parts, warn(`${messages(room.lacking)} still to come`)];
  const level = levelWords(room, now);
  return level.length > 0 ? [...parts, ...level] : [...parts, ok(`${room.connected} connected now`)];
}

function directSentence(link: LinkState | null, { lacking, level }: RoomRow, now: number): SentencePart[] {
  if (!link) return [];
  const words = linkWords(link, now);
  const how = link.state === 'connected' ? [ok('Connected'), plain(` · ${words}`)] : [plain(capital(words))];
  if (lacking > 0) return [...how, warn(` · ${messages(lacking)} still to come`)];
  const [behind] = level.behind;
  return behind ? [...how, warn(` · missing ${messages(behind.count)}`)] : how;
}
