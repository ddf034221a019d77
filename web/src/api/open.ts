/** What the public's page reads. No session, no person. */
import { sha256 } from "../kit/hash";

export interface Both {
  ko: string;
  en: string;
}
/** A published table; null stands for a blank. */
export interface Table {
  rows: string[];
  columns: string[];
  cells: (number | null)[][];
  row_totals: number[];
  column_totals: number[];
}
export interface Month {
  month: string;
  as_of: string;
  sha256: string;
  checkpoint: { size: number; root: string; signed_at: string | null } | null;
  total: number | null;
  decisions: Table | null;
  provisions: Table | null;
  break_glass: number | null;
}
export interface Centre {
  centre_id: string;
  kind: "tracking" | "city";
  months: Month[];
  averages: Record<string, { per_month: number; months: number }>;
  checkpoint: { size: number; root: string; signature: string; signed_at: string } | null;
}
export interface Transparency {
  below: number;
  centres: Centre[];
  words: { purposes: Record<string, Both>; clauses: Record<string, Both> };
}

export async function readTransparency(): Promise<Transparency> {
  const answer = await fetch("/api/v1/transparency", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as Transparency;
}

export const releaseUrl = (centre: string, month: string): string => `/api/v1/transparency/${centre}/${month}`;

/** Read a month's document as it was published and return the hash of its bytes. */
export async function hashOfRelease(centre: string, month: string): Promise<string> {
  const answer = await fetch(releaseUrl(centre, month));
  if (!answer.ok) throw new Error(String(answer.status));
  return sha256(new Uint8Array(await answer.arrayBuffer()));
}

/** The names of the keys that signed this centre's newest ledger heads. */
export async function readKeyIds(): Promise<string[]> {
  const answer = await fetch("/api/v1/ledger/heads?centre=city&limit=20", { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return ((await answer.json()) as { heads: { key_id: string }[] }).heads.map((head) => head.key_id);
}
