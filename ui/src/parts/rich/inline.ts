import { addressesIn, isSafe } from './links';
import { hasVisible, type Inline } from './model';

/** Marks within marks go no deeper; what is deeper stays as typed. */
const MAX_DEPTH = 6;

/** What a run of these characters is a mark of, by its exact length; any other run is text. */
const MARKS: Record<string, readonly ('strong' | 'em')[] | readonly ['del']> = {
  '*': ['em'],
  '**': ['strong'],
  '***': ['strong', 'em'],
  _: ['em'],
  '~~': ['del'],
};

// A mark begins or ends a word and touches it. Thus sums, names of files and variables, patterns,
// paths and smileys stay. Words of scripts that put no spaces between them can have marks anywhere.
const SPACELESS = String.raw`\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Thai}`;
const TURNS = String.raw`\u200e\u200f\u2066-\u2069`;
const BEFORE_OPENING = new RegExp(String.raw`^$|[\s([{"'“‘„«‹¡¿–—…*_~（「『${SPACELESS}${TURNS}]`, 'u');
const AFTER_OPENING = /[^\s.,;:!?/\\)\]}|=<>&%^]/u;
const BEFORE_CLOSING = /[^\s/\\([{|=<>&^]/u;
const AFTER_CLOSING = new RegExp(
  String.raw`^$|[\s.,;:!?)\]}"'”’“»›–—…*_~\p{Extended_Pictographic}。，、！？：；）」』${SPACELESS}${TURNS}-]`,
  'u',
);
/** Between two such letters a backtick is an apostrophe. */
const IN_WORD = new RegExp(String.raw`(?![${SPACELESS}])[\p{L}\p{N}]`, 'u');
/** `3 *4* 5` multiplies. */
const SUM = /^[\d\s.,+\-×/=()]+$/;

const CODE = /`+/g;
const NAMED = /\[([^[\]]+)\]\(([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)\)/y;
const RUN = /\*+|_+|~+/g;

/** A finished node, or a run of mark characters whose meaning depends on what follows. */
type Piece = { node: Inline } | Run;
interface Run {
  run: string;
  opens: boolean;
  closes: boolean;
  /** Index of the next piece that is the same run, or −1. */
  next: number;
}

/** Reads one line. Nothing of it is lost: what is no complete mark is text. */
export function inline(line: string): Inline[] {
  return joined(tree(pieces(line, true), 0, Infinity, 0));
}

/** Code and links first: nothing in them is a mark. */
function pieces(line: string, links: boolean): Piece[] {
  const made: Piece[] = [];
  const addresses = links ? addressesIn(line) : [];
  const codes = codeSpans(line);
  let plainFrom = 0;
  let at = 0;
  const take = (to: number, node: Inline) => {
    runs(line, plainFrom, at, made);
    made.push({ node });
    plainFrom = at = to;
  };
  while (at < line.length) {
    while ((addresses[0]?.from ?? Infinity) < at) addresses.shift();
    while ((codes[0]?.from ?? Infinity) < at) codes.shift();
    const [address, code] = [addresses[0], codes[0]];
    const bracket = links ? line.indexOf('[', at) : -1;
    const nearest = Math.min(address?.from ?? Infinity, code?.from ?? Infinity, bracket < 0 ? Infinity : bracket);
    if (nearest === Infinity) break;
    at = nearest;
    if (code?.from === at) {
      take(code.to, code.node);
    } else if (address?.from === at) {
      const url = line.slice(at, address.to);
      take(address.to, { kind: 'link', marks: ['', ''], url, children: [asTyped(url)] });
    } else {
      const named = namedLink(line, at);
      if (named) take(named.to, named.node);
      else at += 1;
    }
  }
  runs(line, plainFrom, line.length, made);
  return linked(made);
}

function namedLink(line: string, at: number): { to: number; node: Inline } | null {
  // A picture is not loaded, so what was typed for it stays.
  if (line[at - 1] === '!') return null;
  NAMED.lastIndex = at;
  const [whole, name = '', url = ''] = NAMED.exec(line) ?? [];
  if (whole === undefined || !isSafe(url) || !hasVisible(name)) return null;
  const children = joined(tree(pieces(name, false), 0, Infinity, 1));
  return { to: at + whole.length, node: { kind: 'link', marks: ['[', `](${url})`], url, children } };
}

/** Code from a run of backticks to the next run that is as long. */
function codeSpans(line: string): { from: number; to: number; node: Inline }[] {
  const ticks = [...line.matchAll(CODE)].map((m) => ({ from: m.index, length: m[0].length }));
  const nextSame = new Map<number, number>();
  const next = ticks.map(() => -1);
  for (let i = ticks.length - 1; i >= 0; i -= 1) {
    const { length } = ticks[i] ?? { length: 0 };
    next[i] = nextSame.get(length) ?? -1;
    nextSame.set(length, i);
  }
  const spans = [];
  for (let i = 0; i < ticks.length; i += 1) {
    const [open, close] = [ticks[i], ticks[next[i] ?? -1]];
    if (!open || !close || IN_WORD.test(charBefore(line, open.from)) || line[open.from - 1] === '\\') continue;
    if (IN_WORD.test(charAt(line, close.from + close.length))) continue;
    const inside = line.slice(open.from + open.length, close.from);
    if (!hasVisible(inside)) continue;
    // `` ` `` needs its spaces; everywhere else they are shown.
    const pad = /^ `|` $/.test(inside) && /^ .* $/.test(inside) ? ' ' : '';
    const tick = '`'.repeat(open.length);
    const text = inside.slice(pad.length, inside.length - pad.length);
    spans.push({
      from: open.from,
      to: close.from + close.length,
      node: { kind: 'code', marks: [tick + pad, pad + tick], text } as const,
    });
    i = next[i] ?? i;
  }
  return spans;
}

