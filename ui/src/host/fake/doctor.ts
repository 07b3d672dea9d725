import type { Calls, Doctor, DoctorRow, Finding, FindingLevel, FixKind, Me, OwnReach } from '../../gen/api';
import type { World } from './world';

const PORT = 4747;
const MINUTE = 60_000;
/** How long it takes to find everything out. */
const CHECK_MS = 900;

/** What a scene of the doctor is about: what follows, and what is found beside it. */
const SCENES: Record<Finding, { reach: OwnReach; with?: Finding[] }> = {
  closed: { reach: 'closed' },
  no_network: { reach: 'no_network' },
  captive_portal: { reach: 'only_outward', with: ['listening'] },
  vpn: { reach: 'only_outward', with: ['listening'] },
  upnp_off: { reach: 'only_outward', with: ['listening', 'not_checked'] },
  router_failed: { reach: 'only_outward', with: ['listening'] },
  shared_address: { reach: 'this_network', with: ['listening', 'came_in_nearby'] },
  two_routers: { reach: 'this_network', with: ['listening', 'came_in_nearby'] },
  changing_doors: { reach: 'only_outward', with: ['upnp_off', 'listening'] },
  udp_blocked: { reach: 'only_outward', with: ['listening'] },
  local_firewall: { reach: 'only_outward', with: ['mapped', 'listening'] },
  ipv6_closed: { reach: 'reachable', with: ['came_in', 'mapped', 'listening'] },
  not_reached: { reach: 'only_outward', with: ['listening'] },
  ipv6_only: { reach: 'not_known', with: ['listening', 'not_checked'] },
  only_this_computer: { reach: 'this_computer' },
  mapping_off: { reach: 'this_network', with: ['listening', 'not_checked'] },
  firewall_on: { reach: 'not_known', with: ['mapped', 'listening', 'not_checked'] },
  not_checked: { reach: 'not_known', with: ['mapped', 'listening'] },
  dht_silent: { reach: 'this_network', with: ['listening', 'came_in_nearby'] },
  internet_off: { reach: 'this_network', with: ['listening', 'came_in_nearby'] },
  carry_off: { reach: 'reachable', with: ['came_in', 'mapped', 'listening'] },
  hairpin: { reach: 'reachable', with: ['came_in', 'mapped', 'listening'] },
  listening: { reach: 'this_network', with: ['came_in_nearby'] },
  came_in: { reach: 'reachable', with: ['came_in_nearby', 'mapped', 'listening', 'dht_answers', 'carried'] },
  came_in_nearby: { reach: 'this_network', with: ['listening'] },
  mapped: { reach: 'not_known', with: ['listening', 'not_checked'] },
  dht_answers: { reach: 'reachable', with: ['came_in', 'mapped', 'listening'] },
  carried: { reach: 'reachable', with: ['came_in', 'mapped', 'listening'] },
};

/** In order: troubles, notes, what is well. */
const FINDINGS = Object.keys(SCENES) as Finding[];
const FIRST_NOTE = FINDINGS.indexOf('ipv6_only');
const FIRST_WELL = FINDINGS.indexOf('listening');

/** Begins where the doctor finds this. */
export function foundThere(world: World, scene: string): World {
  const finding = FINDINGS.find((one) => one === scene);
  if (finding === undefined) throw new Error(`the doctor finds no ${scene}`);
  const { reach, with: others = [] } = SCENES[finding];
  world.findings = [finding, ...others];
  world.me = {
    ...world.me,
    reach,
    addresses: reach === 'closed' || reach === 'no_network' ? [] : world.me.addresses,
    internet: finding === 'dht_silent' || world.findings.includes('dht_answers'),
    mapping: finding !== 'mapping_off',
    carry: finding !== 'carry_off',
  };
  return world;
}

export function foundNow(world: World): Doctor {
  const { me } = world;
  const switches: [Finding, boolean][] = [
    ['internet_off', !me.internet],
    ['mapping_off', !me.mapping],
    ['carry_off', !me.carry],
  ];
  const all = new Set(world.findings);
  for (const [finding, off] of switches) if (off) all.add(finding);
  return {
    rows: FINDINGS.filter((finding) => all.has(finding)).map(rowOf),
    summary: me.reach,
    checking: world.checking,
    checked_at: world.checkedAt,
    addresses:
      me.addresses.length === 0
        ? []
        : [
            ...me.addresses.map((address) => ({ part: 'listening' as const, address })),
            { part: 'observed', address: '203.0.113.9:51820' },
            { part: 'router', address: '192.168.1.1' },
            { part: 'router_outside', address: '203.0.113.9' },
          ],
  };
}

