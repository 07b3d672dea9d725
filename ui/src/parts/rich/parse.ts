import { blocks } from './blocks';
import type { Block, Inline } from './model';

/** Trees kept, so that scrolling back and forth does not parse again. */
const KEPT = 400;
const kept = new Map<string, Block[]>();

/**
 * Reads the light markdown of this chat: bold, italic, struck out, code, links, quotes, and lists,
 * whose marks stay. It is a dialect of its own, because markdown drops and changes characters that
 * were never meant as marks: backslashes, spaces, numbers of lists, stars in sums (decision 25).
 * There is no escaping, no HTML and no entity.
 *
 * Invariant: everything that was typed is shown, in order, but for the `marks` of the nodes; and no
 * node is without something visible (`nothing_typed_disappears` in `parse.test.ts`).
 */
export function parse(text: string): Block[] {
  const known = kept.get(text);
  if (known) return known;
  const tree = blocks(text.replace(/\r\n?/g, '\n').split('\n'));
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '');
  kept.set(text, tree);
  return tree;
}

/** The same as one line without marks, for previews and for reading aloud. */
export function plain(text: string): string {
  return parse(text).map(shown).join(' ').replace(/\s+/gu, ' ').trim();
}

function shown(node: Block | Inline): string {
  switch (node.kind) {
    case 'text':
    case 'code':
    case 'block':
      return node.text;
    case 'item':
      return node.marker + node.children.map(shown).join('');
    case 'quote':
      return node.children.map(shown).join(' ');
    case 'lines':
    case 'link':
    case 'strong':
    case 'em':
    case 'del':
      return node.children.map(shown).join('');
  }
}

const ONLY_EMOJI =
  /^(?:(?:\p{Extended_Pictographic}|\p{Regional_Indicator})(?:\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*\s*){1,6}$/u;

/** Nothing but a few emoji: shown larger. */
export function isOnlyEmoji(text: string): boolean {
  return text.length <= 64 && ONLY_EMOJI.test(text.trim());
}

/** From so many lines or characters on, a text would take more than a screen. */
const LONG_LINES = 40;
const LONG_CHARS = 4_000;

/** Shown folded at first, so that one message does not push all others out of sight. */
export function isLong(text: string): boolean {
  return text.length > LONG_CHARS || text.split('\n', LONG_LINES + 1).length > LONG_LINES;
}
