import { inline, joined } from './inline';
import { hasVisible, type Block, type Inline } from './model';

/** Quotes within quotes go no deeper; the rest of the signs stays as typed. */
const MAX_QUOTES = 4;

const FENCE = /^( {0,3}(`{3,}))([^`]*)$/;
/** One word directly after the fence names the language; anything else there is code already. */
const LANGUAGE = /^[A-Za-z][\w+#.-]{0,23}[ \t]*$/;
const QUOTED = /^>(?: |$)/;
/** Words or pictures; `> :(` quotes nothing. */
const SAID = /[\p{L}\p{N}\p{So}]/u;
/** `> 5` compares. */
const AMOUNT = /^\s*(?:[-+~≈]\s?)?(?:\p{Sc}\s?)?\d/u;
/** A plus sign is none: `+ 1` adds. */
const ITEM = /^(\s*(?:[-*•]|\d{1,9}[.)])[ \t]+)(?=\S)/u;

/** Reads lines. All that was typed is in what comes out, as content or as marks. */
export function blocks(lines: readonly string[], depth = 0): Block[] {
  const made: Block[] = [];
  const fences = lines.map(fenceAtEnd);
  let at = 0;
  while (at < lines.length) {
    const [block, taken] = codeBlock(lines, at, fences) ??
      quote(lines, at, depth) ??
      item(lines[at] ?? '') ?? [null, 1];
    if (block) made.push(block);
    else for (const line of lines.slice(at, at + taken)) addLine(made, inline(line));
    at += taken;
  }
  return made.map((block) => (block.kind === 'lines' ? { ...block, children: joined(block.children) } : block));
}

/** The backticks that a line ends with, if they can close a block, and the space after them. */
function fenceAtEnd(line: string): { ticks: number; from: number } {
  const end = line.trimEnd().length;
  let from = end;
  while (line[from - 1] === '`') from -= 1;
  return { ticks: end - from, from };
}

function codeBlock(
  lines: readonly string[],
  at: number,
  ends: readonly ReturnType<typeof fenceAtEnd>[],
): [Block, number] | null {
  const [, fence = '', ticks = '', first = ''] = FENCE.exec(lines[at] ?? '') ?? [];
  if (fence === '') return null;
  let end = at + 1;
  while (end < lines.length && (ends[end]?.ticks ?? 0) < ticks.length) end += 1;
  const last = lines[end];
  if (last === undefined) return null;
  const head = last.slice(0, ends[end]?.from);
  const named = first.trim() === '' || LANGUAGE.test(first);
  const closesAlone = head.trim() === '';
  const content = [...(named ? [] : [first]), ...lines.slice(at + 1, end), ...(closesAlone ? [] : [head])];
  const text = content.join('\n');
  if (!hasVisible(text)) return null;
  const before = named ? `${lines[at]}\n` : fence;
  const after = closesAlone ? `\n${last}` : last.slice(head.length);
  return [{ kind: 'block', marks: [before, after], text, language: named ? first.trim() : '' }, end - at + 1];
}

function quote(lines: readonly string[], at: number, depth: number): [Block | null, number] | null {
  if (depth >= MAX_QUOTES || !QUOTED.test(lines[at] ?? '')) return null;
  let end = at;
  while (end < lines.length && QUOTED.test(lines[end] ?? '')) end += 1;
  const inside = lines.slice(at, end).map((line) => line.slice(2));
  if (!inside.some((line) => SAID.test(line) && !AMOUNT.test(line))) return [null, end - at];
  return [{ kind: 'quote', children: blocks(inside, depth + 1) }, end - at];
}

function item(line: string): [Block, number] | null {
  const marker = ITEM.exec(line)?.[1];
  return marker === undefined ? null : [{ kind: 'item', marker, children: inline(line.slice(marker.length)) }, 1];
}

/** Ordinary lines beside each other are one block. */
function addLine(made: Block[], children: Inline[]): void {
  const last = made[made.length - 1];
  if (last?.kind === 'lines') last.children.push({ kind: 'text', text: '\n' }, ...children);
  else made.push({ kind: 'lines', children });
}
