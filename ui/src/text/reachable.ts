import type { Me, OwnReach } from '../gen/api';

/**
 * From where others can reach this device: the light, a few words for the rail, and the sentence
 * that they begin.
 */
export interface ReachWords {
  tone: 'ok' | 'warn' | 'off';
  brief: string;
  words: string;
}

/**
 * The one place for these words. Nobody has dialled back yet, so green stands only for what the
 * computer knows of itself, and no word claims more.
 */
export const reachable: Record<OwnReach, ReachWords> = {
  closed: {
    tone: 'warn',
    brief: 'Others cannot dial you',
    words: 'Others cannot dial you just now, but you can dial them: use their invite.',
  },
  no_network: {
    tone: 'off',
    brief: 'On no network',
    words: 'On no network: nobody can reach you until this computer is connected.',
  },
  this_computer: {
    tone: 'warn',
    brief: 'Only on this computer',
    words:
      'Only on this computer: other programs on it can reach you, nobody else. It is on no network, or was told to listen to itself alone.',
  },
  this_network: {
    tone: 'ok',
    brief: 'Reachable on this network',
    words: 'Reachable on this network; from elsewhere only if your router lets others in.',
  },
  perhaps_outside: {
    tone: 'ok',
    brief: 'Reachable on this network',
    words: 'Reachable on this network, and perhaps from outside: if your router and firewall let others in.',
  },
};

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
  return me.reach === 'this_network' || me.reach === 'perhaps_outside';
}

/** Why an invite leads nowhere, if it does. */
export function inviteFault(reach: OwnReach, addresses: readonly string[]): string | null {
  if (reach === 'this_computer') return 'Only programs on this computer can follow this invite.';
  if (addresses.length > 0) return null;
  switch (reach) {
    case 'closed':
      return 'Others cannot dial you, so nobody can follow this invite now. Ask for one of theirs instead.';
    case 'no_network':
      return 'On no network, so nobody can follow this invite now. Connect, and make another.';
    case 'this_network':
    case 'perhaps_outside':
      return 'This invite was made when nobody could reach you. Make another.';
  }
}

/** How many are here, beside the way to the picture of them. */
export function friendsWords(friends: number): string {
  return friends === 0 ? 'nobody here' : friends === 1 ? '1 friend here' : `${friends} friends here`;
}
