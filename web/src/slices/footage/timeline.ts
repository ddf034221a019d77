/** Arithmetic of the timeline: instants and places, ticks, gaps, steps. Milliseconds since 1970; no screen. */
import type { FootageEvent, Stretch } from "../../api/footage";
import { dayAfter } from "../../kit/form";
import { clock } from "../../kit/format";

export interface View {
  fromMs: number;
  untilMs: number;
}
export type Range = readonly [fromMs: number, untilMs: number];
export interface Span {
  fromMs: number;
  untilMs: number;
  cause: string | null;
  detail: string;
}

/** The closest look: ten seconds over the whole width. */
export const CLOSEST_MS = 10_000;
/** One step of the wheel or of a key. */
export const ZOOM = 1.6;

export const spansOf = (stretches: readonly Stretch[]): Span[] =>
  stretches.map((s) => ({
    fromMs: Date.parse(s.start),
    untilMs: Date.parse(s.end),
    cause: s.cause,
    detail: s.detail,
  }));

/** Where an instant stands, as a part of the width; outside the view below 0 or above 1. */
export const placeOf = (view: View, ms: number): number => (ms - view.fromMs) / (view.untilMs - view.fromMs);
/** The instant at a part of the width. */
export const instantAt = (view: View, part: number): number => view.fromMs + part * (view.untilMs - view.fromMs);
export const within = (view: View, ms: number): number => Math.min(Math.max(ms, view.fromMs), view.untilMs);

/** Zoom around an instant, which stays where it is; never beyond the bounds, never closer than ten seconds. */
export function zoomed(view: View, by: number, aroundMs: number, bounds: View): View {
  const whole = bounds.untilMs - bounds.fromMs;
  const length = Math.min(Math.max((view.untilMs - view.fromMs) / by, Math.min(CLOSEST_MS, whole)), whole);
  const fromMs = aroundMs - placeOf(view, aroundMs) * length;
  return moved({ fromMs, untilMs: fromMs + length }, 0, bounds);
}
/** Move the view, as far as the bounds go. */
export function moved(view: View, byMs: number, bounds: View): View {
  const length = Math.min(view.untilMs - view.fromMs, bounds.untilMs - bounds.fromMs);
  const fromMs = Math.min(Math.max(view.fromMs + byMs, bounds.fromMs), bounds.untilMs - length);
  return { fromMs, untilMs: fromMs + length };
}
/** The view moved so that an instant is in it, an eighth of the width from the edge it left. */
export function following(view: View, ms: number, bounds: View): View {
  const part = placeOf(view, ms);
  if (part >= 0 && part <= 1) return view;
  const length = view.untilMs - view.fromMs;
  return moved(view, ms - view.fromMs - (part > 1 ? 0.125 : 0.875) * length, bounds);
}

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
/** Seoul is nine hours ahead: ticks stand on its whole hours and days. */
const SEOUL_MS = 9 * 3_600_000;
/** Instants to write above the timeline: round ones, at least `apart` of the width from each other. */
export function ticks(view: View, apart = 0.12): number[] {
  const length = view.untilMs - view.fromMs;
  const stepMs = (STEPS_S.find((s) => s * 1000 >= length * apart) ?? 86_400) * 1000;
  const first = Math.ceil((view.fromMs + SEOUL_MS) / stepMs) * stepMs - SEOUL_MS;
  const out: number[] = [];
  for (let ms = first; ms <= view.untilMs; ms += stepMs) out.push(ms);
  return out;
}

/** The stretch an instant lies in. */
export const spanAt = (spans: readonly Span[], ms: number): Span | undefined =>
  spans.find((s) => s.fromMs <= ms && ms < s.untilMs);
/** The gap an instant lies in. */
export function gapAt(spans: readonly Span[], ms: number): Span | undefined {
  const found = spanAt(spans, ms);
  return found?.cause ? found : undefined;
}
/** What a range covers: milliseconds recorded, and the gaps in it cut to it. */
export function covered(spans: readonly Span[], range: Range): { recordedMs: number; gaps: Span[] } {
  let recordedMs = 0;
  const gaps: Span[] = [];
  for (const s of spans) {
    const fromMs = Math.max(s.fromMs, range[0]);
    const untilMs = Math.min(s.untilMs, range[1]);
    if (fromMs >= untilMs) continue;
    if (s.cause === null) recordedMs += untilMs - fromMs;
    else gaps.push({ ...s, fromMs, untilMs });
  }
  return { recordedMs, gaps };
}

/** Instants worth jumping to: events, and the beginnings of gaps; in order, each once. */
export function stops(events: readonly FootageEvent[], spans: readonly Span[]): number[] {
  const found = [...events.map((e) => Date.parse(e.at)), ...spans.filter((s) => s.cause).map((s) => s.fromMs)];
  return [...new Set(found)].sort((a, b) => a - b);
}
/** An instant this close counts as where one stands, milliseconds. */
const HERE_MS = 400;
/** The next stop in a direction, undefined at the end. */
export function stopFrom(all: readonly number[], ms: number, direction: 1 | -1): number | undefined {
  return direction > 0 ? all.find((at) => at > ms + HERE_MS) : [...all].reverse().find((at) => at < ms - HERE_MS);
}

/** The range after one of its ends was set here; the other end gives way. */
export function ranged(range: Range | undefined, end: "in" | "out", ms: number, bounds: View): Range {
  if (end === "in") return [ms, range && range[1] > ms ? range[1] : bounds.untilMs];
  return [range && range[0] < ms ? range[0] : bounds.fromMs, ms];
}

/** Which tile of a strip shows an instant: the last one not after it, else the first. */
export function tileOf(at: readonly number[], ms: number): number {
  let found = 0;
  for (let i = 0; i < at.length; i++) if ((at[i] as number) <= ms) found = i;
  return found;
}

/** An instant typed as people say it: 02:18:41, 2:18, 21일 02:18; the day of `near` unless one is named. */
export function instantOf(words: string, near: number): number | undefined {
  const m = /^(?:(\d{1,2})(?:일|\.|\s)\s*)?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,3})?))?$/.exec(words.trim());
  if (!m) return undefined;
  const [hours, minutes, seconds] = [Number(m[2]), Number(m[3]), Number(m[4] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds >= 60) return undefined;
  const local = new Date(near + SEOUL_MS);
  if (m[1]) local.setUTCDate(Number(m[1]));
  const midnight = Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()) - SEOUL_MS;
  return midnight + ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

const HOUR_MS = 3_600_000;

/** The hour before an instant, as a day and its hours are typed; of the first hour of a day, what there is of it. */
export function lastHour(nowMs: number): { date: string; from: string; until: string } {
  const date = dayAfter(nowMs, 0);
  const before = nowMs - HOUR_MS;
  const from = dayAfter(before, 0) === date ? clock(before).slice(0, 5) : "00:00";
  return { date, from, until: clock(nowMs).slice(0, 5) };
}
