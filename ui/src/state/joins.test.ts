import { beforeEach, expect, it, vi } from 'vitest';
import type { Joining } from '../gen/api';
import { ROOM } from '../test/people';
import { chats } from './chats.svelte';
import { dialogs } from './dialogs.svelte';
import { hands } from './hands';
import { beganJoin, joinChanged } from './joins.svelte';

let count = 0;
const open = vi.spyOn(chats, 'open').mockResolvedValue();
const join = (): Joining => ({
  id: `join ${(count += 1)}`,
  target: 'Ben',
  state: { state: 'asked', name: 'Ben' },
  trouble: null,
});
const joined = ({ id, target }: Joining): Joining => ({
  id,
  target,
  state: { state: 'joined', room: ROOM },
  trouble: null,
});

beforeEach(() => {
  open.mockClear();
  dialogs.openAdd({ tab: 'have' });
});

it('opens the room for whoever waits for it', () => {
  const joining = beganJoin(join());
  joinChanged(joined(joining));
  expect(open).toHaveBeenCalledWith(ROOM);
  expect(dialogs.open).toBe(null);
});

it('takes nobody away from what they write meanwhile', () => {
  const joining = beganJoin(join());
  hands.onInput();
  joinChanged(joined(joining));
  expect(open).not.toHaveBeenCalled();
  expect(dialogs.open).not.toBe(null);
});
