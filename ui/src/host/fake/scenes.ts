import type { Alert, Body, ClockOff, KeychainProblemKind, Quote, Stage } from '../../gen/api';
import { History, positionOf } from './history';
import { friends, hexOf, somebody } from './people';
import { foundThere } from './doctor';
import { atForty, crowd, everyPath, inHundreds, inTrouble, severalWays } from './network';
import { withKeys } from './keyScenes';
import { withRoles } from './roomScenes';
import { World } from './world';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Worlds to begin in, by the `scene` in the address: `first`, `chat`, `big`, `hostile` and so on.
 */
export function worldOf(scene: string): World {
  const keychain = /^(keychain|locked)-(absent|denied|wiped|silent)$/.exec(scene);
  if (keychain) return troubled(keychain[1] === 'keychain', keychain[2] as KeychainProblemKind);
  if (scene.startsWith('doctor-')) return foundThere(chat(), scene.slice('doctor-'.length));
  if (scene.startsWith('roles')) return withRoles(chat(), scene);
  if (scene.startsWith('keys')) return withKeys(chat(), scene);
  switch (scene) {
    case 'first':
      return first();
    case 'locked':
      return troubled(false, 'denied');
    case 'passphrase':
      return at(chat(), { stage: 'needs_passphrase', wrong: false });
    case 'opening':
      return at(new World(), { stage: 'opening', waited_ms: 2_500, building: null });
    case 'building':
      return at(chat(), { stage: 'opening', waited_ms: 0, building: { done: 420_000, of: 1_000_000 } });
    case 'unusable':
      return at(new World(), { stage: 'unusable', code: 'profile_in_use', detail: 'lock held by process 4711' });
    case 'too-old':
      return at(new World(), { stage: 'unusable', code: 'data_too_old', detail: 'an older version wrote it' });
    case 'empty':
      return new World();
    case 'big':
      return big();
    case 'hostile':
      return hostile();
    case 'requests':
      return requests();
    case 'lookalike':
      return lookalike();
    case 'unreachable':
      return unreachable();
    case 'loopback':
      return loopback();
    case 'nearby':
      return nearby();
    case 'network':
      return severalWays(chat());
    case 'network-ways':
      return everyPath(severalWays(chat()));
    case 'network-forty':
      return atForty(new World());
    case 'network-crowd':
      return inHundreds(new World());
    case 'network-offline':
      return inTrouble(unreachable());
    case 'clocks':
      return clocks();
    case 'crowd':
      return crowd(new World());
    default:
      return chat();
  }
}

/** The same world, at this stage. */
function at(world: World, stage: Stage): World {
  world.stage = stage;
  return world;
}

function first(): World {
  const world = new World();
  world.stage = { stage: 'welcome', suggested_name: 'Ada', keychain: null };
  world.nearby = [{ id: 'near-1', name: 'Bob', address: '192.168.1.44:4747', peer: null, join: null }];
  return world;
}

function troubled(fresh: boolean, kind: KeychainProblemKind): World {
  const world = fresh ? first() : chat();
  const problem = {
    kind,
    detail: 'org.freedesktop.DBus.Error.ServiceUnknown: org.freedesktop.secrets was not provided',
  };
  world.stage = fresh ? { stage: 'welcome', suggested_name: 'Ada', keychain: problem } : { stage: 'locked', problem };
  return world;
}

const text = (words: string, more: Partial<Extract<Body, { kind: 'text' }>> = {}): Body => ({
  kind: 'text',
  text: words,
  edited: null,
  reply: null,
  reactions: [],
  ...more,
});

