import type { Delivery, Member, Message } from '../gen/api';

/** How far one of one's own messages has come. */
export type Progress =
  | { at: 'sending' }
  | { at: 'saved'; waitingFor: string[] }
  | { at: 'delivered'; to: number; of: number; waitingFor: string[] };

/** Derives the state of an own message from what is on disk and from what the others said they have. */
export function progressOf(message: Pick<Message, 'log' | 'seq'>, delivery: Delivery, members: readonly Member[]): Progress {
  if ((delivery.saved[message.log] ?? 0) < message.seq) return { at: 'sending' };
  const has = new Set(delivery.acks.filter((a) => a.log === message.log && a.seq >= message.seq).map((a) => a.peer));
  const others = members.filter((m) => !m.me);
  const waitingFor = others.filter((m) => !has.has(m.peer)).map((m) => m.name);
  const to = others.length - waitingFor.length;
  return to === 0 ? { at: 'saved', waitingFor } : { at: 'delivered', to, of: others.length, waitingFor };
}

/** The newest own message that every other member has, among those given (oldest first). */
export function lastHeldByAll(messages: readonly Message[], delivery: Delivery, members: readonly Member[]): Message | null {
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (!message?.mine) continue;
    const progress = progressOf(message, delivery, members);
    if (progress.at === 'delivered' && progress.waitingFor.length === 0) return message;
  }
  return null;
}

/** The newest own message among those given (oldest first). */
export function lastOwn(messages: readonly Message[]): Message | null {
  return messages.findLast((m) => m.mine && m.body.kind === 'text') ?? null;
}
