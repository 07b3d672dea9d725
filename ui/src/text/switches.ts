import { amountWords } from './count';

/** The switches of how others are reached: in the settings, and beside the doctor. */
export const switches = {
  title: 'Reaching others',
  internet: 'Reach over the internet',
  internetHint:
    'Friends then find each other by a public network of millions of computers, also when they have nobody in common. It sees this computer’s internet address and when it is on; not who you are, whom you know or what you say.',
  mapping: 'Let your router open a door',
  mappingHint: 'Asks your router to let calls through to Grapevine, and to close the door again when Grapevine ends.',
  carry: 'Carry messages for friends',
  carryHint:
    'Friends who cannot reach each other talk through this computer. You see only how much, never what. Turn it off on a metered line.',
};

/** How much was carried today; nothing is said of nothing. */
export function carriedWords(bytes: number): string {
  return bytes > 0 ? ` Carried today: ${amountWords(bytes)}.` : '';
}
