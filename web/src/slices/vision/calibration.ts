/** From a picture to the ground: the plane through clicked points, and how far it is off. Pure. */
import type { Spot } from "../../kit/picture";
import { plane } from "../../map/geometry";

export interface Pair {
  /** In parts of the picture. */
  x: number;
  y: number;
  lat: number;
  lon: number;
}
type Matrix = readonly number[];
type Metres = readonly [east: number, north: number];
export const FEWEST_POINTS = 4;
export const MOST_POINTS = 12;
/** A hand is off by this much of the picture's width: three pixels of 640. */
const HAND = 0.005;

/** Solve a square system by Gauss with pivots; undefined where it has no one answer. */
export function solve(rows: number[][], right: number[]): number[] | undefined {
  const n = right.length;
  const m = rows.map((row, i) => [...row, right[i] as number]);
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(m[r]?.[c] ?? 0) > Math.abs(m[best]?.[c] ?? 0)) best = r;
    const pivot = m[best] as number[];
    if (Math.abs(pivot[c] as number) < 1e-12) return undefined;
    m[best] = m[c] as number[];
    m[c] = pivot;
    for (let r = 0; r < n; r++) {
      const row = m[r] as number[];
      if (r === c) continue;
      const by = (row[c] as number) / (pivot[c] as number);
      if (by) for (let k = c; k <= n; k++) row[k] = (row[k] as number) - by * (pivot[k] as number);
    }
  }
  return m.map((row, i) => (row[n] as number) / (row[i] as number));
}

/** The homography that takes parts of the picture to metres, least squares over all points; undefined where the points
 * leave it open (three of four in one line). Depth is 1 in their middle: what it is negative for lies beyond the horizon. */
export function homography(picture: readonly Spot[], ground: readonly Metres[]): Matrix | undefined {
  if (picture.length < FEWEST_POINTS) return undefined;
  const rows: number[][] = [];
  const right: number[] = [];
  const mx = picture.reduce((sum, p) => sum + p[0], 0) / picture.length;
  const my = picture.reduce((sum, p) => sum + p[1], 0) / picture.length;
  // metres in the size of the whole, so that both halves of the system weigh alike
  const size = Math.max(...ground.flatMap((g) => [Math.abs(g[0]), Math.abs(g[1])]), 1e-9);
  picture.forEach(([px, py], i) => {
    const [x, y] = [px - mx, py - my];
    const [e, n] = (ground[i] as Metres).map((v) => v / size) as [number, number];
    rows.push([x, y, 1, 0, 0, 0, -x * e, -y * e], [0, 0, 0, x, y, 1, -x * n, -y * n]);
    right.push(e, n);
  });
  const normal = Array.from({ length: 8 }, (_, i) =>
    Array.from({ length: 8 }, (_, j) => rows.reduce((sum, r) => sum + (r[i] as number) * (r[j] as number), 0)),
  );
  const h = solve(
    normal,
    Array.from({ length: 8 }, (_, i) => rows.reduce((sum, r, k) => sum + (r[i] as number) * (right[k] as number), 0)),
  );
  if (!h) return undefined;
  const [a, b, c, d, e, f, g, k] = h as [number, number, number, number, number, number, number, number];
  const moved = (p: number, q: number, r: number) => [p, q, r - p * mx - q * my];
  return [...[...moved(a, b, c), ...moved(d, e, f)].map((v) => v * size), ...moved(g, k, 1)];
}
export function onGround(h: Matrix, [x, y]: Spot): Metres | undefined {
  const [a, b, c, d, e, f, g, i, k] = h as [number, number, number, number, number, number, number, number, number];
  const depth = g * x + i * y + k;
  // beyond the horizon nothing stands on the ground
  return depth > 1e-6 ? [(a * x + b * y + c) / depth, (d * x + e * y + f) / depth] : undefined;
}
/** The other way round: from metres to parts of the picture. */
export function inverse(h: Matrix): Matrix | undefined {
  const [a, b, c, d, e, f, g, i, k] = h as [number, number, number, number, number, number, number, number, number];
  const det = a * (e * k - f * i) - b * (d * k - f * g) + c * (d * i - e * g);
  if (Math.abs(det) < 1e-15) return undefined;
  return [
    (e * k - f * i) / det,
    (c * i - b * k) / det,
    (b * f - c * e) / det,
    (f * g - d * k) / det,
    (a * k - c * g) / det,
    (c * d - a * f) / det,
    (d * i - e * g) / det,
    (b * g - a * i) / det,
    (a * e - b * d) / det,
  ];
}

