import { isLast, isOfInputMethod } from '../parts/inputMethod';
import { hands } from '../state/hands';

const MODIFIERS: ReadonlySet<string> = new Set(['Shift', 'Control', 'Alt', 'Meta', 'AltGraph', 'CapsLock']);
/**
 * Keys that end something. Held down they do so once: their repeats would act on what comes into
 * view next.
 */
const ENDING: ReadonlySet<string> = new Set(['Enter', 'Escape']);

/** The first to see every key: some are for nobody in the page. */
export function onAnyKey(event: KeyboardEvent): void {
  if (isOfInputMethod(event)) {
    event.stopPropagation();
    if (isLast(event)) event.preventDefault();
  } else if (isRepeatedEnd(event) || (!MODIFIERS.has(event.key) && hands.onKey(event.timeStamp))) {
    event.stopPropagation();
    event.preventDefault();
  }
}

/** Shift+Enter breaks lines, as many as wanted. */
function isRepeatedEnd(event: KeyboardEvent): boolean {
  return event.repeat && ENDING.has(event.key) && !event.shiftKey;
}
