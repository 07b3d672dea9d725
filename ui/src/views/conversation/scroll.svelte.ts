import { tick, untrack } from 'svelte';
import type { Chat, Target } from '../../state/chat.svelte';

/** What scrolling needs of the list that draws the messages; lengths are in pixels. */
export interface DrawnList {
  getScrollOffset(): number;
  getScrollSize(): number;
  getViewportSize(): number;
  /** The row at an offset. */
  findItemIndex(offset: number): number;
  /** The offset of a row. */
  getItemOffset(index: number): number;
  scrollToIndex(index: number, options: { align: 'start' | 'center' | 'end' | 'nearest'; offset?: number }): void;
}

/** What scrolling needs of the chat. */
export type ScrolledChat = Pick<
  Chat,
  | 'rows'
  | 'entered'
  | 'epoch'
  | 'target'
  | 'span'
  | 'desk'
  | 'loading'
  | 'attentive'
  | 'loadBefore'
  | 'loadAfter'
  | 'trimAway'
  | 'onScreen'
  | 'markRead'
>;

/** What scrolling needs of the window around the list. */
export interface Around {
  /** Unread messages of the room. */
  unread: () => number;
  /** The window has the attention of the reader. */
  hasFocus: () => boolean;
  /** Shows for a moment which message was gone to. */
  flash: (key: string) => void;
}

/** History is asked for before the reader gets to its edge. */
const AHEAD_PX = 1200;
const AT_END_PX = 48;
/** A row of which less is in view does not count as in view. */
const SLIVER_PX = 8;
/** What stays in view above the first unread message. */
const ABOVE_DIVIDER_PX = 96;
/** A hidden window gets no layout events, so being settled must not wait for one alone. */
const SETTLED_MS = 120;
/** The list needs some frames to come to a row that it has not measured. */
const ARRIVED_MS = 60;

/** A row, and how far below its top the list begins. */
interface Anchor {
  key: string;
  position: string;
  delta: number;
}

/**
 * Where the reader is in one message list. The list stays there, or at the end, when rows come or
 * go.
 */
export class Scroll {
  /** The drawn list, while there is one. */
  list: DrawnList | null = $state.raw(null);
  /** The end of the history is in view, or the list is on its way there. */
  atEnd = $state(true);
  /** The list has found its place and can be shown. */
  settled = $state(false);
  readonly #chat: ScrolledChat;
  readonly #around: Around;
  /** The list follows the end when rows come. */
  #sticks = true;
  #lastOffset = 0;
  /** The rows as they are drawn; those of the chat may be newer. */
  #drawn: Chat['rows'] = [];
  #anchor: Anchor | null = null;

  constructor(chat: ScrolledChat, around: Around) {
    this.#chat = chat;
    this.#around = around;
  }

