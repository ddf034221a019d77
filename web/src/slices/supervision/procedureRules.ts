/** Small decisions of the procedure's screens: pure. */

import type { Order } from "../../api/keeping";
import type {
  Contest,
  Day,
  Decision,
  Frame,
  Line,
  Obliged,
  Outcome,
  Papers,
  Petition,
  Report,
  Violation,
} from "../../api/procedure";
import type { Trigger } from "../../api/types";

export type TodoKind = "report" | "judge" | "carry" | "anomaly" | "check";
export interface Todo {
  kind: TodoKind;
  /** Of the thing that waits: an alarm, a decision, a check, a wearer. */
  id: string;
  wearer: string;
  code: string;
  trigger?: Trigger;
  grave?: boolean;
  /** Its incident is still running: the finding comes after. */
  running?: boolean;
  since: string | null;
}
const RANK: Record<TodoKind, number> = { report: 1, judge: 2, anomaly: 3, carry: 4, check: 5 };

/** What an officer has left today: a grave report first, what still runs behind what is over, then by age. */
export function todos(day: Day): Todo[] {
  const codes = new Map(day.wearers.map((l) => [l.wearer.wearer_id, l.wearer.code]));
  const of = (wearer: string) => ({ wearer, code: codes.get(wearer) ?? "" });
  const out: Todo[] = [];
  for (const l of day.wearers) {
    const who = of(l.wearer.wearer_id);
    for (const v of l.to_report)
      out.push({
        ...who,
        kind: "report",
        id: v.alarm_id,
        trigger: v.trigger,
        grave: v.degree === "grave",
        since: v.found_at,
      });
    for (const a of l.to_judge)
      out.push({
        ...who,
        kind: "judge",
        id: a.alarm_id,
        trigger: a.trigger,
        running: !a.closed_at,
        since: a.raised_at,
      });
    if (l.check_overdue) out.push({ ...who, kind: "check", id: l.wearer.wearer_id, since: l.check_due_at });
  }
  for (const d of day.decisions)
    out.push({ ...of(d.wearer_id), kind: "carry", id: d.decision_id, since: d.recorded_at });
  for (const c of day.anomalies) out.push({ ...of(c.wearer_id), kind: "anomaly", id: c.check_id, since: c.checked_at });
  const rank = (t: Todo) => (t.grave ? 0 : RANK[t.kind] + (t.running ? 0.5 : 0));
  return out.sort((a, b) => rank(a) - rank(b) || (a.since ?? "").localeCompare(b.since ?? ""));
}

/** The wearers whose code or office holds these words. */
export function fits(lines: readonly Line[], words: string): Line[] {
  const wanted = words.trim().toLowerCase();
  return lines.filter((l) => `${l.wearer.code} ${l.wearer.office}`.toLowerCase().includes(wanted));
}

export type StepState = "done" | "now" | "todo" | "over";
export interface Course {
  violation: Violation | undefined;
  report: Report | undefined;
  contest: Contest | undefined;
  petition: Petition | undefined;
  decision: Decision | undefined;
  /** find, report, petition, decision, carry. */
  steps: [StepState, StepState, StepState, StepState, StepState];
}
/** How far one alarm has come: each step waits for the one before; what ends early stops the rest. */
export function courseOf(papers: Papers, alarm: string): Course {
  const violation = papers.violations.find((v) => v.alarm_id === alarm);
  const report = papers.reports.find((r) => r.alarm_id === alarm);
  const contest = papers.contests.find((c) => c.alarm_id === alarm);
  // a petition answers every report that waited, at one instant
  const petition =
    report?.answer === "petitioned" ? papers.petitions.find((p) => p.filed_at === report.answered_at) : undefined;
  const decision = petition && papers.decisions.find((d) => d.petition_id === petition.petition_id);
  const done = [
    Boolean(violation),
    Boolean(report),
    Boolean(petition),
    Boolean(decision),
    Boolean(decision?.carried_out_at),
  ];
  const stops =
    (violation && violation.finding !== "confirmed") ||
    contest?.upheld === true ||
    report?.answer === "no_petition" ||
    decision?.outcome === "rejected";
  const first = done.indexOf(false);
  const steps = done.map((d, i) => (d ? "done" : stops ? "over" : i === first ? "now" : "todo"));
  return { violation, report, contest, petition, decision, steps: steps as Course["steps"] };
}

/** What a decision gives: all that was asked, a part, or nothing. */
export function given(
  petition: Pick<Petition, "months" | "conditions">,
  outcome: Outcome,
  part: { months: number; conditions: readonly Obliged[] },
): { months: number; conditions: Obliged[] } {
  if (outcome === "granted") return { months: petition.months, conditions: [...petition.conditions] };
  if (outcome === "rejected") return { months: 0, conditions: [] };
  return { months: part.months, conditions: petition.conditions.filter((c) => part.conditions.includes(c)) };
}

/** The frames of one level in a row, as spans of time. */
export function spans(frames: readonly Frame[]): { state: Frame["state"]; fromMs: number; untilMs: number }[] {
  const out: { state: Frame["state"]; fromMs: number; untilMs: number }[] = [];
  frames.forEach((f, i) => {
    const at = Date.parse(f.at);
    const next = frames[i + 1];
    const until = next ? Date.parse(next.at) : at;
    const last = out.at(-1);
    if (last?.state === f.state) last.untilMs = until;
    else out.push({ state: f.state, fromMs: at, untilMs: until });
  });
  return out;
}

/** A local time of Seoul as a field takes it: 2026-11-21T02:14:37. */
export const seoulField = (ms: number) => new Date(ms + 9 * 3_600_000).toISOString().slice(0, 19);
/** The instant such a field names; undefined where it names none. */
export function seoulInstant(word: string): string | undefined {
  const ms = Date.parse(`${word}+09:00`);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

/** The offices of some wearers, those with most of them first. */
export function officesOf(lines: readonly Line[]): string[] {
  const sizes = new Map<string, number>();
  for (const l of lines) sizes.set(l.wearer.office, (sizes.get(l.wearer.office) ?? 0) + 1);
  return [...sizes].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([office]) => office);
}

/** The order that opens a wearer's petitions to the court: one in force before one that waits to be confirmed. */
export function orderFor(orders: readonly Order[], wearer: string): Order | undefined {
  const naming = orders.filter((o) => o.opens.includes("record_decision") && o.resources.includes(wearer));
  return naming.find((o) => o.state === "in_force") ?? naming.find((o) => o.state === "registered");
}

export type ToldKind = "raised" | "confirmed" | "acknowledged" | "cleared" | "closed";
export interface Told {
  kind: ToldKind;
  ms: number;
}
/** What was told of an alarm, in order. */
export function toldOf(alarm: {
  raised_at: string;
  confirmed_at: string | null;
  acknowledged_at: string | null;
  cleared_at: string | null;
  closed_at: string | null;
}): Told[] {
  const kinds: ToldKind[] = ["raised", "confirmed", "acknowledged", "cleared", "closed"];
  return kinds
    .flatMap((kind): Told[] => {
      const at = alarm[`${kind}_at`];
      return at ? [{ kind, ms: Date.parse(at) }] : [];
    })
    .sort((a, b) => a.ms - b.ms);
}
