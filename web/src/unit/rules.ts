import type { OrderState } from "../api/phone.ts";

/** An order's states, each reached once, in this order. */
export const ORDER = ["received", "read", "accepted", "on_scene", "over"] as const;
export type Reached = (typeof ORDER)[number];

/** What the big button says next; null once the danger is over. */
export function nextOf(state: OrderState): Reached | null {
  return state === "sent" ? "received" : (ORDER[ORDER.indexOf(state) + 1] ?? null);
}

export function done(state: OrderState, step: Reached): boolean {
  return state !== "sent" && ORDER.indexOf(state) >= ORDER.indexOf(step);
}

/** "Danger over" ends the right to see him: it is held, not tapped. */
export const HOLD_MS = 1500;
/** The unit's place goes out at most this often: a car moves 70 m meanwhile at 50 km/h. */
export const SHARE_EVERY_MS = 5000;
