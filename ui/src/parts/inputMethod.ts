/** Some web views end a composition before they tell of the key that ended it: such a key within this time of it is that key. */
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
 * Whether a key was meant for an input method: it takes a word, moves among words or gives up, and means nothing else.
 * `isComposing` alone does not say so: WebKit tells of the last key of a composition after its end, with the key code 229.
 */
export function isOfInputMethod(event: Pick<KeyboardEvent, 'key' | 'isComposing' | 'keyCode' | 'timeStamp'>): boolean {
  return event.isComposing || event.keyCode === PROCESSED || isLast(event);
}

/** The key that ended a composition, told afterwards. Its own effect (a new line) is not wanted either. */
export function isLast(event: Pick<KeyboardEvent, 'key' | 'timeStamp'>): boolean {
  return LAST_KEYS.has(event.key) && event.timeStamp < endedAt + SAME_KEY_MS;
}
