import type {
  Alert,
  Body,
  Finding,
  Joining,
  Me,
  Member,
  Message,
  Nearby,
  Notice,
  Numbered,
  Owed,
  Person,
  Preview,
  Request,
  Snapshot,
  Stage,
} from '../../gen/api';
import { History, message } from './history';
import { fingerprintOf, hexOf, type Somebody } from './people';
import { mayIn, mayWith, roleIn } from './roles';
import { levelOf, type FakeRoom } from './room';

/** Batches leave in this rhythm, as the shell's do. */
const BATCH_MS = 16;

/** One fake node: all that it knows, and the notices that it sends. */
export class World {
  stage: Stage = { stage: 'open' };
  me: Me;
  /** Whether friends answer by themselves. */
  answers = true;
  readonly folk = new Map<string, Somebody>();
  readonly contacts = new Set<string>();
  readonly rooms = new Map<string, FakeRoom>();
  requests: Request[] = [];
  nearby: Nearby[] = [];
  joining: Joining[] = [];
  alerts: Alert[] = [];
  /** What people lack of rooms, and what is missing here: by peer. */
  readonly owed = new Map<string, Owed[]>();
  /** What the doctor finds, beside what follows from the switches. */
  findings: Finding[] = ['listening', 'came_in_nearby', 'not_checked'];
  checking = false;
  checkedAt: number | null = Date.now() - 3 * 60_000;
  passphrase = 'correct horse';
  #seq = 0;
  #batch: Numbered[] = [];
  #listeners = new Set<(batch: Numbered[]) => void>();

  constructor(name = 'Ada') {
    const peer = hexOf(`me ${name}`);
    this.me = {
      peer,
      name,
      fingerprint: fingerprintOf(peer),
      custody: 'keychain',
      addresses: ['192.168.1.12:4747', '[2001:db8::12]:4747'],
      reach: 'this_network',
      not_listening: null,
      nearby_visible: true,
      internet: false,
      mapping: true,
      carry: true,
      links: 0,
      friends: 0,
    };
  }

