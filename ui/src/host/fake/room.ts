import type { Delivery, Level, Owed, Role, RoomInvite, RoomRow, Setter } from '../../gen/api';
import type { History } from './history';
import type { Somebody } from './people';

/** A room of the fake world. */
export interface FakeRoom {
  row: RoomRow;
  /** Peers, oneself included. */
  people: string[];
  creator: string;
  /** Where it is not what follows from who made the room. */
  roles: Map<string, Role>;
  /** Who let whom in; without, who made the room. */
  addedBy: Map<string, string>;
  invites: RoomInvite[];
  /** Who said whether new members see what was said before. */
  historySet: Setter | null;
  history: History;
  delivery: Delivery;
  log: string;
  seq: number;
  /** Places of messages that came late and are unseen. */
  late: Set<string>;
}

/** Who has what in a room, as the fake world has it. */
export function levelOf(
  room: FakeRoom,
  folk: ReadonlyMap<string, Somebody>,
  owed: ReadonlyMap<string, readonly Owed[]>,
): Level {
  const others = room.people.flatMap((peer) => folk.get(peer) ?? []);
  const level: Level = { up_to: null, heard: 0, unheard: 0, through: 0, away: 0, behind: [], behind_in_all: 0 };
  for (const who of others) {
    if (who.link.state === 'connected') level.heard += 1;
    else if (who.via) level.through += 1;
    else level.away += 1;
    const count = (owed.get(who.peer) ?? [])
      .filter((o) => o.room === room.row.id)
      .reduce((sum, o) => sum + o.theirs, 0);
    if (count > 0) level.behind.push({ peer: who.peer, name: who.name, count });
  }
  level.behind_in_all = level.behind.length;
  level.behind = level.behind.sort((a, b) => b.count - a.count).slice(0, 3);
  level.up_to = level.heard > 0 ? (room.row.last?.at ?? null) : null;
  return level;
}
