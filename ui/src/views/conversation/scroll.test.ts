import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '../../gen/api';
import { Desk } from '../../state/desk.svelte';
import { rowsOf } from '../../state/rows';
import { EMPTY_SPAN, type Entered } from '../../state/timeline';
import { message, own } from '../../test/people';
import { Scroll, type DrawnList, type ScrolledChat } from './scroll.svelte';

const ROW_PX = 50;
const VIEW_PX = 500;

/** A chat and its list, whose rows are all alike; drawn when a test says so. */
function open(from: number, to: number) {
  const chat = {
    rows: rowsOf(EMPTY_SPAN, null),
    entered: 'nowhere' as Entered,
    epoch: 0,
    target: null as ScrolledChat['target'],
    span: EMPTY_SPAN,
    desk: new Desk(),
    loading: null as ScrolledChat['loading'],
    attentive: false,
    loadBefore: vi.fn(() => Promise.resolve()),
    loadAfter: vi.fn(() => Promise.resolve()),
    trimAway: vi.fn<ScrolledChat['trimAway']>(),
    onScreen: vi.fn<ScrolledChat['onScreen']>(() => Promise.resolve()),
    markRead: vi.fn<ScrolledChat['markRead']>(() => Promise.resolve()),
  } satisfies ScrolledChat;
  const view = { offset: 0, drawn: 0, unread: 0, focused: true };
  const most = () => Math.max(0, view.drawn * ROW_PX - VIEW_PX);
  const list: DrawnList = {
    getScrollOffset: () => view.offset,
    getScrollSize: () => view.drawn * ROW_PX,
    getViewportSize: () => VIEW_PX,
    findItemIndex: (offset) => Math.floor(offset / ROW_PX),
    getItemOffset: (index) => index * ROW_PX,
    scrollToIndex: (index, { align, offset = 0 }) => {
      const room = align === 'end' ? VIEW_PX - ROW_PX : align === 'center' ? (VIEW_PX - ROW_PX) / 2 : 0;
      view.offset = Math.min(Math.max(index * ROW_PX - room + offset, 0), most());
    },
  };
  const flash = vi.fn<(key: string) => void>();
  const scroll = new Scroll(chat, { unread: () => view.unread, hasFocus: () => view.focused, flash });
  scroll.list = list;

  /** The chat has other rows, and the list draws them. */
  const draw = (messages: readonly Message[], entered: Entered): void => {
    chat.span = { ...chat.span, messages };
    chat.rows = rowsOf(chat.span, null);
    chat.entered = entered;
    scroll.beforeRows();
    view.drawn = messages.length;
    scroll.afterRows();
  };
  const scrollTo = (offset: number): void => {
    view.offset = offset;
    scroll.onscroll();
  };
  const messages = Array.from({ length: to - from + 1 }, (_, i) => message(from + i));
  draw(messages, 'nowhere');
  scroll.onscroll();
  /** The message at the top of the view, and how much of it is above. */
  const top = (): [string | undefined, number] => [
    chat.rows[Math.floor(view.offset / ROW_PX)]?.key,
    view.offset % ROW_PX,
  ];
  return { chat, view, scroll, flash, messages, draw, scrollTo, top, end: most };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('at the end', () => {
  it('begins there, and follows what comes', () => {
    const { scroll, view, messages, draw, end } = open(1, 100);
    expect([scroll.atEnd, view.offset]).toEqual([true, end()]);
    draw([...messages, message(101)], 'end');
    expect([scroll.atEnd, view.offset]).toEqual([true, 101 * ROW_PX - VIEW_PX]);
  });

  it('stays there when rows come into the middle, and when the view changes its size', () => {
    const { chat, scroll, view, messages, draw, end } = open(1, 100);
    draw([...messages.slice(0, 95), message(95.5), ...messages.slice(95)], 'middle');
    expect(view.offset).toBe(end());
    view.offset -= 30;
    scroll.onresize();
    expect([view.offset, scroll.atEnd, chat.desk.place]).toEqual([end(), true, 'end']);
  });

  it('is left by scrolling up, and come back to by scrolling down', () => {
    const { scroll, view, messages, draw, scrollTo, end } = open(1, 100);
    scrollTo(end() - 200);
    expect(scroll.atEnd).toBe(false);
    draw([...messages, message(101)], 'end');
    expect(view.offset).toBe(100 * ROW_PX - VIEW_PX - 200);
    scrollTo(end() - 10);
    draw([...messages, message(101), message(102)], 'end');
    expect([scroll.atEnd, view.offset]).toEqual([true, 102 * ROW_PX - VIEW_PX]);
  });

  it('is not where newer messages are not loaded', () => {
    const { chat, scroll, end, scrollTo } = open(1, 100);
    chat.span = { ...chat.span, moreAfter: true };
    scrollTo(end());
    expect(scroll.atEnd).toBe(false);
  });
});

describe('in the middle', () => {
  it('keeps the place of the reader when rows come above it', () => {
    const { chat, view, messages, draw, scrollTo, top } = open(1, 100);
    scrollTo(2_020);
    expect(top()).toEqual(['m41', 20]);
    draw([...messages.slice(0, 10), message(10.3), message(10.6), ...messages.slice(10)], 'middle');
    expect(top()).toEqual(['m41', 20]);
    expect(view.offset).toBe(2_120);
    expect(chat.desk.place).toEqual({ message: 'm41', position: message(41).position, offset: 20 });
  });

  it('keeps it when rows above go', () => {
    const { messages, draw, scrollTo, top } = open(1, 100);
    scrollTo(2_020);
    draw(messages.slice(5), 'middle');
    expect(top()).toEqual(['m41', 20]);
  });

  it('leaves it alone when the row at the top goes, or rows come elsewhere', () => {
    const { view, messages, draw, scrollTo } = open(1, 100);
    scrollTo(2_020);
    draw([...messages.slice(0, 40), ...messages.slice(41)], 'middle');
    expect(view.offset).toBe(2_020);
    draw([...messages, message(101)], 'end');
    expect(view.offset).toBe(2_020);
  });
});

describe('a target', () => {
  /** Goes there as the effect does, and lets the list arrive. */
  async function go({ chat, scroll }: ReturnType<typeof open>, target: NonNullable<ScrolledChat['target']>) {
    chat.target = target;
    await scroll.toTarget(target);
    vi.runAllTimers();
  }

  it('is a message, which is shown in the middle and flashes', async () => {
    const opened = open(1, 100);
    await go(opened, { to: 'message', id: 'm41' });
    expect(opened.view.offset).toBe(40 * ROW_PX - (VIEW_PX - ROW_PX) / 2);
    expect(opened.flash.mock.calls).toEqual([['m41']]);
    expect([opened.chat.target, opened.scroll.atEnd]).toEqual([null, false]);
  });

  it('is the place where the reader was', async () => {
    const opened = open(1, 100);
    await go(opened, { to: 'place', id: 'm41', offset: 20 });
    expect(opened.top()).toEqual(['m41', 20]);
    expect(opened.flash).not.toHaveBeenCalled();
  });

  it('is the first unread message, with something above it', async () => {
    const opened = open(1, 100);
    opened.chat.rows = rowsOf(opened.chat.span, { after: message(40).position, count: 60 });
    await go(opened, { to: 'divider' });
    expect(opened.view.offset).toBe(40 * ROW_PX - 96);
  });

  it('is the end, also in place of what is not there', async () => {
    for (const target of [{ to: 'end' }, { to: 'divider' }, { to: 'message', id: 'gone' }] as const) {
      const opened = open(1, 100);
      opened.scrollTo(1_000);
      await go(opened, target);
      expect([opened.view.offset, opened.scroll.atEnd], target.to).toEqual([opened.end(), true]);
    }
  });

  it('holds the list until it is gone to, and gives way to a later one', async () => {
    const { chat, scroll, view, messages, draw } = open(1, 100);
    const before = view.offset;
    const first = { to: 'message', id: 'm10' } as const;
    chat.target = first;
    draw([...messages, message(101)], 'end');
    expect(view.offset).toBe(before);
    const going = scroll.toTarget(first);
    const later = { to: 'message', id: 'm80' } as const;
    chat.target = later;
    await going;
    expect([view.offset, chat.target]).toEqual([before, later]);
  });
});

describe('history', () => {
  it('is asked for before the reader gets to its edge', () => {
    const { chat, scrollTo, end } = open(1, 200);
    const asked = () => [chat.loadBefore.mock.calls.length, chat.loadAfter.mock.calls.length];
    chat.loadAfter.mockClear();
    scrollTo(5_000);
    expect(asked()).toEqual([0, 0]);
    scrollTo(1_199);
    expect(asked()).toEqual([1, 0]);
    scrollTo(end() - 1_199);
    expect(asked()).toEqual([1, 1]);
  });

  it('is let go of at the far side, at rest and while none is on its way', () => {
    const { chat, scroll, scrollTo, end } = open(1, 200);
    chat.loading = 'before';
    scroll.onscrollend();
    expect(chat.trimAway.mock.calls).toEqual([]);
    chat.loading = null;
    for (const offset of [100, end() - 100, end()]) {
      scrollTo(offset);
      scroll.onscrollend();
    }
    expect(chat.trimAway.mock.calls).toEqual([['end'], ['start'], ['start']]);
  });
});

describe('settled', () => {
  it('is a list that has come to rest', () => {
    const { scroll } = open(1, 100);
    expect(scroll.settled).toBe(false);
    scroll.onscrollend();
    expect(scroll.settled).toBe(true);
  });

  it('is a list in a hidden window too, after a while', () => {
    const { scroll } = open(1, 100);
    scroll.begin();
    vi.runAllTimers();
    expect(scroll.settled).toBe(true);
  });

  it('is not awaited for a list that has ended', () => {
    const { chat, scroll } = open(1, 100);
    scroll.begin()();
    vi.runAllTimers();
    expect([scroll.settled, chat.attentive, vi.getTimerCount()]).toEqual([false, false, 0]);
  });
});

describe('what is in view', () => {
  it('is read, as far as it is in view whole', () => {
    const { chat, view, scrollTo } = open(1, 100);
    view.unread = 60;
    scrollTo(2_020);
    expect(chat.markRead.mock.lastCall).toEqual([message(50).position]);
    const shown = chat.onScreen.mock.lastCall?.[0].map((m) => m.id);
    expect([shown?.[0], shown?.at(-1)]).toEqual(['m41', 'm51']);
  });

  it('is all at the end, but what is dated ahead is not what was read up to', () => {
    const { chat, view, scroll, messages, draw } = open(1, 100);
    view.unread = 1;
    draw([...messages, message(101), { ...own(102, 1), early: true }], 'end');
    scroll.look();
    expect(chat.markRead.mock.lastCall).toEqual([message(101).position]);
  });

  it('is not read while the window has no attention', () => {
    const { chat, view, scroll } = open(1, 100);
    expect(chat.attentive).toBe(true);
    chat.onScreen.mockClear();
    view.unread = 1;
    view.focused = false;
    scroll.look();
    expect([chat.attentive, chat.markRead.mock.calls, chat.onScreen.mock.calls]).toEqual([false, [], []]);
  });
});
