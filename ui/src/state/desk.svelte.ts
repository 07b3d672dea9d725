import type { Message } from '../gen/api';

/**
 * Where a reader was when the room was left: at the end, or at a message, so many pixels from the
 * top of the list.
 */
export type Place = 'end' | { message: string; position: string; offset: number };

/** What the message box is for. */
export type Mode = { kind: 'new' } | { kind: 'reply'; to: Message } | { kind: 'edit'; message: Message; text: string };

/** What is marked in the message box; a caret has its start at its end. */
export interface Marked {
  start: number;
  end: number;
}

/**
 * What a person has at hand in one room, beside the draft: an edit, a reply, a place. It belongs to
 * the room, not to a view, so it stays while other rooms are shown.
 */
export class Desk {
  mode: Mode = $state.raw({ kind: 'new' });
  marked: Marked | null = null;
  place: Place = 'end';
  /** The message that the keyboard stands on in the list. */
  active: string | null = $state(null);
  /** The member whom the side panel shows; `null` for the room itself. */
  member: string | null = $state(null);
  /** Texts of edits that were begun and neither saved nor given up, by message. */
  #edits: Record<string, string> = $state({});

  /** The text of the edit under way. */
  get edited(): string {
    return this.mode.kind === 'edit' ? (this.#edits[this.mode.message.id] ?? this.mode.text) : '';
  }

  set edited(text: string) {
    if (this.mode.kind === 'edit') this.#edits[this.mode.message.id] = text;
  }

  reply(to: Message): void {
    this.mode = { kind: 'reply', to };
  }

  /** Takes an own message up for editing, as far as an earlier edit of it had come. */
  edit(message: Message): boolean {
    if (!message.mine || message.body.kind !== 'text') return false;
    this.mode = { kind: 'edit', message, text: message.body.text };
    return true;
  }

  /** The box is for a new message again; an edit is given up. */
  clear(): void {
    if (this.mode.kind === 'edit') delete this.#edits[this.mode.message.id];
    this.mode = { kind: 'new' };
  }

  /**
   * What was sent was refused: its text is back, and so is what it was for, unless something else
   * was begun.
   */
  restore(mode: Mode, text: string): void {
    if (mode.kind === 'edit') this.#edits[mode.message.id] = text;
    if (this.mode.kind === 'new') this.mode = mode;
  }
}

const desks = new Map<string, Desk>();

/** The desk of a room: always the same one. */
export function deskOf(room: string): Desk {
  const known = desks.get(room);
  if (known) return known;
  const fresh = new Desk();
  desks.set(room, fresh);
  return fresh;
}
