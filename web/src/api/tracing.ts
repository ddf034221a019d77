/** One person or vehicle across cameras: asked for under another's approval, judged by people. docs/design/tracing.md. */
import { useQuery } from "@tanstack/react-query";
import { get, post } from "./client";
import type { Ticket } from "./types";

export interface Attribute {
  key: string;
  value: string;
}
export interface SureAttribute extends Attribute {
  confidence: number;
}
export interface Parsed {
  attributes: SureAttribute[];
  /** The share of its words that meant something. */
  understood: number;
}
/** Parts of a picture, from its upper left corner. */
export interface PictureBox {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}
export interface Portrait {
  subjects: { kind: string; box: PictureBox; score: number }[];
  /** Whose words and appearance these are; null: nobody was found, a box must be drawn. */
  chosen: number | null;
  attributes: SureAttribute[];
  appearance: string;
  by: string;
}
export interface SearchForm {
  text: string;
  attributes: Attribute[];
  /** What somebody looks like in a reference picture, as `Portrait.appearance`. */
  picture: string;
  case_no: string;
  purpose: "investigate" | "respond";
  statute: string;
  reason: string;
  lat: number;
  lon: number;
  radius_m: number;
  from_at: string;
  window_until_at: string;
  until_at: string;
  urgent: boolean;
}
export interface Search {
  search_id: string;
  request_id: string;
  missing: boolean;
  asked_at: string;
  until_at: string;
  state: "waiting" | "open" | "ended";
  ended_at: string | null;
  ended_why: string | null;
}
export interface Reason {
  name: string;
  /** Nats for him above 0, against below. */
  llr: number;
}
export type HimOrNot = "him" | "not_him";
export interface Candidate {
  candidate_id: string;
  camera_id: string;
  camera_code: string;
  camera_address: string;
  /** null: it is out of service. */
  camera_lat: number | null;
  camera_lon: number | null;
  from_at: string;
  until_at: string;
  probability: number;
  why: Reason[];
  why_not: Reason[];
  lat: number | null;
  lon: number | null;
  heading_deg: number | null;
  /** Whether the worker said where in its picture he is. */
  pictured: boolean;
  verdict: HimOrNot | null;
}
export interface NextCamera {
  camera_id: string;
  camera_code: string;
  camera_address: string;
  camera_lat: number | null;
  camera_lon: number | null;
  azimuth_deg: number | null;
  fov_deg: number | null;
  range_m: number | null;
  probability: number;
  /** The window of arrival that holds nine times of ten. */
  from_at: string;
  likely_at: string;
  until_at: string;
  mode: string;
  length_m: number;
  blind_m: number;
}
/** Where he may be at an instant: streets as [lat, lon] at their ends, with their share. */
export interface Likely {
  at: string;
  streets: { line: [[number, number], [number, number]]; probability: number }[];
  elsewhere: number;
}
export interface WayHop {
  candidate_id: string;
  camera_id: string;
  camera_code: string;
  camera_address: string;
  from_at: string;
  until_at: string;
  probability: number;
}
export interface Way {
  probability: number;
  hops: WayHop[];
}
export interface Belief {
  at: string;
  cameras: NextCamera[];
  heat: Likely[];
  ways: Way[];
  stopped: "lost" | "not_credible" | null;
}
export interface Sought {
  text: string;
  attributes: Attribute[];
  lat: number;
  lon: number;
  radius_m: number;
  from_at: string;
  until_at: string;
  /** Copies of its route may leave: a page shows the way only then. */
  may_export: boolean;
}
/** What copies of the route take of one camera. */
export interface Taken {
  camera_id: string;
  camera_code: string;
  camera_address: string;
  from_at: string;
  until_at: string;
}
/** What to ask the exports for: which of the route's cameras when, the step of the search, its hops in words. */
export interface Route {
  step: number;
  spans: Taken[];
  words: string;
}
export interface Handed {
  at: string;
  camera_code: string;
  place: string;
}
interface Candidates {
  candidates: Candidate[];
  /** What copies of the confirmed ones would take. */
  spans: Taken[];
}

const here = "/tracing";
const of = (search: string) => `${here}/searches/${encodeURIComponent(search)}`;

export const tracing = {
  describe: (text: string) => post<Parsed>(`${here}/describe`, { text }),
  /** Read a reference picture (base64 of a file); nothing is kept. */
  read: (picture: string, box?: PictureBox) => post<Portrait>(`${here}/portrait`, { picture, ...(box && { box }) }),
  ask: (form: SearchForm) => post<Search>(`${here}/searches`, form),
  look: (search: string) => post<Candidates>(`${of(search)}/look`, {}),
  judge: (search: string, candidate_id: string, verdict: HimOrNot | null) =>
    post<Candidates>(`${of(search)}/judge`, { candidate_id, verdict }),
  /** Tickets to pictures: each is a step of the search, on the ledger. */
  portrait: (search: string, candidate: string) => post<Ticket>(`${of(search)}/candidates/${candidate}/picture`),
  clip: (search: string, candidate: string) => post<Ticket>(`${of(search)}/candidates/${candidate}/clip`),
  live: (search: string, camera: string) => post<Ticket>(`${of(search)}/cameras/${encodeURIComponent(camera)}/live`),
  handOver: (search: string, words: string) => post<Handed>(`${of(search)}/hand-over`, { words }),
  /** Let copies of the confirmed route be asked for: a step of the search, on the ledger. */
  copies: (search: string) => post<Route>(`${of(search)}/copies`),
  close: (search: string, reason: string) => post<Search>(`${of(search)}/close`, { reason }),
};

/** Approvals and lapses are other people's and the clock's: asked again, milliseconds. */
const SLOW_MS = 10_000;

export const useSearches = () =>
  useQuery({
    queryKey: ["tracing", "searches"],
    queryFn: () => get<{ searches: Search[] }>(`${here}/searches`),
    refetchInterval: SLOW_MS,
  });
export const useCandidates = (search: Search | undefined) =>
  useQuery({
    queryKey: ["tracing", "candidates", search?.search_id],
    queryFn: () => get<Candidates>(`${of(search?.search_id ?? "")}/candidates`),
    enabled: search?.state === "open",
  });
/** Whom it looks for, as it was told. */
export const useSought = (search: Search) =>
  useQuery({
    queryKey: ["tracing", "sought", search.search_id],
    queryFn: () => get<Sought>(of(search.search_id)),
    enabled: search.state === "open",
    staleTime: Number.POSITIVE_INFINITY,
  });
/** Where he may be and come into view next, or came from; asked only once a person has confirmed where he was. */
export const useBelief = (search: Search, confirmed: boolean, backwards: boolean) =>
  useQuery({
    queryKey: ["tracing", "belief", search.search_id, backwards],
    queryFn: () => get<Belief>(`${of(search.search_id)}/belief${backwards ? "?backwards=true" : ""}`),
    enabled: confirmed && search.state === "open",
    // each question is a hop on the ledger: it is asked again when somebody judged, not by a clock
    staleTime: Number.POSITIVE_INFINITY,
  });
