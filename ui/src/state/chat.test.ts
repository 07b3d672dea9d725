import { beforeEach, describe, expect, it } from 'vitest';
import type { Message, Page } from '../gen/api';
import type { Host } from '../host/host';
import { message, ROOM } from '../test/people';
import { Chat } from './chat.svelte';
import { connect } from './wire';

/** Pages that were asked for and not answered yet. */
let asked: ((page: Page) => void)[] = [];

const host: Pick<Host, 'call'> = {
  call: ((name: string) => (name === 'timeline' ? new Promise((answer) => asked.push(answer as never)) : Promise.resolve({ people: [], delivery: { saved: {}, acks: [] } }))) as Host['call'],
};

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const page = (messages: Message[], more: Partial<Page> = {}): Page => ({ messages, more_before: false, more_after: false, ...more });
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
