/** From what is known to what is drawn: pure, so a test can look at it. */
import type { Feature, FeatureCollection, Position } from "geojson";
import type { Camera, Condition, Fix, StyleData, Subject } from "../api/types";
import { circle, cone, ellipse, reach, type streetGraph } from "./geometry";
import { DATA_SOURCES, type DataSource } from "./style";
import { tone } from "./tones";

export type SceneData = Record<DataSource, FeatureCollection>;
export type Standing = "alarm" | "calm" | "stale";

export interface Scene {
  subject?:
    | (Pick<Subject, "lat" | "lon" | "error_m"> & {
        speed_mps: number | null;
        course_deg: number | null;
        standing: Standing;
      })
    | null;
  victim?: { lat: number; lon: number } | null;
  zones?: readonly (Pick<Condition, "ring" | "centre" | "radius_m"> & { broken: boolean })[];
  cameras?: readonly (Pick<Camera, "lat" | "lon" | "azimuth_deg" | "fov_deg" | "range_m" | "live"> & {
    chosen?: boolean;
  })[];
  fixes?: readonly Fix[];
  next?: readonly { lat: number; lon: number; in_s: number }[];
  /** Streets on which somebody may be, `near` 0 to 1: how likely beside the likeliest. */
  heat?: readonly { line: readonly [readonly [number, number], readonly [number, number]]; near: number }[];
  /** Draw where the subject may be within this many seconds. */
  reachS?: number;
  /** Draw the error of every fix of the track. */
  errorBand?: boolean;
  /** Kept in sight and not drawn: where a replay has yet to come. */
  ahead?: readonly { lat: number; lon: number }[];
  /** Draw the track as the history of a person, not as the tail of an alarm. */
  history?: { alarmFrom?: string | null; alarmUntil?: string | null };
}

const toneOf: Record<Standing, string> = { alarm: tone.p1, calm: tone.tx1, stale: tone.doubt };
function collection(features: Feature[]): FeatureCollection {
  return { type: "FeatureCollection", features };
}
function line(coordinates: Position[], properties: Record<string, unknown>): Feature {
  return { type: "Feature", properties, geometry: { type: "LineString", coordinates } };
}
function dot(lon: number, lat: number, properties: Record<string, unknown>): Feature {
  return { type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] } };
}

/** A walking pace when the device says none: 1.4 m/s, the mean of adults (Bohannon 1997). */
export const WALK_MPS = 1.4;
/** Two fixes farther apart in time than this are joined by a dashed line, seconds: four intervals of 15 s. */
export const GAP_S = 60;

export function zoneFeature(zone: Pick<Condition, "ring" | "centre" | "radius_m">): Feature | undefined {
  if (zone.ring?.length) {
    const ring = zone.ring.map(([lat, lon]) => [lon, lat] as Position);
    const first = ring[0];
    const last = ring.at(-1);
    if (first && last && (first[0] !== last[0] || first[1] !== last[1])) ring.push(first);
    return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
  }
  if (zone.centre && zone.radius_m) return circle(zone.centre[0], zone.centre[1], zone.radius_m, 96);
  return undefined;
}

/** The stretches of a track: tail of an alarm in red, history in white with the violation in red, gaps dashed violet. */
export function trackFeatures(fixes: readonly Fix[], scene: Pick<Scene, "history" | "subject">): Feature[] {
  const out: Feature[] = [];
  const from = scene.history?.alarmFrom ? Date.parse(scene.history.alarmFrom) : Number.POSITIVE_INFINITY;
  const until = scene.history?.alarmUntil ? Date.parse(scene.history.alarmUntil) : Number.POSITIVE_INFINITY;
  for (let i = 1; i < fixes.length; i++) {
    const [a, b] = [fixes[i - 1] as Fix, fixes[i] as Fix];
    const at = Date.parse(b.seen_at);
    const gap = (at - Date.parse(a.seen_at)) / 1000 > GAP_S;
    const hot = scene.history ? at >= from && at <= until : true;
    out.push(
      line(
        [
          [a.lon, a.lat],
          [b.lon, b.lat],
        ],
        { gap, tone: hot ? tone.p1 : tone.tx1, width: hot ? 3 : 2 },
      ),
    );
  }
  return out;
}

