/** Shapes on the ground: WGS 84 degrees in and out (longitude first, as GeoJSON), metres between. */
import type { Feature, LineString, MultiPolygon, Polygon, Position } from "geojson";

const METRES_PER_DEGREE = (Math.PI / 180) * 6_371_008.8;

/** A plane in metres east and north of an origin; good to 0.1 % within a city. */
export function plane(lat: number, lon: number) {
  const east = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
  return {
    toXy: (p: Position): [number, number] => [((p[0] ?? 0) - lon) * east, ((p[1] ?? 0) - lat) * METRES_PER_DEGREE],
    toPosition: (x: number, y: number): Position => [lon + x / east, lat + y / METRES_PER_DEGREE],
  };
}
export function distanceM(aLat: number, aLon: number, bLat: number, bLon: number): number {
  const [x, y] = plane(aLat, aLon).toXy([bLon, bLat]);
  return Math.hypot(x, y);
}
/** A place `metres` away at `bearing` degrees clockwise from north. */
export function reachTo(lat: number, lon: number, bearingDeg: number, metres: number): Position {
  const b = (bearingDeg * Math.PI) / 180;
  return plane(lat, lon).toPosition(Math.sin(b) * metres, Math.cos(b) * metres);
}

export function circle(lat: number, lon: number, radiusM: number, corners = 72): Feature<Polygon> {
  return ellipse(lat, lon, radiusM, radiusM, 0, corners);
}
/** An ellipse with half axes along and across a course (degrees clockwise from north). */
export function ellipse(
  lat: number,
  lon: number,
  alongM: number,
  acrossM: number,
  courseDeg: number,
  corners = 64,
): Feature<Polygon> {
  const p = plane(lat, lon);
  const c = (courseDeg * Math.PI) / 180;
  const ring = Array.from({ length: corners }, (_, i) => {
    const a = (i / corners) * 2 * Math.PI;
    const along = Math.cos(a) * alongM;
    const across = Math.sin(a) * acrossM;
    return p.toPosition(along * Math.sin(c) + across * Math.cos(c), along * Math.cos(c) - across * Math.sin(c));
  });
  ring.push(ring[0] as Position);
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
}

export type Wall = [ax: number, ay: number, bx: number, by: number];
type Building = Feature<Polygon | MultiPolygon>;

/** The building edges near a place, in metres on its plane. */
export function wallsNear(buildings: readonly Building[], lat: number, lon: number, rangeM: number): Wall[] {
  const p = plane(lat, lon);
  const walls: Wall[] = [];
  for (const building of buildings) {
    const polygons =
      building.geometry.type === "Polygon" ? [building.geometry.coordinates] : building.geometry.coordinates;
    for (const polygon of polygons) {
      const ring = (polygon[0] ?? []).map(p.toXy);
      if (!ring.some(([x, y]) => Math.abs(x) < rangeM * 1.5 && Math.abs(y) < rangeM * 1.5)) continue;
      for (let i = 1; i < ring.length; i++) {
        const [a, b] = [ring[i - 1], ring[i]];
        if (a && b) walls.push([a[0], a[1], b[0], b[1]]);
      }
    }
  }
  return walls;
}
/** How far a ray from the origin runs before it meets a wall; at most `most`. */
export function freeM(walls: readonly Wall[], dx: number, dy: number, most: number): number {
  let nearest = most;
  for (const [ax, ay, bx, by] of walls) {
    const ex = bx - ax;
    const ey = by - ay;
    const det = dx * ey - dy * ex;
    if (Math.abs(det) < 1e-9) continue;
    const t = (ax * ey - ay * ex) / det;
    const u = (ax * dy - ay * dx) / det;
    // 1.5 m: a camera on a pole beside a wall does not see the inside of its own house
    if (t > 1.5 && t < nearest && u >= 0 && u <= 1) nearest = t;
  }
  return nearest;
}

export interface Eye {
  lat: number;
  lon: number;
  azimuth_deg: number | null;
  fov_deg: number;
  range_m: number;
}
/** What a camera sees of the ground, clipped by buildings. Azimuth unknown: a circle. */
export function cone(eye: Eye, buildings: readonly Building[]): Feature<Polygon> {
  const walls = wallsNear(buildings, eye.lat, eye.lon, eye.range_m);
  const p = plane(eye.lat, eye.lon);
  const all = eye.azimuth_deg === null || eye.fov_deg >= 360;
  const width = all ? 360 : eye.fov_deg;
  const from = all ? 0 : (eye.azimuth_deg ?? 0) - width / 2;
  // one ray for each 2.5 degrees keeps corners within 2 m at 40 m
  const rays = Math.max(8, Math.ceil(width / 2.5));
  const ring: Position[] = all ? [] : [[eye.lon, eye.lat]];
  for (let i = 0; i <= rays; i++) {
    const b = ((from + (width * i) / rays) * Math.PI) / 180;
    const far = freeM(walls, Math.sin(b), Math.cos(b), eye.range_m);
    ring.push(p.toPosition(Math.sin(b) * far, Math.cos(b) * far));
  }
  ring.push(ring[0] as Position);
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
}

