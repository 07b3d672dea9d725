import type { Point } from './arrange';

/** What a face with its words takes, from its middle: half its width, and how far up and down. */
export interface Box {
  side: number;
  up: number;
  down: number;
}

/**
 * The part of a line between two faces that touches neither them nor their words; `null` if none is
 * left.
 */
export function between(
  from: Point,
  fromBox: Box,
  to: Point,
  toBox: Box,
): { x1: number; y1: number; x2: number; y2: number; long: number } | null {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const long = Math.hypot(dx, dy);
  if (long === 0) return null;
  const [ux, uy] = [dx / long, dy / long];
  const [start, end] = [reachOut(ux, uy, fromBox), reachOut(-ux, -uy, toBox)];
  if (start + end >= long) return null;
  return {
    x1: from.x + ux * start,
    y1: from.y + uy * start,
    x2: to.x - ux * end,
    y2: to.y - uy * end,
    long: long - start - end,
  };
}

/** How far a ray from the middle runs inside the box. */
function reachOut(ux: number, uy: number, { side, up, down }: Box): number {
  const across = ux === 0 ? Number.POSITIVE_INFINITY : side / Math.abs(ux);
  const along = uy === 0 ? Number.POSITIVE_INFINITY : (uy > 0 ? down : up) / Math.abs(uy);
  return Math.min(across, along);
}
