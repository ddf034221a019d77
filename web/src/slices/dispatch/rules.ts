/** Small decisions of the incident screen: pure. */
import type { ChecklistItem, Incident, Order, OrderState, Permit, Step, Unit } from "../../api/types";

export type StepLook = "done" | "now" | "todo" | "late";
/** A step is done when a later one was reached; the last reached is now. Step ③ is late after 60 s without it (the sheet of parts). */
export const DISPATCH_TARGET_MS = 60_000;
export function stepLooks(steps: readonly Step[], open: boolean, sinceFirstMs: number): StepLook[] {
  const reached = steps.map((s) => s.at !== null);
  const last = reached.lastIndexOf(true);
  return steps.map((step, i) => {
    if (reached[i]) {
      if (i === last && open && i === steps.length - 1) return "now";
      if (step.step === 3 && (step.elapsed_ms ?? 0) > DISPATCH_TARGET_MS) return "late";
      return "done";
    }
    if (i === last + 1 && open) return step.step === 3 && sinceFirstMs > DISPATCH_TARGET_MS ? "late" : "now";
    return "todo";
  });
}

/** Required lines that are not ticked, and whatever else the server says blocks closing. */
export function leftToClose(incident: Pick<Incident, "checklist" | "blocks_closing">): number {
  const open = incident.checklist.filter((c) => c.required && !c.done_at).map((c) => c.item);
  return new Set([...open, ...incident.blocks_closing]).size;
}
/** The line `X` ticks: the one chosen, else the first required one that is open, else the first open one. */
export function nextLine(checklist: readonly ChecklistItem[], chosen: string | undefined): ChecklistItem | undefined {
  return (
    checklist.find((c) => c.item === chosen) ??
    checklist.find((c) => c.required && !c.done_at) ??
    checklist.find((c) => !c.done_at)
  );
}

const way: OrderState[] = ["sent", "received", "read", "accepted", "on_scene", "over"];
/** The states an order has passed, each with its time, in the order of the way. */
export function passed(order: Order): { state: OrderState; at: string }[] {
  return way.flatMap((state) => {
    const at = order.times[state] ?? order.times[`${state}_at`];
    return at ? [{ state, at }] : [];
  });
}

/** A unit that nobody has asked yet. */
export function idle(unit: Pick<Unit, "state">): boolean {
  return unit.state === "free" || unit.state === "proposed";
}

/** Units already in, nearest first, then reserves. */
export function unitsInOrder(units: readonly Unit[]): Unit[] {
  const reserve = (u: Unit) => Number(idle(u));
  return [...units].sort((a, b) => reserve(a) - reserve(b) || (a.eta_s ?? 1e9) - (b.eta_s ?? 1e9));
}

/** The same line told again and again, one after the other, is one line with its count. Newest first in, newest first out. */
export function fold<E extends { text_ko: string; kind: string }>(entries: readonly E[]): (E & { times: number })[] {
  const out: (E & { times: number })[] = [];
  for (const entry of entries) {
    const last = out.at(-1);
    if (last && last.kind === entry.kind && last.text_ko === entry.text_ko) last.times += 1;
    else out.push({ ...entry, times: 1 });
  }
  return out;
}

/** Permits of one person, ground, act and masking stand in one badge; the one that ends first gives its time. */
export function gather(permits: readonly Permit[]): (Permit & { many: number })[] {
  const groups = new Map<string, Permit & { many: number }>();
  for (const p of permits) {
    const open = p.state === "in_use" || p.state === "ending";
    const key = open && p.act === "view_stream" ? [p.holder, p.ground, p.masking, p.act].join("|") : p.permit_id;
    const known = groups.get(key);
    if (!known) groups.set(key, { ...p, many: 1 });
    else groups.set(key, { ...(p.not_after < known.not_after ? p : known), many: known.many + 1 });
  }
  return [...groups.values()];
}

/** Metres the distance changed per minute over what is known, positive when growing. */
export function trendMPerMin(values: readonly { at: number; m: number }[]): number | undefined {
  const first = values[0];
  const last = values.at(-1);
  if (!first || !last || last.at - first.at < 5000) return undefined;
  return ((last.m - first.m) / (last.at - first.at)) * 60_000;
}
