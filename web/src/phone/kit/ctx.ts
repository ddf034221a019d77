import type { Alert, Answer, LatLon, Look, Settings } from "../../api/phone.ts";
import { distanceNow } from "../age.ts";
import { sector } from "../geo.ts";
import type { Identity } from "../identity.ts";
import type { SceneState } from "../scene.ts";
import type { State, View } from "../state.ts";
import { fill, metres, type Speak } from "../text.ts";

/** Where an answer of hers stands. A time means the server has it. */
export type Sending = "sending" | "failed" | { sentAt: string };

export interface OwnPlace {
  at: LatLon;
  error_m: number;
  seen_at: string;
}

/** What she can do. Every action is safe to press twice. */
export interface Actions {
  acknowledge: () => void;
  answer: (answer: Answer) => void;
  call: () => void;
  quiet: (on: boolean) => void;
  /** Say what the alert at her door was about. */
  homeAnswer: (answer: "away" | "known") => void;
  view: (view: View) => void;
  leave: () => void;
  comeBack: () => void;
  fine: () => void;
  otherPlace: () => void;
  enrol: (code: string) => Promise<"ok" | "wrong" | "many" | "away">;
  tryCode: (code: string) => Promise<boolean>;
  setCode: (code: string | null) => Promise<void>;
  settings: (settings: Settings) => void;
  identity: (identity: Identity) => void;
  big: (on: boolean) => void;
  push: () => void;
  test: () => void;
  /** Ask the privacy officer about a look; false where it could not be sent. */
  askAbout: (handle: string, words: string) => Promise<boolean>;
  olderLooks: () => void;
  /** Open the screen of her own camera, and send if nothing is sent. */
  showScene: () => void;
  endScene: () => void;
  turnCamera: () => void;
}

/** All that a screen may read. Screens are functions of this and nothing else, so that fixtures can draw each state. */
export interface Ctx extends Speak {
  state: State;
  alert: Alert | null;
  /** Server clock, milliseconds. */
  now: number;
  settings: Settings;
  /** 200 % text: screens drop what words can say. */
  large: boolean;
  /** Degrees from true north; null when the compass is absent or worse than 25°. */
  heading: number | null;
  /** Her own phone's place, while the way out is open. */
  place: OwnPlace | null;
  offline: boolean;
  /** Which of the ways is shown: 0 is the server's first choice. */
  wayIndex: number;
  sending: Partial<Record<Answer, Sending>>;
  looks: Look[] | "loading" | "failed";
  /** There are looks before the oldest that is shown. */
  moreLooks: boolean;
  /** When the record was last signed. */
  looksSealedAt: string | null;
  identity: Identity;
  push: "on" | "off" | "denied" | "none";
  testedAt: string | null;
  failed: boolean;
  /** What her camera sends. `video` shows it; none where nothing was ever sent. */
  scene: { state: SceneState; video: HTMLVideoElement | null };
  act: Actions;
}

/** Direction in words, as she stands when the phone knows, else by the compass. */
export function whereWords(c: Ctx, alert: Alert): string {
  return alert.bearing_deg === null ? "" : c.where(sector(alert.bearing_deg, c.heading));
}

/** "430 m", "300~700 m" or that it is unknown. */
export function distanceWords(c: Ctx, alert: Alert): string {
  const d = distanceNow(alert, c.now);
  if (d.kind === "number") return metres(d.m);
  if (d.kind === "range") return d.hi >= 1000 ? `${metres(d.lo)}~${metres(d.hi)}` : `${d.lo}~${d.hi} m`;
  return c.w.unknownDistance;
}

export function spokenDistance(c: Ctx, alert: Alert): string {
  const d = distanceNow(alert, c.now);
  if (d.kind === "number") return fill(c.w.voice.metres, { n: d.m });
  if (d.kind === "range") return fill(c.w.voice.between, { lo: d.lo, hi: d.hi });
  return c.w.unknownDistance;
}

export const minutes = (seconds: number): number => Math.max(1, Math.round(seconds / 60));
