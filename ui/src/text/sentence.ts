/** A part of a sentence, and whether it is good news or needs attention. */
export interface SentencePart {
  words: string;
  tone: 'plain' | 'ok' | 'warn';
}

export const plain = (words: string): SentencePart => ({ words, tone: 'plain' });
export const ok = (words: string): SentencePart => ({ words, tone: 'ok' });
export const warn = (words: string): SentencePart => ({ words, tone: 'warn' });

/** The sentence in one piece. */
export function whole(parts: readonly SentencePart[]): string {
  return parts.map((part) => part.words).join('');
}
