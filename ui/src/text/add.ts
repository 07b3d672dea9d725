import type { InviteFault, InviteReading } from '../gen/api';

export const add = {
  title: 'Add someone',
  titleRoom: (name: string) => `Invite to ${name}`,
  close: 'Close',
  tabSend: 'Send an invite',
  tabHave: 'I have an invite',
  tabNearby: 'Nearby',
  sendOne: 'Send this to one person, any way you like. When they open it, you are connected.',
  sendMany: (n: number) => `Send this to up to ${n} people, any way you like. Whoever opens it is connected.`,
  sendOnly: 'Only they need to do something.',
  forWhat: 'For',
  forContact: 'Talking with you',
  forRoom: (name: string) => name,
  uses: 'May be used by',
  usesOf: (n: number) => (n === 1 ? 'one person' : `${n} people`),
  inviteLabel: 'Invite',
  copy: 'Copy invite',
  copied: 'Copied',
  another: 'Make another',
  making: 'Making an invite…',
  notAllowed: 'You can no longer invite people to this room.',
  qr: 'The invite as a QR code',
  haveLabel: 'Paste an invite, or type an address such as 192.168.1.7:4747',
  havePlaceholder: 'gv1…',
  reading: 'Reading…',
  join: 'Join',
  become: 'Connect',
  dial: 'Say hello',
  openRoom: 'Open it',
  goesOn: 'You can close this; it goes on by itself.',
  stop: 'Stop trying',
  nearbyEmpty:
    'Nobody else on this network is visible just now. They appear here by themselves, a few seconds after they open Grapevine.',
  visible: 'Let people on this network see me',
  several: 'There are several invites in this text. Which one?',
};

const faults: Record<InviteFault, string> = {
  empty: '',
  damaged: 'This is an invite, but some of its characters are missing or changed. Copy it again, the whole of it.',
  too_new: 'This invite was made by a newer version of Grapevine.',
  too_long: 'This is too long to be an invite.',
  unknown:
    'This is neither an invite nor an address. An invite begins with gv1, an address looks like 192.168.1.7:4747.',
};

/** What pasted text turned out to be. */
export function readingWords(reading: InviteReading): { tone: 'plain' | 'ok' | 'bad'; words: string } {
  switch (reading.kind) {
    case 'room':
      return reading.member === null
        ? { tone: 'ok', words: 'An invite to a room.' }
        : { tone: 'ok', words: 'You are in this room already.' };
    case 'contact':
      return reading.known === null
        ? { tone: 'ok', words: 'An invite to talk.' }
        : { tone: 'ok', words: 'You know each other already.' };
    case 'address':
      return {
        tone: 'ok',
        words: `An address. Whoever answers at ${reading.address} is asked whether they would like to talk.`,
      };
    case 'several':
      return { tone: 'plain', words: add.several };
    case 'own':
      return { tone: 'bad', words: 'This is your own invite. Send it to somebody else.' };
    case 'unreadable':
      return { tone: reading.why === 'empty' ? 'plain' : 'bad', words: faults[reading.why] };
  }
}
