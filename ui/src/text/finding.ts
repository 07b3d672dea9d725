import type { DoctorRow, DoorProtocol, Finding, FindingDetails, Firewall } from '../gen/api';
import { amountWords } from './count';
import { briefTime } from './time';

export interface FindingWords {
  /** What was found. */
  title: string;
  /** What it means. */
  means: string;
}

/** A finding in plain words. No word holds an address. */
export function findingWords({ finding, details }: Pick<DoctorRow, 'finding' | 'details'>, now: number): FindingWords {
  return words[finding](details, now);
}

const words: Record<Finding, (details: FindingDetails, now: number) => FindingWords> = {
  closed: () => ({
    title: 'Grapevine could not open a port on this computer',
    means: 'So nobody can call you. You can still call others, and everything you write goes out.',
  }),
  no_network: () => ({
    title: 'This computer is on no network',
    means: 'What you write waits here and goes out by itself once the computer is connected.',
  }),
  captive_portal: () => ({
    title: 'Sign in to this network first',
    means: 'Until you have signed in on its page, nothing gets out and nobody comes in.',
  }),
  vpn: () => ({
    title: 'Your VPN hides you',
    means:
      'All that you send goes through it, and it lets nobody in. In the VPN’s program, turn on port forwarding or leave Grapevine out (“split tunnel”).',
  }),
  upnp_off: () => ({
    title: 'Your router doesn’t open doors by itself',
    means:
      'Grapevine asked it in all three ways that routers know, and no door was opened, so callers end at the router. Most routers can: turn on UPnP on the router’s own page.',
  }),
  router_failed: () => ({
    title: 'Your router failed to open a door',
    means:
      'It was asked in all three ways that routers know and answered with an error, so callers end there. Restarting it often helps.',
  }),
  shared_address: () => ({
    title: 'Your provider shares one address among many homes',
    means:
      'Callers end there, or at a second router before yours if there is one. Ask the provider for IPv6 or a public IPv4 address; until then a friend can carry your messages.',
  }),
  two_routers: () => ({
    title: 'Two routers in a row',
    means:
      'The door that one opens ends at the other: often the provider’s box and a router of your own. Set one of the two to “bridge mode”.',
  }),
  changing_doors: () => ({
    title: 'Your network changes its door each time',
    means:
      'Each friend sees you behind another port, so none can tell the others where you are. Until a port is led here by hand, friends who can be reached carry your messages.',
  }),
  udp_blocked: () => ({
    title: 'This network blocks calls',
    means:
      'Plain connections (TCP) come through, but calls from home to home (UDP) don’t. On another network they may.',
  }),
  local_firewall: ({ firewall }) => ({
    title: 'This computer refuses visitors',
    means: firewall
      ? `Callers get as far as this computer. ${firewallNames[firewall]} is on and turns them away.`
      : 'Callers get as far as this computer. Something on it turns them away.',
  }),
  ipv6_closed: ({ port }) => ({
    title: 'IPv6 is closed to visitors',
    means: `You have an IPv6 address that everybody could call, but the router lets nobody through. On its page, under “IPv6 firewall”, allow ${portWords(port)} to this computer.`,
  }),
  not_reached: ({ port }) => ({
    title: 'Somebody called you from outside and got no answer',
    means: `Nothing here says why. Most often the router is in the way: it must lead ${portWords(port)} to this computer.`,
  }),
  ipv6_only: () => ({
    title: 'Only IPv6 here',
    means: 'Friends who have only IPv4 can’t call you, nor you them; a friend who has both can carry between you.',
  }),
  only_this_computer: () => ({
    title: 'Grapevine listens to this computer alone',
    means: 'It was started that way, so nobody else can call you. You can still call others.',
  }),
  mapping_off: () => ({
    title: 'Your router is not asked for a door',
    means: 'Most routers would let calls through to Grapevine if they were asked.',
  }),
  firewall_on: ({ firewall }) => ({
    title: 'A firewall is on',
    means: `${firewall ? firewallNames[firewall] : 'It'} guards this computer, and nobody has come in yet. It may be what keeps others out.`,
  }),
  not_checked: () => ({
    title: 'Nobody has tried yet to come in from outside',
    means:
      'Only that proves it. A friend who is linked with you asks another computer to try; it needs both to be there.',
  }),
  dht_silent: () => ({
    title: 'The public network doesn’t answer',
    means: 'It is tried again by itself. Until then friends find you by the addresses they know.',
  }),
  internet_off: () => ({
    title: 'Reaching over the internet is off',
    means: 'When an address changes, two people whom no common friend connects can’t find each other again.',
  }),
  carry_off: () => ({
    title: 'You carry no messages for friends',
    means: 'Two friends who can’t reach each other must find somebody else to talk through.',
  }),
  hairpin: () => ({
    title: 'Calling yourself proves nothing',
    means: 'Your own address was called from here, and most routers refuse that. Others may get through all the same.',
  }),
  listening: ({ port }) => ({
    title: 'Grapevine listens',
    means: port === null ? 'This computer takes calls.' : `This computer takes calls at port ${port}.`,
  }),
  came_in: ({ at, ip }, now) => ({
    title: 'Somebody from outside came in',
    means: `${ip === 'v6' ? 'By IPv6' : 'Without help'}${at === null ? '' : `, ${briefTime(at, now)}`}: the proof that your friends can call you.`,
  }),
  came_in_nearby: ({ at }, now) => ({
    title: 'Somebody on this network came in',
    means: `${at === null ? '' : `At ${briefTime(at, now)}. `}So this computer itself lets visitors in.`,
  }),
  mapped: ({ port, protocol, ip }) => ({
    title: ip === 'v6' ? 'Your router lets calls by IPv6 through' : 'Your router holds a door open',
    means: `${port === null ? 'It leads' : `Port ${port} leads`} to Grapevine${protocol ? `, asked for by ${protocolNames[protocol]}` : ''}. It closes again when Grapevine ends.`,
  }),
  dht_answers: () => ({
    title: 'The public network answers',
    means: 'Friends find you by it when your address changes.',
  }),
  carried: ({ bytes }) => ({
    title: 'You carried messages for friends today',
    means: `${amountWords(bytes ?? 0)}. You see who, when and how much, never what.`,
  }),
};

const firewallNames: Record<Firewall, string> = {
  ufw: 'The firewall ufw',
  firewalld: 'The firewall firewalld',
  nftables: 'A firewall with rules of its own (nftables)',
  windows: 'The Windows firewall',
  macos: 'The firewall of macOS',
};

const protocolNames: Record<DoorProtocol, string> = { upnp: 'UPnP', nat_pmp: 'NAT-PMP', pcp: 'PCP' };

function portWords(port: number | null): string {
  return port === null ? 'Grapevine’s port' : `port ${port} (TCP and UDP)`;
}
