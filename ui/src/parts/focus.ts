/** What had the focus before anything lay over the window. Dialogs replace each other, so one place is enough. */
let below: Element | null = null;

/**
 * Focus of a surface that lies over the window. It goes there in the very turn in which the surface opens: the library
 * would wait for a frame, and what is typed meanwhile would go to what had the focus. It goes to the element that the
 * surface names by `data-first`, else to the surface itself, never to a button that somebody who types could press.
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
