/** What the agencies page works out from plain answers. No I/O. */
import type { Agency, Agreement, Duty } from "../../api/agencies";

const DAY_MS = 86_400_000;

/** Whole days until an instant, rounded up; negative once it has passed. */
export function daysUntil(at: string, now: number): number {
  return Math.ceil((Date.parse(at) - now) / DAY_MS);
}

/** The agreement that says how the agency stands: the one in force that ends last, else what is to come, else the last. */
export function telling(agency: Pick<Agency, "agreements">): Agreement | undefined {
  const by = (state: Agreement["state"]) =>
    agency.agreements.filter((a) => a.state === state).sort((a, b) => b.until_at.localeCompare(a.until_at))[0];
  return by("in_force") ?? by("to_come") ?? by("ended") ?? by("terminated");
}

/** How full the count of people is, 0 to 1, and how many are too many. */
export function fullness(standing: number, most: number | null): { part: number; over: number } {
  if (most === null || most <= 0) return { part: 0, over: 0 };
  return { part: Math.min(1, standing / most), over: Math.max(0, standing - most) };
}

/** Until when each account must be looked at again. */
export function dueBy(duties: readonly Duty[]): Map<string, string> {
  const due = new Map<string, string>();
  for (const duty of duties) {
    if (duty.rule !== "footage-right-recertification") continue;
    const before = due.get(duty.about);
    if (before === undefined || duty.due_at < before) due.set(duty.about, duty.due_at);
  }
  return due;
}

/** What is owed beside the people's list: another look at a person stands there, and here once it is overdue. */
export function apart(duties: readonly Duty[], now: number): Duty[] {
  return duties.filter((d) => d.rule !== "footage-right-recertification" || Date.parse(d.due_at) <= now);
}