function rowOf(finding: Finding): DoctorRow {
  const place = FINDINGS.indexOf(finding);
  const level: FindingLevel = place < FIRST_NOTE ? 'trouble' : place < FIRST_WELL ? 'note' : 'ok';
  const firewall = finding === 'local_firewall' || finding === 'firewall_on' ? 'ufw' : null;
  return {
    finding,
    level: finding === 'ipv6_closed' ? 'note' : level,
    details: {
      port: PORT,
      ip: finding === 'ipv6_closed' ? 'v6' : finding === 'came_in' ? 'v4' : null,
      protocol: finding === 'mapped' ? 'upnp' : null,
      firewall,
      at: finding === 'came_in' || finding === 'came_in_nearby' ? Date.now() - 12 * MINUTE : null,
      bytes: finding === 'carried' ? 3_400_000 : null,
    },
    fixes: fixesOf(finding),
  };
}

function fixesOf(finding: Finding): FixKind[] {
  switch (finding) {
    case 'closed':
      return [{ fix: 'other_port' }, { fix: 'try_now' }];
    case 'captive_portal':
      return [{ fix: 'open_portal', url: 'http://portal.example/' }, { fix: 'try_now' }];
    case 'upnp_off':
    case 'router_failed':
    case 'changing_doors':
      return [{ fix: 'forward_port', port: PORT }];
    case 'not_reached':
      return [{ fix: 'forward_port', port: PORT }, { fix: 'try_now' }];
    case 'shared_address':
    case 'internet_off':
      return [{ fix: 'turn_internet_on' }];
    case 'local_firewall':
    case 'firewall_on':
      return [{ fix: 'allow_in_firewall', command: `sudo ufw allow ${PORT} comment Grapevine` }, { fix: 'try_now' }];
    case 'mapping_off':
      return [{ fix: 'turn_mapping_on' }];
    case 'carry_off':
      return [{ fix: 'turn_carry_on' }];
    case 'no_network':
    case 'two_routers':
    case 'udp_blocked':
    case 'ipv6_closed':
    case 'not_checked':
    case 'dht_silent':
      return [{ fix: 'try_now' }];
    default:
      return [];
  }
}

type Names = 'set_internet' | 'set_mapping' | 'set_carry' | 'doctor' | 'try_reach' | 'fix';

/** The calls about reaching and being reached. */
export function doctorAnswers(world: World): { [K in Names]: (args: Calls[K]['args']) => Calls[K]['reply'] } {
  const set = (change: Partial<Me>): Me => {
    world.me = { ...world.me, ...change };
    if (change.internet !== undefined) world.found('dht_answers', change.internet);
    world.emit({ notice: 'me_changed', me: world.me }, { notice: 'doctor_changed', doctor: foundNow(world) });
    return world.me;
  };
  const check = (): Record<symbol, never> => {
    world.checking = true;
    world.emit({ notice: 'doctor_changed', doctor: foundNow(world) });
    setTimeout(() => {
      world.checking = false;
      world.checkedAt = Date.now();
      // A friend is there who has it tried.
      if (world.answers && world.found('not_checked', false)) {
        world.found('came_in', true);
        set({ reach: 'reachable' });
      } else world.emit({ notice: 'doctor_changed', doctor: foundNow(world) });
    }, CHECK_MS);
    return {};
  };
  return {
    set_internet: ({ on }) => set({ internet: on }),
    set_mapping: ({ on }) => set({ mapping: on }),
    set_carry: ({ on }) => set({ carry: on }),
    doctor: () => foundNow(world),
    try_reach: check,
    fix: ({ fix }) => {
      switch (fix.fix) {
        case 'turn_internet_on':
          set({ internet: true });
          break;
        case 'turn_mapping_on':
          world.found('mapping_off', false);
          set({ mapping: true });
          break;
        case 'turn_carry_on':
          world.found('carry_off', false);
          set({ carry: true });
          break;
        case 'other_port':
          world.found('closed', false);
          world.found('listening', true);
          set({ reach: 'not_known', addresses: ['192.168.1.12:51423'] });
          break;
        default:
          check();
      }
      return {};
    },
  };
}
