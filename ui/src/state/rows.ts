import type { Message } from '../gen/api';
import type { Span } from './timeline';

/** One line of the message list: a message with what stands above it. */
export interface Row {
  key: string;
  message: Message;
  /** Local midnight of its day, when it is the first of that day. */
  day: number | null;
  /** Number of unread messages from here on, when the reader's place is just above. */
  unread: number | null;
  /** First of a group by one person: shows who. */
  head: boolean;
  /** Last of a group: closes it. */
  tail: boolean;
  /** First of those in a row that wait for their keys alike: says what to expect, for all. */
  hint: boolean;
}

/** Where the unread divider stands. */
export interface Divider {
  /** Everything up to here had been read; empty when nothing had. */
  after: string;
  count: number;
}

/**
 * Messages of one person within this time of each other stand together, and so do all events of the
 * room that follow each other.
 */
export const GROUP_MS = 5 * 60_000;

/** Lays out a span. */
export function rowsOf(all: Span, divider: Divider | null): Row[] {
  // What was taken back before its time had come was never there.
  const span = { ...all, messages: all.messages.filter((m) => !m.early || m.body.kind !== 'deleted') };
  const { messages } = span;
  const dividerAt = divider ? dividerIndex(span, divider) : -1;
  return messages.map((message, i) => {
    const before = messages[i - 1];
    const after = messages[i + 1];
    const startsDay = before ? dayOf(before.at) !== dayOf(message.at) : !span.moreBefore;
    return {
      key: message.id,
      message,
      day: startsDay ? dayOf(message.at) : null,
      unread: i === dividerAt && divider ? divider.count : null,
      head: startsDay || i === dividerAt || !before || !together(before, message),
      tail: !after || i + 1 === dividerAt || dayOf(after.at) !== dayOf(message.at) || !together(message, after),
      hint: message.body.kind === 'waiting' && !waitsAlike(before, message.body.lost),
    };
  });
}

function dividerIndex(span: Span, divider: Divider): number {
  const first = span.messages[0];
  // The divider's place may lie before what is loaded.
  if (!first || (span.moreBefore && first.position > divider.after)) return -1;
  return span.messages.findIndex((m) => m.position > divider.after && !m.mine);
}

function together(a: Message, b: Message): boolean {
  if (!isSaid(a)) return !isSaid(b);
  return isSaid(b) && a.author === b.author && Math.abs(b.at - a.at) <= GROUP_MS;
}

function waitsAlike(message: Message | undefined, lost: boolean): boolean {
  return message?.body.kind === 'waiting' && message.body.lost === lost;
}

/** Something that a person said, as against an event of the room. */
export function isSaid(message: Message): boolean {
  return message.body.kind === 'text' || message.body.kind === 'waiting' || message.body.kind === 'deleted';
}

/** The line by which oneself came in last, if nothing of what was said before it is here. */
export function joinedBlind(
  { messages, moreBefore }: Pick<Span, 'messages' | 'moreBefore'>,
  me: string | null,
): { id: string; again: boolean } | null {
  if (me === null) return null;
  const at = messages.findLastIndex(({ body }) => body.kind === 'member_added' && body.peer === me);
  const line = messages[at];
  if (!line) return null;
  for (const message of messages.slice(0, at).reverse()) {
    if (isSaid(message)) return null;
    if (ends(message, me)) return { id: line.id, again: true };
  }
  return moreBefore ? null : { id: line.id, again: false };
}

function ends({ body, author }: Message, me: string): boolean {
  return body.kind === 'member_removed' ? body.peer === me : body.kind === 'member_left' && author === me;
}

/** Of each person the newest line that says whether they are in the room, where it is a removal. */
export function newestRemovals(messages: readonly Message[]): ReadonlySet<string> {
  const newest = new Map<string, Message>();
  for (const message of messages) {
    const { body } = message;
    if (body.kind === 'member_added' || body.kind === 'member_removed') newest.set(body.peer, message);
    else if (body.kind === 'member_left') newest.set(message.author, message);
  }
  const removals = [...newest.values()].filter((m) => m.body.kind === 'member_removed');
  return new Set(removals.map((m) => m.id));
}

function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}
