import MarkdownIt, { type Token } from 'markdown-it';

/** A piece of formatted text. Text of others becomes such a tree and never HTML. */
export type Rich =
  | { kind: 'text'; text: string }
  | { kind: 'break' }
  | { kind: 'code'; text: string }
  | { kind: 'block'; text: string; language: string }
  | { kind: 'link'; url: string; children: Rich[] }
  | { kind: 'strong' | 'em' | 'del' | 'paragraph' | 'quote' | 'item' | 'list' | 'numbered'; children: Rich[] };

const SAFE = /^(https?|mailto):/i;

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: true, typographer: false, maxNesting: 12 });
markdown.disable(['image', 'heading', 'lheading', 'hr', 'table', 'reference', 'html_block', 'html_inline', 'code', 'entity']);
markdown.linkify.set({ fuzzyEmail: false, fuzzyIP: false, fuzzyLink: false });
markdown.validateLink = (url: string) => SAFE.test(url.trim());

/** Trees kept, so that scrolling back and forth does not parse again. */
const KEPT = 400;
const kept = new Map<string, Rich[]>();

/** Reads light markdown. */
export function parse(text: string): Rich[] {
  const known = kept.get(text);
  if (known) return known;
  const tree = build(markdown.parse(text, {}));
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value ?? '');
  kept.set(text, tree);
  return tree;
}

/** The text alone, without marks, for previews and for reading aloud. */
export function plain(text: string): string {
  return flatten(parse(text)).replace(/\s+/gu, ' ').trim();
}

function flatten(nodes: readonly Rich[]): string {
  return nodes.map((node) => {
    switch (node.kind) {
      case 'text':
      case 'code':
        return node.text;
      case 'block':
        return ` ${node.text} `;
      case 'break':
        return ' ';
      case 'paragraph':
      case 'quote':
      case 'item':
      case 'list':
      case 'numbered':
        return `${flatten(node.children)} `;
      case 'link':
      case 'strong':
      case 'em':
      case 'del':
        return flatten(node.children);
    }
  }).join('');
}

const CONTAINERS = {
  paragraph_open: 'paragraph',
  blockquote_open: 'quote',
  bullet_list_open: 'list',
  ordered_list_open: 'numbered',
  list_item_open: 'item',
  strong_open: 'strong',
  em_open: 'em',
  s_open: 'del',
} as const;

function build(tokens: readonly Token[]): Rich[] {
  const root: Rich[] = [];
  const stack: Rich[][] = [root];
  const top = () => stack[stack.length - 1] ?? root;
  for (const token of tokens) {
    if (token.type === 'inline') {
      top().push(...build(token.children ?? []));
    } else if (token.type in CONTAINERS) {
      // Paragraphs in tight lists are marked hidden: their content belongs to the item itself.
      if (token.type === 'paragraph_open' && token.hidden) {
        stack.push(top());
        continue;
      }
      const children: Rich[] = [];
      top().push({ kind: CONTAINERS[token.type as keyof typeof CONTAINERS], children });
      stack.push(children);
    } else if (token.type === 'link_open') {
      const children: Rich[] = [];
      const url = String(token.attrGet('href') ?? '');
      top().push({ kind: 'link', url, children });
      stack.push(children);
    } else if (token.nesting === -1) {
      if (stack.length > 1) stack.pop();
    } else {
      const leaf = leafOf(token);
      if (leaf) top().push(leaf);
    }
  }
  return root;
}

function leafOf(token: Token): Rich | null {
  switch (token.type) {
    case 'softbreak':
    case 'hardbreak':
      return { kind: 'break' };
    case 'code_inline':
      return { kind: 'code', text: token.content };
    case 'fence':
    case 'code_block':
      return { kind: 'block', text: token.content.replace(/\n$/, ''), language: token.info.trim().slice(0, 24) };
    default:
      return token.content === '' ? null : { kind: 'text', text: token.content };
  }
}

const ONLY_EMOJI = /^(?:(?:\p{Extended_Pictographic}|\p{Regional_Indicator})(?:\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*\s*){1,6}$/u;

/** Nothing but a few emoji: shown larger. */
export function isOnlyEmoji(text: string): boolean {
  return text.length <= 64 && ONLY_EMOJI.test(text.trim());
}

/** A link that should be asked about first: what it shows is not where it leads, or its host hides behind look-alike letters. */
export function isOddLink(url: string, shown: string): boolean {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return true;
  }
  if (parsed.protocol === 'mailto:') return false;
  if (parsed.username !== '' || parsed.password !== '' || parsed.hostname.includes('xn--')) return true;
  const text = shown.trim();
  return text !== url && text !== decodeSafe(url) && `${text}/` !== url;
}

function decodeSafe(url: string): string {
  try {
    return decodeURI(url);
  } catch {
    return url;
  }
}
