import { describe, expect, it } from 'vitest';
import { ANA, BEN, CHI, message, own } from '../test/people';
import { joinedBlind, newestRemovals, rowsOf } from './rows';
import type { Span } from './timeline';

const span = (messages: Span['messages'], moreBefore = false): Span => ({ messages, moreBefore, moreAfter: false });
const MINUTE = 60_000;

describe('rows', () => {
  it('groups one person’s messages within five minutes', () => {
    const rows = rowsOf(
      span([
        message(1),
        message(2),
        message(3, { author: CHI }),
        message(4, { author: CHI, at: message(3).at + 9 * MINUTE }),
      ]),
      null,
    );
    expect(rows.map((r) => r.head)).toEqual([true, false, true, true]);
    expect(rows.map((r) => r.tail)).toEqual([false, true, true, true]);
  });

  it('groups what happened to the room apart from what was said in it', () => {
    const left = (n: number, author: string) => message(n, { author, body: { kind: 'member_left' } });
    const rows = rowsOf(span([message(1), left(2, BEN), left(3, CHI), message(4, { author: CHI })]), null);
    expect(rows.map((r) => r.head)).toEqual([true, true, false, true]);
  });

  it('names a day above its first message only', () => {
    const next = message(2, { at: message(1).at + 24 * 60 * MINUTE });
    expect(
      rowsOf(span([message(1), next, message(3, { at: next.at + MINUTE })]), null).map((r) => r.day !== null),
    ).toEqual([true, true, false]);
  });

  it('does not claim that a day begins where older messages are not loaded', () => {
    expect(rowsOf(span([message(1)], true), null)[0]?.day).toBeNull();
  });

  it('puts the divider above the first unread message of somebody else', () => {
    const messages = [message(1), own(2, 1), message(3), message(4)];
    const rows = rowsOf(span(messages), { after: message(1).position, count: 2 });
    expect(rows.map((r) => r.unread)).toEqual([null, null, 2, null]);
    expect(rows[2]?.head).toBe(true);
  });

  it('shows no divider when its place is not loaded', () => {
    expect(rowsOf(span([message(5)], true), { after: message(2).position, count: 9 })[0]?.unread).toBeNull();
    expect(rowsOf(span([message(5)]), { after: '', count: 1 })[0]?.unread).toBe(1);
  });

  it('keeps events of the room out of groups', () => {
    const event = message(2, { body: { kind: 'member_left' } });
    expect(rowsOf(span([message(1), event, message(3)]), null).map((r) => r.head)).toEqual([true, true, true]);
  });
});

describe('newest removals', () => {
  const out = (n: number, peer: string) => message(n, { body: { kind: 'member_removed', peer, name: '' } });
  const back = (n: number, peer: string) => message(n, { body: { kind: 'member_added', peer, name: '' } });
  const left = (n: number, author: string) => message(n, { author, body: { kind: 'member_left' } });
  const idsOf = (...messages: Span['messages']) => [...newestRemovals(messages)];

  it('are one for each person who was removed last', () => {
    expect(idsOf(out(1, BEN), out(2, CHI), back(3, BEN), out(4, BEN))).toEqual([message(4).id, message(2).id]);
  });

  it('are none of somebody who came back, or left by themselves later', () => {
    expect(idsOf(out(1, BEN), back(2, BEN))).toEqual([]);
    expect(idsOf(out(1, BEN), back(2, BEN), left(3, BEN))).toEqual([]);
  });
});

describe('messages that wait for their keys', () => {
  const waiting = (n: number, author: string, lost = false) => message(n, { author, body: { kind: 'waiting', lost } });

  it('say what to expect once for all that follow each other, whoever wrote them', () => {
    const rows = rowsOf(
      span([
        waiting(1, BEN),
        waiting(2, CHI),
        message(3),
        waiting(4, BEN),
        waiting(5, BEN, true),
        waiting(6, CHI, true),
      ]),
      null,
    );
    expect(rows.map((r) => r.hint)).toEqual([true, false, false, true, true, false]);
  });

  it('stand in the group of who wrote them', () => {
    const rows = rowsOf(span([message(1), waiting(2, BEN), waiting(3, CHI)]), null);
    expect(rows.map((r) => r.head)).toEqual([true, false, true]);
  });
});

describe('what was said before one came in', () => {
  const added = (n: number) => message(n, { body: { kind: 'member_added', peer: ANA, name: 'Ana' } });
  const left = (n: number) => message(n, { author: ANA, body: { kind: 'member_left' } });
  const made = message(1, { body: { kind: 'room_created', name: 'Soups' } });

  it('is missing if nothing of it is here, and that is told where one came in', () => {
    expect(joinedBlind(span([made, added(2), message(3)]), ANA)).toEqual({ id: 'm2', again: false });
    expect(joinedBlind(span([made, message(2), left(3), added(4)]), ANA)).toEqual({ id: 'm4', again: true });
    const removed = message(3, { body: { kind: 'member_removed', peer: ANA, name: 'Ana' } });
    expect(joinedBlind(span([message(2), removed, added(4)], true), ANA)).toEqual({ id: 'm4', again: true });
  });

  it('is not missing if some of it is here, waits for its key, or may come with an earlier page', () => {
    expect(joinedBlind(span([made, message(2), added(3)]), ANA)).toBeNull();
    const waiting = message(2, { body: { kind: 'waiting', lost: false } });
    expect(joinedBlind(span([made, waiting, added(3)]), ANA)).toBeNull();
    expect(joinedBlind(span([added(2)], true), ANA)).toBeNull();
    expect(joinedBlind(span([made, message(2)]), ANA)).toBeNull();
  });
});