  listen(listener: (batch: Numbered[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(...notices: Notice[]): void {
    if (this.#batch.length === 0) setTimeout(() => this.#flush(), BATCH_MS);
    for (const notice of notices) this.#batch.push({ seq: ++this.#seq, notice: structuredClone(notice) });
  }

  /** Loses a notice on purpose, as a broken channel would. */
  lose(): void {
    this.#seq++;
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    for (const listener of this.#listeners) listener(batch);
  }

  snapshot(): Snapshot {
    return structuredClone({
      seq: this.#seq,
      me: this.me,
      rooms: [...this.rooms.values()].map((r) => r.row),
      people: [...this.folk.values()].map((s) => this.person(s)),
      requests: this.requests,
      nearby: this.nearby,
      joining: this.joining,
      alerts: this.alerts,
    });
  }

  /** The doctor finds this from now on, or no longer; whether it did. */
  found(finding: Finding, now: boolean): boolean {
    const before = this.findings.includes(finding);
    this.findings = this.findings.filter((one) => one !== finding);
    if (now) this.findings.push(finding);
    return before;
  }

  meet(who: Somebody, contact = true): Somebody {
    this.folk.set(who.peer, who);
    if (contact) this.contacts.add(who.peer);
    this.count();
    return who;
  }

  /** Counts who is linked: a friend is a linked person who is a contact or is in a common room. */
  count(): void {
    const linked = [...this.folk.values()].filter((s) => s.link.state === 'connected');
    const shares = (who: Somebody) =>
      [...this.rooms.values()].some((r) => r.row.standing === 'member' && r.people.includes(who.peer));
    this.me = {
      ...this.me,
      links: linked.length,
      friends: linked.filter((who) => this.contacts.has(who.peer) || shares(who)).length,
    };
  }

  person(who: Somebody): Person {
    return { peer: who.peer, name: who.name, contact: this.contacts.has(who.peer), link: who.link };
  }

  members(room: FakeRoom): Member[] {
    const others = room.people.flatMap((peer): Member[] => {
      const who = this.folk.get(peer);
      return who ? [{ ...this.#place(room, peer), name: who.name, me: false, link: who.link }] : [];
    });
    const own: Member = {
      ...this.#place(room, this.me.peer),
      name: this.me.name,
      me: true,
      link: { state: 'own' },
    };
    return [...(room.people.includes(this.me.peer) ? [own] : []), ...others].sort((a, b) =>
      a.name.localeCompare(b.name),
    );
  }

  /** What somebody is in a room, and what one may do with them. */
  #place(room: FakeRoom, peer: string) {
    const creator = room.creator === peer && room.row.kind === 'group';
    return {
      peer,
      creator,
      role: roleIn(room, peer) ?? ('member' as const),
      added_by: creator || room.row.kind === 'direct' ? null : (room.addedBy.get(peer) ?? room.creator),
      may: mayWith(room, this.me.peer, peer),
    };
  }

  room(
    name: string,
    people: readonly Somebody[],
    options: { direct?: boolean; at?: number; history?: History } = {},
  ): FakeRoom {
    const id = hexOf(`room ${name} ${this.rooms.size}`);
    const at = options.at ?? Date.now();
    const room: FakeRoom = {
      row: {
        id,
        kind: options.direct ? 'direct' : 'group',
        name,
        peer: options.direct ? (people[0]?.peer ?? null) : null,
        standing: 'member',
        members: people.length + 1,
        connected: people.filter((p) => p.link.state === 'connected').length,
        last: null,
        unread: 0,
        late: null,
        read_up_to: null,
        draft: '',
        lacking: 0,
        active_at: at,
        my_role: null,
        topic: '',
        only_admins_add: false,
        shows_history: true,
        may: { add: false, rename: false },
        closed: null,
        level: { up_to: null, heard: 0, unheard: 0, through: 0, away: 0, behind: [], behind_in_all: 0 },
      },
      people: [this.me.peer, ...people.map((p) => p.peer)],
      creator: this.me.peer,
      roles: new Map(),
      addedBy: new Map(),
      invites: [],
      historySet: null,
      history: options.history ?? new History(),
      delivery: { saved: {}, acks: [] },
      log: id.slice(0, 16),
      seq: 0,
      late: new Set(),
    };
    this.rooms.set(id, room);
    this.#derive(room);
    this.count();
    return room;
  }

  /** Puts something into a room's history, as of a time. */
  say(room: FakeRoom, who: Somebody | null, body: Body | string, at = Date.now()): Message {
    const full: Body =
      typeof body === 'string' ? { kind: 'text', text: body, edited: null, reply: null, reactions: [] } : body;
    const made = message({
      room: room.row.id,
      author: who?.peer ?? this.me.peer,
      authorName: who?.name ?? this.me.name,
      mine: who === null,
      at,
      log: who ? who.peer.slice(0, 16) : room.log,
      seq: who ? room.history.length + 1 : ++room.seq,
      body: full,
    });
    made.late = who !== null && full.kind === 'text' && made.position <= (room.row.read_up_to ?? '');
    if (made.late) room.late.add(made.position);
    room.history.add(made);
    this.refresh(room);
    return made;
  }

  /** An own message that was written while the clock was fast. */
  sayEarly(room: FakeRoom, text: string, at: number): Message {
    const made = { ...this.say(room, null, text, at), early: true };
    room.history.replace(made);
    return made;
  }

  /** Everything so far is on disk, and these people have it. */
  settle(room: FakeRoom, holders: readonly Somebody[]): void {
    room.delivery.saved[room.log] = room.seq;
    for (const { peer } of holders) {
      const ack = room.delivery.acks.find((a) => a.peer === peer);
      if (ack) ack.seq = room.seq;
      else room.delivery.acks.push({ peer, log: room.log, seq: room.seq });
    }
  }

  read(room: FakeRoom, upTo = room.history.last()?.position ?? null): void {
    room.row.read_up_to = upTo;
    this.refresh(room);
  }

  /** What of the row follows from who is in the room. */
  #derive(room: FakeRoom): void {
    room.row.level = levelOf(room, this.folk, this.owed);
    room.row.my_role = roleIn(room, this.me.peer);
    room.row.may = mayIn(room, this.me.peer);
  }

  /** Derives the row from the history. */
  refresh(room: FakeRoom): void {
    const last = room.history.last();
    const shown = room.history.findLast((m) => m.body.kind !== 'waiting');
    room.row.last = shown ? preview(shown) : null;
    room.row.active_at = last?.at ?? room.row.active_at;
    this.#derive(room);
    const [first] = [...room.late].sort();
    room.row.late = first === undefined ? null : { count: room.late.size, first };
    room.row.unread =
      room.late.size +
      room.history.countAfter(room.row.read_up_to ?? '', 999, (m) => !m.mine && m.body.kind === 'text');
  }
}

function preview(m: Message): Preview {
  return { author: m.author, author_name: m.author_name, mine: m.mine, text: previewText(m), at: m.at };
}

function previewText({ body }: Message): string {
  switch (body.kind) {
    case 'text':
      return body.text.trim().slice(0, 140);
    case 'deleted':
      return 'deleted a message';
    case 'room_created':
      return 'made this room';
    case 'member_added':
      return `added ${body.name}`;
    case 'member_left':
      return 'left';
    case 'member_removed':
      return `removed ${body.name}`;
    case 'role_given':
      return `made ${body.name} ${body.role}`;
    case 'room_renamed':
      return `named this room ${body.name}`;
    case 'topic_set':
      return 'set the topic';
    case 'only_admins_add':
      return 'set who may add people';
    case 'history_set':
      return 'set what new members see';
    case 'waiting':
      return '';
  }
}
