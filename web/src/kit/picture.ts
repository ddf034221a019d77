/** Shapes on a picture: corners in parts of it, from its upper left. Pure. */
export type Spot = readonly [x: number, y: number];
export type ShapeKind = "zone" | "line";
/** Fewest corners that make one. */
export const FEWEST: Record<ShapeKind, number> = { zone: 3, line: 2 };
export interface Size {
  width: number;
  height: number;
}

const part = (v: number) => Math.round(Math.min(1, Math.max(0, v)) * 1e4) / 1e4;
/** The spot inside the picture, to a ten-thousandth of it. */
export const inside = ([x, y]: Spot): Spot => [part(x), part(y)];
export const shifted = ([x, y]: Spot, dx: number, dy: number): Spot => inside([x + dx, y + dy]);
export const replaced = (points: readonly Spot[], at: number, spot: Spot): Spot[] =>
  points.map((p, i) => (i === at ? inside(spot) : p));

/** A zone's part of the picture. */
export const area = (points: readonly Spot[]) =>
  Math.abs(
    points.reduce((sum, a, i) => {
      const b = points[(i + 1) % points.length] as Spot;
      return sum + a[0] * b[1] - b[0] * a[1];
    }, 0),
  ) / 2;

/** Under this part of the picture's width or height a drag was a slip of the hand (ours: six pixels of a small tile). */
const SLIP = 0.01;
/** The rectangle between two spots, clockwise from its upper left; none where the hand only slipped. */
export function boxed(a: Spot, b: Spot): Spot[] | undefined {
  const [x1, x2] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
  const [y1, y2] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
  if (x2 - x1 < SLIP || y2 - y1 < SLIP) return undefined;
  return ([[x1, y1], [x2, y1], [x2, y2], [x1, y2]] as const).map(inside); // biome-ignore format: corners in their order
}

/** How far a spot is from the stretch between two others, in pixels of the shown picture. */
export function offStretch(spot: Spot, a: Spot, b: Spot, size: Size): number {
  const [px, py] = [(spot[0] - a[0]) * size.width, (spot[1] - a[1]) * size.height];
  const [dx, dy] = [(b[0] - a[0]) * size.width, (b[1] - a[1]) * size.height];
  const along = dx || dy ? Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy))) : 0;
  return Math.hypot(px - along * dx, py - along * dy);
}
/** The corner within reach of a spot, the nearest of them; -1 where there is none. */
export function cornerAt(points: readonly Spot[], spot: Spot, size: Size, reachPx: number): number {
  const far = points.map((p) => Math.hypot((p[0] - spot[0]) * size.width, (p[1] - spot[1]) * size.height));
  const best = far.indexOf(Math.min(...far));
  return best >= 0 && (far[best] as number) <= reachPx ? best : -1;
}
/** Every stretch of a shape: its two ends, and the number of the first of them. */
export function stretches(kind: ShapeKind, points: readonly Spot[]): [a: Spot, b: Spot, first: number][] {
  const ends = kind === "zone" ? [...points, points[0] as Spot] : points;
  return ends.slice(1).map((b, i) => [ends[i] as Spot, b, i]);
}
/** A corner more, where the stretch nearest to the spot passes. */
export function withCorner(kind: ShapeKind, points: readonly Spot[], spot: Spot, size: Size): Spot[] {
  const far = stretches(kind, points).map(([a, b]) => offStretch(spot, a, b, size));
  const after = far.indexOf(Math.min(...far)) + 1;
  return [...points.slice(0, after), inside(spot), ...points.slice(after)];
}
/** A corner less; the same shape where it could not spare one. */
export function withoutCorner(kind: ShapeKind, points: readonly Spot[], at: number): Spot[] {
  return points.length > FEWEST[kind] ? points.filter((_, i) => i !== at) : [...points];
}
/** Whether a spot lies within a zone (even-odd rule), or within reach of a line. */
export function hits(kind: ShapeKind, points: readonly Spot[], spot: Spot, size: Size, reachPx: number): boolean {
  if (stretches(kind, points).some(([a, b]) => offStretch(spot, a, b, size) <= reachPx)) return true;
  if (kind === "line") return false;
  return stretches(kind, points).reduce((is, [a, b]) => {
    const between = a[1] > spot[1] !== b[1] > spot[1];
    return between && spot[0] < ((b[0] - a[0]) * (spot[1] - a[1])) / (b[1] - a[1]) + a[0] ? !is : is;
  }, false);
}

const turn = (a: Spot, b: Spot, c: Spot) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
const cross = (a: Spot, b: Spot, c: Spot, d: Spot) =>
  turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
/** Whether two of its stretches cross: such a zone has no inside. */
export function crossesItself(kind: ShapeKind, points: readonly Spot[]): boolean {
  const all = stretches(kind, points);
  return all.some(([a, b], i) => all.slice(i + 1).some(([c, d]) => cross(a, b, c, d)));
}

/** The middle of a line's longest stretch and the direction in which it is crossed: from its left to its right. */
export function crossing(points: readonly Spot[], size: Size): { at: Spot; dx: number; dy: number } | undefined {
  let best: { at: Spot; dx: number; dy: number; long: number } | undefined;
  for (const [a, b] of stretches("line", points)) {
    const [x, y] = [(b[0] - a[0]) * size.width, (b[1] - a[1]) * size.height];
    const long = Math.hypot(x, y);
    // y points down: to the right of (x, y) lies (-y, x)
    if (long && (!best || long > best.long))
      best = { at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], dx: -y / long, dy: x / long, long };
  }
  return best && { at: best.at, dx: best.dx, dy: best.dy };
}
