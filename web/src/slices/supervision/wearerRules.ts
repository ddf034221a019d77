/** Small decisions of the wearer's page: pure. */
import type { Alarm, Condition, Fix } from "../../api/types";
import { GAP_S } from "../../map/scene";

export interface Gap {
  fromMs: number;
  untilMs: number;
}
/** Stretches of a track without a fix. */
export function gaps(fixes: readonly Fix[]): Gap[] {
  const out: Gap[] = [];
  for (let i = 1; i < fixes.length; i++) {
    const [a, b] = [Date.parse((fixes[i - 1] as Fix).seen_at), Date.parse((fixes[i] as Fix).seen_at)];
    if ((b - a) / 1000 > GAP_S) out.push({ fromMs: a, untilMs: b });
  }
  return out;
}
/** Whether a condition is broken, in doubt or kept, by the open alarms about it. */
export function standing(
  condition: Pick<Condition, "trigger">,
  alarms: readonly Alarm[],
): "broken" | "doubted" | "kept" {
  const about = alarms.filter((a) => a.trigger === condition.trigger);
  if (about.some((a) => a.state === "certain")) return "broken";
  return about.some((a) => a.state === "probable") ? "doubted" : "kept";
}
/** The curfew window in words, however the server wrote it. */
export function windowWords(window: Condition["window"]): string {
  if (!window) return "";
  if (typeof window === "string") return window;
  if (Array.isArray(window)) return window.join("–");
  return `${window.from}–${window.until}`;
}
/** Which of some instants, ascending, is the last at or before another; the first where none is. */
export function lastBefore(times: readonly number[], ms: number): number {
  let found = 0;
  times.forEach((each, i) => {
    if (each <= ms) found = i;
  });
  return found;
}
/** Years and days until an order ends. */
export function leftOf(until: string, nowMs: number): { years: number; days: number } {
  const days = Math.max(0, Math.floor((Date.parse(until) - nowMs) / 86_400_000));
  return { years: Math.floor(days / 365), days: days % 365 };
}
/** The hour around a violation, or the last hour. */
export function period(alarm: Pick<Alarm, "raised_at"> | undefined, nowMs: number): { from: string; until: string } {
  const middle = alarm ? Date.parse(alarm.raised_at) : nowMs;
  const from = middle - 45 * 60_000;
  const until = Math.min(nowMs, middle + 15 * 60_000);
  return { from: new Date(from).toISOString(), until: new Date(Math.max(until, from + 60_000)).toISOString() };
}
