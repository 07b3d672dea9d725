import type { Body, Calls, InviteReading, Joining, Message, Nearby } from '../../gen/api';
import { Refusal } from '../host';
import { sendable } from '../sendable';
import { doctorAnswers } from './doctor';
import { ask, befriend, react } from './friends';
import { membershipAnswers } from './membership';
import { beat, reachOf } from './network';
import { fingerprintOf, hexOf, somebody } from './people';
import type { FakeRoom } from './room';
import type { World } from './world';

/** The calls of the contract, each answered by the fake world. */
export type Answers = { [K in keyof Calls]: (args: Calls[K]['args']) => Calls[K]['reply'] };

const MAX_BYTES = 16 * 1024;

export function answersOf(world: World): Answers {
  let invites = 0;

  const room = (id: string): FakeRoom => world.rooms.get(id) ?? refuse('unknown_room');
  const said = (of: FakeRoom, id: string): Message => of.history.find((m) => m.id === id) ?? refuse('unknown_message');
  const changed = (of: FakeRoom, next: Message): void => {
    of.history.replace(next);
    world.refresh(of);
    world.emit({ notice: 'messages', room: of.row.id, messages: [next] }, { notice: 'room_changed', room: of.row });
  };
  const own = (of: FakeRoom, id: string): Message => {
    const message = said(of, id);
    return message.mine ? message : refuse('not_author');
  };
  const opened = (): void => {
    world.stage = { stage: 'open' };
    world.emit({ notice: 'stage_changed', stage: world.stage });
  };
  const begin = (target: string): Joining => {
    const joining: Joining = {
      id: `join-${Date.now()}-${world.joining.length}`,
      target,
      state: { state: 'connecting', address: '192.168.1.44:4747' },
      trouble: null,
    };
    world.joining.push(joining);
    world.emit({ notice: 'join_changed', joining });
    return joining;
  };
  const move = (joining: Joining, state: Joining['state']): void => {
    const now = world.joining.find((j) => j.id === joining.id);
    if (!now) return;
    now.state = state;
    world.emit({ notice: 'join_changed', joining: now });
    if (state.state !== 'joined') return;
    world.joining = world.joining.filter((j) => j.id !== joining.id);
    world.emit({ notice: 'join_gone', id: joining.id });
  };
  const near = (id: string | null, change: Partial<Nearby>): void => {
    if (id === null) return;
    world.nearby = world.nearby.map((n) => (n.id === id ? { ...n, ...change } : n));
    world.emit({ notice: 'nearby_changed', nearby: world.nearby });
  };
  const greet = (joining: Joining, name: string, nearId: string | null = null): Joining => {
    const friend = somebody(name, { state: 'unreachable', last_seen: null });
    near(nearId, { join: joining.id });
    setTimeout(() => {
      if (!world.joining.some((j) => j.id === joining.id)) return;
      if (nearId !== null) ask(world, friend);
      near(nearId, { peer: friend.peer });
      move(joining, { state: 'asked', name });
    }, 500);
    setTimeout(() => {
      if (!world.joining.some((j) => j.id === joining.id)) return;
      const opened = befriend(world, friend);
      near(nearId, { join: null });
      move(joining, { state: 'joined', room: opened.row.id });
    }, 1800);
    return joining;
  };

  return {
    status: () => world.stage,
    begin: ({ name, custody }) => {
      if (name.trim() === '' || [...name].length > 64) refuse('bad_name');
      if (custody.kind === 'key_file' && custody.passphrase.length < 10) refuse('weak_passphrase');
      if (custody.kind === 'keychain' && world.stage.stage === 'welcome' && world.stage.keychain) refuse('keychain');
      world.me = { ...world.me, name: name.trim(), custody: custody.kind };
      opened();
      return world.stage;
    },
    unlock: ({ passphrase }) => {
      if (passphrase !== world.passphrase) refuse('wrong_passphrase');
      opened();
      return world.stage;
    },
    retry: () => world.stage,
    snapshot: () => world.snapshot(),
    set_name: ({ name }) => {
      if (name.trim() === '') refuse('bad_name');
      world.me = { ...world.me, name: name.trim() };
      world.emit({ notice: 'me_changed', me: world.me });
      return world.me;
    },
    set_nearby_visible: ({ visible }) => {
      world.me = { ...world.me, nearby_visible: visible };
      world.emit({ notice: 'me_changed', me: world.me });
      return world.me;
    },
    ...doctorAnswers(world),
    create_room: ({ name }) => {
      if (name.trim() === '') refuse('bad_name');
      const made = world.room(name.trim(), []);
      const first = world.say(made, null, { kind: 'room_created', name: name.trim() });
      world.settle(made, []);
      world.emit(
        { notice: 'room_changed', room: made.row },
        { notice: 'messages', room: made.row.id, messages: [first] },
      );
      return made.row;
    },
    open_direct: ({ peer }) => {
      const known = [...world.rooms.values()].find((r) => r.row.peer === peer);
      if (known) return known.row;
      const who = world.folk.get(peer) ?? refuse('unknown_peer');
      const made = world.room(who.name, [who], { direct: true });
      world.emit({ notice: 'room_changed', room: made.row });
      return made.row;
    },
    ...membershipAnswers(world),
    room: ({ room: id }) => ({
      room: room(id).row,
      people: world.members(room(id)),
      delivery: room(id).delivery,
      history: room(id).historySet,
    }),
    timeline: ({ room: id, anchor, limit }) => room(id).history.page(anchor, limit),
    send: ({ room: id, text, reply_to }) => {
      const to = room(id);
      const trimmed = sendable(text);
      if (trimmed === '') refuse('empty_text');
      if (new TextEncoder().encode(trimmed).length > MAX_BYTES) refuse('text_too_long');
      if (to.row.closed) refuse('not_member');
      const answered = reply_to ? to.history.find((m) => m.id === reply_to) : null;
      const body: Body = {
        kind: 'text',
        text: trimmed,
        edited: null,
        reactions: [],
        reply: answered
          ? {
              id: answered.id,
              position: answered.position,
              author_name: answered.author_name,
              text: answered.body.kind === 'text' ? answered.body.text.slice(0, 140) : '',
            }
          : null,
      };
      const message = world.say(to, null, body);
      to.row.read_up_to = message.position;
      world.refresh(to);
      world.emit({ notice: 'messages', room: id, messages: [message] }, { notice: 'room_changed', room: to.row });
      react(world, to, message);
      return { id: message.id, position: message.position, log: message.log, seq: message.seq };
    },
    edit: ({ room: id, message: mid, text }) => {
      const message = own(room(id), mid);
      if (message.body.kind !== 'text') refuse('unknown_message');
      else changed(room(id), { ...message, body: { ...message.body, text: sendable(text), edited: Date.now() } });
      return done();
    },
    delete: ({ room: id, message: mid }) => {
      changed(room(id), { ...own(room(id), mid), body: { kind: 'deleted' } });
      return done();
    },
    react: ({ room: id, message: mid, emoji, on }) => {
      const message = said(room(id), mid);
      if (message.body.kind !== 'text') return refuse('unknown_message');
      const others = message.body.reactions.map((r) =>
        r.emoji === emoji ? { ...r, people: r.people.filter((p) => p !== world.me.name), mine: false } : r,
      );
      const entry = others.find((r) => r.emoji === emoji);
      const reactions = on
        ? entry
          ? others.map((r) => (r === entry ? { ...r, people: [...r.people, world.me.name], mine: true } : r))
          : [...others, { emoji, people: [world.me.name], mine: true }]
        : others.filter((r) => r.people.length > 0);
      changed(room(id), { ...message, body: { ...message.body, reactions } });
      return done();
    },
    mark_read: ({ room: id, up_to, seen }) => {
      const of = room(id);
      for (const place of seen ?? [...of.late].filter((place) => place <= up_to)) {
        of.late.delete(place);
        const m = of.history.find((m) => m.position === place);
        if (m?.late) of.history.replace({ ...m, late: false });
      }
      world.read(of, up_to > (of.row.read_up_to ?? '') ? up_to : of.row.read_up_to);
      world.emit({ notice: 'room_changed', room: of.row });
      return done();
    },
    send_again: ({ room: id, message: mid }) => {
      const of = room(id);
      const message = own(of, mid);
      if (!message.early || message.body.kind !== 'text') return refuse('unknown_message');
      const again = world.say(of, null, { ...message.body, edited: null, reactions: [] });
      world.emit({ notice: 'messages', room: id, messages: [again] });
      changed(of, { ...message, body: { kind: 'deleted' } });
      return { id: again.id, position: again.position, log: again.log, seq: again.seq };
    },
    set_draft: ({ room: id, text }) => {
      room(id).row.draft = text;
      world.emit({ notice: 'room_changed', room: room(id).row });
      return done();
    },
    create_invite: ({ room: id, uses }) => {
      const key = hexOf(`invite ${id ?? ''} ${uses} ${++invites}`);
      const body = key + hexOf(`more ${invites}`);
      const of = id === undefined ? null : room(id);
      if (of && !of.row.may.add) refuse('not_allowed');
      of?.invites.push({
        id: key,
        author: world.me.peer,
        uses,
        used: 0,
        expires_ms: 0,
        revoked: false,
        may_revoke: true,
      });
      if (of) world.emit({ notice: 'room_changed', room: of.row });
      const text = `gv1${id ? 'r' : 'c'}${BigInt(`0x${body}`).toString(32)}`;
      return { text, link: `grapevine://join/${text}`, uses, addresses: world.me.addresses };
    },
    read_invite: ({ text }) => readInvite(text),
    accept_invite: ({ text }) => {
      const reading = readInvite(text);
      if (reading.kind === 'several') return refuse('bad_invite');
      if (reading.kind === 'room') {
        const joining = begin('Garden club');
        setTimeout(() => {
          const host = world.meet(
            somebody('Chi', {
              state: 'connected',
              path: { kind: 'direct' },
              address: '192.168.1.50:4747',
              latency_us: 5_100,
              since: Date.now(),
            }),
            false,
          );
          const joined = world.room('Garden club', [host]);
          joined.creator = host.peer;
          world.say(joined, host, { kind: 'room_created', name: 'Garden club' });
          world.say(joined, host, { kind: 'member_added', peer: world.me.peer, name: world.me.name });
          world.say(joined, host, 'Welcome! Mind the wet paint on the gate.');
          world.emit(
            { notice: 'person_changed', person: world.person(host) },
            { notice: 'room_changed', room: joined.row },
          );
          move(joining, { state: 'joined', room: joined.row.id });
        }, 1500);
        return joining;
      }
      if (reading.kind === 'contact') return greet(begin('Chi'), 'Chi');
      return refuse('bad_invite');
    },
    cancel_join: ({ join }) => {
      world.joining = world.joining.filter((j) => j.id !== join);
      world.emit({ notice: 'join_gone', id: join });
      return done();
    },
    add_address: ({ address }) => {
      const joining = begin(address);
      setTimeout(() => {
        joining.trouble = { side: 'theirs', finding: 'not_running', fixes: [] };
        move(joining, { state: 'waiting', retry_at: Date.now() + 8_000, reason: 'refused' });
      }, 700);
      return joining;
    },
    say_hello: ({ nearby }) => {
      const found = world.nearby.find((n) => n.id === nearby) ?? refuse('unknown_peer');
      return greet(begin(found.name), found.name, found.id);
    },
    answer_request: ({ peer, accept }) => {
      const request = world.requests.find((r) => r.peer === peer) ?? refuse('unknown_peer');
      world.requests = world.requests.filter((r) => r.peer !== peer);
      world.emit({ notice: 'request_gone', peer });
      if (accept) befriend(world, somebody(request.name, { state: 'unreachable', last_seen: null }));
      return done();
    },
    person: ({ peer }) => {
      const who = world.folk.get(peer) ?? refuse('unknown_peer');
      const address = 'address' in who.link ? who.link.address : null;
      const addresses = address === null ? [] : [address];
      const rooms = [...world.rooms.values()].filter((r) => r.people.includes(peer)).map((r) => r.row.id);
      const alike = [world.me, ...world.folk.values()].find(
        (other) => other.peer !== peer && looksOf(other.name) === looksOf(who.name),
      );
      return {
        person: world.person(who),
        fingerprint: who.fingerprint,
        addresses,
        rooms,
        looks_like: alike?.name ?? null,
      };
    },
    network: ({ watch }) => {
      if (watch) beat(world);
      return { me: world.me, people: [...world.folk.values()].map((who) => reachOf(world, who)) };
    },
    redial: ({ peer }) => {
      const who = world.folk.get(peer) ?? refuse('unknown_peer');
      who.link = { state: 'connecting', address: '192.168.1.7:4747' };
      world.emit(
        { notice: 'person_changed', person: world.person(who) },
        { notice: 'network_changed', people: [reachOf(world, who)], gone: [] },
      );
      setTimeout(() => {
        who.link = { state: 'waiting', address: '192.168.1.7:4747', retry_at: Date.now() + 16_000, reason: 'refused' };
        world.emit(
          { notice: 'person_changed', person: world.person(who) },
          { notice: 'network_changed', people: [reachOf(world, who)], gone: [] },
        );
      }, 900);
      return done();
    },
    shutdown: () => done(),
  };
}

