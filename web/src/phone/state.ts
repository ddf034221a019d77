import type { Alert, Level, Me, MeState } from "../api/phone.ts";

/**
 * Which screen she sees. A pure machine: what the server said, what she pressed and the time go in; one screen comes out.
 *
 * Flow (phone design §3): calm → probable → certain → way out → police coming → over → calm; quiet, offline, lock and
 * quick exit lie across it. No press ever leads to less help.
 */

/** No beat and no answer for this long: she is told that the line is gone. Beats come each second. */
export const OFFLINE_AFTER_MS = 12_000;
/** A unit this near is met, not waited for (phone design §3). */
export const UNIT_NEAR_M = 300;
/** Her own place is too old to lead her by (twice the hollow age). */
export const PLACE_OLD_MS = 240_000;
/** Away this long, the real home asks for the code (phone design §7). */
export const LOCK_AFTER_MS = 60_000;

export type Screen =
  | "decoy"
  | "code"
  | "enrol"
  | "waiting"
  | "home"
  | "settings"
  | "looks"
  | "danger"
  | "homeGuard"
  | "way"
  | "police"
  | "hiding"
  | "noPlace"
  | "scene"
  | "offline"
  | "medical"
  | "cannotVouch"
  | "over";

/** What she opened herself; `follow` leaves it to the alarm. */
export type View = "follow" | "way" | "police" | "noPlace" | "scene" | "offline" | "settings" | "looks";

export interface LogLine {
  at: string;
  what: "raised" | "told" | "unit" | "arrived" | "over" | "cleared" | "medical";
  name?: string;
}

export interface State {
  enrolled: boolean | null;
  me: Me | null;
  alert: Alert | null;
  /** Warnings she has said "I see it" to. */
  seen: readonly string[];
  quiet: boolean;
  view: View;
  left: boolean;
  locked: boolean;
  hasCode: boolean;
  askCode: boolean;
  /** Own clock, milliseconds, when the server was last heard. */
  heardAt: number | null;
  connected: boolean;
  /** Server clock minus own clock, milliseconds. */
  aheadMs: number;
  /** The farthest a coming unit was, metres: the length of its progress bar. */
  policeFrom_m: number | null;
  log: readonly LogLine[];
}

export const start: State = {
  enrolled: null,
  me: null,
  alert: null,
  seen: [],
  quiet: false,
  view: "follow",
  left: false,
  locked: false,
  hasCode: false,
  askCode: false,
  heardAt: null,
  connected: true,
  aheadMs: 0,
  policeFrom_m: null,
  log: [],
};

export type Event =
  | { is: "enrolled"; yes: boolean }
  | { is: "me"; me: Me; at: number }
  | { is: "alert"; alert: Alert; at: number }
  | { is: "restored"; alert: Alert }
  | { is: "beat"; now: string; at: number }
  | { is: "heard"; at: number }
  | { is: "line"; up: boolean }
  | { is: "acknowledged"; warningId: string }
  | { is: "view"; view: View }
  | { is: "quiet"; on: boolean }
  | { is: "arrived"; at: string; name: string }
  | { is: "leave" }
  | { is: "return" }
  | { is: "lock" }
  | { is: "unlock" }
  | { is: "codeSet"; yes: boolean }
  | { is: "fine" }
  | { is: "settings"; settings: Me["settings"] };

/** Loudness of a level: a rise brings the alarm to the front again, a fall never does. */
const weight: Record<Level, number> = {
  cleared: 0,
  over: 0,
  medical: 1,
  cannot_vouch: 2,
  probable: 3,
  home: 4,
  certain: 5,
};

export function step(s: State, e: Event): State {
  switch (e.is) {
    case "enrolled":
      return { ...s, enrolled: e.yes, me: e.yes ? s.me : null, alert: e.yes ? s.alert : null };
    case "me": {
      const heard = { ...s, enrolled: true, me: e.me, ...clock(e.me.now, e.at), connected: true };
      return e.me.alert ? takeAlert(heard, withState(e.me.alert, e.me.state)) : takeCalm(heard);
    }
    case "alert":
      return drowned(s, e.alert)
        ? { ...s, heardAt: e.at, connected: true }
        : takeAlert({ ...s, heardAt: e.at, connected: true }, e.alert);
    case "restored":
      return s.heardAt === null && !s.alert ? { ...takeAlert(s, e.alert), connected: false } : s;
    case "beat":
      return { ...s, ...clock(e.now, e.at), connected: true };
    case "heard":
      return { ...s, heardAt: e.at, connected: true };
    case "line":
      return { ...s, connected: e.up };
    case "acknowledged":
      return { ...s, seen: [...new Set([...s.seen, e.warningId])], view: "way" };
    case "view":
      return { ...s, view: e.view };
    case "quiet":
      return { ...s, quiet: e.on };
    case "arrived":
      return s.log.some((l) => l.what === "arrived")
        ? s
        : { ...s, log: [...s.log, { at: e.at, what: "arrived", name: e.name }], view: "police" };
    case "leave":
      return { ...s, left: true, locked: s.hasCode, askCode: false };
    case "return":
      return s.hasCode ? { ...s, askCode: true } : { ...s, left: false };
    case "lock":
      return s.hasCode ? { ...s, locked: true } : s;
    case "unlock":
      return { ...s, locked: false, left: false, askCode: false };
    case "codeSet":
      return { ...s, hasCode: e.yes };
    case "fine":
      return s.alert?.level === "over" || s.alert?.level === "medical"
        ? { ...s, seen: [...new Set([...s.seen, seenKey(s.alert)])], view: "follow" }
        : s;
    case "settings":
      return s.me ? { ...s, me: { ...s.me, settings: e.settings } } : s;
  }
}

