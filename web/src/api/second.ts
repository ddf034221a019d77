/** What needs a second person: requests, orders, break-glass. Times are ISO 8601 in UTC. */
import { useQuery } from "@tanstack/react-query";
import { get, post } from "./client";

export type RequestKind = "search" | "disclosure" | "unmask" | "shelter_address" | "watch_list";
export interface Request {
  request_id: string;
  kind: RequestKind;
  kind_ko: string;
  kind_en: string;
  asked_by: string;
  asked_role: string;
  asked_at: string;
  purpose: string;
  ground_kind: string;
  ground: string;
  resources: string[];
  urgent: boolean;
  answer_by: string;
  until_at: string;
  state: "waiting" | "approved" | "refused" | "withdrawn" | "expired" | "rejected";
  mine: boolean;
  may_answer: boolean;
  decided_role: string | null;
  decided_at: string | null;
  destroyed: boolean;
  court_sealed: boolean;
}
export interface RequestRead extends Request {
  words: {
    reason: string;
    case_no: string;
    appearance: string;
    clothes: string;
    vehicle: string;
    area: { lat: number; lon: number; radius_m?: number; coarse?: boolean } | null;
    from_at: string | null;
    until_at: string | null;
    /** What residents would read. */
    notice?: string;
  } | null;
  answer: { reason: string } | null;
}
export interface Requests {
  requests: Request[];
  asks: RequestKind[];
  approves: RequestKind[];
}
export interface Asking {
  kind: RequestKind;
  resources: string[];
  purpose: string;
  ground_kind: string;
  statute: string;
  reason: string;
  until_at: string;
  urgent: boolean;
  case_no: string;
  order_id?: string;
  description?: { appearance: string; clothes: string; vehicle: string };
  /** What residents read. */
  notice?: string;
  area: { lat: number; lon: number; radius_m: number };
  window: { from_at: string; until_at: string };
}
export type GlassState = "open" | "owed" | "justified" | "accepted" | "rejected" | "overdue";
export interface Glass {
  ground_id: string;
  short: string;
  holder: string;
  role: string;
  ground: string;
  resources: string[];
  opened_at: string;
  until_at: string;
  ended_at: string | null;
  justify_by: string;
  told_at: string | null;
  reported_at: string | null;
  state: GlassState;
  mine: boolean;
  reason: string | null;
  justification: string | null;
  judgement: string | null;
}
export interface Glasses {
  grounds: Glass[];
  opens: string[];
}

const id = encodeURIComponent;
export const second = {
  requests: () => get<Requests>("/requests"),
  request: (request: string) => get<RequestRead>(`/requests/${id(request)}`),
  ask: (asking: Asking) => post<Request>("/requests", asking),
  answer: (request: string, verb: "approve" | "refuse" | "withdraw", reason: string) =>
    post<Request>(`/requests/${id(request)}/${verb}`, { reason }),
  glasses: () => get<Glasses>("/grounds?kind=vital_interest"),
  breakGlass: (resources: string[], reason: string) =>
    post<{ ground_id: string; not_after: string }>("/grounds", { resources, reason }),
  closeGlass: (ground: string) => post(`/grounds/${id(ground)}/close`),
  justify: (ground: string, justification: string) => post(`/grounds/${id(ground)}/justify`, { justification }),
  judge: (ground: string, accepted: boolean, reason: string) =>
    post(`/grounds/${id(ground)}/judge`, { accepted, reason }),
};

/** Beside the live socket's news the lists are asked again this often, milliseconds. */
const SLOW_MS = 30_000;

export const useRequests = (enabled = true) =>
  useQuery({ queryKey: ["requests"], queryFn: second.requests, refetchInterval: SLOW_MS, enabled });
export const useRequest = (request: string | undefined) =>
  useQuery({
    queryKey: ["request", request],
    queryFn: () => second.request(request as string),
    enabled: Boolean(request),
  });
export const useGlasses = (enabled = true) =>
  useQuery({ queryKey: ["glass"], queryFn: second.glasses, refetchInterval: SLOW_MS, enabled });
