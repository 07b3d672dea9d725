import { expect, it } from 'vitest';
import { isOfInputMethod, onCompositionEnd } from './inputMethod';

const key = (change: Partial<KeyboardEvent> = {}) => ({
  key: 'Enter',
  isComposing: false,
  keyCode: 13,
  timeStamp: 5_000,
  ...change,
});

it('leaves keys of the input method to it, however they say so', () => {
  expect(isOfInputMethod(key())).toBe(false);
  expect(isOfInputMethod(key({ isComposing: true }))).toBe(true);
  expect(isOfInputMethod(key({ keyCode: 229 }))).toBe(true);
});

it('knows the key that ended a composition when it is told afterwards, and the next one for another', () => {
  onCompositionEnd({ timeStamp: 4_999 });
  expect(isOfInputMethod(key())).toBe(true);
  // The key went down before the end was told.
  expect(isOfInputMethod(key({ timeStamp: 4_980 }))).toBe(true);
  expect(isOfInputMethod(key({ timeStamp: 5_200 }))).toBe(false);
  // A letter goes on with the next word.
  expect(isOfInputMethod(key({ key: 'a', keyCode: 65 }))).toBe(false);
});
