import { describe, expect, it } from 'vitest';
import { message } from '../test/people';
import { EMPTY_SPAN, extendAfter, extendBefore, trim, upsert, without, type Span } from './timeline';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
const span = (from: number, to: number, more: Partial<Span> = {}): Span => ({
  messages: range(from, to),
  moreBefore: false,
  moreAfter: false,
  ...more,
});
const ids = (of: Span) => of.messages.map((m) => m.id);

describe('timeline', () => {
  it('puts a new message at the end', () => {
    const result = upsert(span(1, 3), [message(4)]);
    expect(ids(result.span)).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(result.entered).toBe('end');
  });

  it('changes a message in its place', () => {
    const edited = message(2, { body: { kind: 'deleted' } });
    const result = upsert(span(1, 3), [edited]);
    expect(result.entered).toBe('nowhere');
    expect(result.span.messages[1]).toBe(edited);
  });

  it('puts a late message where it belongs', () => {
    const result = upsert({ ...span(1, 1), messages: [message(1), message(5)] }, [message(3)]);
    expect(ids(result.span)).toEqual(['m1', 'm3', 'm5']);
    expect(result.entered).toBe('middle');
  });

  it('leaves out what would make a hole', () => {
    expect(ids(upsert(span(5, 6, { moreAfter: true }), [message(9)]).span)).toEqual(['m5', 'm6']);
    expect(ids(upsert(span(5, 6, { moreBefore: true }), [message(1)]).span)).toEqual(['m5', 'm6']);
    expect(ids(upsert(span(5, 6), [message(1)]).span)).toEqual(['m1', 'm5', 'm6']);
  });

  it('takes the first messages of an empty room', () => {
    const result = upsert(EMPTY_SPAN, [message(2), message(1)]);
    expect(ids(result.span)).toEqual(['m1', 'm2']);
  });

  it('shows a message once, however often it is told', () => {
    const result = upsert(span(1, 2), [message(3), message(3), message(2)]);
    expect(ids(result.span)).toEqual(['m1', 'm2', 'm3']);
  });

  it('drops what the history no longer shows', () => {
    expect(ids(without(span(1, 4), new Set(['m2', 'm4', 'm9'])))).toEqual(['m1', 'm3']);
  });

  it('joins pages without repeating what overlaps', () => {
    const page = (from: number, to: number) => ({ messages: range(from, to), more_before: true, more_after: true });
    expect(ids(extendBefore(span(4, 5), page(2, 4)))).toEqual(['m2', 'm3', 'm4', 'm5']);
    expect(ids(extendAfter(span(4, 5), page(5, 7)))).toEqual(['m4', 'm5', 'm6', 'm7']);
  });

  it('drops the far end and knows that there is more', () => {
    const kept = trim(span(1, 10), 'end', 4);
    expect(ids(kept)).toEqual(['m7', 'm8', 'm9', 'm10']);
    expect(kept.moreBefore).toBe(true);
    expect(trim(span(1, 3), 'end', 4)).toEqual(span(1, 3));
    expect(trim(span(1, 10), 'start', 4).moreAfter).toBe(true);
  });
});