function chat(): World {
  const world = new World();
  const now = Date.now();
  const { ana, bayo, dice, taiwo, blessing } = friends(now);
  for (const who of [ana, bayo, dice, taiwo, blessing]) world.meet(who);
  world.nearby = [{ id: 'near-1', name: 'Bob', address: '192.168.1.44:4747', peer: null, join: null }];

  const cooks = world.room('Sunday Cooks', [bayo, dice, ana, taiwo, blessing]);
  world.say(cooks, null, { kind: 'room_created', name: 'Sunday Cooks' }, now - 9 * DAY);
  for (const who of [bayo, dice, ana, blessing])
    world.say(cooks, null, { kind: 'member_added', peer: who.peer, name: who.name }, now - 9 * DAY + HOUR);
  const lines: readonly (readonly [typeof bayo | null, string])[] = [
    [bayo, 'First table is set. Who brings what next time?'],
    [null, 'Salad and the good knives.'],
    [dice, 'Bread. Two kinds.'],
    [ana, 'I can only come late, keep me a bowl please'],
    [blessing, 'Plum cake, if the plums behave'],
    [null, 'They always do for you 🙂'],
  ];
  for (const [i, [who, words]] of lines.entries()) world.say(cooks, who, words, now - DAY - HOUR + i * 3 * MINUTE);
  world.say(cooks, null, { kind: 'member_added', peer: taiwo.peer, name: taiwo.name }, now - 5 * HOUR);
  const asked = world.say(cooks, bayo, 'Is it at mine or at Dice’s tonight?', now - 24 * MINUTE);
  world.say(
    cooks,
    bayo,
    text('I can pick up the rice on the way either way.', {
      reactions: [
        { emoji: '🙌', people: ['Ada', 'Dice', 'Ana'], mine: true },
        { emoji: '🍚', people: ['Ana'], mine: false },
      ],
    }),
    now - 23 * MINUTE,
  );
  const quote: Quote = {
    id: asked.id,
    position: asked.position,
    author_name: 'Bayo',
    text: 'Is it at mine or at Dice’s tonight?',
  };
  world.say(
    cooks,
    null,
    text('Dice’s — her kitchen has two ovens. Seven o’clock?', { reply: quote }),
    now - 20 * MINUTE,
  );
  world.settle(cooks, [bayo, dice, ana, taiwo, blessing]);
  world.read(cooks);
  world.say(
    cooks,
    dice,
    'Seven is good. Recipe so nobody improvises again:\n```\nonions   3, slow, 25 min\nstock    1.2 l\npepper   ask Taiwo\n```',
    now - 6 * MINUTE,
  );
  world.say(cooks, dice, 'bringing the big pot 🍲', now - 5 * MINUTE);
  world.say(cooks, ana, 'Then I bring the **small** one, see https://example.org/pots', now - 3 * MINUTE);

  const direct = world.room('Bayo', [bayo], { direct: true });
  world.say(direct, bayo, 'Six at the station?', now - 40 * MINUTE);
  world.say(direct, null, 'see you at six', now - 38 * MINUTE);
  world.settle(direct, [bayo]);
  world.read(direct);

  const side = world.room('Five-a-side', [taiwo, bayo, dice, ana]);
  world.say(side, null, { kind: 'room_created', name: 'Five-a-side' }, now - 30 * DAY);
  world.read(side);
  for (const [i, words] of [
    'Who is in for Thursday?',
    'I have the ball',
    'and the bibs',
    'pitch is booked',
  ].entries()) {
    world.say(side, taiwo, words, now - 2 * HOUR + i * MINUTE);
  }

  const quiet = world.room('Blessing', [blessing], { direct: true });
  world.say(quiet, blessing, 'The flat is still free in May, shall I ask?', now - 2 * DAY);
  world.read(quiet);
  quiet.row.draft = 'about the flat…';

  const bench = world.room('Rust bench', [ana, dice]);
  world.say(bench, ana, 'it was the borrow checker', now - 3 * DAY);
  world.read(bench);
  return world;
}

