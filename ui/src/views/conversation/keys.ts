import { tick } from 'svelte';
import { copy } from '../../state/actions';
import type { Chat } from '../../state/chat.svelte';
import { dialogs } from '../../state/dialogs.svelte';
import type { Reader } from './reader.svelte';

interface Around {
  chat: Chat;
  reader: Reader;
  focusRow: (index: number) => Promise<void>;
  canLoadBefore: () => void;
}

/**
 * The keyboard inside the message list: arrows move, → enters a message's controls, letters act.
 */
export function onMessageKey(event: KeyboardEvent, around: Around): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target instanceof HTMLElement ? event.target : null;
  const row = target?.closest<HTMLElement>('[data-message-id]');
  const at = around.chat.rows.findIndex((r) => r.key === row?.dataset['messageId']);
  if (!target || !row || at === -1) return;
  if (moves(event, at, around) || entersControls(event, target, row)) {
    event.preventDefault();
    return;
  }
  if (target !== row) return;
  if (acts(event, at, row, around)) event.preventDefault();
  else if ([...event.key].length === 1 && event.key !== ' ')
    document.querySelector<HTMLElement>('[data-focus="composer"]')?.focus();
}

function moves(event: KeyboardEvent, at: number, { chat, focusRow, canLoadBefore }: Around): boolean {
  const PAGE_ROWS = 8;
  const steps: Record<string, number> = {
    ArrowUp: at - 1,
    ArrowDown: at + 1,
    PageUp: at - PAGE_ROWS,
    PageDown: at + PAGE_ROWS,
    Home: 0,
    End: chat.rows.length - 1,
  };
  const next = steps[event.key];
  if (next === undefined) return false;
  if (next <= 0) canLoadBefore();
  void focusRow(next);
  return true;
}

/**
 * → and ← walk through a message's links, reactions and actions; Escape goes back to the message,
 * then to writing.
 */
function entersControls(event: KeyboardEvent, target: HTMLElement, row: HTMLElement): boolean {
  if (event.key === 'Escape') {
    if (target !== row) row.focus();
    else document.querySelector<HTMLElement>('[data-focus="composer"]')?.focus();
    return true;
  }
  if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return false;
  const step = event.key === 'ArrowRight' ? 1 : -1;
  // The actions may only now come up, because the pointer rested on another message.
  void tick().then(() => {
    const controls = [row, ...row.querySelectorAll<HTMLElement>('a[href], button')];
    controls[Math.min(Math.max(controls.indexOf(target) + step, 0), controls.length - 1)]?.focus();
  });
  return true;
}

function acts(event: KeyboardEvent, at: number, row: HTMLElement, { chat, reader }: Around): boolean {
  const message = chat.rows[at]?.message;
  if (message?.body.kind !== 'text') return false;
  const anchor = row.querySelector<HTMLElement>('.bubble');
  switch (event.key) {
    case 'Enter':
    case 'ContextMenu':
      reader.hanging = { kind: 'menu', key: message.id, anchor };
      return true;
    case '+':
    case ':':
      reader.hanging = { kind: 'emoji', key: message.id, anchor };
      return true;
    case 'r':
      chat.desk.reply(message);
      return true;
    case 'c':
      void copy(message.body.text);
      return true;
    case 'e':
      return chat.desk.edit(message);
    case 'Delete':
      if (message.mine) dialogs.show({ kind: 'delete', message });
      return message.mine;
    default:
      return false;
  }
}
