/** What the quality page computes. Pure. */
import type { QualityLine, Tuning } from "../../api/vision";

export type Line = QualityLine & { tuning: Tuning | undefined };

/** One line of the page, in the address. */
export const lineKey = (l: Pick<QualityLine, "camera_id" | "behaviour" | "shadow">): string =>
  `${l.camera_id}.${l.behaviour}${l.shadow ? ".shadow" : ""}`;

const fresh = (t: Tuning): QualityLine => ({
  camera_id: t.camera_id,
  camera_code: t.camera_code,
  camera_name: "",
  behaviour: t.behaviour,
  shadow: false,
  alarms: 0,
  held: 0,
  judged: 0,
  trues: 0,
  precision: null,
  missed: 0,
  handling_median_s: null,
  brier: null,
  drift: null,
});
/** Each line with what is proposed for it; a proposal without a line (missed events alone) makes one. */
export function withTunings(lines: readonly QualityLine[], tunings: readonly Tuning[]): Line[] {
  const all = [...lines];
  for (const t of tunings) if (!all.some((l) => lineKey(l) === lineKey({ ...t, shadow: false }))) all.push(fresh(t));
  return all.map((l) => ({
    ...l,
    tuning: l.shadow ? undefined : tunings.find((t) => t.camera_id === l.camera_id && t.behaviour === l.behaviour),
  }));
}

/** What needs somebody first: a proposal, a drift, a missed event; then the worst precision that is known. */
export function sorted(lines: readonly Line[]): Line[] {
  const needs = (l: Line) => (l.tuning ? 4 : 0) + (l.drift?.drifted ? 2 : 0) + (l.missed ? 1 : 0);
  return [...lines].sort(
    (a, b) =>
      needs(b) - needs(a) ||
      (a.precision?.high ?? 2) - (b.precision?.high ?? 2) ||
      b.judged - a.judged ||
      a.camera_code.localeCompare(b.camera_code) ||
      a.behaviour.localeCompare(b.behaviour),
  );
}

/** The same class of the same camera in the other state: what is tried against what counts. */
export const compared = (line: Line, all: readonly Line[]): Line | undefined =>
  all.find((l) => l.camera_id === line.camera_id && l.behaviour === line.behaviour && l.shadow !== line.shadow);
