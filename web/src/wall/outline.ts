/** A line drawing of what a camera would see, from building footprints. No picture is opened for it. */
import type { Feature, LineString, MultiPolygon, Polygon } from "geojson";
import { type Eye, plane } from "../map/geometry";

/** The drawing's size; the picture's own ratio, 16 : 9. */
export const DRAWING = { width: 640, height: 360 };
/** Heights where none is known, metres: a mast of the guideline (3–5 m) and a house of three floors. */
const MAST_M = 4;
const HOUSE_M = 9;
/** Half the width of a lane with its verges where none is known, metres. */
const STREET_M = 4;
/** Nearer than this is behind the lens, metres. */
const NEAR_M = 1.2;
/** A fixed street camera looks this far below the horizon, degrees. */
const TILT_DEG = 9;

type V3 = readonly [x: number, y: number, z: number];

/** Camera coordinates of a point: right, up, ahead; metres. */
function ahead(x: number, y: number, z: number, azimuthDeg: number): V3 {
  const a = (azimuthDeg * Math.PI) / 180;
  const t = (TILT_DEG * Math.PI) / 180;
  const right = x * Math.cos(a) - y * Math.sin(a);
  const depth = x * Math.sin(a) + y * Math.cos(a);
  const up = z - MAST_M;
  return [right, up * Math.cos(t) + depth * Math.sin(t), depth * Math.cos(t) - up * Math.sin(t)];
}
/** The part of a segment in front of the lens. */
function clip(a: V3, b: V3): [V3, V3] | undefined {
  if (a[2] < NEAR_M && b[2] < NEAR_M) return undefined;
  const cut = (from: V3, to: V3): V3 => {
    const t = (NEAR_M - from[2]) / (to[2] - from[2]);
    return [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t, NEAR_M];
  };
  if (a[2] < NEAR_M) return [cut(a, b), b];
  if (b[2] < NEAR_M) return [a, cut(b, a)];
  return [a, b];
}

/** Strokes of the drawing, far ones fainter: path and opacity. */
export function outline(
  eye: Eye,
  buildings: readonly Feature<Polygon | MultiPolygon>[],
  streets: readonly Feature<LineString>[] = [],
): { d: string; opacity: number }[] {
  const p = plane(eye.lat, eye.lon);
  const azimuth = eye.azimuth_deg ?? 0;
  const fov = Math.min(100, Math.max(30, eye.fov_deg || 60));
  const f = DRAWING.width / 2 / Math.tan((fov * Math.PI) / 360);
  const strokes: { d: string; opacity: number }[] = [];
  const flat = (v: V3): string =>
    `${(DRAWING.width / 2 + (v[0] / v[2]) * f).toFixed(0)} ${(DRAWING.height / 2 - (v[1] / v[2]) * f).toFixed(0)}`;
  /** Both ends beyond the same edge of the frame: nothing of the stroke is in it. */
  const outside = (a: V3, b: V3): boolean => {
    const [ax, ay, bx, by] = [a[0] / a[2], a[1] / a[2], b[0] / b[2], b[1] / b[2]].map((n) => n * f) as [
      number,
      number,
      number,
      number,
    ];
    const [w, h] = [DRAWING.width / 2, DRAWING.height / 2];
    return (ax < -w && bx < -w) || (ax > w && bx > w) || (ay < -h && by < -h) || (ay > h && by > h);
  };
  const stroke = (a: V3, b: V3): void => {
    const kept = clip(a, b);
    if (!kept || outside(kept[0], kept[1])) return;
    const depth = Math.min(kept[0][2], kept[1][2]);
    strokes.push({ d: `M${flat(kept[0])}L${flat(kept[1])}`, opacity: Math.max(0.22, 1 - depth / 110) });
  };
  const far = Math.max(eye.range_m * 1.6, 60);
  for (const building of buildings) {
    const polygons =
      building.geometry.type === "Polygon" ? [building.geometry.coordinates] : building.geometry.coordinates;
    const height = Number((building.properties as { height_m?: number } | null)?.height_m) || HOUSE_M;
    for (const polygon of polygons) {
      const ring = (polygon[0] ?? []).map(p.toXy);
      if (!ring.some(([x, y]) => Math.hypot(x, y) < far)) continue;
      for (let i = 1; i < ring.length; i++) {
        const a = ring[i - 1];
        const b = ring[i];
        if (!a || !b) continue;
        const [a0, a1] = [ahead(a[0], a[1], 0, azimuth), ahead(a[0], a[1], height, azimuth)];
        const [b0, b1] = [ahead(b[0], b[1], 0, azimuth), ahead(b[0], b[1], height, azimuth)];
        stroke(a0, b0);
        stroke(a1, b1);
        stroke(a0, a1);
      }
    }
  }
  for (const street of streets) {
    const line = street.geometry.coordinates.map(p.toXy);
    if (!line.some(([x, y]) => Math.hypot(x, y) < far)) continue;
    for (let i = 1; i < line.length; i++) {
      const [a, b] = [line[i - 1] as [number, number], line[i] as [number, number]];
      const long = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
      const [nx, ny] = [((b[1] - a[1]) / long) * STREET_M, ((a[0] - b[0]) / long) * STREET_M];
      for (const side of [-1, 1]) {
        stroke(
          ahead(a[0] + nx * side, a[1] + ny * side, 0, azimuth),
          ahead(b[0] + nx * side, b[1] + ny * side, 0, azimuth),
        );
      }
    }
  }
  // the nearest few hundred strokes are the picture; the rest is fog
  return strokes.sort((x, y) => y.opacity - x.opacity).slice(0, 320);
}
