/** What the case map computes: the route, whose turn it is, where a window stands on a scale. Pure. */
import type { ExportForm } from "../../api/footage";
import type { Attribute, Candidate, Likely, NextCamera, Reason, Route, Sought } from "../../api/tracing";
import type { TracingText } from "../../text/tracing";

/** What was confirmed, in the order of time. */
export function routeOf(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((c) => c.verdict === "him").sort((a, b) => Date.parse(a.from_at) - Date.parse(b.from_at));
}
/** What waits for a word, likeliest first; what was judged stays behind it, so that it can be taken back. */
export function stripOf(candidates: readonly Candidate[]): Candidate[] {
  const turn = (c: Candidate) => (c.verdict === null ? 0 : 1);
  return [...candidates].sort((a, b) => turn(a) - turn(b) || b.probability - a.probability);
}
/** The one to look at once this one is judged: the next that waits, in the order they stand. */
export function afterJudging(strip: readonly Candidate[], id: string): Candidate | undefined {
  const at = strip.findIndex((c) => c.candidate_id === id);
  const waits = (c: Candidate) => c.verdict === null && c.candidate_id !== id;
  return strip.slice(at + 1).find(waits) ?? strip.find(waits);
}

/** Reasons weaker than this say nothing to a person, nats: a tenth more or less likely. */
const FAINT = 0.1;
export function tellingReasons(reasons: readonly Reason[]): Reason[] {
  return reasons.filter((r) => Math.abs(r.llr) >= FAINT).sort((a, b) => Math.abs(b.llr) - Math.abs(a.llr));
}

/** `upper_colour: gray` as people say it. */
export function attributeWords(
  a: Attribute,
  words: TracingText["keys"],
  traits: Record<string, string>,
): { what: string; value: string } {
  const value = traits[a.value] ?? a.value.replaceAll("_", " ");
  const whole = words[a.key];
  if (whole) return { what: whole, value };
  const cut = a.key.lastIndexOf("_");
  const [thing, side] = cut < 0 ? [a.key, ""] : [a.key.slice(0, cut), a.key.slice(cut + 1)];
  return { what: [words[thing] ?? thing, words[side] ?? side].filter(Boolean).join(" "), value };
}

export interface Scale {
  fromMs: number;
  untilMs: number;
}
/** From now, or the earliest window, to the latest: at least a minute. */
export function scaleOf(next: readonly NextCamera[], nowMs: number): Scale {
  const fromMs = Math.min(nowMs, ...next.map((n) => Date.parse(n.from_at)));
  const untilMs = Math.max(fromMs + 60_000, ...next.map((n) => Date.parse(n.until_at)));
  return { fromMs, untilMs };
}
/** Where an instant stands on a scale, 0–100. */
export function along(at: string | number, { fromMs, untilMs }: Scale): number {
  const ms = typeof at === "number" ? at : Date.parse(at);
  return Math.min(100, Math.max(0, (100 * (ms - fromMs)) / (untilMs - fromMs)));
}
export const LETTERS = "ABCDE";
/** A camera as people call it; one out of service has no name any more. */
export const called = (c: { camera_code: string; camera_address: string }) =>
  [c.camera_code, c.camera_address].filter(Boolean).join(" · ") || "–";

/** A next camera opens so long before its window and closes so long after, milliseconds: a picture needs a second. */
const EARLY_MS = 5000;
const LATE_MS = 10_000;
export function due(n: Pick<NextCamera, "from_at" | "until_at">, nowMs: number): boolean {
  return nowMs >= Date.parse(n.from_at) - EARLY_MS && nowMs <= Date.parse(n.until_at) + LATE_MS;
}
/** What the line of time shows: from the first that may be him to the last window, within what was approved. */
export function spanOf(
  sought: Pick<Sought, "from_at"> | undefined,
  candidates: readonly Candidate[],
  next: readonly NextCamera[],
  nowMs: number,
): Scale {
  const begins = candidates.map((c) => Date.parse(c.from_at));
  const first = Math.min(...begins, ...next.map((n) => Date.parse(n.from_at)), nowMs - 60_000);
  const fromMs = Math.max(first, sought ? Date.parse(sought.from_at) : first);
  const ends = candidates.map((c) => Date.parse(c.until_at));
  return { fromMs, untilMs: Math.max(nowMs, fromMs + 60_000, ...ends, ...next.map((n) => Date.parse(n.until_at))) };
}
/** Streets as the map draws them: how likely beside the likeliest one. */
export function heatOf(likely: Likely | undefined): { line: Likely["streets"][number]["line"]; near: number }[] {
  const most = Math.max(...(likely?.streets ?? []).map((s) => s.probability), 1e-9);
  return (likely?.streets ?? []).map((s) => ({ line: s.line, near: s.probability / most }));
}

/** How long spans are together, seconds. */
export function secondsOf(spans: readonly { from_at: string; until_at: string }[]): number {
  return spans.reduce((n, s) => n + (Date.parse(s.until_at) - Date.parse(s.from_at)) / 1000, 0);
}
/** The confirmed route as an evidence export, its hops behind the reason: letters of a reason are counted. */
export function exportOf(
  search: string,
  route: Route,
  said: { reason: string; case_no: string; recipient: string; downloads: number; days: number; nowMs: number },
): ExportForm {
  return {
    spans: route.spans.map(({ camera_id, from_at, until_at }) => ({ camera_id, from_at, until_at })),
    track: "sub",
    original: false,
    reason: `${said.reason} | ${route.words}`.slice(0, 500),
    case_no: said.case_no,
    recipient: said.recipient,
    downloads: said.downloads,
    download_until: new Date(said.nowMs + said.days * 86_400_000).toISOString(),
    search: { id: search, step: route.step },
  };
}
