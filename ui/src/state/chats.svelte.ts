import type { Message } from '../gen/api';
import { Chat } from './chat.svelte';
import { doctor } from './doctor.svelte';
import { drafts } from './drafts.svelte';
import { network } from './network.svelte';
import { notes } from './notes.svelte';
import { lastRoom } from './settings.svelte';
import { model } from './store.svelte';

/** Rooms whose history stays in memory after they are left. */
const KEPT_CHATS = 8;

class Chats {
  /** The room in view. */
  current: Chat | null = $state.raw(null);
  /**
   * The latest messages of others in the room in view, to be read aloud; a new array for each
   * batch.
   */
  arrived: readonly Message[] = $state.raw([]);
  #kept = new Map<string, Chat>();

  /** Shows a room. */
  async open(room: string): Promise<void> {
    doctor.hide();
    network.hide();
    if (this.current?.id === room) return;
    this.#leave();
    const kept = this.#kept.get(room);
    const chat = kept ?? new Chat(room);
    this.#keep(chat);
    const row = model.rooms[room];
    const behind = (row?.unread ?? 0) - (row?.late?.count ?? 0) > 0;
    drafts.adopt(room);
    this.current = chat;
    lastRoom.value = room;
    try {
      if (!kept || behind || !chat.loaded) await chat.load();
      else chat.target = chat.back();
    } catch (thrown) {
      notes.refused(thrown);
    }
  }

  /** Shows no room. */
  close(): void {
    this.#leave();
    this.current = null;
  }

  onMessages(room: string, messages: readonly Message[]): void {
    const arrived = this.#kept.get(room)?.onMessages(messages) ?? [];
    if (this.current?.id === room && arrived.length > 0) this.arrived = arrived;
  }

  /** The history no longer shows these. */
  onGone(room: string, gone: ReadonlySet<string>): void {
    this.#kept.get(room)?.onGone(gone);
  }

  /**
   * A snapshot replaced the model. The first one opens the room of last time, or the only one there
   * is. When notices were missed before it, histories are loaded again.
   */
  onSnapshot(again: boolean): void {
    if (!again) {
      const rooms = Object.keys(model.rooms);
      const room = rooms.includes(lastRoom.value) ? lastRoom.value : rooms.length === 1 ? rooms[0] : undefined;
      if (room !== undefined && !this.current) void this.open(room);
      return;
    }
    const { current } = this;
    this.#kept.clear();
    if (!current) return;
    this.#kept.set(current.id, current);
    current.reload().catch((thrown: unknown) => notes.refused(thrown));
  }

  #leave(): void {
    if (!this.current) return;
    this.current.leave();
    drafts.flush(this.current.id);
  }

  #keep(chat: Chat): void {
    this.#kept.delete(chat.id);
    this.#kept.set(chat.id, chat);
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_CHATS) break;
      this.#kept.delete(id);
    }
  }
}

export const chats = new Chats();