export interface Fit {
  h: Matrix;
  /** Root mean square of what is left at the points, metres; null: four points fit exactly and prove nothing. */
  restM: number | null;
  /** How far each point is off, metres. */
  offM: number[];
  /** What a slip of the hand at one point moves the middle of the points, at worst, metres. */
  slipM: number;
  origin: { lat: number; lon: number };
}
const spots = (pairs: readonly Pair[]): Spot[] => pairs.map((p) => [p.x, p.y]);

/** The plane through the pairs, with its error; undefined while they do not settle it. */
export function groundOf(pairs: readonly Pair[]): Fit | undefined {
  if (pairs.length < FEWEST_POINTS) return undefined;
  const origin = {
    lat: pairs.reduce((sum, p) => sum + p.lat, 0) / pairs.length,
    lon: pairs.reduce((sum, p) => sum + p.lon, 0) / pairs.length,
  };
  const to = plane(origin.lat, origin.lon);
  const ground: Metres[] = pairs.map((p) => to.toXy([p.lon, p.lat]));
  const h = homography(spots(pairs), ground);
  if (!h) return undefined;
  const offM = pairs.map((p, i) => {
    const at = onGround(h, [p.x, p.y]);
    const is = ground[i] as Metres;
    return at ? Math.hypot(at[0] - is[0], at[1] - is[1]) : Number.POSITIVE_INFINITY;
  });
  // a plane that puts its own points behind the camera is none
  if (offM.some((m) => !Number.isFinite(m))) return undefined;
  const slipM = slip(spots(pairs), ground, h);
  if (slipM === undefined) return undefined;
  const restM = pairs.length > FEWEST_POINTS ? Math.sqrt(offM.reduce((s, m) => s + m * m, 0) / pairs.length) : null;
  return { h, restM, offM, slipM, origin };
}
function slip(picture: readonly Spot[], ground: readonly Metres[], h: Matrix): number | undefined {
  const middle: Spot = [
    picture.reduce((s, p) => s + p[0], 0) / picture.length,
    picture.reduce((s, p) => s + p[1], 0) / picture.length,
  ];
  const is = onGround(h, middle);
  if (!is) return undefined;
  let worst = 0;
  picture.forEach((spot, i) => {
    for (const [dx, dy] of [
      [HAND, 0],
      [0, HAND],
    ] as const) {
      const other = homography(
        picture.map((p, k) => (k === i ? ([spot[0] + dx, spot[1] + dy] as const) : p)),
        ground,
      );
      const at = other && onGround(other, middle);
      if (at) worst = Math.max(worst, Math.hypot(at[0] - is[0], at[1] - is[1]));
    }
  });
  return worst;
}

/** Lines of the ground every so many metres, as they lie in the picture: the eye sees at once whether they lie flat. */
export function grid(fitted: Fit, pairs: readonly Pair[], stepM: number): [Spot, Spot][] {
  const back = inverse(fitted.h);
  if (!back) return [];
  const ground = spots(pairs).flatMap((s) => {
    const at = onGround(fitted.h, s);
    return at ? [at] : [];
  });
  const range = (k: 0 | 1): [number, number] => [
    Math.floor(Math.min(...ground.map((g) => g[k])) / stepM) * stepM,
    Math.ceil(Math.max(...ground.map((g) => g[k])) / stepM) * stepM,
  ];
  const [[e1, e2], [n1, n2]] = [range(0), range(1)];
  const lines: [Metres, Metres][] = [];
  for (let e = e1; e <= e2 + 1e-9; e += stepM)
    lines.push([
      [e, n1],
      [e, n2],
    ]);
  for (let n = n1; n <= n2 + 1e-9; n += stepM)
    lines.push([
      [e1, n],
      [e2, n],
    ]);
  return lines.flatMap(([a, b]): [Spot, Spot][] => {
    const [p, q] = [onGround(back, a), onGround(back, b)];
    return p && q ? [[p, q]] : [];
  });
}
