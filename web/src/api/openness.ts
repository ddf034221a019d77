/** Who looks at those who look: looks, proofs, the chain, the board, reviews, downloads. */
import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { fetchFile, get, post } from "./client";

export interface Both {
  ko: string;
  en: string;
}
export interface SeatLook {
  seq: number | null;
  look_id: string;
  at: string;
  account_id: string | null;
  seat: string;
  role: string;
  role_said: Both;
  organisation: Both;
  act: string;
  what: Both;
  purpose: string;
  purpose_said: Both | null;
  resources: string[];
  allowed: boolean;
  ground: string[];
  ground_kind: string | null;
  reasons: Both[];
  permit: string | null;
  duration_s: number | null;
  running: boolean;
  finding: Finding | null;
}
export type Finding = "fine" | "ask" | "raise";
export interface LooksPage {
  looks: SeatLook[];
  next: string | null;
}
export interface LooksFilter {
  seat?: string | undefined;
  subject?: string | undefined;
  allowed?: string | undefined;
  role?: string | undefined;
  before?: string | undefined;
}
export interface Inclusion {
  entry: { hash: string };
  path: string[];
  checkpoint: { size: number; root: string; signed_at: string };
}
export interface Walked {
  whole: boolean;
  entries: number;
  head: string;
  checkpoints: number;
  signed_entries: number;
  pending: number;
  findings: { what: string; seq: number | null; detail: string }[];
  at: string;
}
export interface Anomaly {
  key: string;
  kind: string;
  broken: boolean;
  account_id: string;
  role: string;
  subject: string | null;
  ko: string;
  en: string;
  value: number;
  usual: number | null;
  spread: number | null;
  score: number;
  seqs: number[];
  seat?: string;
}
export interface Board {
  now: string;
  break_glass: {
    ground_id: string;
    short: string;
    seat: string;
    role: string;
    opened_at: string;
    until_at: string;
    open: boolean;
    justify_by: string;
    justified: boolean;
    late: boolean;
    resources: number;
  }[];
  requests: { request_id: string; kind: string; asked_at: string; answer_by: string; urgent: boolean }[];
  refusals: { seat: string; role: string; n: number }[];
  questions: { complaint_id: string; question_id: string; role: string; asked_at: string; words: string | null }[];
  hours: { at: string; ground: string; n: number }[];
  month: string;
  folded_at: string | null;
  anomalies: Anomaly[];
  rights: { held: number; suspended: number };
  review: { month: string; state: string; due_at: string };
  chain: {
    seq: number;
    hash: string | null;
    signed: number | null;
    root: string | null;
    signed_at: string | null;
    witnesses: { centre_id: string; size: number; signed_at: string }[];
  };
}
export interface Review {
  month: string;
  state: "running" | "draft" | "signed";
  folded_at: string;
  signed_at: string | null;
  note: string | null;
  sha256: string;
  from_seq: number;
  through_seq: number;
  totals: { decisions: number; refused: number; looks: number; seats: number; break_glass: number; downloads: number };
  counts: { account_id: string; role: string; purpose: string; clause: string; allowed: boolean; n: number }[];
  anomalies: Anomaly[];
  judged: Record<string, { finding: Finding; note: string | null; at: string }>;
  seats: Record<string, string>;
}
export interface ReviewLine {
  month: string;
  state: string;
  folded_at: string;
  signed_at: string | null;
}
export interface DownloadForm {
  what: "looks" | "ledger" | "review";
  reason_kind: string;
  reason: string;
  month?: string | undefined;
  subject?: string | undefined;
  allowed?: boolean | undefined;
}

const words = (values: LooksFilter): string => {
  const found = new URLSearchParams(
    Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1])),
  );
  return found.size ? `?${found}` : "";
};

export const openness = {
  looks: (filter: LooksFilter) => get<LooksPage>(`/ledger/looks${words(filter)}`),
  inclusion: (seq: number) => get<Inclusion>(`/ledger/inclusion?seq=${seq}`),
  verify: () => post<Walked>("/ledger/verify"),
  board: () => get<Board>("/board"),
  answer: (complaint: string, said: string) => post(`/questions/${complaint}/answer`, { words: said }),
  reviews: () => get<{ reviews: ReviewLine[] }>("/reviews"),
  review: (month: string) => get<Review>(`/reviews/${encodeURIComponent(month)}`),
  draft: (month: string) => post("/reviews", { month }),
  sign: (month: string, note: string) => post(`/reviews/${encodeURIComponent(month)}/sign`, { note }),
  judge: (about: string, finding: Finding, note?: string) =>
    post("/judgements", { about, finding, note: note ?? null }),
  download: (form: DownloadForm) => fetchFile("/downloads", form),
};

const SLOW_MS = 15_000;
export const useLooks = (filter: LooksFilter): UseQueryResult<LooksPage> =>
  useQuery({
    queryKey: ["looks", filter],
    queryFn: () => openness.looks(filter),
    refetchInterval: filter.before ? false : SLOW_MS,
    placeholderData: (before) => before,
  });
export const useBoard = (): UseQueryResult<Board> =>
  useQuery({ queryKey: ["board"], queryFn: openness.board, refetchInterval: SLOW_MS });
export const useReviews = (): UseQueryResult<{ reviews: ReviewLine[] }> =>
  useQuery({ queryKey: ["reviews"], queryFn: openness.reviews });
export const useReview = (month: string | undefined): UseQueryResult<Review> =>
  useQuery({ queryKey: ["review", month], queryFn: () => openness.review(month as string), enabled: Boolean(month) });
