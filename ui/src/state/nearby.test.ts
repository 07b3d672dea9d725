import { describe, expect, it } from 'vitest';
import type { Joining, Nearby, Person } from '../gen/api';
import { BEN, ROOM, row } from '../test/people';
import { emptyModel } from './model';
import { nearbyStanding } from './nearby';

const near = (change: Partial<Nearby> = {}): Nearby => ({
  id: 'n',
  name: 'Ben',
  address: '192.168.1.7:4747',
  peer: null,
  join: null,
  ...change,
});
const ben = (contact: boolean): Person => ({
  peer: BEN,
  name: 'Ben',
  contact,
  link: { state: 'unreachable', last_seen: null },
});
const joining: Joining = {
  id: '1',
  target: 'Ben',
  state: { state: 'connecting', address: '192.168.1.7:4747' },
  trouble: null,
};

describe('somebody nearby', () => {
  it('is a stranger, whatever their name', () => {
    expect(nearbyStanding(near(), { ...emptyModel(), people: { [BEN]: ben(true) }, joining: [joining] }).kind).toBe(
      'stranger',
    );
    expect(nearbyStanding(near({ peer: BEN }), { ...emptyModel(), people: { [BEN]: ben(false) } }).kind).toBe(
      'stranger',
    );
  });

  it('is a contact under any name', () => {
    expect(
      nearbyStanding(near({ name: 'Benedict', peer: BEN }), { ...emptyModel(), people: { [BEN]: ben(true) } }),
    ).toEqual({ kind: 'contact', peer: BEN });
  });

  it('was asked from the first moment until they answer', () => {
    expect(nearbyStanding(near({ join: '1' }), { ...emptyModel(), joining: [joining] })).toEqual({
      kind: 'asked',
      room: null,
      joining,
    });
    const rooms = { [ROOM]: row({ kind: 'direct', peer: BEN, standing: 'requested' }) };
    expect(nearbyStanding(near({ peer: BEN }), { ...emptyModel(), people: { [BEN]: ben(false) }, rooms })).toEqual({
      kind: 'asked',
      room: ROOM,
      joining: null,
    });
    const accepted = { [ROOM]: row({ kind: 'direct', peer: BEN }) };
    expect(
      nearbyStanding(near({ peer: BEN }), { ...emptyModel(), people: { [BEN]: ben(true) }, rooms: accepted }).kind,
    ).toBe('contact');
  });

  it('asks', () => {
    const requests = [{ peer: BEN, name: 'Ben', fingerprint: { words: [], emoji: [] }, looks_like: null, at: 0 }];
    expect(nearbyStanding(near({ peer: BEN }), { ...emptyModel(), requests }).kind).toBe('asks');
  });
});