/** A hundred thousand messages, made up only where they are looked at. */
function big(): World {
  const world = new World();
  const now = Date.now();
  const { bayo, dice, ana } = friends(now);
  const cast = [bayo, dice, ana];
  for (const who of cast) world.meet(who);
  const TOTAL = 100_000;
  const STEP = 4 * MINUTE;
  const words =
    'the pot is on and the rice is nearly done so bring plates and somebody who can sing while it simmers'.split(' ');
  const make = (i: number) => {
    const who = cast[(i >> 1) % cast.length] ?? bayo;
    const mine = i % 7 === 3;
    const at = now - (TOTAL - i) * STEP;
    const length = 3 + ((i * 7919) % 29);
    const body = Array.from({ length }, (_, w) => words[(i * 31 + w * 17) % words.length]).join(' ');
    return {
      id: hexOf(`big ${i}`),
      room: id,
      position: positionOf(at, i),
      author: mine ? world.me.peer : who.peer,
      author_name: mine ? world.me.name : who.name,
      mine,
      at,
      early: false,
      late: false,
      log: mine ? id.slice(0, 16) : who.peer.slice(0, 16),
      seq: i + 1,
      body: text(`No. ${i + 1}: ${body}`),
    };
  };
  const room = world.room('The long table', cast, { history: new History(TOTAL, (i) => make(i)) });
  const { id } = room.row;
  room.seq = TOTAL;
  world.settle(room, cast);
  world.read(room);
  return world;
}

/** Text that tries to be something else. */
function hostile(): World {
  const world = new World();
  const now = Date.now();
  const mallory = world.meet(
    somebody('Maximilian-Alexander von Hohenzollern-Sigmaringen', {
      state: 'connected',
      path: { kind: 'direct' },
      address: '10.0.0.9:4747',
      latency_us: null,
      since: now,
    }),
  );
  const rtl = world.meet(
    somebody('\u202Eevil\u202C نور', {
      state: 'connected',
      path: { kind: 'direct' },
      address: '10.0.0.8:4747',
      latency_us: 900,
      since: now,
    }),
  );
  const zalgo = world.meet(
    somebody('Z\u0351\u036B\u0343\u036A\u0302a\u0489\u0334\u031Al\u0315\u0321go', {
      state: 'unreachable',
      last_seen: null,
    }),
  );
  const room = world.room('W'.repeat(40), [mallory, rtl, zalgo]);
  const lines = [
    '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</' + 'script>',
    "[click](javascript:document.title='owned') and [bank](https://evil.example/login) and <https://user:pw@bank.example>",
    'before \u202Ereversed text that overrides\u202C after',
    `H${'\u0310\u0343\u036F\u0489'.repeat(60)}e c${'\u0334\u0321'.repeat(80)}omes`,
    'x'.repeat(900),
    '![tracker](https://evil.example/pixel.png)',
    'مرحبا بالعالم، هذه رسالة من اليمين إلى اليسار 123',
    '# not a heading\n\n> a quote\n\n1. one\n2. two\n\n* `code` and **bold** and ~~gone~~',
    '&lt;b&gt; entity &#x202e; stays as typed',
    '❤️👩‍👩‍👧‍👦',
  ];
  for (const [i, line] of lines.entries())
    world.say(room, [mallory, rtl, zalgo][i % 3] ?? mallory, line, now - (lines.length - i) * MINUTE);
  world.read(room);
  return world;
}

function requests(): World {
  const world = chat();
  const bob = somebody('Bob', {
    state: 'connected',
    path: { kind: 'direct' },
    address: '192.168.1.44:4747',
    latency_us: 2_300,
    since: Date.now(),
  });
  world.requests = [
    { peer: bob.peer, name: bob.name, fingerprint: bob.fingerprint, at: Date.now() - 5_000, looks_like: null },
  ];
  world.joining = [
    {
      id: 'join-1',
      target: '192.168.1.7:4747',
      state: { state: 'waiting', retry_at: Date.now() + 8_000, reason: 'refused' },
      trouble: { side: 'theirs', finding: 'not_running', fixes: [] },
    },
    { id: 'join-2', target: 'Garden club', state: { state: 'refused', why: 'used_up' }, trouble: null },
  ];
  return world;
}

