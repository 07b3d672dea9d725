import type { JoinFinding, JoinTrouble, TroubleSide } from '../gen/api';

/** Who has the trouble that keeps an attempt from getting on, and what it is. */
export function troubleWords({ side, finding }: Pick<JoinTrouble, 'side' | 'finding'>): string {
  return `${sides[side]}: ${findings[finding](side)}.`;
}

export const trouble = {
  why: 'Why?',
  whyLabel: 'Why? Opens what was found out about reaching others',
};

const sides: Record<TroubleSide, string> = {
  mine: 'On your side',
  theirs: 'On their side',
  both: 'On both sides',
  unknown: 'Not clear on which side',
};

const changing: Record<TroubleSide, string> = {
  mine: 'this network changes its door',
  theirs: 'their network changes its door',
  both: 'both networks change their doors',
  unknown: 'one of the two networks changes its door',
};

const findings: Record<JoinFinding, (side: TroubleSide) => string> = {
  no_network: () => 'this computer is on no network',
  captive_portal: () => 'this network wants you to sign in first',
  own_address: () => 'this leads back to your own router. If you are on one network, add them under Nearby instead',
  no_address: () => 'the invite holds no address, so they cannot be called',
  only_their_computer: () => 'the invite leads only to their own computer',
  only_their_network: () => 'the invite works only on their own network',
  name_unknown: () => 'the name in their address leads nowhere',
  not_running: () => 'their computer is there, but Grapevine is not open on it',
  somebody_else: () => 'somebody else answers at their address',
  version: () => 'the two Grapevines are too different in age. Update the older one',
  nothing_answers: () => 'nothing answers. Their computer is off, or their router lets nobody in',
  not_heard_of: () =>
    'they are not to be found just now. Their Grapevine is closed, or reaching over the internet is off there',
  udp_blocked: (side) =>
    side === 'mine' ? 'this network blocks calls from home to home' : 'their network blocks calls from home to home',
  changing_doors: (side) => `${changing[side]} each time. A friend of you both who is here could carry between you`,
  no_way: () => 'you found each other, but no way between the two networks has worked so far',
  breaks_off: () => 'the link breaks off each time',
};
