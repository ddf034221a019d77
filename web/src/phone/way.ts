import type { LatLon, Turn, WayFound } from "../api/phone.ts";
import { bearing, lengthOf, onLine } from "./geo.ts";

/** Within this of the door she has arrived: a police box is as wide, and a city fix no better. */
const ARRIVED_M = 25;
/** Beyond this of the green line she is told so: twice a common walking fix's error in a street canyon (±15–20 m). */
const OFF_WAY_M = 40;
/** A turn lies behind her once she passed it by this much, so that noise does not bring it back. */
const PASSED_M = 5;

export interface Guide {
  turn: Turn;
  /** Metres to that turn along the way. */
  in_m: number;
  street: string | null;
  text_ko: string;
  text_en: string;
  next: { turn: Turn; street: string | null } | null;
  remaining_m: number;
  remaining_s: number;
  /** Set when she left the way: metres from it, and the direction back. */
  off: { off_m: number; bearing_deg: number } | null;
  arrived: boolean;
  /** The part of the way still before her, starting at her. */
  rest: LatLon[];
}

/**
 * Say the next turn for someone at `me` on a way out.
 *
 * Never invents a turn: only the server's steps are spoken. Distances are along the way.
 */
export function guide(way: WayFound, me: LatLon): Guide | null {
  const here = onLine(way.line, me);
  if (!here) return null;
  const total = lengthOf(way.line);
  const remaining = Math.max(0, total - here.along_m);
  const ahead = way.steps
    .map((step) => ({ step, along: onLine(way.line, step.at)?.along_m ?? 0 }))
    .filter(({ step, along }) => step.turn === "arrive" || along > here.along_m + PASSED_M)
    .sort((a, b) => a.along - b.along);
  const first = ahead.find(({ step }) => step.turn !== "straight") ?? ahead[0];
  const after = first ? ahead[ahead.indexOf(first) + 1] : undefined;
  const pace = way.length_m > 0 ? way.duration_s / way.length_m : 0;
  return {
    turn: first?.step.turn ?? "arrive",
    in_m: first ? Math.max(0, first.along - here.along_m) : remaining,
    street: first?.step.street ?? null,
    text_ko: first?.step.text_ko ?? "",
    text_en: first?.step.text_en ?? "",
    next: after ? { turn: after.step.turn, street: after.step.street } : null,
    remaining_m: remaining,
    remaining_s: remaining * pace,
    off: here.off_m > OFF_WAY_M ? { off_m: here.off_m, bearing_deg: bearing(me, here.at) } : null,
    arrived: remaining <= ARRIVED_M && here.off_m <= OFF_WAY_M,
    rest: [here.at, ...way.line.slice(here.segment + 1)],
  };
}

/** Spoken again at these distances (phone design §4, way.turn). */
export const SPEAK_AT_M = [60, 20, 5] as const;

/** Which call of a turn is due: 0 first sight, then one for each threshold passed. */
export function callsDue(in_m: number): number {
  return SPEAK_AT_M.filter((m) => in_m <= m).length;
}
