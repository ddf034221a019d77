/** The order of the queue: pure. */
import type { Alarm, Condition, ForecastPoint, Notice } from "../../api/types";
import { distanceM, plane } from "../../map/geometry";

export interface Triage {
  unacknowledged: Alarm[];
  handling: Alarm[];
  ended: Alarm[];
}
const open = (a: Alarm) => a.state === "probable" || a.state === "certain";

/** Not acknowledged first: highest priority, then the oldest. In hand: newest first. Ended: newest first. */
export function triage(alarms: readonly Alarm[]): Triage {
  const byRank = (a: Alarm, b: Alarm) => a.priority - b.priority || a.raised_at.localeCompare(b.raised_at);
  const newest = (a: Alarm, b: Alarm) => b.raised_at.localeCompare(a.raised_at);
  const live = alarms.filter(open);
  return {
    unacknowledged: live.filter((a) => !a.acknowledged_at).sort(byRank),
    handling: live.filter((a) => a.acknowledged_at).sort((a, b) => a.priority - b.priority || newest(a, b)),
    ended: alarms.filter((a) => !open(a)).sort(newest),
  };
}
/** Notices that stand in the queue: the machine cannot say where somebody is. They are never silence. */
export function doubts(notices: readonly Notice[]): Notice[] {
  return notices
    .filter((n) => !n.ended_at && (n.notice === "cannot_vouch" || n.notice === "jam"))
    .sort((a, b) => b.since_at.localeCompare(a.since_at));
}
/** The row above or below, staying on the list. */
export function neighbour(ids: readonly string[], current: string | undefined, step: 1 | -1): string | undefined {
  if (ids.length === 0) return undefined;
  const at = current === undefined ? -1 : ids.indexOf(current);
  if (at === -1) return step === 1 ? ids[0] : ids.at(-1);
  return ids[Math.max(0, Math.min(ids.length - 1, at + step))];
}

/** The probability at which a trigger holds (EM-14 as the rules have it). */
export const HOLDS = 0.9;
/** Seconds until the forecast first reaches the threshold, or nothing. */
export function holdsInS(forecast: readonly ForecastPoint[]): number | undefined {
  return forecast.find((f) => f.in_s > 0 && f.probability >= HOLDS)?.in_s;
}
/** The forecast nearest to a number of seconds ahead, within ten. */
export function forecastAt(forecast: readonly ForecastPoint[], inS: number): ForecastPoint | undefined {
  const near = [...forecast].sort((a, b) => Math.abs(a.in_s - inS) - Math.abs(b.in_s - inS))[0];
  return near && Math.abs(near.in_s - inS) <= 10 ? near : undefined;
}

/** Metres to the boundary of a zone: positive outside, negative inside. */
export function boundaryM(
  zone: Pick<Condition, "ring" | "centre" | "radius_m">,
  lat: number,
  lon: number,
): number | undefined {
  if (zone.centre && zone.radius_m) return distanceM(lat, lon, zone.centre[0], zone.centre[1]) - zone.radius_m;
  if (!zone.ring?.length) return undefined;
  const p = plane(lat, lon);
  const ring = zone.ring.map(([a, o]) => p.toXy([o, a]));
  let inside = false;
  let nearest = Number.POSITIVE_INFINITY;
  ring.forEach(([ax, ay], i) => {
    const [bx, by] = ring[(i + 1) % ring.length] as [number, number];
    if (ay > 0 !== by > 0 && (-ay * (bx - ax)) / (by - ay) + ax > 0) inside = !inside;
    const [dx, dy] = [bx - ax, by - ay];
    const t = dx || dy ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / (dx * dx + dy * dy))) : 0;
    nearest = Math.min(nearest, Math.hypot(ax + t * dx, ay + t * dy));
  });
  return inside ? -nearest : nearest;
}
