import type { Calls, Message, Page } from '../gen/api';
import { zone } from './clock';
import { DeliveryBook, type Other } from './delivery';
import { deskOf, type Desk } from './desk.svelte';
import { model } from './store.svelte';
import { joinedBlind, newestRemovals, rowsOf, type Divider } from './rows';
import {
  EMPTY_SPAN,
  extendAfter,
  extendBefore,
  fromPage,
  trim,
  upsert,
  without,
  type Entered,
  type Span,
} from './timeline';
import { call } from './wire';

type Anchor = Calls['timeline']['args']['anchor'];

/** Messages asked for at once: about three screens. */
export const PAGE = 60;

/** So many lines about a room fit below the words that stand in an empty one. */
const FEW_LINES = 3;

/** A message that is younger when it comes has only crossed with others on the way. */
const CROSSED_MS = 20_000;

/** Where the list must go once it has drawn the rows. */
export type Target =
  { to: 'end' } | { to: 'divider' } | { to: 'message'; id: string } | { to: 'place'; id: string; offset: number };

/**
 * One room that has been opened: its loaded history, its unread divider, and the reader's place in
 * it.
 */
export class Chat {
  readonly id: string;
  /** What outlives this: histories are let go of, the work in a room is not. */
  readonly desk: Desk;
  span: Span = $state.raw(EMPTY_SPAN);
  /** How the last change entered the span; read by the list in the same update. */
  entered: Entered = $state.raw('nowhere');
  /** Rises when the span was replaced by another stretch: what a list measured is void then. */
  epoch = $state(0);
  loaded = $state(false);
  loading: 'before' | 'after' | null = $state(null);
  divider: Divider | null = $state.raw(null);
  target: Target | null = $state.raw(null);
  /** The end of the list is in view and the window has the reader's attention. */
  attentive = false;
  rows = $derived.by(() => {
    // Where days begin depends on where one is.
    void zone.name;
    return rowsOf(this.span, this.divider);
  });
  /** Nothing to read is here or will be; only a few lines, which leave room for words. */
  bare = $derived.by(
    () =>
      this.loaded &&
      !this.span.moreBefore &&
      this.span.messages.length <= FEW_LINES &&
      !this.span.messages.some(({ body }) => body.kind === 'text' || body.kind === 'waiting'),
  );
  /** Where one came into a room that does not show what was said before. */
  joinedBlind = $derived.by(() =>
    model.rooms[this.id]?.shows_history === false ? joinedBlind(this.span, model.me?.peer ?? null) : null,
  );
  /** The removals that can be undone on their line, by the ids of their lines. */
  undoable = $derived.by(() => newestRemovals(this.span.messages));
  /** The others, as plain data: a crowd is gone through for each own message in view. */
  others: readonly Other[] = $derived.by(() =>
    (model.members[this.id] ?? []).filter((m) => !m.me).map((m) => ({ peer: m.peer, name: m.name })),
  );
  book: DeliveryBook | null = $derived.by(() => model.delivery[this.id] ?? null);
  #generation = 0;
  /** Pages on their way, and what was told meanwhile: a page may have been made before it. */
  #pages = 0;
  #late: Message[] = [];
  #lateGone = new Set<string>();
  #marked = '';
  /** Late messages that were on the screen; they keep their mark until the room is left. */
  #seen = new Set<string>();
  /** Late messages that were new when they came. */
  #crossed = new Set<string>();

  constructor(id: string) {
    this.id = id;
    this.desk = deskOf(id);
  }

  /** First load, at the first unread message or where the reader was. */
  async load(): Promise<void> {
    const room = model.rooms[this.id];
    // What came late stands above the reader's place: a bar leads there.
    const unread = (room?.unread ?? 0) - (room?.late?.count ?? 0);
    this.divider = room && unread > 0 ? { after: room.read_up_to ?? '', count: unread } : null;
    const around = this.divider && this.divider.after !== '' ? this.divider.after : null;
    const { place } = this.desk;
    const was = this.divider || place === 'end' ? null : place;
    const position = around ?? was?.position;
    await this.#reset(position ? { at: 'around', position } : { at: 'latest' });
    this.target = this.divider ? { to: 'divider' } : this.back();
    await this.refreshDetails();
  }

