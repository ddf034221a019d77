/** Numbers, times and lengths as the screen writes them. */

const clockFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Seoul",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const dayFormat = new Intl.DateTimeFormat("en-CA", {
  timeZone: "Asia/Seoul",
  year: "numeric",
  month: "numeric",
  day: "numeric",
});
const weekdayFormat = {
  ko: new Intl.DateTimeFormat("ko-KR", { timeZone: "Asia/Seoul", weekday: "short" }),
  en: new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Seoul", weekday: "short" }),
};

function at(value: string | number | Date): Date {
  return value instanceof Date ? value : new Date(value);
}

/** 02:14:37, Korean standard time. */
export function clock(value: string | number | Date | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const date = at(value);
  return Number.isNaN(date.getTime()) ? "–" : clockFormat.format(date);
}
/** 02:14 */
export function clockMinutes(value: string | number | Date | null | undefined): string {
  return clock(value).slice(0, 5);
}
function dayParts(value: string | number | Date): [string, string, string] {
  const parts = dayFormat.formatToParts(at(value));
  const part = (type: string) => String(Number(parts.find((p) => p.type === type)?.value ?? 0));
  return [part("year"), part("month"), part("day")];
}
/** 2026. 11. 21. */
export function day(value: string | number | Date): string {
  return `${dayParts(value).join(". ")}.`;
}
/** 11. 21. (토) */
export function dayWithWeekday(value: string | number | Date, locale: "ko" | "en"): string {
  const [, month, date] = dayParts(value);
  return `${month}. ${date}. (${weekdayFormat[locale].format(at(value))})`;
}
/** 11. 21. 02:15 */
export function dayMinutes(value: string | number | Date): string {
  const [, month, date] = dayParts(value);
  return `${month}. ${date}. ${clockMinutes(value)}`;
}

/** 00:07, 1:02:31: a running time. Never negative. */
export function elapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  if (hours === 0) return rest;
  const days = Math.floor(hours / 24);
  return days ? `${days}:${two(hours % 24)}:${rest}` : `${hours}:${rest}`;
}

/** 18 m, 1.2 km */
export function metres(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)} km`;
  return value >= 1000 ? `${(value / 1000).toFixed(1)} km` : `${Math.round(value)} m`;
}
export function count(value: number): string {
  return value.toLocaleString("en-US");
}
/** A probability with two digits; never 1.00 unless it is one. */
export function probability(value: number): string {
  if (value >= 0.995 && value < 1) return "0.99";
  return value.toFixed(2);
}
/** The first and last four of a hash. */
export function shortHash(hash: string): string {
  return hash.length > 12 ? `${hash.slice(0, 4)} ${hash.slice(4, 8)} … ${hash.slice(-4)}` : hash;
}
/** Codes read aloud: the last six of an id. */
export function shortId(value: string): string {
  return value.slice(-6).toUpperCase();
}
