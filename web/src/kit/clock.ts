/** Time as the server has it, and how old a value is. */
import { useSyncExternalStore } from "react";

let offsetMs = 0;
let frozenMs: number | undefined;
/** Set from each beat of the live socket: ages and countdowns follow the server's clock, not the seat's. */
export function alignClock(serverNow: string, receivedMs: number = Date.now()): void {
  const server = Date.parse(serverNow);
  if (Number.isFinite(server)) offsetMs = server - receivedMs;
}
export function nowMs(): number {
  return frozenMs ?? Date.now() + offsetMs;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let second = Math.floor(Date.now() / 1000);

/** Stop the clock of every component; the fixtures page shows one moment. */
export function freezeClock(at: string): void {
  frozenMs = Date.parse(at);
}

function subscribe(changed: () => void): () => void {
  listeners.add(changed);
  timer ??= setInterval(() => {
    second = Math.floor(nowMs() / 1000);
    for (const each of listeners) each();
  }, 250);
  return () => {
    listeners.delete(changed);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The present instant in milliseconds, renewed once a second. */
export function useNow(): number {
  const tick = useSyncExternalStore(subscribe, () => second);
  if (frozenMs !== undefined) return frozenMs;
  const precise = nowMs();
  return Math.abs(precise - tick * 1000) < 2000 ? precise : tick * 1000;
}

/** Positions are reported this often unless the source says otherwise (orders of the tracking centre: 15 s in an alarm). */
export const FIX_INTERVAL_S = 15;
/** Multiples of the source's own interval, as the design tokens `--fresh` and `--ageing`. */
const FRESH = 1.5;
const AGEING = 4;

export type Freshness = "fresh" | "ageing" | "stale";
export function freshness(ageS: number, intervalS: number): Freshness {
  if (ageS <= FRESH * intervalS) return "fresh";
  return ageS <= AGEING * intervalS ? "ageing" : "stale";
}
export function ageS(at: string, now: number): number {
  return Math.max(0, (now - Date.parse(at)) / 1000);
}
