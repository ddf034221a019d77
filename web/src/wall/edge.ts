/** Staying at the live edge: pure decisions over what the player measures. */
import type { At } from "./playback";

/** Behind by more than this the player jumps, seconds. */
export const JUMP_S = 2;
/** Where it wants to be: one frame at 10 fps and a little for the network, seconds. */
export const TARGET_S = 0.18;
/** Faster than this people and cars look wrong. */
const MOST_RATE = 1.15;
const LEAST_RATE = 0.96;
/** Deviation of the mean that is left alone, seconds: half a frame at 10 fps. */
const DEAD_BAND_S = 0.05;

/** The mean of the last `size` values. */
export class RollingMean {
  private values: number[] = [];
  constructor(private readonly size: number) {}
  add(value: number): number {
    this.values.push(value);
    if (this.values.length > this.size) this.values.shift();
    return this.mean();
  }
  mean(): number {
    return this.values.length ? this.values.reduce((a, b) => a + b, 0) / this.values.length : 0;
  }
  clear(): void {
    this.values = [];
  }
}

export type Move = { jump: true } | { jump: false; rate: number };
/** What to do, `aheadS` of media being buffered now and `meanS` on average. */
export function chase(aheadS: number, meanS: number): Move {
  if (aheadS > JUMP_S) return { jump: true };
  const over = meanS - TARGET_S;
  if (Math.abs(over) <= DEAD_BAND_S) return { jump: false, rate: 1 };
  // close the distance within about four seconds
  return { jump: false, rate: Math.min(MOST_RATE, Math.max(LEAST_RATE, 1 + over / 4)) };
}

/** The part of the buffer to forget: everything older than `keepS` before the playing time. */
export function forget(startS: number, currentS: number, keepS = 6): [number, number] | undefined {
  const until = currentS - keepS;
  return until - startS > keepS ? [startS, until] : undefined;
}

/** How long to wait before asking for a new ticket: 0.3 s doubling to 5 s. */
export function againMs(attempt: number): number {
  return Math.min(5000, 300 * 2 ** attempt);
}

/** The recorded instant shown at `t` seconds of a stream's own clock; anchors are in order. */
export function shownAt(anchors: readonly At[], t: number): number | undefined {
  const i = anchors.findLastIndex((a) => a.t <= t + 0.02);
  const anchor = anchors[Math.max(0, i)];
  if (!anchor) return undefined;
  if (!anchor.playing || i < 0) return anchor.atMs;
  const ms = anchor.atMs + (t - anchor.t) * 1000 * anchor.speed;
  const next = anchors[i + 1];
  return next && next.atMs > anchor.atMs ? Math.min(ms, next.atMs) : ms;
}
