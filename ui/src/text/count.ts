/** "1 person", "6 people". */
export function people(n: number): string {
  return n === 1 ? '1 person' : `${n} people`;
}

/** "1 message", "12 messages". */
export function messages(n: number): string {
  return n === 1 ? '1 message' : `${n} messages`;
}

/** "Taiwo", "Taiwo and Blessing", "Taiwo, Blessing and 3 more". */
export function names(list: readonly string[], shown = 2): string {
  const [first = '', second = ''] = list;
  if (list.length <= 1) return first;
  if (list.length === 2) return `${first} and ${second}`;
  return `${list.slice(0, shown).join(', ')} and ${list.length - shown} more`;
}

/** As a sentence begins. */
export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "300 KB", "1.2 MB", "3.4 GB". */
export function amountWords(bytes: number): string {
  const MB = 1024 * 1024;
  if (bytes < MB) return `${Math.round(bytes / 1024)} KB`;
  return bytes < 1024 * MB ? `${(bytes / MB).toFixed(1)} MB` : `${(bytes / 1024 / MB).toFixed(1)} GB`;
}
