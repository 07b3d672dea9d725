/**
 * Some web views end a composition before they report the key that ended it. A key within this time
 * after the end is taken for that one.
 */
const SAME_KEY_MS = 50;
const LAST_KEYS: ReadonlySet<string> = new Set(['Enter', 'Escape']);
/** What a key code says while an input method has the key. */
const PROCESSED = 229;

let endedAt = -Infinity;

/** Call for every `compositionend` of the window. */
export function onCompositionEnd(event: Pick<Event, 'timeStamp'>): void {
  endedAt = event.timeStamp;
}

/**
 * Whether a key was meant for an input method, to take a word, to choose among words or to give up.
 * `isComposing` alone does not tell: WebKit reports the last key of a composition after its end,
 * with the key code 229.
 */
export function isOfInputMethod(event: Pick<KeyboardEvent, 'key' | 'isComposing' | 'keyCode' | 'timeStamp'>): boolean {
  return event.isComposing || event.keyCode === PROCESSED || isLast(event);
}

/**
 * The key that ended a composition, reported afterwards. Its own effect, a new line, is not wanted.
 */
export function isLast(event: Pick<KeyboardEvent, 'key' | 'timeStamp'>): boolean {
  return LAST_KEYS.has(event.key) && event.timeStamp < endedAt + SAME_KEY_MS;
}
