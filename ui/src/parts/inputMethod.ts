/** Some web views end a composition before they tell of the key that ended it: a key within this time of it is that key. */
const SAME_KEY_MS = 50;
/** What a key code says while an input method has the key. */
const PROCESSED = 229;

let endedAt = -Infinity;

/** Call for every `compositionend` of the window. */
export function onCompositionEnd(event: Event): void {
  endedAt = event.timeStamp;
}

/**
 * Whether a key was meant for an input method: it takes a word, moves among words or gives up, and means nothing else.
 * `isComposing` alone does not say so: WebKit tells of the last key of a composition after its end, with the key code 229.
 */
export function isOfInputMethod(event: Pick<KeyboardEvent, 'isComposing' | 'keyCode' | 'timeStamp'>): boolean {
  return event.isComposing || event.keyCode === PROCESSED || isLast(event);
}

/** The key that ended a composition, told afterwards. Its own effect (a new line) is not wanted either. */
export function isLast(event: Pick<KeyboardEvent, 'timeStamp'>): boolean {
  return event.timeStamp < endedAt + SAME_KEY_MS;
}
