/** Azimuth and tilt as a plane: the middle of the sector in its middle. No screen. */
import type { Corner, Sector } from "../../../api/ptz";
import { spanOf } from "./steering";

/** From this tilt on top to that at the bottom: nothing hangs where it would look higher. */
export const TOP_DEG = 40;
export const BOTTOM_DEG = -90;
export const HEIGHT_DEG = TOP_DEG - BOTTOM_DEG;

const round = (deg: number) => Math.round(deg * 10) / 10;
const turned = (deg: number) => ((deg % 360) + 360) % 360;

/** The azimuth at the left edge of the plane. */
export const leftOf = (s: Pick<Sector, "from_deg" | "until_deg">): number => turned(s.from_deg + spanOf(s) / 2 - 180);
/** Where a direction stands in the plane, degrees from its upper left corner. */
export const toPlane = (left: number, [azimuth, tilt]: Corner): [number, number] => [
  turned(azimuth - left),
  TOP_DEG - tilt,
];
export const fromPlane = (left: number, x: number, y: number): Corner => [
  round(turned(left + x)),
  round(Math.min(90, Math.max(-90, TOP_DEG - y))),
];

/** The zone between two corners of a drag, in plane degrees; none where the hand only slipped (a degree). */
export function boxed(left: number, a: readonly [number, number], b: readonly [number, number]): Corner[] | undefined {
  const [x1, x2] = [Math.max(0, Math.min(a[0], b[0])), Math.min(359.9, Math.max(a[0], b[0]))];
  const [y1, y2] = [Math.max(0, Math.min(a[1], b[1])), Math.min(HEIGHT_DEG, Math.max(a[1], b[1]))];
  if (x2 - x1 < 1 || y2 - y1 < 1) return undefined;
  return [fromPlane(left, x1, y1), fromPlane(left, x2, y1), fromPlane(left, x2, y2), fromPlane(left, x1, y2)];
}

/** A zone's corners in the plane, none torn off by north: each less than half a turn from the one before. */
export function unrolled(left: number, zone: readonly Corner[]): [number, number][] {
  const out: [number, number][] = [];
  for (const corner of zone) {
    const [x, y] = toPlane(left, corner);
    const before = out.at(-1)?.[0] ?? x;
    out.push([x + 360 * Math.round((before - x) / 360), y]);
  }
  return out;
}