  /** Members and delivery, which notices keep up to date from then on. */
  async refreshDetails(): Promise<void> {
    const details = await call('room', { room: this.id });
    model.rooms[this.id] = details.room;
    model.members[this.id] = details.people;
    model.delivery[this.id] = DeliveryBook.from(details.delivery);
  }

  /** After a gap in the notices: what is loaded may lack messages anywhere. */
  async reload(): Promise<void> {
    const { place } = this.desk;
    const seen = place === 'end' ? null : place.message;
    const anchor = this.span.messages.find((m) => m.id === seen);
    await this.#reset(anchor && this.span.moreAfter ? { at: 'around', position: anchor.position } : { at: 'latest' });
    await this.refreshDetails();
  }

  /** To where the reader was. */
  back(): Target {
    const { place } = this.desk;
    return place === 'end' ? { to: 'end' } : { to: 'place', id: place.message, offset: place.offset };
  }

  async loadBefore(): Promise<void> {
    const first = this.span.messages[0];
    if (!first || !this.span.moreBefore) return;
    await this.#extend('before', { at: 'before', position: first.position });
  }

  async loadAfter(): Promise<void> {
    const last = this.span.messages.at(-1);
    if (!last || !this.span.moreAfter) return;
    await this.#extend('after', { at: 'after', position: last.position });
  }

  async toEnd(): Promise<void> {
    if (this.span.moreAfter) await this.#reset({ at: 'latest' });
    this.target = { to: 'end' };
  }

  /** Goes to a message, loading its surroundings when they are not here. */
  async goTo(position: string): Promise<void> {
    const find = () => this.span.messages.find((m) => m.position === position);
    if (!find()) await this.#reset({ at: 'around', position });
    const found = find();
    if (found) this.target = { to: 'message', id: found.id };
  }

  /** Goes to the first message that came late. */
  async goToLate(): Promise<void> {
    const first = model.rooms[this.id]?.late?.first;
    if (first === undefined) return;
    await this.goTo(first);
    // What is gone cannot be seen.
    if (!this.span.messages.some((m) => m.position === first)) await this.#readLate([first]);
  }

  /** New and changed messages; returns those of others that are new at the end, or came late. */
  onMessages(messages: readonly Message[]): Message[] {
    if (this.#pages > 0) {
      this.#late.push(...messages);
      for (const message of messages) this.#lateGone.delete(message.id);
    }
    if (!this.loaded) return [];
    // An own message that is dated ahead stands below all that comes until then.
    const end = this.span.messages.findLast((m) => !m.early && m.body.kind !== 'waiting')?.position ?? '';
    // What waited for its key is new when it opens.
    const known = new Set(this.span.messages.filter((m) => m.body.kind !== 'waiting').map((m) => m.id));
    for (const m of messages) if (m.late && !known.has(m.id) && Date.now() - m.at < CROSSED_MS) this.#crossed.add(m.id);
    const result = upsert(this.span, messages);
    const follows = this.desk.place === 'end';
    this.entered = result.entered;
    this.span = follows ? trim(result.span, 'end') : result.span;
    this.#noteUnseen(messages);
    return messages.filter(
      (m) => !m.mine && m.body.kind !== 'waiting' && (m.position > end || (m.late && !known.has(m.id))),
    );
  }

  /** These are no longer part of the history. */
  onGone(gone: ReadonlySet<string>): void {
    if (this.#pages > 0) {
      this.#late = this.#late.filter((m) => !gone.has(m.id));
      for (const id of gone) this.#lateGone.add(id);
    }
    if (!this.span.messages.some((m) => gone.has(m.id))) return;
    this.entered = 'middle';
    this.span = without(this.span, gone);
  }

