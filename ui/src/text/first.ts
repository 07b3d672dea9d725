import type { Building, Code, KeychainProblemKind } from '../gen/api';

export const first = {
  name: 'Grapevine',
  sentence: 'Talk with your friends. Nobody in the middle.',
  nameLabel: 'What should friends call you?',
  keptInKeychain: 'Your key is made on this computer and kept in its keychain. There is no account.',
  keptInFile:
    'Your key is made on this computer and kept in a file that only this passphrase opens. There is no account.',
  start: 'Start talking',
  starting: 'Making your key…',
  useKeyFile: 'Use a passphrase file instead',
  useKeychain: 'Use the keychain instead',
  passphraseLabel: 'Passphrase',
  newPassphraseLabel: 'Choose a passphrase',
  passphraseHint: 'At least 10 characters. Write it down: nobody can recover it for you.',
  show: 'Show',
  hide: 'Hide',
  tryAgain: 'Try again',
  trying: 'Asking again…',
  unlockTitle: 'Welcome back',
  unlockSentence: 'Your key is in a file. Its passphrase opens it.',
  unlock: 'Open',
  unlocking: 'Opening…',
  wrong: 'That passphrase does not open the key file. Check the capital letters and try again.',
  lockedTitle: 'Your key is out of reach',
  opening: 'Opening…',
  waiting: 'Waiting for your keychain to be unlocked…',
  waitingHint: 'Your system may show a window of its own that asks for a password. It may be behind this one.',
  building: 'Putting your history in order',
  buildingHint: 'What is kept here is read anew. Grapevine opens when that is done.',
  lockedAbsent: 'Start the keychain that you used before, then try again.',
  details: 'For a report',
  unusableTitle: 'Grapevine cannot open',
};

/** How far it is, in hundredths that are full. */
export function percentOf({ done, of }: Building): number {
  return of > 0 ? Math.floor((100 * done) / of) : 0;
}

/** "Putting your history in order: 42 %". */
export function buildingWords(percent: number): string {
  return `${first.building}: ${percent}\u00a0%`;
}

/** Each keychain trouble: what happened, and what to do. */
export const keychainWords: Record<KeychainProblemKind, { happened: string; todo: string }> = {
  absent: {
    happened: 'This computer has no keychain running, so there is no safe place for your key.',
    todo: 'Start a keychain (GNOME Keyring, KWallet or KeePassXC) and try again, or keep the key in a file that a passphrase opens.',
  },
  denied: {
    happened: 'Your keychain is locked, or access was declined.',
    todo: 'Unlock it and try again.',
  },
  wiped: {
    happened: 'Your keychain answers, but Grapevine’s key is no longer in it.',
    todo: 'If you use several keychains, open the one that you used before and try again. Without that key this profile cannot be opened.',
  },
  silent: {
    happened: 'Your keychain did not answer.',
    todo: 'It may be waiting for you in a window of its own. Look for it, then try again.',
  },
};

/** What can be done on the first screen besides trying again. */
export const orKeyFile = 'Or keep the key in a file that a passphrase opens.';

/** Why a profile cannot be opened. */
export function unusableWords(code: Code): { happened: string; todo: string } {
  if (code === 'profile_in_use') {
    return {
      happened: 'This profile is open already, in another window.',
      todo: 'Use that window, or close it and try again.',
    };
  }
  if (code === 'data_too_new') {
    return {
      happened: 'A newer version of Grapevine wrote this data, and this one cannot read it. Nothing was changed.',
      todo: 'Install the newer version again.',
    };
  }
  if (code === 'data_too_old') {
    return {
      happened:
        'An older version of Grapevine wrote this data, in a form that this one does not read. Nothing was changed.',
      todo: 'Use the older version again to read it, or start this one with a new profile.',
    };
  }
  if (code === 'disk') {
    return {
      happened: 'The folder with your history cannot be read or written.',
      todo: 'Look whether the disk is full or the folder belongs to somebody else, then try again.',
    };
  }
  if (code === 'closing') {
    return { happened: 'Grapevine has stopped.', todo: 'Start it again.' };
  }
  return {
    happened: 'Something went wrong while opening. This is a fault of Grapevine, not yours.',
    todo: 'Try again, or start it again.',
  };
}
