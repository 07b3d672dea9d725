import type { Alert, Joining, Me, Member, Nearby, Person, Request, RoomRow, Snapshot, Stage } from '../gen/api';
import type { DeliveryBook } from './delivery';

/**
 * Everything that notices keep up to date, as plain data. Messages live in their rooms' timelines.
 */
export interface Model {
  /** `null` until the first answer. */
  stage: Stage | null;
  me: Me | null;
  rooms: Record<string, RoomRow>;
  people: Record<string, Person>;
  requests: Request[];
  nearby: Nearby[];
  joining: Joining[];
  alerts: Alert[];
  /** Of rooms that have been opened. */
  members: Record<string, Member[]>;
  /** Of rooms that have been opened. */
  delivery: Record<string, DeliveryBook>;
}

/** Nothing known yet. */
export function emptyModel(): Model {
  return {
    stage: null,
    me: null,
    rooms: {},
    people: {},
    requests: [],
    nearby: [],
    joining: [],
    alerts: [],
    members: {},
    delivery: {},
  };
}

/**
 * Replaces what a snapshot contains; the views ask again for members and delivery of opened rooms.
 */
export function applySnapshot(model: Model, snapshot: Snapshot): void {
  model.me = snapshot.me;
  model.rooms = Object.fromEntries(snapshot.rooms.map((room) => [room.id, room]));
  model.people = Object.fromEntries(snapshot.people.map((person) => [person.peer, person]));
  model.requests = snapshot.requests;
  model.nearby = snapshot.nearby;
  model.joining = snapshot.joining;
  model.alerts = snapshot.alerts;
}
