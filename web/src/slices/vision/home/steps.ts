/** The steps of installing a home camera, and what each still lacks. Pure. */
import type { Home, HomeAlert, HomeSetup, Lack, Polygon } from "../../../api/homes";

export const STEPS = ["camera", "grounds", "zones", "people", "on", "test"] as const;
export type StepId = (typeof STEPS)[number];
const OF: Record<Lack, StepId> = {
  order: "grounds",
  statute: "grounds",
  assessment: "grounds",
  guard: "zones",
  household: "zones",
  neighbour: "zones",
};
export interface StepShown {
  id: StepId;
  done: boolean;
  /** What is missing at it, by the server's word. */
  lacks: Home["lacks"];
  /** It can be left out: an unknown is alerted of without a name. */
  optional: boolean;
}

/** An alert of this camera since it was switched on: the proof that it reaches her phone. */
export function proofOf(home: Pick<Home, "home_id" | "on_at">, alerts: readonly HomeAlert[]): HomeAlert | undefined {
  const since = home.on_at ? Date.parse(home.on_at) : Number.POSITIVE_INFINITY;
  return alerts
    .filter((a) => a.home_id === home.home_id && Date.parse(a.decided_at) >= since)
    .sort((a, b) => Date.parse(b.decided_at) - Date.parse(a.decided_at))[0];
}
export function stepsOf(home: Home | undefined, alerts: readonly HomeAlert[]): StepShown[] {
  return STEPS.map((id) => {
    const lacks = (home?.lacks ?? []).filter((l) => OF[l.name] === id);
    const done: Record<StepId, boolean> = {
      camera: home !== undefined,
      grounds: home !== undefined && lacks.length === 0,
      zones: home !== undefined && lacks.length === 0,
      people: Boolean(home?.faces.length),
      on: Boolean(home?.on),
      test: Boolean(home && proofOf(home, alerts)?.acknowledged_at),
    };
    return { id, done: done[id], lacks, optional: id === "people" };
  });
}
/** Where an officer goes on: the first step that is not done and may not be left out. */
export const nextStep = (steps: readonly StepShown[]): StepId =>
  steps.find((s) => !s.done && !s.optional)?.id ?? "test";

/** Whole days until an instant; 0 on its last day. */
export const daysUntil = (until: string, nowMs: number): number =>
  Math.max(0, Math.floor((Date.parse(until) - nowMs) / 86_400_000));

export type Drawn = "guard" | "line" | "household" | "neighbour";
export interface DrawnPart {
  id: string;
  part: Drawn;
  points: Polygon;
}
export const partsOf = (setup: HomeSetup): DrawnPart[] => [
  ...setup.household.map((points, i) => ({ id: `household-${i}`, part: "household" as const, points })),
  ...setup.neighbour.map((points, i) => ({ id: `neighbour-${i}`, part: "neighbour" as const, points })),
  ...setup.guard.map((points, i) => ({ id: `guard-${i}`, part: "guard" as const, points })),
  ...(setup.line ? [{ id: "line-0", part: "line" as const, points: setup.line }] : []),
];
/** The set-up with one part drawn anew, added (no such id) or, without points, gone. */
export function withPart(
  setup: HomeSetup,
  part: Drawn,
  id: string | undefined,
  points: Polygon | undefined,
): HomeSetup {
  if (part === "line") return { ...setup, line: points ?? null };
  const at = id === undefined ? -1 : Number(id.split("-")[1]);
  const old = setup[part];
  const list = points
    ? at < 0
      ? [...old, points]
      : old.map((p, i) => (i === at ? points : p))
    : old.filter((_, i) => i !== at);
  return { ...setup, [part]: list };
}
