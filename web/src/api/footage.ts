/** Recorded pictures, exports, what is kept and how cameras fare. Times are ISO 8601 in UTC. */
import { useQuery } from "@tanstack/react-query";
import { del, get, getFile, post, put } from "./client";
import type { Masking, Ticket } from "./types";

export interface Stretch {
  start: string;
  end: string;
  /** null: recorded. */
  cause: string | null;
  detail: string;
}
export interface FootageEvent {
  kind: "provision-requested" | "provision-given" | "provision-ended" | "bookmark";
  at: string;
  id: string;
  words: string;
  own: boolean;
}
export interface CameraTimeline {
  camera_id: string;
  from_at: string;
  until_at: string;
  kept_until: string;
  stretches: Stretch[];
  events: FootageEvent[];
}
/** What an order opens says its camera's name too; both are empty once the camera is out of service. */
export interface OwnTimeline extends CameraTimeline {
  code: string;
  name: string;
}
export interface Coverage {
  camera_id: string;
  code: string;
  name: string;
  listed: boolean;
  from_at: string;
  until_at: string;
  recorded_s: number;
  missing_s: number;
  causes: string[];
}
export interface RecordedForm {
  camera_ids: string[];
  from_at: string;
  until_at: string;
  masking: Masking;
  reason: string;
}
export interface Doubt {
  camera_id: string;
  at: string;
  from_at: string;
  until_at: string;
  box: [number, number, number, number];
  why: string[];
  doubt: number;
}
export type ExportState = "asked" | "review" | "reviewed" | "sealed" | "ended";
/** What an export takes of one camera. */
export interface Span {
  camera_id: string;
  from_at: string;
  until_at: string;
}
export interface Export {
  export_id: string;
  state: ExportState;
  asked_at: string;
  /** In the order of time; a camera that has two times is named twice. */
  spans: Span[];
  track: "sub" | "main";
  original: boolean;
  reason: string | null;
  case_no: string | null;
  recipient: string | null;
  /** The worst of `doubts_total`; the rest page by page. */
  doubts: Doubt[];
  doubts_total: number;
  reviewed_at: string | null;
  sealed_at: string | null;
  size: number | null;
  downloads: number;
  most_downloads: number;
  download_until: string;
  ended_at: string | null;
  end_reason: string | null;
}
export interface ExportForm {
  spans: Span[];
  /** `main`: the full picture, of the hours in which it was recorded. */
  track: "sub" | "main";
  original: boolean;
  reason: string;
  case_no: string;
  recipient: string;
  downloads: number;
  download_until: string;
  /** Of a traced route: the search and the step of it that asked; its steps then stand in the proof. */
  search?: { id: string; step: number };
}
export type Verdict = "mask" | "clear" | "widen";
export interface Decision {
  number: number;
  verdict: Verdict;
  box: Doubt["box"] | null;
}

export interface KeptCamera {
  camera_id: string;
  /** null: no longer in service. */
  code: string | null;
  name: string | null;
  days: number;
  oldest_at: string;
  next_at: string;
}
export interface FootageDisk {
  archive: string;
  noted_at: string;
  total_bytes: number;
  free_bytes: number;
  hours: number;
  oldest_at: string | null;
  next_destruction_at: string | null;
  /** When the oldest will have to go early; null: not within a day. */
  full_at: string | null;
  clock_doubt: string | null;
}
export interface Certificate {
  certificate_id: string;
  why: string;
  destroyed_at: string;
  keys: number;
  bytes: number;
  root: string;
}
/** A line of a certificate: one destroyed key, and what it had opened. */
export interface Destroyed {
  camera_id: string;
  hour_at: string;
  epoch: number;
  days: number;
  hold_id: string | null;
  segments: number;
  bytes: number;
  digest: string;
}
export interface Retention {
  days: number;
  disks: FootageDisk[];
  certificates: Certificate[];
}
export interface CameraHealth {
  camera_id: string;
  code: string;
  name: string;
  lat: number;
  lon: number;
  live: boolean;
  reason: string;
  since: string | null;
  uptime_24h: number | null;
  uptime_90d: number | null;
}
/** A disk of footage that needs a person. */
export interface DiskWarning {
  archive: string;
  full_at: string | null;
  clock_doubt: string | null;
}
export interface Spell {
  from_at: string;
  until_at: string | null;
  live: boolean;
  reason: string;
}
export interface Layout {
  wall_id: string;
  name: string;
  shared: boolean;
  own: boolean;
  size: number;
  /** Camera ids in tile order; null is an empty tile. */
  tiles: (string | null)[];
}

/** Corners in parts of the picture from its upper left. */
export type Polygon = [x: number, y: number][];
/** What is hidden of a camera's picture from everybody. */
export interface HiddenParts {
  camera_id: string;
  code: string;
  name: string;
  zones: Polygon[];
}

const id = encodeURIComponent;
const zonesOf = (camera: string) => `/cameras/${id(camera)}/privacy-zones`;
const span = (from: string, until: string) => `?${new URLSearchParams({ from, until })}`;

