import type { Firewall, FixKind } from '../gen/api';

/** What can be done: by hand, with something to copy, or by a button. */
export interface FixWords {
  /** What a person does, or what the button brings with it. */
  steps?: string;
  copy?: { label: string; text: string };
  /** Does it, or leads to where it is done. */
  button?: string;
}

/** The words of a fix. */
export function fixWords(fix: FixKind, firewall: Firewall | null = null): FixWords {
  switch (fix.fix) {
    case 'turn_mapping_on':
      return { button: 'Let the router open a door' };
    case 'turn_internet_on':
      return {
        button: 'Reach over the internet',
        steps:
          'Reaching over the internet lets friends find each other by a public network of millions of computers. It sees this computer’s internet address and when it is on; not who you are, whom you know or what you say.',
      };
    case 'turn_carry_on':
      return { button: 'Carry messages for friends' };
    case 'other_port':
      return { button: 'Take another port' };
    case 'forward_port':
      return {
        steps: `By hand: on your router’s own page, look for “port forwarding” and lead port ${fix.port} to this computer, both TCP and UDP.`,
        copy: { label: `Copy ${fix.port}`, text: String(fix.port) },
      };
    case 'allow_in_firewall':
      return {
        steps:
          fix.command === null
            ? 'Look for a firewall or a security program on this computer, and allow Grapevine in it.'
            : 'This line, in a terminal, lets Grapevine through:',
        ...(fix.command !== null && { copy: { label: 'Copy the line', text: fix.command } }),
        ...((firewall === 'windows' || firewall === 'macos') && { button: 'Open the firewall’s settings' }),
      };
    case 'open_portal':
      return fix.url === null
        ? { steps: 'Open any page in your browser: the network shows its own, where you can sign in.' }
        : { button: 'Open the sign-in page' };
    case 'try_now':
      return { button: 'Try now' };
  }
}

/** The same for a friend who reads it elsewhere; empty for what says nothing there. */
export function fixText(fix: FixKind): string {
  switch (fix.fix) {
    case 'turn_mapping_on':
      return 'turn on “Let your router open a door” in Grapevine.';
    case 'turn_internet_on':
      return 'turn on “Reach over the internet” in Grapevine.';
    case 'turn_carry_on':
      return 'turn on “Carry messages for friends” in Grapevine.';
    case 'other_port':
      return 'let Grapevine take another port.';
    case 'forward_port':
      return `in the router, lead port ${fix.port} to this computer, both TCP and UDP.`;
    case 'allow_in_firewall':
      return 'allow Grapevine in the firewall of this computer.';
    case 'open_portal':
      return 'sign in to the network in the browser.';
    case 'try_now':
      return '';
  }
}
