/**
 * A text as the contract takes it: without blank lines before it and without white space after it.
 * The indentation of its first line stays: it may be code.
 */
export function sendable(text: string): string {
  return text.trimEnd().replace(/^(?:[^\S\r\n]*[\r\n])+/, '');
}