export const footage = {
  coverage: (provision: string) => get<{ cameras: Coverage[] }>(`/provisions/${id(provision)}/recordings`),
  timeline: (provision: string, camera: string, from: string, until: string) =>
    get<CameraTimeline>(`/provisions/${id(provision)}/recordings/${id(camera)}/timeline${span(from, until)}`),
  ticket: (provision: string, form: RecordedForm) =>
    post<Ticket>(`/provisions/${id(provision)}/recordings/tickets`, form),
  bookmark: (provision: string, camera_id: string, at: string, words: string) =>
    post(`/provisions/${id(provision)}/recordings/bookmarks`, { camera_id, at, words }),
  unmark: (provision: string, bookmark: string) =>
    del(`/provisions/${id(provision)}/recordings/bookmarks/${id(bookmark)}`),
  ownTimeline: (camera: string, from: string, until: string) =>
    get<OwnTimeline>(`/recordings/${id(camera)}/timeline${span(from, until)}`),
  ownTicket: (form: RecordedForm) => post<Ticket>("/recordings/tickets", form),

  exports: () => get<{ exports: Export[] }>("/exports"),
  reviews: () => get<{ exports: Export[] }>("/exports/reviews"),
  askExport: (form: ExportForm) => post<Export>("/exports", form),
  look: (of: string, number: number) => `/api/v1/exports/${id(of)}/doubts/${number}`,
  doubts: (of: string, first: number) => get<{ doubts: Doubt[] }>(`/exports/${id(of)}/doubts?first=${first}`),
  decisions: (of: string) => get<{ decisions: Decision[] }>(`/exports/${id(of)}/decisions`),
  decide: (of: string, number: number, verdict: Verdict, box: Doubt["box"] | null) =>
    put<{ decisions: Decision[] }>(`/exports/${id(of)}/doubts/${number}/decision`, { verdict, box }),
  review: (of: string, hide_rest: boolean) => post<Export>(`/exports/${id(of)}/review`, { hide_rest }),
  take: (of: string) => getFile(`/exports/${id(of)}/file`),
  endExport: (of: string) => post(`/exports/${id(of)}/end`),

  retention: () => get<Retention>("/footage/retention"),
  certificate: (of: string) => get<Certificate & { destroyed: Destroyed[] }>(`/footage/certificates/${id(of)}`),
  kept: () => get<{ cameras: KeptCamera[] }>("/footage/retention/cameras"),
  health: () => get<{ cameras: CameraHealth[]; disks: DiskWarning[] }>("/footage/health"),
  spells: (camera: string) => get<{ spells: Spell[] }>(`/footage/health/${id(camera)}`),

  hiddenCameras: () => get<{ cameras: HiddenParts[] }>("/footage/privacy-zones"),
  hidden: (camera: string) => get<HiddenParts>(zonesOf(camera)),
  hide: (camera: string, zones: readonly Polygon[]) => put<HiddenParts>(zonesOf(camera), { zones }),
  hideMore: (camera: string, zones: readonly Polygon[]) => post<HiddenParts>(zonesOf(camera), { zones }),

  layouts: () => get<{ walls: Layout[] }>("/footage/walls"),
  saveLayout: (wall: string, form: Omit<Layout, "wall_id" | "own">) => put<Layout>(`/footage/walls/${id(wall)}`, form),
  dropLayout: (wall: string) => del(`/footage/walls/${id(wall)}`),
};

const OFTEN_MS = 10_000;
const SLOW_MS = 30_000;
export const useCoverage = (provision: string | undefined) =>
  useQuery({
    queryKey: ["coverage", provision],
    queryFn: () => footage.coverage(provision as string),
    enabled: Boolean(provision),
    refetchInterval: OFTEN_MS,
  });
export const useExports = (enabled: boolean) =>
  useQuery({ queryKey: ["exports"], queryFn: footage.exports, enabled, refetchInterval: 5000 });
export const useReviews = (enabled: boolean) =>
  useQuery({ queryKey: ["exports", "reviews"], queryFn: footage.reviews, enabled, refetchInterval: OFTEN_MS });
export const useKept = () => useQuery({ queryKey: ["kept"], queryFn: footage.kept, refetchInterval: SLOW_MS });
export const useRetention = () =>
  useQuery({ queryKey: ["retention"], queryFn: footage.retention, refetchInterval: SLOW_MS });
export const useHealth = () => useQuery({ queryKey: ["health"], queryFn: footage.health, refetchInterval: OFTEN_MS });
export const useSpells = (camera: string | undefined) =>
  useQuery({
    queryKey: ["spells", camera],
    queryFn: () => footage.spells(camera as string),
    enabled: Boolean(camera),
    refetchInterval: SLOW_MS,
  });
export const useLayouts = () => useQuery({ queryKey: ["layouts"], queryFn: footage.layouts });
export const useHiddenCameras = () =>
  useQuery({ queryKey: ["hidden-parts"], queryFn: footage.hiddenCameras, refetchInterval: SLOW_MS });
export const useHidden = (camera: string | undefined) =>
  useQuery({
    queryKey: ["hidden-parts", camera],
    queryFn: () => footage.hidden(camera as string),
    enabled: Boolean(camera),
  });
export const useCertificate = (of: string) =>
  useQuery({ queryKey: ["certificate", of], queryFn: () => footage.certificate(of) });