export function sceneData(
  scene: Scene,
  city: { style: StyleData | undefined; graph: ReturnType<typeof streetGraph> | undefined },
): SceneData {
  const data = Object.fromEntries(DATA_SOURCES.map((name) => [name, collection([])])) as SceneData;
  const { subject } = scene;
  for (const zone of scene.zones ?? []) {
    const feature = zoneFeature(zone);
    if (feature) {
      feature.properties = {
        tone: zone.broken ? tone.p1 : tone.tx3,
        hatch: zone.broken ? "hatch-alarm" : "hatch-calm",
      };
      data.zones.features.push(feature);
    }
  }
  if (subject && scene.reachS && city.graph) {
    const metres = Math.max(subject.speed_mps ?? 0, WALK_MPS) * scene.reachS;
    data.reach.features.push(...reach(city.graph, subject.lat, subject.lon, metres));
  }
  for (const { line: ends, near } of scene.heat ?? []) {
    const way = ends.map(([lat, lon]) => [lon, lat] as Position);
    data.reach.features.push(line(way, { near }));
  }
  const buildings = city.style?.buildings.features ?? [];
  for (const camera of scene.cameras ?? []) {
    const feature: Feature = cone(camera, buildings);
    feature.properties = { silent: !camera.live, fill: camera.chosen ? 0.26 : 0.13 };
    data.cones.features.push(feature);
  }
  const fixes = scene.fixes ?? [];
  // more than forty dots on one track hide the line they stand on
  const every = Math.max(1, Math.ceil(fixes.length / 40));
  data.track.features.push(...trackFeatures(fixes, scene));
  fixes.forEach((fix, i) => {
    if (scene.errorBand) {
      const feature: Feature = circle(fix.lat, fix.lon, fix.error_m, 24);
      feature.properties = { tone: tone.doubt, fill: 0.1, line: false };
      data.errors.features.push(feature);
    }
    if (i % every && i !== fixes.length - 1) return;
    const opacity = scene.history ? 1 : Math.max(0.25, 1 - (fixes.length - 1 - i) * 0.09);
    data.dots.features.push(
      dot(fix.lon, fix.lat, { radius: 3, fill: tone.well, tone: scene.history ? tone.tx1 : tone.p1, opacity }),
    );
  });
  if (subject) {
    const color = toneOf[subject.standing];
    const across = subject.error_m * (subject.course_deg === null ? 1 : 0.6);
    const feature: Feature = ellipse(subject.lat, subject.lon, subject.error_m, across, subject.course_deg ?? 0);
    feature.properties = { tone: color, fill: 0.14, line: true };
    data.errors.features.push(feature);
    const way: Position[] = [[subject.lon, subject.lat], ...(scene.next ?? []).map((n) => [n.lon, n.lat] as Position)];
    if (way.length > 1) data.lines.features.push(line(way, { tone: "#ffffff" }));
    for (const n of scene.next ?? []) {
      // the error of a forecast grows as a walk does: own error and 0.3 m for each second
      const feature: Feature = circle(n.lat, n.lon, subject.error_m + n.in_s * 0.3, 40);
      feature.properties = { tone: tone.doubt, fill: 0.14, line: true };
      data.errors.features.push(feature);
      data.dots.features.push(dot(n.lon, n.lat, { radius: 4, fill: "#ffffff", tone: "#ffffff", opacity: 1 }));
    }
  }
  return data;
}

/** The box that holds everything that matters, [west, south, east, north], or nothing. */
export function sceneBounds(scene: Scene, margin = 0.0006): [number, number, number, number] | undefined {
  const points: [number, number][] = [];
  if (scene.subject) points.push([scene.subject.lon, scene.subject.lat]);
  if (scene.victim) points.push([scene.victim.lon, scene.victim.lat]);
  for (const n of [...(scene.next ?? []), ...(scene.ahead ?? [])]) points.push([n.lon, n.lat]);
  if (scene.history) for (const f of scene.fixes ?? []) points.push([f.lon, f.lat]);
  for (const { line: ends } of scene.heat ?? []) for (const [lat, lon] of ends) points.push([lon, lat]);
  if (points.length === 0) return undefined;
  const lons = points.map((p) => p[0]);
  const lats = points.map((p) => p[1]);
  return [
    Math.min(...lons) - margin,
    Math.min(...lats) - margin,
    Math.max(...lons) + margin,
    Math.max(...lats) + margin,
  ];
}
