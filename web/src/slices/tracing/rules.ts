/** What the case map computes: the route, whose turn it is, where a window stands on a scale. Pure. */
import type { Attribute, Candidate, NextCamera, Reason } from "../../api/tracing";
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
export function attributeWords(a: Attribute, words: TracingText["keys"]): { what: string; value: string } {
  const whole = words[a.key];
  if (whole) return { what: whole, value: a.value };
  const cut = a.key.lastIndexOf("_");
  const [thing, side] = cut < 0 ? [a.key, ""] : [a.key.slice(0, cut), a.key.slice(cut + 1)];
  return { what: [words[thing] ?? thing, words[side] ?? side].filter(Boolean).join(" "), value: a.value };
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
