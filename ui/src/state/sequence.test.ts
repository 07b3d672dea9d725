import { describe, expect, it } from 'vitest';
import type { Numbered } from '../gen/api';
import { MAX_HELD_NOTICES, Sequence } from './sequence';

const note = (seq: number): Numbered => ({ seq, notice: { notice: 'join_gone', id: String(seq) } });
const notes = (...seqs: number[]): Numbered[] => seqs.map(note);
const ids = (step: { apply: Numbered['notice'][] }) =>
  step.apply.map((n) => (n.notice === 'join_gone' ? Number(n.id) : -1));

describe('sequence', () => {
  it('holds what comes before the first snapshot and applies only what is newer', () => {
    const sequence = new Sequence();
    expect(sequence.take(notes(1, 2, 3))).toEqual({ apply: [], ask: false });
    const step = sequence.resume(2);
    expect(ids(step)).toEqual([3]);
    expect(step.ask).toBe(false);
  });

  it('applies what follows in order', () => {
    const sequence = new Sequence();
    sequence.resume(5);
    expect(ids(sequence.take(notes(6, 7)))).toEqual([6, 7]);
    expect(ids(sequence.take(notes(8)))).toEqual([8]);
  });

  it('asks again after a gap and loses nothing that came after it', () => {
    const sequence = new Sequence();
    sequence.resume(5);
    const gap = sequence.take(notes(6, 8, 9));
    expect(ids(gap)).toEqual([6]);
    expect(gap.ask).toBe(true);
    expect(sequence.take(notes(10))).toEqual({ apply: [], ask: false });
    expect(ids(sequence.resume(8))).toEqual([9, 10]);
  });

  it('passes over what it has seen', () => {
    const sequence = new Sequence();
    sequence.resume(5);
    expect(ids(sequence.take(notes(4, 5, 6)))).toEqual([6]);
  });

  it('asks for one more snapshot when it was told to hold more than it may', () => {
    const sequence = new Sequence();
    sequence.take(Array.from({ length: MAX_HELD_NOTICES + 1 }, (_, i) => note(i + 1)));
    expect(sequence.resume(3).ask).toBe(true);
  });
});