  /** The reader has seen everything up to here. */
  async markRead(upTo: string): Promise<void> {
    const room = model.rooms[this.id];
    if (!room || upTo <= this.#marked || (room.read_up_to !== null && upTo <= room.read_up_to)) return;
    this.#marked = upTo;
    try {
      await call('mark_read', { room: this.id, up_to: upTo, seen: [] });
    } catch {
      this.#marked = ''; // Tried again with the next message that comes into view.
    }
  }

  /** Messages were on the screen; of these, those that came late are no longer unread. */
  async onScreen(messages: readonly Message[]): Promise<void> {
    const late = messages.filter((m) => m.late && !this.#seen.has(m.id));
    if (late.length === 0) return;
    for (const { id } of late) this.#seen.add(id);
    try {
      await this.#readLate(late.map((m) => m.position));
    } catch {
      for (const { id } of late) this.#seen.delete(id); // Tried again when they come into view.
    }
  }

  /** What came late was seen, wherever it stands. */
  async allSeen(): Promise<void> {
    await this.#readLate();
    for (const { id } of this.span.messages.filter((m) => m.late)) this.#seen.add(id);
    this.#clearLate();
  }

  /** The reader leaves the room: what helped to find the place has served. */
  leave(): void {
    this.clearDivider();
    this.attentive = false;
    this.#clearLate();
  }

  /** Reads late messages, these or all; they stand where all else has been read. */
  async #readLate(seen?: string[]): Promise<void> {
    const upTo = model.rooms[this.id]?.read_up_to ?? seen?.[0];
    if (upTo === undefined) return;
    await call('mark_read', { room: this.id, up_to: upTo, ...(seen && { seen }) });
  }

  /**
   * Whether a late message gets a mark. One that was just written, while others wrote, gets none.
   */
  isMarkedLate(message: Message): boolean {
    return message.late && !this.#crossed.has(message.id);
  }

  #clearLate(): void {
    if (this.#seen.size === 0) return;
    const seen = this.#seen;
    this.#seen = new Set();
    this.#crossed = new Set();
    this.entered = 'nowhere';
    this.span = { ...this.span, messages: this.span.messages.map((m) => (seen.has(m.id) ? { ...m, late: false } : m)) };
  }

  /** The divider has served: the reader answered, or left the room. */
  clearDivider(): void {
    this.divider = null;
  }

  /** Messages of others that arrive while nobody looks get the divider above them. */
  #noteUnseen(messages: readonly Message[]): void {
    if (this.attentive) return;
    const counts = (m: Message) => !m.mine && m.body.kind !== 'waiting';
    const others = messages.filter(counts);
    const last = this.divider;
    const fresh = others.filter((m) => !m.late && m.position > (model.rooms[this.id]?.read_up_to ?? ''));
    if (fresh.length === 0) return;
    const after = last ? last.after : (model.rooms[this.id]?.read_up_to ?? this.#marked);
    const count = this.span.messages.filter((m) => counts(m) && m.position > after).length;
    this.divider = { after, count: Math.max(count, last?.count ?? 0) };
  }

  async #reset(anchor: Anchor): Promise<void> {
    const generation = ++this.#generation;
    const page = await this.#ask(anchor);
    if (generation !== this.#generation) return;
    const first = !this.loaded;
    this.#lay(fromPage(page), 'nowhere');
    this.epoch += 1;
    this.loaded = true;
    this.loading = null;
    if (first) this.#noteUnseen(this.#late);
  }

  async #extend(side: 'before' | 'after', anchor: Anchor): Promise<void> {
    if (this.loading) return;
    this.loading = side;
    const generation = this.#generation;
    try {
      const page = await this.#ask(anchor);
      if (generation !== this.#generation) return;
      if (side === 'before') this.#lay(extendBefore(this.span, page), 'start');
      else this.#lay(extendAfter(this.span, page), 'end');
    } finally {
      this.loading = null;
    }
  }

  async #ask(anchor: Anchor): Promise<Page> {
    if (this.#pages === 0) {
      this.#late = [];
      this.#lateGone.clear();
    }
    this.#pages += 1;
    try {
      return await call('timeline', { room: this.id, anchor, limit: PAGE });
    } finally {
      this.#pages -= 1;
    }
  }

  /** Shows what a page made of the span, with what was told while it was on its way. */
  #lay(span: Span, entered: Entered): void {
    const late = upsert(without(span, this.#lateGone), this.#late);
    this.entered = late.entered === 'nowhere' || late.entered === entered ? entered : 'middle';
    this.span = late.span;
  }

  /** Lets go of what lies far from the reader. Called when scrolling has come to rest. */
  trimAway(from: 'start' | 'end'): void {
    const next = trim(this.span, from === 'start' ? 'end' : 'start');
    if (next === this.span) return;
    this.entered = from === 'start' ? 'start' : 'end';
    this.span = next;
  }
}
