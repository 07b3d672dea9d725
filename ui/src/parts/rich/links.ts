import { LinkifyIt } from 'linkify-it';

const SAFE = /^(https?|mailto):/i;
/** Characters that hide or turn what stands beside them. */
const UNSEEN = /[\p{Cc}\p{Cf}]/u;

const linkify = new LinkifyIt();
linkify.set({ fuzzyEmail: false, fuzzyIP: false, fuzzyLink: false });
linkify.add('ftp:', null);
linkify.add('//', null);

/** A link that may be followed at all. */
export function isSafe(url: string): boolean {
  return SAFE.test(url);
}

/** Where addresses stand in a line, in order, as they were typed. */
export function addressesIn(line: string): { from: number; to: number }[] {
  const found = line.includes(':') ? (linkify.match(line) ?? []) : [];
  return found.map((m) => ({ from: m.index, to: beforeMarks(line, m.lastIndex) }));
}

/** Marks at the end of a link stand around it rather than belong to it. */
function beforeMarks(line: string, end: number): number {
  let to = end;
  while ('*_~'.includes(line[to - 1] ?? ' ')) to -= 1;
  return to;
}

/**
 * A link to ask about first: it leads elsewhere than it shows, or its host has look-alike letters.
 */
export function isOddLink(url: string, shown: string): boolean {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return true;
  }
  if (parsed.protocol === 'mailto:') return false;
  if (parsed.username !== '' || parsed.password !== '' || parsed.hostname.includes('xn--') || UNSEEN.test(url))
    return true;
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
