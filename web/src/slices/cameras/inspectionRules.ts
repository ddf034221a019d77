/** What the inspection screens compute: no markup, no requests. */
import type { BlindMap, Check, Hour } from "../../api/inspection";
import { beginning, ending } from "../../kit/form";

/** A measured value in the unit people read. */
export function shown(check: Pick<Check, "name" | "unit">, value: number | null): string {
  if (value === null) return "–";
  if (check.unit === "share") return `${(100 * value).toFixed(check.name === "uptime" ? 2 : 0)} %`;
  if (check.unit === "s") return `${value.toFixed(2)} s`;
  if (check.unit === "times" || check.unit === "tickets") return String(Math.round(value));
  return value.toFixed(check.unit === "correlation" ? 2 : 1);
}

/** A ground to listen to sound lasts so many days at most (the server's word). */
const LISTENS_DAYS = 366;
const DAY_MS = 86_400_000;
/** Whether a day in Seoul has begun. */
export const notAhead = (day: string, now: number) => Date.parse(beginning(day)) <= now;
/** Whether a ground may end with this day. */
export const soundEnd = (day: string, now: number) => {
  const left = Date.parse(ending(day)) - now;
  return left > 0 && left <= LISTENS_DAYS * DAY_MS;
};

export type Measure = "sharp" | "alike" | "noise" | "brightness";
/** The most of each plot's axis; below it is nothing to see. */
const MOST: Record<Measure, number> = { sharp: 1.4, alike: 1, noise: 30, brightness: 160 };

export interface Dot {
  x: number;
  y: number;
  night: boolean;
}
/** Points of a plot 1 wide and 1 high, time to the right; hours without the value are left out. */
export function dots(hours: readonly Hour[], measure: Measure): Dot[] {
  const times = hours.map((h) => Date.parse(h.hour_at));
  const first = Math.min(...times);
  const span = Math.max(1, Math.max(...times) - first);
  return hours.flatMap((h, i) => {
    const value = h[measure];
    if (value === null || h.light === "twilight") return [];
    const y = 1 - Math.min(1, value / MOST[measure]);
    return [{ x: ((times[i] ?? first) - first) / span, y, night: h.light === "night" }];
  });
}
export function limitY(measure: Measure, limit: number): number {
  return 1 - Math.min(1, limit / MOST[measure]);
}

export interface Frame {
  west: number;
  south: number;
  wide: number;
  tall: number;
  /** Degrees of longitude are so much shorter than those of latitude. */
  narrow: number;
}
/** The part of the map that holds every blind stretch, proposal and restriction. */
export function frameOf(map: BlindMap, streets: readonly (readonly [number, number])[]): Frame | undefined {
  const points: [number, number][] = [
    ...map.lines.flatMap(([a, b, c, d]): [number, number][] => [
      [a, b],
      [c, d],
    ]),
    ...map.places.map((p): [number, number] => [p.lat, p.lon]),
    ...map.gaps.map((g): [number, number] => [g.restriction.lat, g.restriction.lon]),
    ...streets.map(([lat, lon]): [number, number] => [lat, lon]),
  ];
  if (!points.length) return undefined;
  let [south, north, west, east] = [90, -90, 180, -180];
  for (const [lat, lon] of points) {
    south = Math.min(south, lat);
    north = Math.max(north, lat);
    west = Math.min(west, lon);
    east = Math.max(east, lon);
  }
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const margin = 0.0006;
  return {
    west: west - margin,
    south: south - margin,
    wide: (east - west + 2 * margin) * narrow,
    tall: north - south + 2 * margin,
    narrow,
  };
}
/** A place in the frame's own units, thousandths of a degree, north up. */
export function at(frame: Frame, lat: number, lon: number): [number, number] {
  return [(lon - frame.west) * frame.narrow * 1000, (frame.south + frame.tall - lat) * 1000];
}
/** The place a point of the frame stands for. */
export function placeAt(frame: Frame, x: number, y: number): { lat: number; lon: number } {
  return { lat: frame.south + frame.tall - y / 1000, lon: frame.west + x / 1000 / frame.narrow };
}
/** Whether words are a number between two others. */
export function within(words: string, least: number, most: number): boolean {
  const value = words.trim() ? Number(words) : Number.NaN;
  return value >= least && value <= most;
}
