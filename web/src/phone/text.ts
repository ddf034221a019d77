import type { Settings, Turn } from "../api/phone.ts";
import type { Sector } from "./geo.ts";
import { en } from "./text.en.ts";
import { easy, ko, type Words } from "./text.ko.ts";

export type { Words };

export type Language = Settings["language"];

const decks: Record<Language, Words> = { ko, en, easy };

export const words = (language: Language): Words => decks[language];

/** Fill `{names}` of a sentence. `{Who}` is `{who}` with a capital. */
export function fill(sentence: string, values: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (all, key: string) => {
    if (key in values) return String(values[key]);
    if (key === "Who" && "who" in values) return capital(String(values.who));
    return all;
  });
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** 가해자가, 그 사람이: the particle follows the last sound. */
export function particle(text: string): string {
  const pairs: Record<string, [string, string]> = {
    가: ["이", "가"],
    를: ["을", "를"],
    과: ["과", "와"],
    는: ["은", "는"],
  };
  return text.replace(/(그 사람)(가|를|과|는)(?=[\s.,]|$)/g, (all, noun: string, mark: string) => {
    const pair = pairs[mark];
    return pair ? noun + pair[0] : all;
  });
}

export interface Speak {
  w: Words;
  language: Language;
  /** A sentence with its values and her word for him. */
  say: (sentence: string, values?: Record<string, string | number>) => string;
  ago: (seconds: number) => string;
  where: (s: Sector) => string;
  turn: (turn: Turn) => string;
}

export function speaker(settings: Pick<Settings, "language" | "words">): Speak {
  const w = words(settings.language);
  const who = w.who[settings.words];
  const say = (sentence: string, values: Record<string, string | number> = {}): string =>
    particle(fill(sentence, { who, ...values }));
  return {
    w,
    language: settings.language,
    say,
    ago: (seconds) => agoWords(seconds, w),
    where: (s) => (s.relative ? w.sides[s.side] : w.compass[s.compass]),
    turn: (turn) => w.turns[turn],
  };
}

export function agoWords(seconds: number, w: Words): string {
  if (seconds < 1) return w.ago.now;
  if (seconds < 60) return fill(w.ago.s, { n: seconds });
  if (seconds < 3600) return fill(w.ago.m, { n: Math.floor(seconds / 60) });
  if (seconds < 86_400) return fill(w.ago.h, { n: Math.floor(seconds / 3600) });
  return fill(w.ago.d, { n: Math.floor(seconds / 86_400) });
}

/** Times on alarms are absolute and Korean, wherever the phone's clock is set. */
const ZONE = "Asia/Seoul";
const hourMinute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: ZONE });

export const clockTime = (at: string | number): string => hourMinute.format(new Date(at));

export function dayTime(at: string, language: Language): string {
  const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ko-KR", {
    month: language === "en" ? "short" : "long",
    day: "numeric",
    weekday: "short",
    timeZone: ZONE,
  });
  return day.format(new Date(at));
}

/** Calendar days between two instants in Korea: 0 today, 1 tomorrow. */
export function daysAhead(at: string, now: number): number {
  const day = (t: number): number => Math.floor((t + 9 * 3600_000) / 86_400_000);
  return day(Date.parse(at)) - day(now);
}

export function metres(m: number): string {
  return m < 1000 ? `${m} m` : `${(m / 1000).toFixed(m % 1000 === 0 ? 0 : 1)} km`;
}
