import type { Reach } from '../../gen/api';
import { countWays, wayOf, type Way } from '../../state/reach';

/** Up to so many people are drawn one by one; of more only the linked, and the rest as a ring. */
export const MAX_DRAWN = 40;
/** Of a crowd, so many linked people are drawn. */
export const MAX_LINKED_OF_CROWD = 24;
/** The linked stand at this part of the way to the outer ring. */
const INNER = 0.58;
/** When nobody stands further out. */
const ALONE = 0.82;
/** Room for names at the edges. */
const MARGIN = { x: 62, above: 52, below: 54 };
/** Around the ring of a crowd, with words on and under it. */
const CROWD = { x: 40, above: 14, below: 48 };
/** Not above, but beside me. */
const ABREAST = 12;
/** Below this height faces are smaller. */
const LOW = 440;

export interface Point {
  x: number;
  y: number;
}

/** One person in the picture. */
export interface Spot extends Point {
  reach: Reach;
  way: Way;
  /** Where their line begins: at me, or at whom they are reached through. */
  from: Point;
  /** Their name stands above the face, away from the middle. */
  above: boolean;
}

export interface Ellipse extends Point {
  rx: number;
  ry: number;
}

/** The whole picture. */
export interface Drawing {
  me: Point;
  spots: Spot[];
  /** Those who are not drawn. */
  more: Record<Way, number>;
  outer: Ellipse;
  /** The linked stand at this part of the way to it. */
  inner: number;
  /** Side of a face. */
  face: number;
}

/** Puts everybody around me: the linked near, whoever is reached through them beyond them, the others apart. People come in order. */
export function arrange(people: readonly Reach[], width: number, height: number): Drawing {
  const crowd = people.length > MAX_DRAWN;
  const drawn = crowd ? people.filter((reach) => wayOf(reach) === 'direct').slice(0, MAX_LINKED_OF_CROWD) : people;
  const more = countWays(people);
  for (const reach of drawn) more[wayOf(reach)] -= 1;
  const margin = crowd ? CROWD : MARGIN;
  const outer: Ellipse = {
    x: width / 2, y: (height + margin.above - margin.below) / 2, rx: Math.max(60, width / 2 - margin.x), ry: Math.max(48, (height - margin.above - margin.below) / 2),
  };
  const me = { x: outer.x, y: outer.y };
  const far = crowd || drawn.some((reach) => wayOf(reach) !== 'direct');
  const at = (angle: number, part: number): Point => ({ x: outer.x + outer.rx * part * Math.cos(angle), y: outer.y + outer.ry * part * Math.sin(angle) });
  const inner = far ? INNER : ALONE;
  const above = (point: Point) => point.y < me.y - ABREAST;
  const spots: Spot[] = [];
  for (const { linked, beyond, angle, width: share } of sectors(drawn)) {
    const gate = linked ? at(angle, inner) : me;
    if (linked) spots.push({ reach: linked, way: 'direct', from: me, above: above(gate), ...gate });
    for (const [i, reach] of beyond.entries()) {
      const turn = angle + share * ((i + 0.5) / beyond.length - 0.5);
      const place = at(turn, 1);
      spots.push({ reach, way: wayOf(reach), from: gate, above: above(place), ...place });
    }
  }
  return { me, spots, more, outer, inner, face: drawn.length > 24 ? 28 : drawn.length > 12 || height < LOW ? 36 : 44 };
}

interface Sector {
  linked: Reach | null;
  beyond: Reach[];
  angle: number;
  width: number;
}

/** The circle, shared out by how many stand at the outer ring; it begins at the top. */
function sectors(drawn: readonly Reach[]): Sector[] {
  const linked = drawn.filter((reach) => wayOf(reach) === 'direct');
  const gates = new Set(linked.map((reach) => reach.peer));
  const beyond = (peer: string) => drawn.filter((reach) => wayOf(reach) === 'through' && reach.through?.peer === peer);
  const apart = drawn.filter((reach) => wayOf(reach) === 'none' || (wayOf(reach) === 'through' && !gates.has(reach.through?.peer ?? '')));
  const groups = [...linked.map((reach) => ({ linked: reach, beyond: beyond(reach.peer) })), ...apart.map((reach) => ({ linked: null, beyond: [reach] }))];
  const weights = groups.map((group) => Math.max(1, group.beyond.length));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  return groups.map((group, i) => {
    const width = ((weights[i] ?? 1) / whole) * 2 * Math.PI;
    const angle = before + width / 2 - Math.PI / 2 - ((weights[0] ?? 1) / whole) * Math.PI;
    before += width;
    return { ...group, angle, width };
  });
}
