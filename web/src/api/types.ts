/** The words of the HTTP API, version 1. Times are ISO 8601 in UTC, places WGS 84 degrees, ids UUIDs. */
import type GeoJSON from "geojson";

export type Place = [lat: number, lon: number];
export type Role =
  | "tracking_controller"
  | "centre_operator"
  | "probation_officer"
  | "police_112"
  | "field_unit"
  | "victim"
  | "auditor"
  | "administrator"
  | "shift_lead"
  | "office_director"
  | "court_clerk"
  | "fire_119"
  | "disaster_room"
  | "investigator"
  | "guard_firm"
  | "wearer"
  | "committee_member"
  | "counsellor"
  | "shelter_staff"
  | "facility_manager"
  | "scout"
  | "friend"
  | "juror"
  | "monitor"
  | "analyst"
  | "neighbour"
  | "citizen"
  | "privacy_officer";
export type Trigger = "tamper" | "curfew" | "exclusion_zone" | "approach";
export type AlarmState = "probable" | "certain" | "cleared" | "closed";
export type NoticeKind = "silence" | "low_battery" | "jam" | "cannot_vouch";
export type Masking = "masked" | "marked" | "original";

export interface Account {
  account_id: string;
  login: string;
  role: Role;
  display: string;
  centre_id: string;
  centre_kind: "tracking" | "city";
  locale: string;
}
export interface Session {
  account: Account;
  csrf: string;
  method: string;
  stepped_up_until: string | null;
  /** Nothing opens until a passkey or an app is added. */
  must_add_factor: boolean;
  last_signed_in_at: string | null;
}

export interface Fix {
  seen_at: string;
  lat: number;
  lon: number;
  error_m: number;
  speed_mps: number | null;
  course_deg: number | null;
  probability?: number | null;
}

export interface Alarm {
  alarm_id: string;
  incident_id?: string | null;
  wearer_id?: string | null;
  wearer_code: string;
  protected_code?: string | null;
  trigger: Trigger;
  state: AlarmState;
  priority: 1 | 2 | 3 | 4;
  raised_at: string;
  confirmed_at: string | null;
  acknowledged_at: string | null;
  probability: number;
  rule_version: string;
  medical: "none" | "advance" | "after";
  seen_at: string | null;
  error_m: number | null;
  place?: string | null;
  finding?: string | null;
  /** What the room said of it. */
  verdict?: "true" | "false" | null;
}
export interface AlarmList {
  alarms: Alarm[];
  load: { per_10min: number; target: number };
}
export interface ForecastPoint {
  in_s: number;
  probability: number;
}
export interface AlarmDetail extends Alarm {
  lat?: number;
  lon?: number;
  speed_mps?: number | null;
  course_deg?: number | null;
  condition?: Condition | null;
  fixes: Fix[];
  why: { ko: string; en: string };
  forecast: ForecastPoint[];
}
export interface Notice {
  notice_id: string;
  notice: NoticeKind;
  wearer_code: string;
  since_at: string;
  ended_at: string | null;
}

export interface Condition {
  condition_id: string;
  trigger: Trigger;
  label: string;
  ring?: Place[] | null;
  centre?: Place | null;
  radius_m?: number | null;
  window?: { from: string; until: string } | [string, string] | string | null;
  protected_person_id?: string | null;
  warn_m?: number | null;
  alarm_m?: number | null;
}
export interface Device {
  device_id: string;
  name: string;
  battery: number | null;
  last_seen_at: string | null;
  worn: boolean | null;
}
export interface WearerSummary {
  wearer_id: string;
  code: string;
  offence: string;
  office: string;
}
export interface Wearer extends WearerSummary {
  order: { number: string; from_at: string; until_at: string };
  devices: Device[];
  conditions: Condition[];
  notices: Notice[];
  alarms: Alarm[];
  last_fix?: Fix | null;
}

