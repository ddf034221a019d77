import type { Alert } from "../api/phone.ts";

/** Phone design §8: amber over 30 s, hollow over 120 s, a distance becomes a range over 60 s. */
export const OLD_S = 30;
export const LOST_S = 120;
export const RANGE_S = 60;

export type Freshness = "fresh" | "old" | "lost";

/** Whole seconds since `at`; never negative: a clock a little ahead is "now", not the future. */
export function ageSeconds(at: string, now: number): number {
  return Math.max(0, Math.floor((now - Date.parse(at)) / 1000));
}

export function freshness(seconds: number): Freshness {
  return seconds > LOST_S ? "lost" : seconds > OLD_S ? "old" : "fresh";
}

export type Distance = { kind: "number"; m: number } | { kind: "range"; lo: number; hi: number } | { kind: "unknown" };

/** A running adult, 3 m/s: how much a silent minute may widen a distance. */
const RUN_MPS = 3;
/** Where the error is half the distance or more, one number would lie. */
const WIDE = 0.5;

/**
 * The distance as it may honestly be shown now: a number while fresh and narrow, else a range, else unknown.
 */
export function distanceNow(alert: Alert, now: number): Distance {
  const d = alert.distance_m;
  const age = ageSeconds(alert.seen_at, now);
  if (alert.distance_range_m && (alert.level === "probable" || d === null)) {
    return widen(alert.distance_range_m[0], alert.distance_range_m[1], age);
  }
  if (d === null) return { kind: "unknown" };
  if (alert.level === "probable" || age > RANGE_S || alert.error_m >= WIDE * d) {
    return widen(d - alert.error_m, d + alert.error_m, age);
  }
  return { kind: "number", m: round(d) };
}

function widen(lo: number, hi: number, age: number): Distance {
  const more = Math.max(0, age - RANGE_S) * RUN_MPS;
  const step = hi + more > 400 ? 100 : 50;
  return {
    kind: "range",
    lo: Math.max(0, Math.floor((lo - more) / step) * step),
    hi: Math.ceil((hi + more) / step) * step,
  };
}

/** Tens below a kilometre, hundreds above: no digit that the fix does not carry. */
export function round(m: number): number {
  return m < 1000 ? Math.max(10, Math.round(m / 10) * 10) : Math.round(m / 100) * 100;
}

/** How far he may be by now, while unseen: walking 1.7 m/s, by car 8.3 m/s (30 km/h in a city). */
export function couldReach(seconds: number): { walk_m: number; car_m: number } {
  const up = (m: number): number => Math.max(100, Math.round(m / 100) * 100);
  return { walk_m: up(seconds * 1.7), car_m: up(seconds * 8.3) };
}

export type Trend = { closing: boolean; m: number } | null;

/** Metres closer or farther over one minute; nothing below 10 m/min, which is inside every fix's error. */
export function trend(perMinute: number | null): Trend {
  if (perMinute === null || Math.abs(perMinute) < 10) return null;
  return { closing: perMinute < 0, m: round(Math.abs(perMinute)) };
}
