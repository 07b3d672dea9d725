import type { Reach } from '../../gen/api';
import { countWays, gateOf, wayOf, type Way } from '../../state/reach';

/**
 * Up to so many people are drawn one by one, if there is space. Of more, only the linked ones are;
 * the rest is a ring.
 */
export const MAX_DRAWN = 40;
/**
 * What a face with its name needs, in pixels: at the outer ring, and at the inner one, where a time
 * stands under it too.
 */
const NEEDS = { outer: { x: 40, y: 46 }, inner: { x: 72, y: 72 } };
/** Of a crowd, so many linked people are drawn in the smallest window. */
const MIN_LINKED = 6;
/** The linked stand at this part of the way to the outer ring. */
const INNER = 0.58;
/** When few stand further out. */
const WIDE = 0.72;
/** When nobody does. */
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

/**
 * Puts people around me: the linked near, those reached through them beyond them, the others apart.
 * People come in order.
 */
export function arrange(people: readonly Reach[], width: number, height: number): Drawing {
  const crowd = people.length > Math.min(MAX_DRAWN, around(ellipse(width, height, MARGIN), NEEDS.outer));
  const margin = crowd ? CROWD : MARGIN;
  const outer = ellipse(width, height, margin);
  const fit = Math.max(MIN_LINKED, Math.floor(around(outer, NEEDS.inner) * INNER));
  const drawn = crowd ? people.filter((reach) => wayOf(reach) === 'direct').slice(0, fit) : people;
  const more = countWays(people);
  for (const reach of drawn) more[wayOf(reach)] -= 1;
  const me = { x: outer.x, y: outer.y };
  const far = crowd || drawn.some((reach) => wayOf(reach) !== 'direct');
  const at = (angle: number, part: number): Point => ({
    x: outer.x + outer.rx * part * Math.cos(angle),
    y: outer.y + outer.ry * part * Math.sin(angle),
  });
  const linked = drawn.filter((reach) => wayOf(reach) === 'direct').length;
  const inner = !far ? ALONE : !crowd && linked > 2 * (drawn.length - linked) ? WIDE : INNER;
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
  return { me, spots, more, outer, inner, face: faceOf(drawn.length, height < LOW) };
}

/** Side of a face: the more there are, and the lower the window, the smaller. */
function faceOf(drawn: number, low: boolean): number {
  if (drawn > 24 || (low && drawn > 12)) return 28;
  return drawn > 12 || low ? 36 : 44;
}

/** The outer ring in a picture of this size. */
function ellipse(width: number, height: number, margin: typeof MARGIN): Ellipse {
  return {
    x: width / 2,
    y: (height + margin.above - margin.below) / 2,
    rx: Math.max(60, width / 2 - margin.x),
    ry: Math.max(48, (height - margin.above - margin.below) / 2),
  };
}

/** How many that need so much stand around it without touching: its flatter direction decides. */
function around({ rx, ry }: Ellipse, need: Point): number {
  return Math.floor(2 * Math.PI * Math.min(rx / need.x, ry / need.y));
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
  const beyond = (peer: string) => drawn.filter((reach) => gateOf(reach) === peer);
  const apart = drawn.filter((reach) => wayOf(reach) !== 'direct' && !gates.has(gateOf(reach) ?? ''));
  const groups = [
    ...linked.map((reach) => ({ linked: reach, beyond: beyond(reach.peer) })),
    ...apart.map((reach) => ({ linked: null, beyond: [reach] })),
  ];
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
