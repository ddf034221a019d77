import type { LatLon } from "../api/phone.ts";

/** Mean Earth radius in metres (IUGG R1). Over one kilometre the sphere is wrong by less than any fix's error. */
const R = 6_371_008.8;
const RAD = Math.PI / 180;

export interface Xy {
  x: number;
  y: number;
}

/** Metres east (x) and south (y, as screens count) of an origin; good to centimetres within a few kilometres. */
export function toPlane(origin: LatLon, p: LatLon): Xy {
  return { x: (p[1] - origin[1]) * RAD * R * Math.cos(origin[0] * RAD), y: -(p[0] - origin[0]) * RAD * R };
}

export function distance(a: LatLon, b: LatLon): number {
  const d = toPlane([(a[0] + b[0]) / 2, a[1]], b);
  const e = toPlane([(a[0] + b[0]) / 2, a[1]], a);
  return Math.hypot(d.x - e.x, d.y - e.y);
}

/** Degrees clockwise from true north, 0–360. */
export function bearing(a: LatLon, b: LatLon): number {
  const d = toPlane(a, b);
  return norm(Math.atan2(d.x, -d.y) / RAD);
}

export function norm(deg: number): number {
  return ((deg % 360) + 360) % 360;
}

/** The point `metres` away from `a` in direction `deg`. */
export function offset(a: LatLon, deg: number, metres: number): LatLon {
  const n = metres * Math.cos(deg * RAD);
  const e = metres * Math.sin(deg * RAD);
  return [a[0] + n / R / RAD, a[1] + e / (R * Math.cos(a[0] * RAD)) / RAD];
}

export const SECTORS = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;
export type Compass = (typeof SECTORS)[number];
export const SIDES = ["front", "frontRight", "right", "backRight", "back", "backLeft", "left", "frontLeft"] as const;
export type Side = (typeof SIDES)[number];

export type Sector = { relative: true; side: Side } | { relative: false; compass: Compass };

/**
 * Say where he is: as she stands when the phone knows its heading, else by the compass.
 *
 * Eight sectors of 45°, centred on their names.
 */
export function sector(bearingDeg: number, headingDeg: number | null): Sector {
  const pick = (deg: number): number => Math.floor(norm(deg + 22.5) / 45) % 8;
  if (headingDeg === null) return { relative: false, compass: SECTORS[pick(bearingDeg)]! };
  return { relative: true, side: SIDES[pick(bearingDeg - headingDeg)]! };
}

export interface OnLine {
  /** Metres along the line to the nearest point. */
  along_m: number;
  /** Metres from the line. */
  off_m: number;
  /** Index of the segment's first point. */
  segment: number;
  at: LatLon;
}

/** Nearest point of a line; null for a line of fewer than two points. */
export function onLine(line: readonly LatLon[], p: LatLon): OnLine | null {
  let best: OnLine | null = null;
  let run = 0;
  for (let i = 0; i + 1 < line.length; i++) {
    const a = line[i]!;
    const b = line[i + 1]!;
    const ab = toPlane(a, b);
    const ap = toPlane(a, p);
    const len2 = ab.x * ab.x + ab.y * ab.y;
    const t = len2 === 0 ? 0 : Math.min(1, Math.max(0, (ap.x * ab.x + ap.y * ab.y) / len2));
    const off = Math.hypot(ap.x - t * ab.x, ap.y - t * ab.y);
    const len = Math.sqrt(len2);
    if (!best || off < best.off_m) {
      best = {
        along_m: run + t * len,
        off_m: off,
        segment: i,
        at: [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])],
      };
    }
    run += len;
  }
  return best;
}

export function lengthOf(line: readonly LatLon[]): number {
  let sum = 0;
  for (let i = 0; i + 1 < line.length; i++) sum += distance(line[i]!, line[i + 1]!);
  return sum;
}

/** What is left of a line once its first `metres` are taken away. */
export function beyond(line: readonly LatLon[], metres: number): LatLon[] {
  let left = metres;
  for (let i = 0; i + 1 < line.length; i++) {
    const a = line[i]!;
    const b = line[i + 1]!;
    const len = distance(a, b);
    if (len > left) {
      const t = left / len;
      return [[a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])], ...line.slice(i + 1)];
    }
    left -= len;
  }
  return [];
}

/** Direction of the first `metres` of a line: where to start walking. */
export function firstHeading(line: readonly LatLon[], metres = 25): number | null {
  const a = line[0];
  if (!a) return null;
  let run = 0;
  for (let i = 1; i < line.length; i++) {
    run += distance(line[i - 1]!, line[i]!);
    if (run >= metres || i === line.length - 1) return bearing(a, line[i]!);
  }
  return null;
}