/** News of another, quieter warning never takes a louder one away; `/me` says which one counts. */
function drowned(s: State, news: Alert): boolean {
  return s.alert !== null && s.alert.warning_id !== news.warning_id && weight[news.level] < weight[s.alert.level];
}

/** Having seen a warning is not having read that it is over. */
const seenKey = (alert: Alert): string => (alert.level === "over" ? `over ${alert.warning_id}` : alert.warning_id);

export const isSeen = (s: State, alert: Alert): boolean => s.seen.includes(seenKey(alert));

function clock(now: string, at: number): Pick<State, "heardAt" | "aheadMs"> {
  const server = Date.parse(now);
  return { heardAt: at, aheadMs: Number.isFinite(server) ? server - at : 0 };
}

/** `/me` may name a state that the alert's level does not carry yet; the louder one wins. */
function withState(alert: Alert, state: MeState): Alert {
  if (state === "calm" || state === "police_coming") return alert;
  return weight[state] > weight[alert.level] ? { ...alert, level: state } : alert;
}

function takeCalm(s: State): State {
  return { ...s, alert: null, quiet: false, policeFrom_m: null, view: inAlarm(s.view) ? "follow" : s.view };
}

const inAlarm = (view: View): view is "way" | "police" | "noPlace" | "scene" =>
  view === "way" || view === "police" || view === "noPlace" || view === "scene";

function takeAlert(s: State, alert: Alert): State {
  const before = s.alert;
  const log = logged(s.log, before, alert);
  if (alert.level === "cleared") return { ...takeCalm(s), log };
  const seen = alert.acknowledged_at ? [...new Set([...s.seen, alert.warning_id])] : s.seen;
  const fresh = before?.warning_id !== alert.warning_id;
  const rises = weight[alert.level] > weight[before?.level ?? "cleared"];
  const front = alert.level === "over" || (rises && !seen.includes(alert.warning_id)) || (fresh && !before);
  const far = alert.police?.distance_m ?? null;
  return {
    ...s,
    alert,
    seen,
    log,
    quiet: alert.level === "over" ? false : s.quiet,
    view: front ? "follow" : s.view,
    policeFrom_m: far === null ? s.policeFrom_m : Math.max(s.policeFrom_m ?? 0, far),
  };
}

function logged(log: readonly LogLine[], before: Alert | null, now: Alert): readonly LogLine[] {
  const lines: LogLine[] = before ? [...log] : [];
  const add = (line: LogLine): void => {
    if (!lines.some((l) => l.what === line.what && l.name === line.name)) lines.push(line);
  };
  if (now.level === "medical") add({ at: now.raised_at, what: "medical" });
  else if (now.level !== "cleared" && now.level !== "over") add({ at: now.raised_at, what: "raised" });
  if (now.told_112.state !== "telling" && now.told_112.at) add({ at: now.told_112.at, what: "told" });
  if (now.police) add({ at: now.police.seen_at, what: "unit", name: now.police.unit });
  if (now.level === "over") add({ at: now.seen_at, what: "over", name: now.police?.unit });
  if (now.level === "cleared") add({ at: now.seen_at, what: "cleared" });
  return lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** Milliseconds of the server's clock, as well as this phone knows it. */
export const serverNow = (s: State, own: number): number => own + s.aheadMs;

export function offline(s: State, own: number): boolean {
  return !s.connected || (s.heardAt !== null && own - s.heardAt > OFFLINE_AFTER_MS);
}

/** An alarm that she has not put aside: sound, vibration and the loud screens belong to it. */
export function alarming(s: State): boolean {
  if (!s.alert) return false;
  return ["certain", "probable", "home", "cannot_vouch"].includes(s.alert.level);
}

/** Vibrate (and sound, by her setting): alarm, not yet pressed, not quieted, not behind the decoy. */
export function ringing(s: State): boolean {
  if (!s.alert || s.quiet || s.left) return false;
  return ["certain", "probable", "home"].includes(s.alert.level) && !s.seen.includes(s.alert.warning_id);
}

export function placeUnknown(alert: Alert, server: number): boolean {
  return alert.my === null || (alert.my.source === "device" && server - Date.parse(alert.my.seen_at) > PLACE_OLD_MS);
}

/** The one screen to draw. `own` is the phone's clock in milliseconds. */
export function screenOf(s: State, own: number): Screen {
  if (s.left) return s.askCode ? "code" : "decoy";
  if (s.enrolled === false) return "enrol";
  const alarm = alarming(s);
  if (s.locked && !alarm) return s.askCode ? "code" : "decoy";
  if (s.alert && s.quiet && alarm) return "hiding";
  if (s.view === "settings" || s.view === "looks") if (!alarm) return s.view;
  if (s.view === "offline") return "offline";
  if (s.alert) return alertScreen(s, s.alert, serverNow(s, own));
  if (offline(s, own)) return "offline";
  return s.me ? "home" : "waiting";
}

function alertScreen(s: State, alert: Alert, server: number): Screen {
  const seen = isSeen(s, alert);
  switch (alert.level) {
    case "over":
      return seen ? "home" : "over";
    case "medical":
      return seen ? "home" : "medical";
    case "cleared":
      return "home";
    case "home":
      return s.view === "police" && alert.police ? "police" : "homeGuard";
    case "cannot_vouch":
      return inAlarm(s.view) ? s.view : "cannotVouch";
    case "probable":
    case "certain":
      if (s.view === "noPlace" || s.view === "scene") return s.view;
      if (!seen && s.view === "follow") return "danger";
      if (s.view === "police" && alert.police) return "police";
      if (s.view === "way") return placeUnknown(alert, server) && !alert.way_out?.found ? "noPlace" : "way";
      return alert.police && (alert.police.distance_m ?? Infinity) < UNIT_NEAR_M ? "police" : "way";
  }
}