export interface Step {
  step: number;
  label_ko: string;
  label_en?: string;
  at: string | null;
  elapsed_ms: number | null;
}
export interface TimelineEntry {
  seq?: number;
  at: string;
  kind: string;
  icon: "alarm" | "ours" | "safe" | "info" | "doubt";
  text_ko: string;
  text_en: string;
}
export interface ChecklistItem {
  item: string;
  label_ko: string;
  label_en: string;
  required: boolean;
  done_at: string | null;
  done_by: string | null;
}
export interface Unit {
  unit_id: string;
  name: string;
  agency: "112" | "probation" | string;
  lat: number | null;
  lon: number | null;
  eta_s: number | null;
  state: string;
  seen_at: string | null;
}
export type OrderState = "draft" | "sent" | "received" | "read" | "accepted" | "on_scene" | "over";
export interface Order {
  order_id: string;
  state: OrderState;
  to: string;
  text: string;
  unit_id: string | null;
  times: Partial<Record<string, string | null>>;
}
export interface Victim {
  code: string;
  grade: "very_high" | "high" | "normal" | string;
  warned_at: string | null;
  acknowledged_at: string | null;
  state: string;
  distance_m: number | null;
  way_out_m: number | null;
  lat?: number | null;
  lon?: number | null;
  seen_at: string | null;
}
export interface Subject {
  lat: number;
  lon: number;
  error_m: number;
  speed_mps: number | null;
  course_deg: number | null;
  seen_at: string;
}
export interface Camera {
  camera_id: string;
  code: string;
  name: string;
  lat: number;
  lon: number;
  azimuth_deg: number | null;
  fov_deg: number;
  range_m: number;
  rank: number;
  sees: boolean;
  arrives_in_s: number | null;
  live: boolean;
}
export type ProvisionState = "none" | "requested" | "given" | "refused" | "ended";
export interface CameraProvision {
  provision_id: string;
  state: ProvisionState;
  reason?: string | null;
  not_after: string | null;
  cameras: Camera[];
}
/** A phone that shows a scene; `uplink_id` stands where a camera's id stands. */
export interface Scene {
  uplink_id: string;
  code: string;
  /** A citizen's phone, who was asked. */
  guest?: boolean;
  started_at: string;
  not_after: string;
}
export type PermitState = "in_use" | "ending" | "waiting" | "ended" | "revoked";
export interface Permit {
  permit_id: string;
  short: string;
  ground: string;
  ground_kind: string;
  scope: string;
  masking: Masking | string;
  not_after: string;
  granted_at: string;
  state: PermitState;
  holder: string;
  act?: string;
}
export interface Viewer {
  seat: string;
  since: string;
}
export interface IncidentSummary {
  incident_id: string;
  code: string;
  state: "open" | "resolved" | "closed" | "taken_back";
  trigger: Trigger;
  certain: boolean;
  wearer_code: string | null;
  protected_code: string | null;
  opened_at: string;
  acknowledged_at: string | null;
  step: number;
  priority: 1 | 2 | 3 | 4;
  place: string | null;
}
export interface Incident extends IncidentSummary {
  alarm_id?: string | null;
  closed_at?: string | null;
  outcome?: string | null;
  steps: Step[];
  timeline: TimelineEntry[];
  checklist: ChecklistItem[];
  units: Unit[];
  orders: Order[];
  police: {
    asked_at: string | null;
    acknowledged_at: string | null;
    receipt: string | null;
    concurred_at?: string | null;
  } | null;
  victim: Victim | null;
  subject: Subject | null;
  provision: CameraProvision | null;
  next: { lat: number; lon: number; in_s: number }[];
  blocks_closing: string[];
  permits: Permit[];
  viewers: Viewer[];
}

export interface Provision extends CameraProvision {
  alarm_id: string;
  trigger: Trigger;
  from_centre: string;
  given_at: string | null;
  subject: Subject | null;
  viewers: Viewer[];
}
export interface Ticket {
  ticket: string;
  url: string;
  not_after: string;
  permit_id: string;
}

export interface LedgerEntry {
  seq: number;
  at: string;
  kind: string;
  actor: string;
  body: Record<string, unknown>;
  hash: string;
}
export interface LedgerPage {
  entries: LedgerEntry[];
  head: { seq: number; hash: string | null } | null;
  checkpoint: { size: number; root: string; signature: string; signed_at: string } | null;
}

/** How people call a camera, and nothing else of it. */
export interface CalledCamera {
  camera_id: string;
  code: string;
  address: string;
}
/** A camera of the register. */
export interface NamedCamera extends CalledCamera {
  live: boolean;
}
export interface CameraPoints {
  centre: string;
  count: number;
  cameras: { id: string[]; lat: number[]; lon: number[]; azimuth: (number | null)[] };
}
export interface PublicPlace {
  name: string;
  kind: string;
  staffed: boolean;
  lat: number;
  lon: number;
}
export interface StyleData {
  bounds: [west: number, south: number, east: number, north: number];
  streets: GeoJSON.FeatureCollection<GeoJSON.LineString, { class: string; name?: string | null }>;
  buildings: GeoJSON.FeatureCollection<GeoJSON.Polygon | GeoJSON.MultiPolygon>;
  boundaries: GeoJSON.FeatureCollection;
  places: PublicPlace[];
}
export interface Status {
  cameras: { live: number; total: number };
  devices: { heard: number; total: number };
  link_ms: number | null;
  seal_ms: number | null;
  clock_skew_ms: number | null;
  last_test_alarm: { at: string; ms: number } | null;
}

/** One fact as the live socket tells it. */
export interface LiveFact {
  seq: number;
  kind: string;
  at: string;
  data: Record<string, unknown>;
}
export interface Beat {
  type: "beat";
  now: string;
  seq: number;
}