type Street = Feature<LineString>;
interface Edge {
  to: string;
  line: Position[];
  lengthM: number;
}
/** Streets as a graph whose nodes are the ends of lines. Built once for a map. */
export function streetGraph(streets: readonly Street[]): Map<string, Edge[]> {
  const graph = new Map<string, Edge[]>();
  const name = (p: Position) => `${(p[0] ?? 0).toFixed(6)},${(p[1] ?? 0).toFixed(6)}`;
  const add = (from: string, edge: Edge) => {
    const list = graph.get(from);
    if (list) list.push(edge);
    else graph.set(from, [edge]);
  };
  for (const street of streets) {
    const line = street.geometry.coordinates;
    const first = line[0];
    const last = line.at(-1);
    if (!first || !last) continue;
    let lengthM = 0;
    for (let i = 1; i < line.length; i++) {
      const [a, b] = [line[i - 1] as Position, line[i] as Position];
      lengthM += distanceM(a[1] ?? 0, a[0] ?? 0, b[1] ?? 0, b[0] ?? 0);
    }
    add(name(first), { to: name(last), line, lengthM });
    add(name(last), { to: name(first), line: [...line].reverse(), lengthM });
  }
  return graph;
}
/** The first `metres` of a line. */
export function cutLine(line: readonly Position[], metres: number): Position[] {
  const first = line[0];
  if (!first) return [];
  const out: Position[] = [first];
  let left = metres;
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1] as Position, line[i] as Position];
    const step = distanceM(a[1] ?? 0, a[0] ?? 0, b[1] ?? 0, b[0] ?? 0);
    if (step >= left) {
      const t = step ? left / step : 0;
      out.push([(a[0] ?? 0) + ((b[0] ?? 0) - (a[0] ?? 0)) * t, (a[1] ?? 0) + ((b[1] ?? 0) - (a[1] ?? 0)) * t]);
      return out;
    }
    out.push(b);
    left -= step;
  }
  return out;
}
/** The stretches of street that can be reached within `reachM` of a place, each with how near it is (1 at the place, 0 at the rim). */
export function reach(
  graph: Map<string, Edge[]>,
  lat: number,
  lon: number,
  reachM: number,
): Feature<LineString, { near: number }>[] {
  let start = "";
  let startM = Number.POSITIVE_INFINITY;
  for (const node of graph.keys()) {
    const [x, y] = node.split(",").map(Number) as [number, number];
    const d = distanceM(lat, lon, y, x);
    if (d < startM) {
      startM = d;
      start = node;
    }
  }
  // farther than a block from any street: no honest answer
  if (!start || startM > 150) return [];
  const best = new Map<string, number>([[start, startM]]);
  const queue: [number, string][] = [[startM, start]];
  const out: Feature<LineString, { near: number }>[] = [];
  while (queue.length) {
    queue.sort((a, b) => b[0] - a[0]);
    const [far, node] = queue.pop() as [number, string];
    if (far > (best.get(node) ?? Number.POSITIVE_INFINITY)) continue;
    for (const edge of graph.get(node) ?? []) {
      const left = reachM - far;
      if (left <= 0) continue;
      const arrives = far + edge.lengthM;
      const known = best.get(edge.to);
      if (known !== undefined && known <= far) continue;
      out.push({
        type: "Feature",
        properties: { near: Math.max(0, 1 - far / reachM) },
        geometry: { type: "LineString", coordinates: edge.lengthM <= left ? edge.line : cutLine(edge.line, left) },
      });
      if (arrives < reachM && (known === undefined || arrives < known)) {
        best.set(edge.to, arrives);
        queue.push([arrives, edge.to]);
      }
    }
  }
  return out;
}

/** Streets whose pieces of one class and name are joined end to end, so that a name finds room on the line. */
export function joinStreets<P extends { class: string; name?: string | null }>(
  streets: readonly Feature<LineString, P>[],
): Feature<LineString, P>[] {
  const key = (p: Position | undefined) => `${(p?.[0] ?? 0).toFixed(6)},${(p?.[1] ?? 0).toFixed(6)}`;
  const groups = new Map<string, Feature<LineString, P>[]>();
  for (const street of streets) {
    const group = `${street.properties.class}|${street.properties.name ?? ""}`;
    const list = groups.get(group);
    if (list) list.push(street);
    else groups.set(group, [street]);
  }
  const out: Feature<LineString, P>[] = [];
  for (const group of groups.values()) {
    const ends = new Map<string, Set<Feature<LineString, P>>>();
    const touch = (f: Feature<LineString, P>) => [key(f.geometry.coordinates[0]), key(f.geometry.coordinates.at(-1))];
    for (const f of group) {
      for (const end of touch(f)) {
        const set = ends.get(end);
        if (set) set.add(f);
        else ends.set(end, new Set([f]));
      }
    }
    const left = new Set(group);
    const grow = (line: Position[]): Position[] => {
      for (;;) {
        const tip = key(line.at(-1));
        const next = [...(ends.get(tip) ?? [])].find((f) => left.has(f));
        if (!next) return line;
        left.delete(next);
        const c = next.geometry.coordinates;
        line.push(...(key(c[0]) === tip ? c : [...c].reverse()).slice(1));
      }
    };
    for (const f of group) {
      if (!left.delete(f)) continue;
      const forward = grow([...f.geometry.coordinates]);
      out.push({ ...f, geometry: { type: "LineString", coordinates: grow(forward.reverse()).reverse() } });
    }
  }
  return out;
}
