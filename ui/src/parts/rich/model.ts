/** What was typed around a content and is not shown itself, character for character. */
export type Marks = readonly [before: string, after: string];

/** A piece of a line. Text of others becomes such a tree and never HTML. */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; marks: Marks; text: string }
  | { kind: 'link'; marks: Marks; url: string; children: Inline[] }
  | { kind: 'strong' | 'em' | 'del'; marks: Marks; children: Inline[] };

/** One or more whole lines; the break between two of these is theirs together. */
export type Block =
  | { kind: 'lines'; children: Inline[] }
  /** A list item. Its start is shown as it was typed, so a number stays that number. */
  | { kind: 'item'; marker: string; children: Inline[] }
  | { kind: 'quote'; children: Block[] }
  | { kind: 'block'; marks: Marks; text: string; language: string };

/**
 * Whether anything can be seen. Marks around nothing are no marks, or typed characters would be
 * lost.
 */
const VISIBLE = /(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}\p{P}\p{S}]/u;

export function hasVisible(text: string): boolean {
  return VISIBLE.test(text);
}
