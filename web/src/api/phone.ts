/**
 * What the victim's phone and the unit's phone say to the server, and nothing else.
 *
 * Shapes follow the HTTP API v1. Times are ISO-8601 UTC, places WGS 84 degrees, `_m` metres, `_s` seconds.
 */

import { inWords, type Problem as Said } from "./problem";
import type { Papers } from "./procedure";
import type { Condition, Trigger } from "./types";

export type LatLon = [lat: number, lon: number];
export type Turn = "left" | "right" | "straight" | "arrive";
export type Level = "probable" | "certain" | "home" | "medical" | "cannot_vouch" | "over" | "cleared";
export type Answer = "yes" | "no" | "hiding" | "hurt" | "call" | "come_closer";

export interface Step {
  at: LatLon;
  turn: Turn;
  in_m: number;
  street: string | null;
  text_ko: string;
  text_en: string;
}

export interface Destination {
  name: string;
  kind: string;
  staffed: boolean;
  lat: number;
  lon: number;
}

export interface WayFound {
  found: true;
  destination: Destination;
  length_m: number;
  duration_s: number;
  line: LatLon[];
  steps: Step[];
  red: LatLon[][];
  margin_s: number;
  others?: WayFound[];
}

export interface NoWay {
  found: false;
  advice: string;
}

export type WayOut = WayFound | NoWay;

export interface MyPlace {
  lat: number;
  lon: number;
  error_m: number;
  seen_at: string;
  source: "device" | "registered_place";
}

export interface Police {
  eta_s: number;
  unit: string;
  at: string | null;
  distance_m: number | null;
  seen_at: string;
}

export interface MedicalNotice {
  enters_at: string;
  leaves_at: string;
  place_coarse: string;
  accompanied_by: string;
}

/** What the camera at her door saw. `likeness` is never certain; `unable`: why nobody could be recognised. */
export interface HomeSeen {
  alert_id: string;
  camera: string;
  kind: "match" | "intrusion";
  likeness: "high" | "possible" | null;
  unable: string | null;
  at: string;
  /** How long its film is by now; about 20 s when it is complete. */
  seconds: number;
  complete: boolean;
}

export interface HomeCamera {
  name: string;
  state: "off" | "starting" | "ready" | "lost" | "uncovered";
  seen_at: string | null;
  unable: string | null;
}

export interface Alert {
  warning_id: string;
  level: Level;
  raised_at: string;
  distance_m: number | null;
  distance_range_m: [number, number] | null;
  bearing_deg: number | null;
  /** Change of the distance; below zero he comes closer. */
  trend_m_per_min: number | null;
  seen_at: string;
  error_m: number;
  told_112: { state: "telling" | "told" | "acknowledged"; at: string | null };
  fall_at: string | null;
  acknowledged_at?: string | null;
  way_out: WayOut | null;
  my: MyPlace | null;
  police: Police | null;
  medical: MedicalNotice | null;
  home?: HomeSeen | null;
  map: { streets: LatLon[][] } | null;
}

export interface Device {
  name: string;
  battery: number | null;
  seen_at: string | null;
}

export interface Measure {
  name: string;
  detail?: string;
  kind?: string;
}

export interface Settings {
  siren: boolean;
  voice: boolean;
  discreet: boolean;
  words: "offender" | "that_person";
  language: "ko" | "en" | "easy";
}

export type MeState = "calm" | "probable" | "certain" | "home" | "medical" | "cannot_vouch" | "police_coming" | "over";

export interface Me {
  state: MeState;
  alert: Alert | null;
  calm: { checked_at: string | null; devices: Device[]; measures: Measure[]; homes?: HomeCamera[] } | null;
  settings: Settings;
  now: string;
}

export interface Look {
  at: string;
  organisation: string;
  role: string;
  what: string;
  ground: string;
  duration_s: number | null;
  granted: boolean;
  /** Names this look when asking about it; says nothing about any other. */
  handle?: string;
  asked_at?: string | null;
  answer?: string | null;
}

