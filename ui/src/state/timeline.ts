import type { Message, Page } from '../gen/api';

/** A stretch of a room's history without holes, oldest first. */
export interface Span {
  readonly messages: readonly Message[];
  readonly moreBefore: boolean;
  readonly moreAfter: boolean;
}

/**
 * Messages kept in one span. Those farthest from the reader are dropped, and loaded again when
 * needed.
 */
export const MAX_SPAN = 1200;

/** Where messages entered a span. A list needs it to keep the reader's place. */
export type Entered = 'nowhere' | 'start' | 'middle' | 'end';

export const EMPTY_SPAN: Span = { messages: [], moreBefore: false, moreAfter: false };

export function fromPage(page: Page): Span {
  return { messages: page.messages, moreBefore: page.more_before, moreAfter: page.more_after };
}

/** Adds the page that lies before the span. */
export function extendBefore(span: Span, page: Page): Span {
  const first = span.messages[0];
  const older = first ? page.messages.filter((m) => m.position < first.position) : page.messages;
  return { ...span, messages: [...older, ...span.messages], moreBefore: page.more_before };
}

/** Adds the page that lies after the span. */
export function extendAfter(span: Span, page: Page): Span {
  const last = span.messages.at(-1);
  const newer = last ? page.messages.filter((m) => m.position > last.position) : page.messages;
  return { ...span, messages: [...span.messages, ...newer], moreAfter: page.more_after };
}

/**
 * Takes in new and changed messages. What would leave a hole stays out and comes with its page:
 * newer messages while the span does not reach the end, older ones while it does not reach the
 * beginning.
 */
export function upsert(span: Span, incoming: readonly Message[]): { span: Span; entered: Entered } {
  const place = new Map(span.messages.map((m, i) => [m.id, i]));
  const messages = [...span.messages];
  const fresh = new Map<string, Message>();
  for (const message of incoming) {
    const at = place.get(message.id);
    if (at !== undefined) messages[at] = message;
    else if (belongs(span, message)) fresh.set(message.id, message);
  }
  if (fresh.size === 0) return { span: { ...span, messages }, entered: 'nowhere' };

  const first = span.messages[0];
  const last = span.messages.at(-1);
  const added = [...fresh.values()].sort(byPosition);
  const allAfter = !last || added.every((m) => m.position > last.position);
  if (allAfter) return { span: { ...span, messages: [...messages, ...added] }, entered: 'end' };
  const allBefore = first !== undefined && added.every((m) => m.position < first.position);
  if (allBefore) return { span: { ...span, messages: [...added, ...messages] }, entered: 'start' };
  return { span: { ...span, messages: [...messages, ...added].sort(byPosition) }, entered: 'middle' };
}

/** The same stretch without messages that the history no longer shows. */
export function without(span: Span, gone: ReadonlySet<string>): Span {
  return gone.size === 0 ? span : { ...span, messages: span.messages.filter((m) => !gone.has(m.id)) };
}

function belongs(span: Span, message: Message): boolean {
  const first = span.messages[0];
  const last = span.messages.at(-1);
  if (!first || !last) return !span.moreBefore && !span.moreAfter;
  if (message.position < first.position) return !span.moreBefore;
  if (message.position > last.position) return !span.moreAfter;
  return true;
}

/** Drops what lies farthest from the reader's end of the span. */
export function trim(span: Span, keep: 'start' | 'end', limit = MAX_SPAN): Span {
  if (span.messages.length <= limit) return span;
  return keep === 'end'
    ? { ...span, messages: span.messages.slice(-limit), moreBefore: true }
    : { ...span, messages: span.messages.slice(0, limit), moreAfter: true };
}

function byPosition(a: Message, b: Message): number {
  return a.position < b.position ? -1 : a.position > b.position ? 1 : 0;
}
