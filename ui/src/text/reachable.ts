import type { Me, OwnReach } from '../gen/api';

/**
 * From where others can reach this device: the light, the words for the rail, and what follows from
 * it.
 */
export interface ReachWords {
  tone: 'ok' | 'warn' | 'off';
  /** Beside the light in the rail, in one line. */
  rail: string;
  /** The same where there is room. */
  brief: string;
  /** Stands after it. */
  means: string;
}

/**
 * The one place for these words: the rail, the dialogs, the network and the doctor say the same.
 * Green stands only for what somebody has done or what the computer knows of itself.
 */
export const reachable: Record<OwnReach, ReachWords> = {
  closed: {
    tone: 'warn',
    rail: 'Others cannot call you',
    brief: 'Others cannot call you',
    means: 'Grapevine could not open a port on this computer. You can still call others: use their invite.',
  },
  no_network: {
    tone: 'off',
    rail: 'On no network',
    brief: 'On no network',
    means: 'Nobody can reach you until this computer is connected. What you write waits here.',
  },
  this_computer: {
    tone: 'warn',
    rail: 'Only on this computer',
    brief: 'Only on this computer',
    means: 'Other programs on it can reach you, nobody else. You can still call others.',
  },
  this_network: {
    tone: 'ok',
    rail: 'Reachable on this network',
    brief: 'Reachable on this network',
    means: 'From elsewhere nobody has come in so far.',
  },
  only_outward: {
    tone: 'warn',
    rail: 'Only outward',
    brief: 'Only outward: others cannot come in by themselves',
    means: 'You can call others, and whoever you are linked with hears from you as always.',
  },
  reachable: {
    tone: 'ok',
    rail: 'Reachable',
    brief: 'Reachable',
    means: 'Somebody from outside has come in, so your friends can too.',
  },
  not_known: {
    tone: 'off',
    rail: 'Reach not yet known',
    brief: 'Not yet known whether others can reach you',
    means: 'It is certain only when somebody from outside has come in.',
  },
};

/** Both in one: "Reachable on this network. From elsewhere nobody has come in so far." */
export function reachSentence(reach: OwnReach): string {
  const { brief, means } = reachable[reach];
  return `${brief}. ${means}`;
}

/** Whether people nearby see one, beside the list of them. */
export function visibleWords(me: Me): string {
  if (!me.nearby_visible) return 'you are hidden here';
  return isAnnounced(me) ? 'you are visible here' : 'nobody can see you here';
}

/** Under the switch that lets them. */
export function visibleHint(me: Me): string {
  return isAnnounced(me)
    ? 'They see your name, nothing else.'
    : 'Nobody sees you now, since nobody on this network could reach you.';
}

/** There is something to announce: the node announces only what others on the network can dial. */
function isAnnounced(me: Me): boolean {
  switch (me.reach) {
    case 'closed':
    case 'no_network':
    case 'this_computer':
      return false;
    case 'this_network':
    case 'only_outward':
    case 'reachable':
    case 'not_known':
      return true;
  }
}

/**
 * Why an invite leads nowhere, if it does. With the internet on, people meet without an address.
 */
export function inviteFault(
  { reach, internet }: Pick<Me, 'reach' | 'internet'>,
  addresses: readonly string[],
): string | null {
  if (reach === 'no_network') return 'On no network, so nobody can follow this invite now. Connect, and make another.';
  if (internet) return null;
  if (reach === 'this_computer') return 'Only programs on this computer can follow this invite.';
  if (addresses.length > 0) return null;
  return reach === 'closed'
    ? 'Others cannot call you, so nobody can follow this invite now. Ask for one of theirs instead.'
    : 'This invite was made when nobody could reach you. Make another.';
}

/** How many are here, beside the way to the picture of them. */
export function friendsWords(friends: number): string {
  return friends === 0 ? 'nobody here' : friends === 1 ? '1 friend here' : `${friends} friends here`;
}
