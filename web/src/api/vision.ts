/** What cameras alarm of, what operators find, and how each camera is set up for it. docs/design/vision-alarms.md. */
import { useQuery } from "@tanstack/react-query";
import { get, post, put } from "./client";
import type { Masking, Ticket } from "./types";

export const BEHAVIOURS = [
  "violence",
  "approach",
  "collapse",
  "fire",
  "intrusion",
  "loitering",
  "abandoned",
  "crowding",
  "handover",
  "tampered",
  "stalking",
  "scream",
  "glass",
  "bang",
  "siren",
  "cry",
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];
export type Verdict = "true" | "false";
/** In the order of the digits that say them. */
export const WHYS = ["nothing", "light", "animal", "play", "work", "allowed", "wrong_place", "other"] as const;
export type Why = (typeof WHYS)[number];

export interface VisionAlarm {
  alarm_id: string;
  code: string;
  camera_id: string;
  camera_code: string;
  camera_name: string;
  behaviour: Behaviour;
  priority: 1 | 2 | 3 | 4;
  began_at: string;
  last_at: string;
  raised_at: string;
  probability: number | null;
  model: string;
  shadow: boolean;
  /** A rehearsal: its verdict teaches nothing. */
  simulated: boolean;
  held: boolean;
  /** Over the budget, or improbable by this camera's verdicts. */
  held_why: "budget" | "improbable" | null;
  /** x1, y1, x2, y2 in parts of the picture. */
  box: [number, number, number, number];
  lat: number;
  lon: number;
  /** False: where the camera stands; nobody calibrated it. */
  exact_place: boolean;
  evidence: Record<string, number>;
  reason_ko: string;
  reason_en: string;
  verdict: Verdict | null;
  why: Why | null;
  judged_at: string | null;
  clip_from_at: string;
  clip_until_at: string;
}
export type AlarmState = "open" | "held" | "judged";
export interface Budget {
  per_shift: number;
  shift_hours: number;
  operators: number;
  /** How many more may be shown now. */
  left: number;
}
export interface AlarmsShown {
  alarms: VisionAlarm[];
  open: number;
  held: number;
  budget: Budget;
  /** Of the past seven days, all operators. */
  handling_median_s: number | null;
  now: string;
}
export interface Picture extends Ticket {
  masking: Masking;
  from_at: string | null;
  until_at: string | null;
}
export interface MissForm {
  camera_id: string;
  behaviour: Behaviour;
  missed_at: string;
}

export interface Hours {
  /** Monday is 0. */
  days: number[];
  /** Minutes of the Korean day; may pass midnight. */
  from_min: number;
  until_min: number;
}
export interface Zone {
  id: string;
  kind: "zone" | "line";
  purpose: Behaviour;
  name: string;
  points: [number, number][];
  hours: Hours[];
  limits: Record<string, number>;
}
export interface Pair {
  x: number;
  y: number;
  lat: number;
  lon: number;
}
export interface Setup {
  zones: Zone[];
  pairs: Pair[];
  behaviours: Behaviour[];
  shadow: Behaviour[];
}
export interface Covered {
  behaviour: Behaviour;
  covered: boolean;
  reason: string;
  reason_ko: string;
  reason_en: string;
}
export interface VisionCamera {
  camera_id: string;
  code: string;
  name: string;
  lat: number;
  lon: number;
  live: boolean;
  version: number;
  calibrated: boolean;
  zones: number;
  covered: number;
  shadow: number;
  /** What is switched on and not covered. */
  gaps: Covered[];
}
/** Version 0: nobody set it up; the defaults hold. */
export interface SetupShown extends Setup {
  camera: VisionCamera;
  version: number;
  set_at: string | null;
  coverage: Covered[];
}
export interface Version {
  version: number;
  set_at: string;
  /** As it stands on the ledger. */
  sha256: string;
  zones: number;
  calibrated: boolean;
}

export interface Interval {
  share: number;
  low: number;
  high: number;
}
export interface QualityLine {
  camera_id: string;
  camera_code: string;
  camera_name: string;
  behaviour: Behaviour;
  shadow: boolean;
  alarms: number;
  held: number;
  judged: number;
  trues: number;
  precision: Interval | null;
  missed: number;
  handling_median_s: number | null;
  brier: number | null;
  drift: { distance: number; chance: number; drifted: boolean } | null;
}
export interface QualityShown {
  since_at: string;
  judged: number;
  trues: number;
  precision: Interval | null;
  handling_median_s: number | null;
  brier: number | null;
  missed: number;
  lines: QualityLine[];
}
export interface Tuning {
  camera_id: string;
  camera_code: string;
  behaviour: Behaviour;
  version: number;
  threshold: number;
  threshold_before: number;
  trues: number;
  falses: number;
  brier: number | null;
  brier_before: number | null;
  kept_share: number;
  made_at: string;
}
export interface ModelShown {
  name: string;
  sha256: string;
  behaviours: string[];
  licence: string;
  source: string;
  input: string;
  quality: string;
  shadow: boolean;
  first_at: string;
  seen_at: string;
  alarms: number;
  judged: number;
  precision: Interval | null;
}
export interface Worker {
  worker_id: string;
  name: string;
  local: boolean;
  ended_at: string | null;
  seen_at: string | null;
  alive: boolean;
  processes: number;
  cameras: number;
  /** Cameras whose stream crashed decoders; watched no more. */
  quarantined: string[];
  pictures_s: number;
  /** Pictures that came and were not judged in time, a report. */
  dropped_s: number;
}