interface Both {
  ko: string;
  en: string;
}
/** A page of who looked, as the server gives it. */
export interface OwnLooks {
  looks: {
    handle: string;
    at: string;
    organisation: Both;
    role: Both;
    what: Both;
    ground: string[];
    duration_s: number | null;
    granted: boolean;
    reasons: Both[];
    asked_at: string | null;
    answer: string | null;
    answered_at: string | null;
  }[];
  /** Looks before this instant are shown. */
  until: string;
  /** Where the older ones begin; null on the last page. */
  next: string | null;
  /** Only days that are over are shown. */
  days_over: boolean;
  sealed_at: string | null;
}

/** A page of looks in one language. A refusal's ground is why it was refused. */
export function looksIn(page: OwnLooks, language: "ko" | "en" | "easy"): Look[] {
  const word = language === "en" ? "en" : "ko";
  return page.looks.map((l) => ({
    at: l.at,
    organisation: l.organisation[word],
    role: l.role[word],
    what: l.what[word],
    ground: l.granted ? l.ground.join(" · ") : l.reasons.map((r) => r[word]).join(" · "),
    duration_s: l.duration_s,
    granted: l.granted,
    handle: l.handle,
    asked_at: l.asked_at,
    answer: l.answer,
  }));
}

export interface UnitSubject {
  code?: string;
  lat: number;
  lon: number;
  error_m: number;
  speed_mps: number | null;
  course_deg: number | null;
  seen_at: string;
}

export type OrderState = "sent" | "received" | "read" | "accepted" | "on_scene" | "over";

export interface UnitOrder {
  order_id: string;
  incident_id?: string;
  incident_code: string;
  text: string;
  state: OrderState;
  times?: Partial<Record<OrderState | "drafted", string>>;
  trigger?: string;
  subject?: UnitSubject | null;
  /** Name of the street he is in. */
  street?: string;
  likely_way: LatLon[];
  route: LatLon[];
  streets?: LatLon[][];
  eta_s?: number | null;
  provision_id?: string | null;
  picture?: { camera_id: string; code?: string; name?: string } | null;
}

export interface UnitCamera {
  camera_id: string;
  code: string;
  name: string;
  rank: number;
  sees: boolean;
  live: boolean;
}

export interface Ticket {
  ticket: string;
  url: string;
  not_after: string;
  permit_id: string;
}

/** A refusal or a fault as the server words it (problem+json). Status 0: nobody answered. */
export class Problem extends Error {
  readonly status: number;
  readonly kind: string;
  readonly todo: string;
  constructor(status: number, kind: string, detail: string, todo = "") {
    super(detail || kind);
    this.name = "Problem";
    this.status = status;
    this.kind = kind;
    this.todo = todo;
  }
}

/** A lost answer must not hold the page: 8 s is longer than any healthy answer and shorter than the voice call at 10 s. */
const PATIENCE_MS = 8000;

let csrf = "";

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new Problem(0, "unreachable", "");
  }
  const text = await answer.text();
  let value: unknown = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (!answer.ok) {
    const p = (value ?? {}) as Said;
    const kind = (p.type ?? "").split(":").pop() ?? "";
    throw new Problem(answer.status, kind, inWords(p, "detail") || (p.title ?? ""), inWords(p, "todo"));
  }
  return value as T;
}

interface SessionAnswer {
  account: { account_id: string; role: string; display: string };
  csrf: string;
}

async function begin(answer: Promise<SessionAnswer>): Promise<SessionAnswer> {
  const session = await answer;
  csrf = session.csrf;
  return session;
}

export const session = {
  read: () => begin(call("GET", "/api/v1/session")),
  enrolPhone: (code: string) => begin(call("POST", "/api/v1/phone/enrol", { code })),
  enrolPerson: (code: string) => begin(call("POST", "/api/v1/me/enrol", { code })),
  /** Go on with a session whose cookie this browser has. */
  resume: (token: string): void => {
    csrf = token;
  },
  enrolUnit: (code: string) => begin(call("POST", "/api/v1/unit/enrol", { code })),
  end: () => call<null>("DELETE", "/api/v1/session"),
};

