/** What follows from a violation, who looks after whom, and how an alarm went. Times are ISO 8601 in UTC. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { get, post, put } from "./client";
import type { Alarm, Condition, Fix, Trigger, WearerSummary } from "./types";

export type Degree = "grave" | "serious" | "ordinary";
export type Obliged = "regular_report" | "night" | "long_distance" | "other";
export type Risk = "low" | "middle" | "high";
export type Outcome = "granted" | "partly" | "rejected";
export type Fault = "strap" | "case" | "battery" | "signal" | "other";
export type Remedy = "replaced" | "repaired" | "visited" | "called";

export interface Violation {
  alarm_id: string;
  trigger: Trigger;
  degree: Degree;
  found_at: string;
  finding: "confirmed" | "medical" | "false";
  contested: boolean;
  upheld: boolean | null;
  counts: boolean;
}
export interface Tally {
  number: number;
  grave: number;
  serious: number;
  ordinary: number;
}
export interface Report {
  report_id: string;
  wearer_id: string;
  alarm_id: string;
  degree: Degree;
  note: string;
  reported_at: string;
  reported_by: string;
  answer: "petitioned" | "no_petition" | null;
  answer_why: string | null;
  answered_at: string | null;
  answered_by: string | null;
}
export interface Contest {
  contest_id: string;
  wearer_id: string;
  alarm_id: string;
  said: string;
  contested_at: string;
  upheld: boolean | null;
  why: string | null;
  decided_at: string | null;
  decided_by: string | null;
}
export interface Petition {
  petition_id: string;
  wearer_id: string;
  months: number;
  conditions: Obliged[];
  counted: Tally;
  most_months: number;
  risk: Risk;
  risk_why: string;
  reason: string;
  filed_at: string;
  filed_by: string;
}
export interface Decision {
  decision_id: string;
  petition_id: string;
  wearer_id: string;
  order_id: string;
  outcome: Outcome;
  months: number;
  conditions: Obliged[];
  words: string;
  decided_at: string;
  recorded_at: string;
  recorded_by: string;
  carried_out_at: string | null;
  carried_out_by: string | null;
  order_until_at: string | null;
}
export interface Check {
  check_id: string;
  device_id: string;
  wearer_id: string;
  checked_at: string;
  checked_by: string;
  anomaly: Fault | null;
  note: string;
  act: Remedy | null;
  acted_at: string | null;
}
export interface Papers {
  violations: Violation[];
  counted: Tally;
  most_months: number;
  reports: Report[];
  contests: Contest[];
  petitions: Petition[];
  decisions: Decision[];
  obligations: { kind: Obliged; words: string; set_at: string }[];
  checks: Check[];
  who: Record<string, string>;
}
export interface Line {
  wearer: WearerSummary & { order: { number: string; from_at: string; until_at: string } };
  priors: number;
  risk: number;
  alarms: number;
  check_due_at: string | null;
  check_overdue: boolean;
  to_judge: { alarm_id: string; trigger: Trigger; raised_at: string; closed_at: string | null }[];
  to_report: Violation[];
  battery: number | null;
}
export interface Day {
  wearers: Line[];
  anomalies: Check[];
  decisions: Decision[];
}
export interface Waiting {
  reports: Report[];
  contests: Contest[];
  petitions: Petition[];
  who: Record<string, string>;
}
export interface Petitions {
  code: string;
  petitions: Petition[];
}
/** A petition at the court, before an order opens it. */
export interface Waits {
  petition_id: string;
  wearer_id: string;
  code: string;
  office: string;
  filed_at: string;
}
export interface Officer {
  officer: string;
  display: string;
  wearers: string[];
  many_priors: number;
  load: number;
  bears: number;
  overrides: string[];
}
export interface Caseloads {
  officers: Officer[];
  free: string[];
  proposals: { wearer_id: string; officer: string }[];
}
export interface Count {
  alarms: number;
  certain: number;
  confirmed: number;
  medical: number;
  false: number;
  unjudged: number;
  false_share: number | null;
  /** What the room said, and where an officer judged too, how often they were of one mind. */
  room_true: number;
  room_false: number;
  both: number;
  agreed: number;
}
export const CRIMES = ["sexual_violence", "minor_abduction", "robbery_murder", "specified_violent", "other"] as const;
export type Crime = (typeof CRIMES)[number];
/** A crime that an agency charges a wearer with, committed during wear. Days in Seoul. */
export interface Offence {
  offence_id: string;
  offence: Crime;
  committed_on: string;
  case_number: string | null;
  noted_at: string;
}
export interface Load {
  since_at: string;
  until_at: string;
  wearers: number;
  controllers: number;
  per_controller: number | null;
  offices: { office: string; wearers: number; officers: number; free: number; per_officer: number | null }[];
  shifts: (Count & { from_at: string })[];
  triggers: (Count & { trigger: Trigger })[];
  whole: Count;
  offences: { year: number; offences: number; wearers: number }[];
  acknowledged_p50_s: number | null;
  acknowledged_p95_s: number | null;
}
export type Level = "clear" | "uncertain" | "probable" | "certain";
interface Placed {
  fix_id: string;
  heard_at: string;
  lat: number | null;
  lon: number | null;
}
export interface Frame {
  at: string;
  state: Level;
  probability: number;
  lat: number | null;
  lon: number | null;
  error_m: number | null;
  course_deg: number | null;
  /** Null where the protected person's fix was judged: her place is nobody's here. */
  fix: (Omit<Fix, "lat" | "lon"> & Placed) | null;
}
export interface AlarmReplay {
  alarm: Alarm & { cleared_at: string | null; closed_at: string | null; wearer_id: string };
  condition: Condition;
  why: { ko: string; en: string };
  cited: string[];
  frames: Frame[];
  proof: { fact: string; fixes: number; same: boolean }[] | null;
}
export interface CurfewForm {
  trigger: "curfew";
  label: string;
  home: [number, number];
  radius_m: number;
  from: string;
  until: string;
}
export interface CarriedForm {
  kind: Obliged;
  words: string;
  curfew?: CurfewForm;
}