/** Two names that differ only in case, in what does not show, or in a Cyrillic letter or two. */
function looksOf(name: string): string {
  return name
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/а/giu, 'a')
    .replace(/о/giu, 'o')
    .toLowerCase();
}

function readInvite(pasted: string): InviteReading {
  const text = pasted
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .trim()
    .replace(/^grapevine:\/\/join\//i, '');
  if (text === '') return { kind: 'unreadable', why: 'empty' };
  const found = [...new Set(text.match(/gv1[rc][a-z0-9]{40,}/gi) ?? [])].map((one) => ({
    text: one,
    reading: readOne(one),
  }));
  if (found.length > 1) return { kind: 'several', found };
  if (found[0]) return found[0].reading;
  if (/^gv1/i.test(text)) return { kind: 'unreadable', why: 'damaged' };
  if (/^gv[2-9]/i.test(text)) return { kind: 'unreadable', why: 'too_new' };
  if (/^(\[[0-9a-f:]+\]|[\w.-]+):\d{1,5}$/i.test(text)) return { kind: 'address', address: text };
  return { kind: 'unreadable', why: 'unknown' };
}

function readOne(text: string): InviteReading {
  const inviter = fingerprintOf(hexOf(text.length % 2 === 0 ? 'Chi' : 'Bob'));
  return /^gv1r/i.test(text)
    ? { kind: 'room', inviter, addresses: ['192.168.1.50:4747'], member: null }
    : { kind: 'contact', inviter, addresses: ['192.168.1.50:4747', 'home.example.org:4747'], known: null };
}

function refuse(code: ConstructorParameters<typeof Refusal>[0]): never {
  throw new Refusal(code, `fake: ${code}`);
}

function done(): Record<symbol, never> {
  return {};
}