/** Where somebody is believed to be; `error_m` holds the truth 68 times in 100. */
export interface OwnPlace {
  lat: number;
  lon: number;
  error_m: number;
  seen_at: string;
}

/** A wearer's own page. `wider`: the zone is drawn wider than it is, to keep a person's place to itself. */
export interface Mine {
  code: string;
  order: { number: string; from_at: string; until_at: string };
  conditions: (Pick<Condition, "condition_id" | "trigger" | "label" | "ring" | "centre" | "radius_m" | "window"> & {
    alarm_m?: number | null;
    wider: boolean;
  })[];
  devices: { name: string; battery: number | null; last_seen_at: string | null }[];
  place: OwnPlace | null;
  alarms: {
    alarm_id: string;
    condition_id: string | null;
    trigger: Trigger;
    raised_at: string;
    confirmed_at: string | null;
    finding: "confirmed" | "medical" | "false" | null;
    probability: number;
    place: OwnPlace | null;
  }[];
  papers: Papers;
}

/** What residents are told under a court's order: roughly where, when, and by whom. */
export interface ResidentNotice {
  notice_id: string;
  lat: number;
  lon: number;
  radius_m: number;
  from_at: string;
  until_at: string;
  ends_at: string;
  ground: string;
  text: string;
  author: string;
}
export const neighbour = {
  notices: () => call<{ notices: ResidentNotice[] }>("GET", "/api/v1/disclosures"),
};

export const wearer = {
  mine: () => call<Mine>("GET", "/api/v1/me/supervision"),
  map: () => call<{ streets: LatLon[][] }>("GET", "/api/v1/me/supervision/map"),
  contest: (alarmId: string, said: string) =>
    call<unknown>("POST", `/api/v1/me/supervision/alarms/${alarmId}/contest`, { said }),
};

export const phone = {
  me: () => call<Me>("GET", "/api/v1/me"),
  acknowledge: (warningId: string) => call<unknown>("POST", `/api/v1/me/warnings/${warningId}/acknowledge`, {}),
  help: (answer: Answer) => call<unknown>("POST", "/api/v1/me/help", { answer }),
  homeAnswer: (alertId: string, answer: "away" | "known") =>
    call<unknown>("POST", `/api/v1/me/home-alerts/${alertId}/answer`, { answer }),
  /** The film grows: another length is another address. */
  homeClip: (seen: HomeSeen) => `/api/v1/me/home-alerts/${seen.alert_id}/clip?s=${seen.seconds}`,
  settings: (settings: Settings) => call<unknown>("PUT", "/api/v1/me/settings", settings),
  looks: (before?: string) =>
    call<OwnLooks>("GET", `/api/v1/me/access${before ? `?before=${encodeURIComponent(before)}` : ""}`),
  askAbout: (handle: string, words: string) => call<unknown>("POST", `/api/v1/me/access/${handle}/ask`, { words }),
  showScene: () => call<Ticket>("POST", "/api/v1/me/scene", {}),
  endScene: () => call<unknown>("POST", "/api/v1/me/scene/end", {}),
  pushKey: () => call<{ public_key: string }>("GET", "/api/v1/push-key"),
  subscribe: (endpoint: string, keys: { p256dh: string; auth: string }) =>
    call<unknown>("POST", "/api/v1/me/push-subscription", { endpoint, keys }),
};

export const unit = {
  order: () => call<{ unit?: string | null; order: UnitOrder | null }>("GET", "/api/v1/unit/order"),
  cameras: (incidentId: string) => call<{ cameras: UnitCamera[] }>("GET", `/api/v1/incidents/${incidentId}/cameras`),
  progress: (orderId: string, state: Exclude<OrderState, "sent">) =>
    call<unknown>("POST", `/api/v1/unit/orders/${orderId}/${state}`, {}),
  position: (lat: number, lon: number) => call<unknown>("POST", "/api/v1/unit/position", { lat, lon }),
  ticket: (provisionId: string, cameraId: string) =>
    call<Ticket>("POST", `/api/v1/provisions/${provisionId}/tickets`, { camera_id: cameraId, masking: "masked" }),
};