const id = encodeURIComponent;
export const procedure = {
  day: () => get<Day>("/supervision/day"),
  papers: (wearer: string) => get<Papers>(`/wearers/${id(wearer)}/procedure`),
  waiting: () => get<Waiting>("/supervision/reports"),
  petitionsOf: (wearer: string) => get<Petitions>(`/wearers/${id(wearer)}/petitions`),
  docket: () => get<{ petitions: Waits[] }>("/supervision/docket"),
  caseload: (office: string) => get<Caseloads>(`/supervision/caseload/${id(office)}`),
  load: (days: number) => get<Load>(`/supervision/load?days=${days}`),
  replay: (alarm: string) => get<AlarmReplay>(`/alarms/${id(alarm)}/replay`),

  verdict: (alarm: string, verdict: "true" | "false") => post(`/alarms/${id(alarm)}/verdict`, { verdict }),
  report: (alarm: string, note: string) => post(`/alarms/${id(alarm)}/report`, { note }),
  noPetition: (report: string, why: string) => post(`/supervision/reports/${id(report)}/no-petition`, { why }),
  petition: (
    wearer: string,
    form: { months: number; conditions: Obliged[]; risk: Risk; risk_why: string; reason: string },
  ) => post<Petition>(`/wearers/${id(wearer)}/petitions`, form),
  decide: (
    petition: string,
    form: {
      order_id: string;
      outcome: Outcome;
      months: number;
      conditions: Obliged[];
      words: string;
      decided_at: string;
    },
  ) => post(`/supervision/petitions/${id(petition)}/decision`, form),
  carryOut: (decision: string, conditions: CarriedForm[]) =>
    post<{ order_until_at: string }>(`/decisions/${id(decision)}/carry-out`, { conditions }),
  decideContest: (contest: string, upheld: boolean, why: string) =>
    post(`/contests/${id(contest)}/decision`, { upheld, why }),
  assign: (wearer: string, officer: string, override?: string) =>
    put<{ overridden: boolean }>(`/wearers/${id(wearer)}/officer`, override ? { officer, override } : { officer }),
  check: (device: string, form: { anomaly: Fault | null; note: string; act: Remedy | null }) =>
    post(`/devices/${id(device)}/checks`, form),
  offences: (wearer: string) => get<{ offences: Offence[] }>(`/wearers/${id(wearer)}/offences`),
  noteOffence: (wearer: string, form: Pick<Offence, "offence" | "committed_on"> & { case_number: string }) =>
    post(`/wearers/${id(wearer)}/offences`, form),
  act: (check: string, act: Remedy) => post(`/checks/${id(check)}/act`, { act }),
};

/** Beside the live socket's news these are asked again this often, milliseconds. */
const SLOW_MS = 30_000;

export const useDay = () => useQuery({ queryKey: ["day"], queryFn: procedure.day, refetchInterval: SLOW_MS });
export const usePapers = (wearer: string | undefined) =>
  useQuery({
    queryKey: ["papers", wearer],
    queryFn: () => procedure.papers(wearer as string),
    enabled: Boolean(wearer),
    refetchInterval: SLOW_MS,
  });
export const useWaitingPapers = (enabled = true) =>
  useQuery({ queryKey: ["papers", "waiting"], queryFn: procedure.waiting, refetchInterval: SLOW_MS, enabled });
export const useDocket = () =>
  useQuery({ queryKey: ["papers", "docket"], queryFn: procedure.docket, refetchInterval: SLOW_MS });
export const useCaseload = (office: string | undefined) =>
  useQuery({
    queryKey: ["caseload", office],
    queryFn: () => procedure.caseload(office as string),
    enabled: Boolean(office),
  });
export const useLoad = (days: number) =>
  useQuery({
    queryKey: ["load", days],
    queryFn: () => procedure.load(days),
    refetchInterval: SLOW_MS,
    placeholderData: (before) => before,
  });
export const useAlarmReplay = (alarm: string) =>
  useQuery({ queryKey: ["replay", alarm], queryFn: () => procedure.replay(alarm) });
/** The petitions about each of some people whom orders of the court name. */
export const usePetitionsOf = (wearers: readonly string[]) =>
  useQueries({
    queries: wearers.map((wearer) => ({
      queryKey: ["papers", "petitions", wearer],
      queryFn: () => procedure.petitionsOf(wearer).then((p) => ({ wearer, ...p })),
      refetchInterval: SLOW_MS,
    })),
    combine: (answers) => ({
      found: answers.flatMap((a) => (a.data ? [a.data] : [])),
      error: answers.find((a) => a.error)?.error ?? null,
      waiting: answers.some((a) => a.isLoading),
    }),
  });
