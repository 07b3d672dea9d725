import type { Calls } from '../gen/api';
import { answersOf } from './fake/calls';
import { hear } from './fake/friends';
import { openAll } from './fake/keyScenes';
import { worldOf } from './fake/scenes';
import type { World } from './fake/world';
import { Refusal, type Host } from './host';

/** What a browser test may do to the fake world. */
export interface Strings {
  world: World;
  /** A person says something in a room, both by name. */
  say(room: string, who: string, text: string): void;
  /** Messages of an earlier time arrive late. */
  sayLate(room: string, who: string, text: string, minutesAgo: number): void;
  /** The keys of a room come. */
  openKeys(room: string): void;
  /** Ends the program, as far as the page can tell. */
  end(): Promise<void>;
  links: string[];
  copied: string[];
}

/** About what a call to the real shell takes. */
const CALL_MS = 2;

declare global {
  interface Window {
    grapevineFake?: Strings;
  }
}

/**
 * A world without a shell. `?scene=` chooses where it begins, `?answers=off` keeps friends silent,
 * `?slow=` is how long earlier history takes, in ms.
 */
export function fakeHost(params: URLSearchParams): Host {
  const world = worldOf(params.get('scene') ?? 'chat');
  world.answers = params.get('answers') !== 'off';
  const answers = answersOf(world);
  const slow = Number(params.get('slow') ?? CALL_MS);
  const strings = stringsOf(world);
  window.grapevineFake = strings;

  return {
    async call<K extends keyof Calls>(call: K, args: Calls[K]['args']): Promise<Calls[K]['reply']> {
      await new Promise((resolve) => setTimeout(resolve, isEarlier(args) ? slow : CALL_MS));
      const early = ['status', 'begin', 'unlock', 'retry', 'shutdown'].includes(call);
      if (!early && world.stage.stage !== 'open') throw new Refusal('not_open', 'fake: not open');
      return structuredClone(answers[call](args));
    },
    subscribe: (onNotices) => Promise.resolve(world.listen(onNotices)),
    async copyText(text) {
      strings.copied.push(text);
      await navigator.clipboard?.writeText(text).catch(() => {});
    },
    openExternal(url) {
      strings.links.push(url);
      return Promise.resolve();
    },
    painted() {},
    beforeEnd(save) {
      strings.end = save;
    },
  };
}

function stringsOf(world: World): Strings {
  const roomOf = (name: string) => [...world.rooms.values()].find((r) => r.row.name === name);
  const folkOf = (name: string) => [...world.folk.values()].find((p) => p.name === name);
  const say = (room: string, who: string, text: string, at: number) => {
    const [where, friend] = [roomOf(room), folkOf(who)];
    if (!where || !friend) throw new Error(`no ${room} or ${who} in this scene`);
    hear(world, where, friend, text, at);
  };
  return {
    world,
    say: (room, who, text) => say(room, who, text, Date.now()),
    sayLate: (room, who, text, minutesAgo) => say(room, who, text, Date.now() - minutesAgo * 60_000),
    openKeys(name) {
      const room = roomOf(name);
      if (room) openAll(world, room);
    },
    end: async () => {},
    links: [],
    copied: [],
  };
}

function isEarlier(args: Calls[keyof Calls]['args']): boolean {
  return 'anchor' in args && args.anchor.at === 'before';
}
