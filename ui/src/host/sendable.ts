/** A text as the contract takes it: without blank lines before and white space after it. What its first line begins with may be code. */
export function sendable(text: string): string {
  return text.trimEnd().replace(/^(?:[^\S\r\n]*[\r\n])+/, '');
}
