/** What the review of alarms computes: order, what comes next, the words of measured values. Pure. */
import type { Budget, VisionAlarm } from "../../api/vision";

/** What endangers a life first, then the surer, then the older: the order in which they are looked at. */
export function ranked(alarms: readonly VisionAlarm[]): VisionAlarm[] {
  return [...alarms].sort(
    (a, b) =>
      a.priority - b.priority ||
      (b.probability ?? -1) - (a.probability ?? -1) ||
      Date.parse(a.raised_at) - Date.parse(b.raised_at),
  );
}
/** What is looked at once this one is judged: the one below it, at the end the first that is left. */
export function following(list: readonly VisionAlarm[], id: string): VisionAlarm | undefined {
  const at = list.findIndex((a) => a.alarm_id === id);
  const rest = list.filter((a) => a.alarm_id !== id);
  return rest[at] ?? rest[0];
}

/** Numbers of the machine's own sums are no evidence of the world; as the server leaves them out (rules/reasons.py). */
const HIDDEN: ReadonlySet<string> = new Set([
  "score",
  "look_log_ratio",
  "window_log_ratio",
  "detector_score",
  "owners",
  "tortuosity",
]);
const UNITS: readonly (readonly [end: string, unit: string, digits: number, times: number])[] = [
  ["_m_s", "m/s", 1, 1],
  ["_m2", "m²", 1, 1],
  ["_m", "m", 1, 1],
  ["_s", "s", 0, 1],
  ["_deg", "°", 0, 1],
  ["_db_spl", "dB", 0, 1],
  ["_db", "dB", 0, 1],
  ["_share", "%", 0, 100],
  ["_hz", "Hz", 1, 1],
];
/** A measured value: what it is called, and its number with the unit its name ends on. */
export function measured(name: string, value: number): { name: string; words: string } {
  const unit = UNITS.find(([end]) => name.endsWith(end));
  if (!unit) return { name, words: Number.isInteger(value) ? String(value) : value.toFixed(2) };
  const [end, sign, digits, times] = unit;
  const shown = value * times;
  // a second matters below ten of them
  const places = sign === "s" && Math.abs(shown) < 10 && !Number.isInteger(shown) ? 1 : digits;
  return { name: name.slice(0, -end.length), words: `${shown.toFixed(places)} ${sign}` };
}
export function evidenceOf(alarm: Pick<VisionAlarm, "evidence">): { name: string; words: string }[] {
  return Object.entries(alarm.evidence)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => measured(name, value));
}

/** The last instant, not after now, at which a Korean clock showed this; undefined where the words are no time. */
export function lastTime(words: string, nowMs: number): string | undefined {
  const said = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(words.trim());
  if (!said) return undefined;
  const KST_MS = 9 * 3_600_000;
  const DAY_MS = 86_400_000;
  const day = Math.floor((nowMs + KST_MS) / DAY_MS) * DAY_MS - KST_MS;
  const at = day + Number(said[1]) * 3_600_000 + Number(said[2]) * 60_000 + Number(said[3] ?? 0) * 1000;
  return new Date(at > nowMs ? at - DAY_MS : at).toISOString();
}

/** A share as people read it, "83 %"; never 100 % of what is not all. */
export function percent(share: number): string {
  const whole = Math.round(share * 100);
  return `${whole === 100 && share < 1 ? 99 : whole} %`;
}
/** Of one kind each: `model@sha8` apart. */
export function modelOf(model: string): { name: string; version: string } {
  const [name = model, version = ""] = model.split("@");
  return { name, version };
}

/** What an hour gives all operators together, the most that may come at once, and how much of it is spent. */
export function hourOf(budget: Budget): { used: number; most: number } {
  const most = Math.max(1, (budget.per_shift * Math.max(1, budget.operators)) / budget.shift_hours);
  return { used: Math.min(most, Math.max(0, most - budget.left)), most };
}
