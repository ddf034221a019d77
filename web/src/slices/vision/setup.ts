/** How a camera is set up, as it is drawn: zones, hours, limits, what it looks for. Pure. */
import type { Behaviour, Hours, Setup, SetupShown, Zone } from "../../api/vision";
import { area, crossesItself, FEWEST, type ShapeKind, type Spot } from "../../kit/picture";

/** As the server checks them (rules/setups.py). */
export const MOST_ZONES = 16;
const LEAST_AREA = 0.0005;
const DAY_MIN = 24 * 60;
export const EVERY_DAY: readonly number[] = [0, 1, 2, 3, 4, 5, 6];

export interface Limit {
  /** As the workers' behaviour reads it. */
  name: string;
  low: number;
  high: number;
}
const dwell: Limit = { name: "dwell_s", low: 0, high: 3600 };
/** For what a zone or a line may be drawn, and which limits it then carries. */
export const PURPOSES: Partial<Record<Behaviour, readonly Limit[]>> = {
  intrusion: [dwell],
  loitering: [dwell],
  crowding: [
    { name: "count", low: 2, high: 500 },
    { name: "hold_s", low: 1, high: 3600 },
  ],
  abandoned: [],
  handover: [],
};
/** A line is crossed; everything else happens within a zone. */
export const LINE_PURPOSES: readonly Behaviour[] = ["intrusion"];
export const purposesOf = (kind: ShapeKind): Behaviour[] =>
  kind === "line" ? [...LINE_PURPOSES] : (Object.keys(PURPOSES) as Behaviour[]);

/** What may be changed of what the server shows. */
export const setupOf = ({ zones, pairs, behaviours, shadow }: SetupShown): Setup => ({
  zones,
  pairs,
  behaviours,
  shadow,
});

/** A name nothing else has: Z1, L2, … */
function freeName(kind: ShapeKind, zones: readonly Zone[]): string {
  const taken = new Set(zones.map((z) => z.name));
  const letter = kind === "line" ? "L" : "Z";
  let n = 1;
  while (taken.has(`${letter}${n}`)) n++;
  return `${letter}${n}`;
}
export function newZone(kind: ShapeKind, points: readonly Spot[], zones: readonly Zone[], id: string): Zone {
  return {
    id: id,
    kind,
    purpose: "intrusion",
    name: freeName(kind, zones),
    points: points.map(([x, y]) => [x, y]),
    hours: [],
    limits: {},
  };
}
/** What is either so or not, as the workers' behaviour reads it: 1 or 0. */
export function flagsOf(zone: Pick<Zone, "kind" | "purpose">): ("both" | "vehicles")[] {
  const vehicles = zone.purpose === "intrusion" ? (["vehicles"] as const) : [];
  return zone.kind === "line" ? ["both", ...vehicles] : [...vehicles];
}
/** The zone for another purpose: what the new one has no use for is gone. */
export function purposed(zone: Zone, purpose: Behaviour): Zone {
  const known = new Set((PURPOSES[purpose] ?? []).map((l) => l.name));
  for (const name of flagsOf({ ...zone, purpose })) known.add(name);
  return { ...zone, purpose, limits: Object.fromEntries(Object.entries(zone.limits).filter(([k]) => known.has(k))) };
}
export const withZone = (setup: Setup, zone: Zone): Setup => ({
  ...setup,
  zones: setup.zones.some((z) => z.id === zone.id)
    ? setup.zones.map((z) => (z.id === zone.id ? zone : z))
    : [...setup.zones, zone],
});
export const withoutZone = (setup: Setup, id: string): Setup => ({
  ...setup,
  zones: setup.zones.filter((z) => z.id !== id),
});

/** Points turned about: what was left of a line is right of it. */
export const reversed = (zone: Zone): Zone => ({ ...zone, points: [...zone.points].reverse() });

export type Problem = "crosses" | "small" | "few";
/** What is wrong with a drawn shape; the server refuses it too. */
export function problemOf(kind: ShapeKind, points: readonly Spot[]): Problem | undefined {
  if (points.length < FEWEST[kind]) return "few";
  if (kind === "zone" && crossesItself(kind, points)) return "crosses";
  return kind === "zone" && area(points) < LEAST_AREA ? "small" : undefined;
}

/** 22:00; the day's end is 24:00. */
export const clockOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
export function minuteOf(words: string): number | undefined {
  const said = /^(\d{1,2}):([0-5]\d)$/.exec(words.trim());
  const minute = said ? Number(said[1]) * 60 + Number(said[2]) : Number.NaN;
  return minute >= 0 && minute <= DAY_MIN ? minute : undefined;
}
/** Days of a row, one more or one less. */
export function toggled(hours: Hours, day: number): Hours {
  const days = hours.days.includes(day) ? hours.days.filter((d) => d !== day) : [...hours.days, day];
  return { ...hours, days: days.sort((a, b) => a - b) };
}

export type Mode = "on" | "shadow" | "off";
export const modeOf = (setup: Setup, b: Behaviour): Mode =>
  !setup.behaviours.includes(b) ? "off" : setup.shadow.includes(b) ? "shadow" : "on";
export function switched(setup: Setup, b: Behaviour, mode: Mode): Setup {
  const rest = (list: readonly Behaviour[]) => list.filter((each) => each !== b);
  return {
    ...setup,
    behaviours: mode === "off" ? rest(setup.behaviours) : [...rest(setup.behaviours), b],
    shadow: mode === "shadow" ? [...rest(setup.shadow), b] : rest(setup.shadow),
  };
}
const plain = (setup: Setup) =>
  JSON.stringify({ ...setup, behaviours: [...setup.behaviours].sort(), shadow: [...setup.shadow].sort() });
/** Whether two set-ups say the same. */
export const same = (a: Setup, b: Setup): boolean => plain(a) === plain(b);
