/** What the lists of approvals and break-glass put where. */
import type { Glass, Request } from "../../api/second";

export interface Groups {
  waiting: Request[];
  mine: Request[];
  decided: Request[];
}
/** What this account can answer comes first, the most pressing on top; then its own that still wait; then the rest. */
export function groups(requests: readonly Request[]): Groups {
  const waiting = requests.filter((r) => r.may_answer).sort((a, b) => a.answer_by.localeCompare(b.answer_by));
  const mine = requests.filter((r) => r.mine && (r.state === "waiting" || r.state === "approved"));
  const rest = requests.filter((r) => !waiting.includes(r) && !mine.includes(r));
  return { waiting, mine, decided: rest };
}
/** Break-glass that a privacy officer still owes a look, and those of one's own that are open or owed. */
export function pressing(grounds: readonly Glass[], officer: boolean): Glass[] {
  return grounds.filter((g) =>
    officer
      ? g.state !== "accepted" && g.state !== "rejected"
      : g.mine && ["open", "owed", "overdue"].includes(g.state),
  );
}
/** Seconds until an instant, never below zero. */
export function leftS(until: string, now: number): number {
  return Math.max(0, (Date.parse(until) - now) / 1000);
}
/** Metres between two places, good to a per mille over a few kilometres. */
export function metres(lat: number, lon: number, toLat: number, toLon: number): number {
  const north = (toLat - lat) * 110_574;
  const east = (toLon - lon) * 111_320 * Math.cos((lat * Math.PI) / 180);
  return Math.hypot(north, east);
}
