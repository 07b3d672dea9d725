import { tick } from 'svelte';

/** If what had the focus has gone, the keyboard goes on beside the conversation, or in it. */
export async function keepFocus(): Promise<void> {
  await tick();
  if (document.activeElement !== document.body) return;
  const place =
    document.querySelector<HTMLElement>('[data-region="details"]') ??
    document.querySelector<HTMLElement>('[data-focus="composer"]');
  place?.focus({ preventScroll: true });
}
