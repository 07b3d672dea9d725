import type { Notice } from '../gen/api';
import type { Model } from './model';

/** Alerts beyond this number push out the oldest: more than a handful says nothing new. */
export const MAX_ALERTS = 8;

/**
 * Notices that are not rows of the model. The session hands them to the timelines, to the picture
 * of the network, to the doctor and to the dialogs.
 */
export type Elsewhere = Extract<
  Notice,
  { notice: 'messages' | 'messages_gone' | 'network_changed' | 'doctor_changed' | 'invite_opened' }
>;

/** Applies one notice to the model, and returns it when the session must act on it too. */
export function applyNotice(model: Model, notice: Notice): Elsewhere | null {
  switch (notice.notice) {
    case 'stage_changed':
      model.stage = notice.stage;
      return null;
    case 'me_changed':
      model.me = notice.me;
      return null;
    case 'room_changed':
      model.rooms[notice.room.id] = notice.room;
      return null;
    case 'room_gone':
      delete model.rooms[notice.room];
      return null;
    case 'delivery_changed':
      {
        // Of a room that was never opened nothing is kept: opening it asks for the whole.
        const book = model.delivery[notice.room];
        if (book) model.delivery[notice.room] = book.merged(notice.delivery);
      }
      return null;
    case 'members_changed':
      model.members[notice.room] = notice.people;
      return null;
    case 'person_changed':
      model.people[notice.person.peer] = notice.person;
      return null;
    case 'request_added':
      model.requests = [...model.requests.filter((r) => r.peer !== notice.request.peer), notice.request];
      return null;
    case 'request_gone':
      model.requests = model.requests.filter((r) => r.peer !== notice.peer);
      return null;
    case 'nearby_changed':
      model.nearby = notice.nearby;
      return null;
    case 'join_changed':
      model.joining = replaceOrAdd(model.joining, notice.joining);
      return null;
    case 'join_gone':
      model.joining = model.joining.filter((j) => j.id !== notice.id);
      return null;
    case 'alert_raised':
      model.alerts = [
        ...model.alerts.filter((a) => a.kind !== notice.alert.kind || a.detail !== notice.alert.detail),
        notice.alert,
      ].slice(-MAX_ALERTS);
      return null;
    case 'alert_gone':
      model.alerts = model.alerts.filter((a) => a.kind !== notice.alert.kind || a.detail !== notice.alert.detail);
      return null;
    case 'messages':
    case 'messages_gone':
    case 'network_changed':
    case 'doctor_changed':
    case 'invite_opened':
      return notice;
  }
}

function replaceOrAdd<T extends { id: string }>(rows: T[], row: T): T[] {
  return rows.some((r) => r.id === row.id) ? rows.map((r) => (r.id === row.id ? row : r)) : [...rows, row];
}
