import { expect, it } from 'vitest';
import { sendable } from './sendable';

it('keeps how the first line begins, as the engine does', () => {
  for (const [typed, sent] of [
    ['    def f():\n        pass\n', '    def f():\n        pass'],
    ['\n \n\ta', '\ta'],
    ['\r\n  a\u3000\r\n', '  a'],
    ['\u3000a', '\u3000a'],
    ['a  b\n\n c', 'a  b\n\n c'],
    [' \n  ', ''],
  ] as const)
    expect(sendable(typed), JSON.stringify(typed)).toBe(sent);
});