/** Adds a stretch of plain text, cut at the runs of mark characters. */
function runs(line: string, from: number, to: number, made: Piece[]): void {
  let at = from;
  const text = line.slice(from, to);
  for (const found of text.matchAll(RUN)) {
    const start = from + found.index;
    const run = found[0];
    if (start > at) made.push({ node: asTyped(line.slice(at, start)) });
    at = start + run.length;
    const [before, after] = [charBefore(line, start), charAt(line, at)];
    const known = run in MARKS;
    made.push({
      run,
      opens: known && BEFORE_OPENING.test(before) && after !== '' && AFTER_OPENING.test(after),
      closes: known && before !== '' && BEFORE_CLOSING.test(before) && AFTER_CLOSING.test(after),
      next: -1,
    });
  }
  if (to > at) made.push({ node: asTyped(line.slice(at, to)) });
}

function linked(made: Piece[]): Piece[] {
  const nextSame = new Map<string, number>();
  for (let i = made.length - 1; i >= 0; i -= 1) {
    const piece = made[i];
    if (!piece || 'node' in piece) continue;
    piece.next = nextSame.get(piece.run) ?? -1;
    nextSame.set(piece.run, i);
  }
  return made;
}

/** Pairs each opening run with the very next one like it, if that closes. */
function tree(made: readonly Piece[], from: number, to: number, depth: number): Inline[] {
  const nodes: Inline[] = [];
  for (let i = from; i < Math.min(to, made.length); i += 1) {
    const piece = made[i];
    if (!piece) break;
    if ('node' in piece) {
      nodes.push(piece.node);
      continue;
    }
    const close = made[piece.next];
    const pairs = piece.opens && close && 'run' in close && close.closes && piece.next < to && depth < MAX_DEPTH;
    if (!pairs) {
      nodes.push(asTyped(piece.run));
      continue;
    }
    const children = joined(tree(made, i + 1, piece.next, depth + 1));
    const said = textOf(children);
    const means = hasVisible(said) && !(piece.run === '*' && SUM.test(said));
    nodes.push(...(means ? [wrapped(piece.run, children)] : [asTyped(piece.run), ...children, asTyped(piece.run)]));
    i = piece.next;
  }
  return nodes;
}

function asTyped(typed: string): Inline {
  return { kind: 'text', text: typed };
}

function wrapped(run: string, children: Inline[]): Inline {
  const [outer, inner] = MARKS[run] ?? [];
  if (inner) return { kind: 'strong', marks: ['**', '**'], children: [{ kind: 'em', marks: ['*', '*'], children }] };
  return { kind: outer ?? 'em', marks: [run, run], children };
}

function textOf(nodes: readonly Inline[]): string {
  return nodes.map((node) => ('children' in node ? textOf(node.children) : node.text)).join('');
}

/** Texts beside each other as one. */
export function joined(nodes: readonly Inline[]): Inline[] {
  const made: Inline[] = [];
  for (const node of nodes) {
    const last = made[made.length - 1];
    if (node.kind === 'text' && last?.kind === 'text')
      made[made.length - 1] = { kind: 'text', text: last.text + node.text };
    else if (node.kind !== 'text' || node.text !== '') made.push(node);
  }
  return made;
}

function charAt(line: string, at: number): string {
  const code = line.codePointAt(at);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function charBefore(line: string, at: number): string {
  const low = line.charCodeAt(at - 1);
  return charAt(line, low >= 0xdc00 && low <= 0xdfff ? at - 2 : at - 1);
}
