import { beforeEach, describe, expect, it } from 'vitest';
import type { Message, Page } from '../gen/api';
import type { Host } from '../host/host';
import { message, ROOM, row } from '../test/people';
import { Chat } from './chat.svelte';
import { model } from './store.svelte';
import { connect } from './wire';

/** Pages that were asked for and not answered yet. */
let asked: ((page: Page) => void)[] = [];
/** What of the late messages was said to be seen; without, all. */
let seen: (string[] | undefined)[] = [];

const host: Pick<Host, 'call'> = {
  call: ((name: string, args: { seen?: string[] }) =>
    name === 'mark_read'
      ? Promise.resolve(seen.push(args.seen))
      : name === 'timeline'
        ? new Promise((answer) => asked.push(answer))
        : Promise.resolve({ people: [], delivery: { saved: {}, acks: [] } })) as Host['call'],
};

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const page = (messages: Message[], more: Partial<Page> = {}): Page => ({
  messages,
  more_before: false,
  more_after: false,
  ...more,
});
const ids = (chat: Chat) => chat.span.messages.map((m) => m.id);

async function opened(first: Page): Promise<Chat> {
  const chat = new Chat(ROOM);
  const loading = chat.load();
  asked.shift()?.(first);
  await loading;
  return chat;
}

describe('what is told while a page is on its way', () => {
  beforeEach(() => {
    asked = [];
    connect(host as Host);
  });

  it('is there once the room is open', async () => {
    const chat = new Chat(ROOM);
    const loading = chat.load();
    chat.onMessages([message(4)]);
    asked.shift()?.(page(range(1, 3)));
    await loading;
    expect(ids(chat)).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('is there once the room was loaded again', async () => {
    const chat = await opened(page(range(1, 3)));
    const loading = chat.reload();
    chat.onMessages([message(4)]);
    asked.shift()?.(page(range(1, 3)));
    await loading;
    expect(ids(chat)).toEqual(['m1', 'm2', 'm3', 'm4']);
  });

  it('does not come back with the page if it is gone', async () => {
    const chat = await opened(page(range(1, 3)));
    chat.onGone(new Set(['m2']));
    expect(ids(chat)).toEqual(['m1', 'm3']);
    const loading = chat.reload();
    chat.onMessages([message(4), message(5)]);
    chat.onGone(new Set(['m3', 'm4', 'm5']));
    chat.onMessages([message(5)]);
    asked.shift()?.(page([message(1), message(3), message(5)]));
    await loading;
    expect(ids(chat)).toEqual(['m1', 'm5']);
  });

  it('is there once the end was reached', async () => {
    const chat = await opened(page(range(1, 3), { more_after: true }));
    const loading = chat.loadAfter();
    chat.onMessages([message(7)]);
    asked.shift()?.(page(range(4, 6)));
    await loading;
    expect(ids(chat)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
    expect(chat.entered).toBe('end');
  });

  it('stays out while the end is not reached', async () => {
    const chat = await opened(page(range(1, 3), { more_after: true }));
    const loading = chat.loadAfter();
    chat.onMessages([message(9)]);
    asked.shift()?.(page(range(4, 6), { more_after: true }));
    await loading;
    expect(ids(chat)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
  });

  it('is not told again with a later page', async () => {
    const chat = await opened(page(range(1, 3)));
    const reloading = chat.reload();
    chat.onMessages([message(4)]);
    asked.shift()?.(page(range(1, 4)));
    await reloading;
    const again = chat.reload();
    asked.shift()?.(page([...range(1, 3), message(4, { body: { kind: 'deleted' } })]));
    await again;
    expect(chat.span.messages.at(-1)?.body.kind).toBe('deleted');
  });
});

describe('an own message that is dated ahead', () => {
  it('keeps nothing that comes above it from being new', async () => {
    asked = [];
    connect(host as Host);
    const chat = await opened(page([message(1), message(9, { mine: true, early: true })]));
    expect(chat.onMessages([message(2)]).map((m) => m.id)).toEqual(['m2']);
  });
});

describe('what came late', () => {
  beforeEach(() => {
    asked = [];
    seen = [];
    connect(host as Host);
    model.rooms[ROOM] = row({
      unread: 1,
      read_up_to: message(5).position,
      late: { count: 1, first: message(2).position },
    });
  });

  it('has no divider, because it stands above what was read', async () => {
    const chat = await opened(page(range(1, 5)));
    expect(chat.divider).toBeNull();
  });

  it('is seen once it was on the screen, and keeps its mark until the room is left', async () => {
    const chat = await opened(page([message(1), message(2, { late: true }), message(3)]));
    await chat.onScreen(chat.span.messages.slice(0, 1));
    expect(seen).toEqual([]);
    await chat.onScreen(chat.span.messages);
    await chat.onScreen(chat.span.messages);
    expect(seen).toEqual([[message(2).position]]);
    expect(chat.span.messages.map((m) => m.late)).toEqual([false, true, false]);
    chat.leave();
    expect(chat.span.messages.some((m) => m.late)).toBe(false);
  });

  it('has no mark if it only crossed with others on the way', async () => {
    const chat = await opened(page([message(1), message(5)]));
    const crossed = message(2, { late: true, at: Date.now() });
    const late = message(3, { late: true });
    chat.onMessages([crossed, late]);
    expect(chat.span.messages.filter((m) => chat.isMarkedLate(m)).map((m) => m.id)).toEqual(['m3']);
  });

  it('is gone to where it stands', async () => {
    const chat = await opened(page(range(4, 5), { more_before: true }));
    model.rooms[ROOM] = row({ late: { count: 1, first: message(2).position } });
    const going = chat.goToLate();
    asked.shift()?.(page([message(1), message(2, { late: true }), message(3)], { more_after: true }));
    await going;
    expect(chat.target).toEqual({ to: 'message', id: 'm2' });
  });
});

describe('a message that waits for its key', () => {
  const waiting = (n: number) => message(n, { body: { kind: 'waiting', lost: false } });
  beforeEach(() => {
    asked = [];
    connect(host as Host);
    model.rooms[ROOM] = row();
  });

  it('is new when it opens, and not before', async () => {
    const chat = await opened(page(range(1, 2)));
    expect(chat.onMessages([waiting(3)])).toEqual([]);
    expect(ids(chat)).toEqual(['m1', 'm2', 'm3']);
    expect(chat.onMessages([message(3)]).map((m) => m.id)).toEqual(['m3']);
    expect(chat.span.messages.at(-1)?.body.kind).toBe('text');
  });

  it('is replaced in its place', async () => {
    const chat = await opened(page([message(1), waiting(2), message(3)]));
    chat.onMessages([message(2)]);
    expect(ids(chat)).toEqual(['m1', 'm2', 'm3']);
    expect(chat.entered).toBe('nowhere');
  });

  it('is not counted above the divider until it opens', async () => {
    const chat = await opened(page(range(1, 2)));
    model.rooms[ROOM] = row({ read_up_to: message(2).position });
    chat.onMessages([waiting(3)]);
    expect(chat.divider).toBeNull();
    chat.onMessages([waiting(3), message(4)]);
    expect(chat.divider?.count).toBe(1);
    chat.onMessages([message(3)]);
    expect(chat.divider?.count).toBe(2);
  });

  it('leaves a room something to be read', async () => {
    expect((await opened(page([waiting(1)]))).bare).toBe(false);
    expect((await opened(page([message(1, { body: { kind: 'member_left' } })]))).bare).toBe(true);
  });
});
