import { chats } from '../../state/chats.svelte';
import { dialogs } from '../../state/dialogs.svelte';
import { network } from '../../state/network.svelte';
import { roomOrder } from '../../state/order.svelte';

/** Keys that work everywhere in the window. */
export function onShortcut(event: KeyboardEvent): void {
  if (event.key === 'F6') {
    event.preventDefault();
    cycleRegions(event.shiftKey ? -1 : 1);
    return;
  }
  if (dialogs.open || event.defaultPrevented) return;
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey && !control && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    stepRoom(event.key === 'ArrowDown' ? 1 : -1);
  } else if (control && !event.altKey) {
    onControl(event);
  } else if (event.key === 'Escape') {
    focusOf('[data-focus="composer"]');
  } else if (!event.altKey) {
    typeAnywhere(event);
  }
}

function onControl(event: KeyboardEvent): void {
  const key = event.key.toLowerCase();
  const act =
    key === 'k'
      ? focusSearch
      : key === 'n' && event.shiftKey
        ? () => network.show()
        : key === 'n'
          ? () => dialogs.show({ kind: 'new_room' })
          : key === ','
            ? () => dialogs.show({ kind: 'settings' })
            : key === '/'
              ? () => dialogs.show({ kind: 'shortcuts' })
              : key === 'a' && event.shiftKey
                ? () => dialogs.openAdd()
                : /^[1-9]$/.test(key)
                  ? () => openNth(Number(key) - 1)
                  : null;
  if (!act) return;
  event.preventDefault();
  act();
}

function openNth(n: number): void {
  const room = roomOrder()[n];
  if (room) void chats.open(room.id);
}

function stepRoom(step: number): void {
  const order = roomOrder();
  const at = order.findIndex((room) => room.id === chats.current?.id);
  const next = order[at === -1 ? 0 : at + step];
  if (next) void chats.open(next.id);
}

function focusSearch(): void {
  const folded = document.querySelector<HTMLElement>('[data-focus="search-open"]');
  if (folded) folded.click();
  else focusOf('[data-focus="search"]');
}

/** A letter typed nowhere in particular belongs into the message box. */
function typeAnywhere(event: KeyboardEvent): void {
  if ([...event.key].length !== 1 || event.key === ' ') return;
  const at = document.activeElement;
  if (
    at instanceof HTMLElement &&
    at.closest('input, textarea, select, [contenteditable], [role="menu"], [role="dialog"], [data-keys]')
  )
    return;
  focusOf('[data-focus="composer"]');
}

function cycleRegions(step: number): void {
  if (document.querySelector('[role="dialog"], [role="alertdialog"]')) return;
  const regions = [...document.querySelectorAll<HTMLElement>('[data-region]')].filter((r) => r.offsetParent !== null);
  if (regions.length === 0) return;
  const at = regions.findIndex((r) => r.contains(document.activeElement));
  const next = regions[(at + step + regions.length * 2) % regions.length];
  if (!next) return;
  const wanted =
    next.querySelector<HTMLElement>('[data-region-focus]') ??
    next.querySelector<HTMLElement>('button, input, textarea, [tabindex="0"]');
  (wanted ?? next).focus();
}

function focusOf(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}
