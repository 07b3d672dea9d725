import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Host } from '../host/host';
import { ROOM } from '../test/people';
import { drafts } from './drafts.svelte';
import { hands } from './hands';
import { saveBeforeEnd } from './beforeEnd';
import { call, connect } from './wire';

let kept: string[] = [];
let answer: () => Promise<unknown> = () => Promise.resolve({});

const host = {
  call: async (name: string, args: { text: string }) => {
    const reply = await answer();
    if (name === 'set_draft') kept.push(args.text);
    return reply;
  },
} as unknown as Host;

beforeEach(() => {
  vi.useFakeTimers();
  connect(host);
  kept = [];
  answer = () => Promise.resolve({});
});

afterEach(() => vi.useRealTimers());

it('keeps a draft when typing pauses', async () => {
  drafts.set(ROOM, 'half');
  await vi.advanceTimersByTimeAsync(399);
  expect(kept).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(kept).toEqual(['half']);
});

it('keeps a draft of somebody who never pauses', async () => {
  for (let n = 1; n <= 30; n++) {
    drafts.set(ROOM, 'x'.repeat(n));
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(kept.length).toBeGreaterThanOrEqual(1);
  expect(kept[0]?.length).toBeGreaterThan(15);
  await drafts.flushAll();
});

it('keeps everything at the end, and waits until it is kept', async () => {
  answer = () => new Promise((done) => setTimeout(() => done({}), 50));
  drafts.set(ROOM, 'last words');
  drafts.set('another', 'and there');
  const saving = saveBeforeEnd();
  await vi.advanceTimersByTimeAsync(500);
  await saving;
  expect(kept).toEqual(['last words', 'and there']);
});

it('keeps what could not be kept before', async () => {
  answer = () => Promise.reject(new Error('the disk is full'));
  drafts.set(ROOM, 'unlucky');
  await drafts.flushAll();
  answer = () => Promise.resolve({});
  await drafts.flushAll();
  expect(kept).toEqual(['unlucky']);
});

it('never lets an older text overtake a newer one', async () => {
  let first = true;
  answer = () => new Promise((done) => setTimeout(() => done({}), first ? 80 : 1));
  drafts.set(ROOM, 'old');
  drafts.flush(ROOM);
  await vi.advanceTimersByTimeAsync(1);
  first = false;
  drafts.set(ROOM, 'new');
  drafts.flush(ROOM);
  await vi.advanceTimersByTimeAsync(200);
  expect(kept).toEqual(['old', 'new']);
});

it('waits at the end for what is being sent', async () => {
  answer = () => new Promise((done) => setTimeout(() => done({}), 70));
  const sent = vi.fn();
  void call('send', { room: ROOM, text: 'hello' }).then(sent);
  const saving = saveBeforeEnd();
  await vi.advanceTimersByTimeAsync(200);
  await saving;
  expect(sent).toHaveBeenCalled();
});

it('waits at the end for keys that are on their way, but not for ever', async () => {
  const saving = saveBeforeEnd();
  for (let n = 1; n <= 3; n++) {
    await vi.advanceTimersByTimeAsync(80);
    hands.onKey(n);
    drafts.set(ROOM, 'x'.repeat(n));
  }
  await vi.advanceTimersByTimeAsync(300);
  await saving;
  expect(kept.at(-1)).toBe('xxx');

  let over = false;
  void saveBeforeEnd().then(() => (over = true));
  for (let n = 1; n <= 10; n++) {
    hands.onKey(n);
    await vi.advanceTimersByTimeAsync(70);
  }
  expect(over).toBe(true);
});

it('keeps a draft at the end although another call hangs', async () => {
  answer = () => new Promise(() => {});
  void call('network', { watch: true });
  answer = () => Promise.resolve({});
  drafts.set(ROOM, 'not lost');
  const saving = saveBeforeEnd();
  drafts.set(ROOM, 'nor this');
  await vi.advanceTimersByTimeAsync(800);
  await saving;
  expect(kept.at(-1)).toBe('nor this');
});