  /** Follows the chat and the window. Called once, while the view is made; ends with the view. */
  follow(): void {
    $effect.pre(() => {
      void this.#chat.rows;
      untrack(() => this.beforeRows());
    });
    $effect(() => {
      void this.#chat.rows;
      untrack(() => this.afterRows());
    });
    $effect(() => {
      void this.#chat.epoch;
      if (this.#chat.target && this.list) void this.toTarget(this.#chat.target);
    });
    // New unread messages while the list stands still.
    $effect(() => {
      void this.#around.unread();
      void this.#chat.rows;
      untrack(() => this.look());
    });
    $effect(() => untrack(() => this.begin()));
  }

  /** The list is there; returns how to end. */
  begin(): () => void {
    const timer = setTimeout(() => (this.settled = true), SETTLED_MS);
    return () => {
      clearTimeout(timer);
      this.#chat.attentive = false;
    };
  }

  /**
   * Before new rows are drawn. Rows that come into the middle push the reader's place, so it is
   * remembered.
   */
  beforeRows(): void {
    this.#anchor = this.#chat.entered === 'middle' && !this.#sticks ? this.#topmost() : null;
  }

  /** After new rows are drawn: back to the reader's place, or to the end. */
  afterRows(): void {
    const anchor = this.#anchor;
    this.#drawn = this.#chat.rows;
    const at = anchor ? this.#indexOf(anchor.key) : -1;
    if (anchor && at !== -1) this.list?.scrollToIndex(at, { align: 'start', offset: anchor.delta });
    else this.#stick();
  }

  /** Goes to a target once the rows are drawn, unless the chat has another one by then. */
  async toTarget(target: Target): Promise<void> {
    await tick();
    if (this.#chat.target !== target) return;
    this.#chat.target = null;
    this.#go(target);
  }

  /** Brings a row into view, by no more than that takes. */
  reveal(key: string): void {
    const at = this.#indexOf(key);
    if (at !== -1) this.list?.scrollToIndex(at, { align: 'nearest' });
  }

  onscroll(): void {
    const { list } = this;
    if (!list) return;
    const chat = this.#chat;
    const offset = list.getScrollOffset();
    const left = list.getScrollSize() - offset - list.getViewportSize();
    const end = left < AT_END_PX && !chat.span.moreAfter;
    if (end) this.#sticks = true;
    else if (offset < this.#lastOffset - 1) this.#sticks = false;
    this.#lastOffset = offset;
    this.atEnd = end || (this.#sticks && !chat.span.moreAfter);
    const top = this.atEnd ? null : this.#topmost();
    chat.desk.place = top ? { message: top.key, position: top.position, offset: top.delta } : 'end';
    if (offset < AHEAD_PX) void chat.loadBefore();
    if (left < AHEAD_PX) void chat.loadAfter();
    this.look();
  }

  onscrollend(): void {
    this.settled = true;
    // Only at rest: a change of length during a throw would end it.
    if (this.#chat.loading) return;
    const lower = this.#lastOffset > (this.list?.getScrollSize() ?? 0) / 2;
    this.#chat.trimAway(this.atEnd || lower ? 'start' : 'end');
  }

  onresize(): void {
    this.#stick();
    this.onscroll();
  }

  /** What stands in view while the window has the attention counts as read. */
  look(): void {
    const { list, atEnd } = this;
    const chat = this.#chat;
    const focused = this.#around.hasFocus();
    chat.attentive = focused && atEnd;
    if (!list || !focused || chat.rows.length === 0) return;
    const last = chat.rows.length - 1;
    const offset = list.getScrollOffset();
    const bottom = offset + list.getViewportSize() - SLIVER_PX;
    const at = atEnd ? last : Math.min(list.findItemIndex(bottom), last);
    const top = list.findItemIndex(offset + SLIVER_PX);
    void chat.onScreen(chat.rows.slice(top, at + 1).map((r) => r.message));
    if (this.#around.unread() === 0) return;
    const whole = at === last ? at : at - 1;
    // What is dated ahead stands below all that comes until then.
    const read = chat.rows.findLast((r, i) => i <= whole && !r.message.early);
    if (read) void chat.markRead(read.message.position);
  }

  #go(target: Target): void {
    if (!this.list || this.#chat.rows.length === 0) return;
    this.#sticks = false;
    const at = this.#indexOfTarget(target);
    if (at === -1) this.#toEnd();
    else if (target.to === 'divider') this.list.scrollToIndex(at, { align: 'start', offset: -ABOVE_DIVIDER_PX });
    else if (target.to === 'place') this.list.scrollToIndex(at, { align: 'start', offset: target.offset });
    else if (target.to === 'message') {
      this.list.scrollToIndex(at, { align: 'center' });
      this.#around.flash(target.id);
    }
    setTimeout(() => this.onscroll(), ARRIVED_MS);
  }

  /** The row of a target; -1 stands for the end. */
  #indexOfTarget(target: Target): number {
    switch (target.to) {
      case 'end':
        return -1;
      case 'divider':
        return this.#chat.rows.findIndex((r) => r.unread !== null);
      case 'message':
      case 'place':
        return this.#indexOf(target.id);
    }
  }

  #indexOf(key: string): number {
    return this.#chat.rows.findIndex((r) => r.key === key);
  }

  /** Stays at the end, unless the chat is about to go elsewhere. */
  #stick(): void {
    if (this.#sticks && this.#chat.target === null) this.#toEnd();
  }

  #toEnd(): void {
    this.#sticks = true;
    this.list?.scrollToIndex(this.#chat.rows.length - 1, { align: 'end' });
  }

  /** The row at the top of the view. */
  #topmost(): Anchor | null {
    if (!this.list || this.#drawn.length === 0) return null;
    const offset = this.list.getScrollOffset();
    const at = Math.min(this.list.findItemIndex(offset), this.#drawn.length - 1);
    const row = this.#drawn[at];
    return row ? { key: row.key, position: row.message.position, delta: offset - this.list.getItemOffset(at) } : null;
  }
}
