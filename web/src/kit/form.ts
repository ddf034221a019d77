/** What a form asks, and what is still wrong with an answer. No screen. */
import type { ReactNode } from "react";

export type Values = Record<string, string>;
export interface FormField {
  name: string;
  label: string;
  /** `head` asks nothing: it stands over the fields below it. */
  kind?: "text" | "secret" | "area" | "date" | "select" | "checks" | "own" | "head";
  /** Word and label; of `checks` several words, joined by a space. */
  options?: readonly (readonly [word: string, label: string])[];
  hint?: string;
  optional?: boolean;
  wide?: boolean;
  most?: number;
  /** Asked only where the other answers say so. */
  when?: (values: Values) => boolean;
  suggest?: readonly string[];
  /** Why this answer will not do; undefined where it will. Of an optional `own` it hears of an empty one too. */
  check?: (value: string, values: Values) => string | undefined;
  /** Of `own`: how it is asked. */
  draw?: (value: string, set: (value: string) => void, says: string | undefined, values: Values) => ReactNode;
}
export interface FormWords {
  missing: string;
  noDate: string;
}

/** The first problem of each field that has one. */
export function problemsOf(fields: readonly FormField[], values: Values, words: FormWords): Values {
  const found: Values = {};
  for (const f of fields) {
    if (f.kind === "head" || f.when?.(values) === false) continue;
    const value = (values[f.name] ?? "").trim();
    const empty = !value && !(f.kind === "own" && f.optional);
    const problem = empty
      ? f.optional
        ? undefined
        : words.missing
      : f.kind === "date" && Number.isNaN(Date.parse(value))
        ? words.noDate
        : f.check?.(value, values);
    if (problem) found[f.name] = problem;
  }
  return found;
}

/** A number between two others, as text. */
export const between = (low: number, high: number, says: string) => (value: string) =>
  /^[+-]?\d+(\.\d+)?$/.test(value.trim()) && Number(value) >= low && Number(value) <= high ? undefined : says;

const DAY_MS = 86_400_000;
/** The instant a day begins in Seoul. */
export const beginning = (day: string) => new Date(`${day}T00:00:00+09:00`).toISOString();
/** The instant a day is over in Seoul: what ends on a day ends with it. */
export const ending = (day: string) => new Date(Date.parse(`${day}T00:00:00+09:00`) + DAY_MS).toISOString();
/** The day in Seoul, so many days after an instant. */
export const dayAfter = (now: number, days: number) =>
  new Date(now + 9 * 3_600_000 + days * DAY_MS).toISOString().slice(0, 10);
/** Words on lines or between commas, each once. */
export const listed = (value: string) => [
  ...new Set(
    value
      .split(/[\n,]/)
      .map((v) => v.trim())
      .filter(Boolean),
  ),
];
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isId = (value: string) => ID.test(value);

/** The place two numbers name, "37.5, 127.03"; undefined where they name none. */
export function placeOf(words: string): { lat: number; lon: number } | undefined {
  const [lat, lon, more] = words.split(",").map((w) => (w.trim() ? Number(w) : Number.NaN));
  const is = (v: number | undefined, most: number): v is number => v !== undefined && Math.abs(v) <= most;
  return more === undefined && is(lat, 90) && is(lon, 180) ? { lat, lon } : undefined;
}
