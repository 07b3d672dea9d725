import { expect, it } from 'vitest';
import { message, own } from '../test/people';
import { deskOf } from './desk.svelte';

it('is the same for a room whenever it is asked for', () => {
  deskOf('room').place = { message: 'm1', position: '000001', offset: 12 };
  expect(deskOf('room').place).toEqual({ message: 'm1', position: '000001', offset: 12 });
  expect(deskOf('another').place).toBe('end');
});

it('keeps the text of an edit until it is given up', () => {
  const desk = deskOf('edits');
  expect(desk.edit(own(1, 1))).toBe(true);
  expect(desk.edited).toBe('message 1');
  desk.edited = 'message one';
  desk.reply(message(2));
  expect(desk.edited).toBe('');
  desk.edit(own(1, 1));
  expect(desk.edited).toBe('message one');
  desk.clear();
  expect(desk.mode.kind).toBe('new');
  desk.edit(own(1, 1));
  expect(desk.edited).toBe('message 1');
});

it('does not take up what others said', () => {
  const desk = deskOf('others');
  expect(desk.edit(message(1))).toBe(false);
  expect(desk.mode.kind).toBe('new');
});

it('has a refused edit back with its text, and takes nothing away for it', () => {
  const desk = deskOf('refused');
  desk.edit(own(1, 1));
  const { mode } = desk;
  desk.clear();
  desk.restore(mode, 'too long');
  expect([desk.mode, desk.edited]).toEqual([mode, 'too long']);
  desk.clear();
  desk.edit(own(2, 2));
  desk.restore(mode, 'too long');
  expect(desk.edited).toBe('message 2');
  desk.edit(own(1, 1));
  expect(desk.edited).toBe('too long');
});
