import type { Attachment } from 'svelte/attachments';

/** A box never gets higher than this part of the window, and never lower than three lines. */
const MOST = 1 / 3;
const LEAST_MOST_PX = 66;

/**
 * Keeps a text box as high as its text, after a change by keys, the page, its width, its font or
 * the window.
 */
export function grow(text: () => string): Attachment<HTMLTextAreaElement> {
  return (box) => {
    let width = box.clientWidth;

    function fit(): void {
      const { scrollTop } = box;
      box.style.blockSize = 'auto';
      box.style.blockSize = `${Math.min(box.scrollHeight, Math.max(LEAST_MOST_PX, window.innerHeight * MOST))}px`;
      // Measuring has scrolled to the beginning. While the caret is at the end, the end is shown.
      box.scrollTop = box.selectionEnd === box.value.length ? box.scrollHeight : scrollTop;
    }

    $effect(() => {
      void text();
      fit();
    });

    // Its own change of height must not call it again.
    const watch = new ResizeObserver(() => {
      if (box.clientWidth === width) return;
      width = box.clientWidth;
      fit();
    });
    watch.observe(box);
    window.addEventListener('resize', fit);
    void document.fonts.ready.then(fit);

    return () => {
      watch.disconnect();
      window.removeEventListener('resize', fit);
    };
  };
}
