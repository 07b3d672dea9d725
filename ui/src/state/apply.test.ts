import { describe, expect, it } from 'vitest';
import type { Alert, Joining, Notice } from '../gen/api';
import { BEN, delivery, LOG, member, ROOM, row } from '../test/people';
import { applyNotice, MAX_ALERTS } from './apply';
import { DeliveryBook } from './delivery';
import { applySnapshot, emptyModel } from './model';

function after(...notices: Notice[]) {
  const model = emptyModel();
  model.delivery[ROOM] = DeliveryBook.from(delivery(3, [BEN, 2]));
  for (const notice of notices) applyNotice(model, notice);
  return model;
}

const joining = (id: string, retryAt: number): Joining => ({
  id,
  target: 'Ben',
  state: { state: 'waiting', retry_at: retryAt, reason: 'refused' },
  trouble: null,
});

describe('apply', () => {
  it('replaces a row by the newer one with the same id', () => {
    const model = after({ notice: 'room_changed', room: row() }, { notice: 'room_changed', room: row({ unread: 2 }) });
    expect(Object.keys(model.rooms)).toEqual([ROOM]);
    expect(model.rooms[ROOM]?.unread).toBe(2);
  });

  it('never lets a delivery number fall', () => {
    const model = after({ notice: 'delivery_changed', room: ROOM, delivery: delivery(1, [BEN, 1]) });
    expect(model.delivery[ROOM]?.saved(LOG)).toBe(3);
    expect(model.delivery[ROOM]?.held(BEN, LOG)).toBe(2);
  });

  it('raises delivery numbers and takes in new ones', () => {
    const model = after({
      notice: 'delivery_changed',
      room: ROOM,
      delivery: { saved: { [LOG]: 5, other: 1 }, acks: [{ peer: BEN, log: LOG, seq: 4 }] },
    });
    const book = model.delivery[ROOM];
    expect([book?.saved(LOG), book?.saved('other'), book?.held(BEN, LOG), book?.held(BEN, 'other')]).toEqual([
      5, 1, 4, 0,
    ]);
  });

  it('tells whoever watches that a book changed', () => {
    const model = after();
    const before = model.delivery[ROOM];
    applyNotice(model, { notice: 'delivery_changed', room: ROOM, delivery: delivery(4) });
    expect(model.delivery[ROOM]).not.toBe(before);
  });

  it('leaves delivery of rooms alone that were never opened', () => {
    const model = after({ notice: 'delivery_changed', room: 'elsewhere', delivery: delivery(1) });
    expect(model.delivery['elsewhere']).toBeUndefined();
  });

  it('moves an attempt on in its place and takes it off when it is gone', () => {
    const model = after(
      { notice: 'join_changed', joining: joining('one', 1) },
      { notice: 'join_changed', joining: joining('two', 1) },
      { notice: 'join_changed', joining: joining('one', 2) },
    );
    expect(model.joining.map((j) => j.id)).toEqual(['one', 'two']);
    applyNotice(model, { notice: 'join_gone', id: 'one' });
    expect(model.joining.map((j) => j.id)).toEqual(['two']);
  });

  it('keeps each alert once, and only so many', () => {
    const alert = (detail: string): Alert => ({ kind: 'fork', detail, clock: null, fork: null });
    const many = Array.from({ length: MAX_ALERTS + 3 }, (_, i): Notice => ({
      notice: 'alert_raised',
      alert: alert(String(i)),
    }));
    const model = after({ notice: 'alert_raised', alert: alert('0') }, ...many);
    expect(model.alerts).toHaveLength(MAX_ALERTS);
    expect(model.alerts.at(-1)?.detail).toBe(String(MAX_ALERTS + 2));
  });

  it('takes an alert down when its reason has gone, and only that one', () => {
    const alert = (detail: string, minutes: number): Alert => ({
      kind: 'clock_off',
      detail,
      clock: { whose: 'theirs', peer: detail, name: detail, fast: true, minutes },
      fork: null,
    });
    const model = after(
      { notice: 'alert_raised', alert: alert('Ben', 3) },
      { notice: 'alert_raised', alert: alert('Chi', 5) },
    );
    applyNotice(model, { notice: 'alert_gone', alert: alert('Ben', 4) });
    expect(model.alerts.map((a) => a.detail)).toEqual(['Chi']);
  });

  it('hands messages and opened invites to others', () => {
    const notice: Notice = { notice: 'messages', room: ROOM, messages: [] };
    expect(applyNotice(emptyModel(), notice)).toBe(notice);
    expect(applyNotice(emptyModel(), { notice: 'nearby_changed', nearby: [] })).toBeNull();
  });

  it('forgets with a snapshot what the snapshot no longer has', () => {
    const model = after(
      { notice: 'room_changed', room: row() },
      { notice: 'members_changed', room: ROOM, people: [member(BEN, 'Ben')] },
    );
    applySnapshot(model, {
      seq: 9,
      rooms: [],
      people: [],
      requests: [],
      nearby: [],
      joining: [],
      alerts: [],
      me: {
        peer: 'a',
        name: 'Ana',
        fingerprint: { words: [], emoji: [] },
        custody: 'keychain',
        addresses: [],
        reach: 'no_network',
        not_listening: null,
        nearby_visible: true,
        internet: false,
        mapping: true,
        carry: true,
        links: 0,
        friends: 0,
      },
    });
    expect(model.rooms).toEqual({});
    expect(model.me?.name).toBe('Ana');
  });
});
