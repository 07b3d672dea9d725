/**
 * What had the focus before the first surface opened. Dialogs replace each other, so one place is
 * enough.
 */
let below: Element | null = null;

/**
 * Moves the focus into a surface over the window, in the same turn in which it opens: the library
 * would wait for a frame, and what is typed meanwhile would go elsewhere. The focus goes to the
 * element with `data-first`, else to the surface itself, and never to a button that typing could
 * press.
 */
export function holdFocus(surface: () => HTMLElement | null) {
  const at = document.activeElement;
  if (!at?.closest('[aria-modal]')) below = at;

  return {
    onOpenAutoFocus(event: Event): void {
      event.preventDefault();
      const opened = surface();
      (opened?.querySelector<HTMLElement>('[data-first]') ?? opened)?.focus({ preventScroll: true });
    },
    onCloseAutoFocus(event: Event): void {
      event.preventDefault();
      if (below instanceof HTMLElement && below.isConnected) below.focus({ preventScroll: true });
    },
  };
}