const id = encodeURIComponent;
const camera = (of: string) => `/vision/cameras/${id(of)}`;
export const vision = {
  alarms: (state: AlarmState) => get<AlarmsShown>(`/vision/alarms?state=${state}`),
  /** Reading one starts the clock of its handling. */
  alarm: (alarm: string) => get<VisionAlarm>(`/vision/alarms/${id(alarm)}`),
  clip: (alarm: string) => post<Picture>(`/vision/alarms/${id(alarm)}/clip`),
  judge: (alarm: string, verdict: Verdict, why: Why | null) =>
    post<VisionAlarm>(`/vision/alarms/${id(alarm)}/verdict`, { verdict, why }),
  miss: (form: MissForm) => post<{ miss_id: string }>("/vision/misses", form),

  cameras: () => get<{ cameras: VisionCamera[] }>("/vision/cameras"),
  setup: (of: string) => get<SetupShown>(camera(of)),
  versions: (of: string) => get<{ versions: Version[] }>(`${camera(of)}/versions`),
  /** `after`: the version that was on the screen when it was drawn. */
  setUp: (of: string, after: number, { zones, pairs, behaviours, shadow }: Setup) =>
    put<SetupShown>(`${camera(of)}/setup`, { after, zones, pairs, behaviours, shadow }),
  /** The camera's masked picture for ten minutes, to draw on. */
  picture: (of: string) => post<Picture>(`${camera(of)}/picture`),

  quality: () => get<QualityShown>("/vision/quality"),
  proposals: () => get<{ tunings: Tuning[] }>("/vision/tunings?state=proposed"),
  decide: (t: Pick<Tuning, "camera_id" | "behaviour">, put_in_force: boolean) =>
    post(`${camera(t.camera_id)}/tunings/${t.behaviour}/decision`, { put_in_force }),
  setBudget: (per_shift: number, shift_hours: number) => put<Budget>("/vision/budget", { per_shift, shift_hours }),
  budget: () => get<Budget>("/vision/budget"),
  models: () => get<{ models: ModelShown[] }>("/vision/models"),
  setMode: (m: Pick<ModelShown, "name" | "sha256">, shadow: boolean) =>
    put(`/vision/models/${id(m.name)}/${m.sha256}/mode`, { shadow }),
  workers: () => get<{ workers: Worker[] }>("/vision/workers"),
};

const OFTEN_MS = 10_000;
const SLOW_MS = 30_000;
/** Whoever asks for these lists sits before them, and the budget grows by a seat. */
export const useVisionAlarms = (state: AlarmState) =>
  useQuery({
    queryKey: ["vision", "alarms", state],
    queryFn: () => vision.alarms(state),
    refetchInterval: OFTEN_MS,
  });
export const useVisionAlarm = (of: string | undefined) =>
  useQuery({ queryKey: ["vision", "alarm", of], queryFn: () => vision.alarm(of as string), enabled: Boolean(of) });
export const useVisionCameras = () =>
  useQuery({ queryKey: ["vision", "cameras"], queryFn: vision.cameras, refetchInterval: SLOW_MS });
export const useSetup = (of: string | undefined) =>
  useQuery({ queryKey: ["vision", "setup", of], queryFn: () => vision.setup(of as string), enabled: Boolean(of) });
export const useVersions = (of: string) =>
  useQuery({ queryKey: ["vision", "versions", of], queryFn: () => vision.versions(of) });
export const useQuality = () =>
  useQuery({ queryKey: ["vision", "quality"], queryFn: vision.quality, refetchInterval: SLOW_MS });
export const useProposals = () =>
  useQuery({ queryKey: ["vision", "proposals"], queryFn: vision.proposals, refetchInterval: SLOW_MS });
export const useBudget = () =>
  useQuery({ queryKey: ["vision", "budget"], queryFn: vision.budget, refetchInterval: SLOW_MS });
export const useModels = () =>
  useQuery({ queryKey: ["vision", "models"], queryFn: vision.models, refetchInterval: SLOW_MS });
export const useWorkers = () =>
  useQuery({ queryKey: ["vision", "workers"], queryFn: vision.workers, refetchInterval: OFTEN_MS });
