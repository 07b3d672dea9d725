import type { Chat } from '../../state/chat.svelte';

/** What hangs open from a message. */
export type Hanging = { kind: 'menu' | 'emoji'; key: string; anchor: HTMLElement | null };

const FLASH_MS = 1600;

/** Where pointer and keyboard are in one message list. */
export class Reader {
  hovered: string | null = $state(null);
  /** The message that has the focus, itself or one of its controls. */
  focused: string | null = $state(null);
  flashed: string | null = $state(null);
  hanging: Hanging | null = $state.raw(null);
  readonly #chat: Chat;
  /** The one message that Tab reaches. */
  #stop = $derived.by(() => {
    const { active } = this;
    const { rows } = this.#chat;
    return active !== null && rows.some((r) => r.key === active) ? active : (rows.at(-1)?.key ?? null);
  });

  constructor(chat: Chat) {
    this.#chat = chat;
  }

  /** The message with the keyboard's place; `null` until the list was entered. */
  get active(): string | null {
    return this.#chat.desk.active;
  }

  set active(key: string | null) {
    this.#chat.desk.active = key;
  }

  isStop(key: string): boolean {
    return this.#stop === key;
  }

  /** Its actions are shown. */
  isHot(key: string): boolean {
    if (this.hanging) return this.hanging.key === key;
    return (this.hovered ?? this.focused) === key;
  }

  focus(key: string | null): void {
    this.focused = key;
    if (key !== null) this.active = key;
  }

  hover(key: string | null): void {
    this.hovered = key;
  }

  flashAt(key: string): void {
    this.flashed = key;
    setTimeout(() => {
      if (this.flashed === key) this.flashed = null;
    }, FLASH_MS);
  }
}
