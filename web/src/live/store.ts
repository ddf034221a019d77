/** One store of what the live socket said, fed by one socket. */
import { useSyncExternalStore } from "react";
import type { LiveFact } from "../api/types";

export type LinkState = "connecting" | "live" | "late" | "lost";
export interface LiveState {
  link: LinkState;
  /** Sequence number of the last fact this page has. */
  seq: number | null;
  /** Local instant of the last sign of life, milliseconds. */
  heardMs: number | null;
  /** The last facts, newest last. */
  recent: readonly LiveFact[];
}
/** Beats come each second; three missing ones are late, six are lost. */
export const LATE_MS = 3000;
export const LOST_MS = 6000;
const KEEP = 200;

export function linkState(state: Pick<LiveState, "heardMs">, nowMs: number): LinkState {
  if (state.heardMs === null) return "connecting";
  const silent = nowMs - state.heardMs;
  if (silent >= LOST_MS) return "lost";
  return silent >= LATE_MS ? "late" : "live";
}
/** The state after a fact; the same fact twice changes nothing. */
export function withFact(state: LiveState, fact: LiveFact, nowMs: number): LiveState {
  if (state.seq !== null && fact.seq <= state.seq) return { ...state, heardMs: nowMs };
  return { ...state, seq: fact.seq, heardMs: nowMs, recent: [...state.recent.slice(1 - KEEP), fact] };
}

export class LiveStore {
  private state: LiveState = { link: "connecting", seq: null, heardMs: null, recent: [] };
  private listeners = new Set<() => void>();
  private factListeners = new Set<(fact: LiveFact) => void>();

  get = (): LiveState => this.state;
  subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };
  onFact(listener: (fact: LiveFact) => void): () => void {
    this.factListeners.add(listener);
    return () => this.factListeners.delete(listener);
  }
  fact(fact: LiveFact, nowMs: number): void {
    const before = this.state.seq;
    this.set(withFact(this.state, fact, nowMs));
    if (this.state.seq !== before) for (const each of this.factListeners) each(fact);
  }
  /** A sign of life. Its sequence number may run ahead of facts still on their way, so it moves no mark. */
  beat(nowMs: number): void {
    this.set({ ...this.state, heardMs: nowMs });
  }
  look(nowMs: number): void {
    const link = linkState(this.state, nowMs);
    if (link !== this.state.link) this.set(this.state);
  }
  private set(state: LiveState): void {
    const link = linkState(state, Date.now());
    this.state = { ...state, link };
    for (const each of this.listeners) each();
  }
}

export const live = new LiveStore();
export function useLink(): { link: LinkState; heardMs: number | null } {
  const link = useSyncExternalStore(live.subscribe, () => live.get().link);
  return { link, heardMs: live.get().heardMs };
}
/** Whether permits may be counted down: a lost link freezes them to 0. */
export function useConnected(): boolean {
  return useLink().link !== "lost";
}