/** A member of a room, and a person who asks, have names that can be taken for others'. */
function lookalike(): World {
  const world = requests();
  // With a Cyrillic letter each.
  const other = world.meet(somebody('B\u0430yo', { state: 'unreachable', last_seen: null }), false);
  [...world.rooms.values()].find((room) => room.row.name === 'Sunday Cooks')?.people.push(other.peer);
  world.requests = world.requests.map((request) => ({ ...request, name: 'An\u0430', looks_like: 'Ana' }));
  return world;
}

function unreachable(): World {
  const world = chat();
  const now = Date.now();
  for (const [i, who] of [...world.folk.values()].entries()) {
    who.link =
      i % 2 === 0
        ? {
            state: 'waiting',
            address: '192.168.1.20:4747',
            retry_at: now + 8_000 + i * 60_000,
            reason: i === 0 ? 'refused' : 'timed_out',
          }
        : { state: 'unreachable', last_seen: i === 1 ? null : now - 3 * HOUR };
  }
  world.me = {
    ...world.me,
    links: 0,
    friends: 0,
    reach: 'closed',
    not_listening: 'Address already in use (os error 98)',
    addresses: [],
  };
  for (const room of world.rooms.values()) room.row.connected = 0;
  world.alerts = [
    clockOff({ whose: 'own', peer: null, name: '', fast: true, minutes: 3 }),
    { kind: 'not_listening', detail: 'Address already in use (os error 98)', clock: null, fork: null },
  ];
  return world;
}

/** A program that was told to listen to its own computer alone. */
function loopback(): World {
  const world = chat();
  world.me = { ...world.me, reach: 'this_computer', addresses: ['127.0.0.1:4747'] };
  return world;
}

/**
 * All kinds of people nearby: a stranger, a contact under another name, one who was asked and one
 * who asks.
 */
function nearby(): World {
  const world = requests();
  const dara = world.meet(
    somebody('Dara', {
      state: 'connected',
      path: { kind: 'direct' },
      address: '192.168.1.45:4747',
      latency_us: 2_300,
      since: Date.now(),
    }),
    false,
  );
  const asked = world.room('Dara', [dara], { direct: true });
  asked.row.standing = 'requested';
  world.count();
  const peer = (name: string) => hexOf(name);
  world.nearby = [
    { id: 'near-1', name: 'Efe', address: '192.168.1.43:4747', peer: null, join: null },
    { id: 'near-2', name: 'Bayo’s laptop', address: '192.168.1.20:4747', peer: peer('Bayo'), join: null },
    { id: 'near-3', name: 'Dara', address: '192.168.1.45:4747', peer: dara.peer, join: null },
    { id: 'near-4', name: 'Bob', address: '192.168.1.44:4747', peer: peer('Bob'), join: null },
  ];
  return world;
}

/** A clock that was fast and was put right, and words that came late. */
function clocks(): World {
  const world = chat();
  const now = Date.now();
  const [cooks, bayo] = [
    [...world.rooms.values()].find((r) => r.row.name === 'Sunday Cooks'),
    [...world.folk.values()].find((s) => s.name === 'Bayo'),
  ];
  if (!cooks || !bayo) return world;
  world.read(cooks);
  world.say(cooks, bayo, 'I wrote this in the tunnel: rice or noodles?', now - 22 * MINUTE);
  world.sayEarly(cooks, 'Then I take the late train.', new Date(now + DAY).setHours(14, 2, 0, 0));
  world.alerts = [clockOff({ whose: 'theirs', peer: bayo.peer, name: 'Bayo', fast: false, minutes: 3 })];
  return world;
}

const clockOff = (clock: ClockOff): Alert => ({ kind: 'clock_off', detail: clock.peer ?? '', clock, fork: null });
