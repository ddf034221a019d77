/** Home cameras: what each rests on, what it guards and hides, who is enrolled at it, what it alerted of. */
import { useQuery } from "@tanstack/react-query";
import { get, post, put } from "./client";

export type Polygon = [number, number][];
/** In parts of the picture. */
export interface HomeSetup {
  guard: Polygon[];
  line: Polygon | null;
  household: Polygon[];
  neighbour: Polygon[];
  no_neighbour: boolean;
  colour: boolean;
  /** Seconds until somebody unknown within the zone is alerted of. */
  unknown_s: number;
  /** Seconds that count as loitering near the door. */
  linger_s: number;
}
/** As it is kept: the worker's own configuration. */
interface KeptSetup {
  config?: {
    zones?: { id: string; kind: string; purpose: string; points: Polygon; limits?: Record<string, number> }[];
  };
  hides?: { household?: Polygon[]; neighbour?: Polygon[] };
  no_neighbour?: boolean;
  colour?: boolean;
  unknown_s?: number;
}
export interface Face {
  template_id: string;
  subject_id: string;
  order_id: string;
  until_at: string;
  enrolled_at: string;
  photographs: number;
  model: string;
}
export type Lack = "order" | "statute" | "assessment" | "guard" | "household" | "neighbour";
export interface Home {
  home_id: string;
  protected_person_id: string;
  code: string | null;
  name: string;
  setup: KeptSetup;
  order_id: string | null;
  statute: string | null;
  assessment_no: string | null;
  assessed_on: string | null;
  on: boolean;
  on_at: string | null;
  state: string;
  seen_at: string | null;
  /** Why it cannot recognise now: a name and since when or how much. */
  unfit: Record<string, unknown>;
  lacks: { name: Lack; ko: string; en: string }[];
  statutes: { statute: string; ko: string; en: string }[];
  faces: Face[];
}
export interface HomeAlert {
  alert_id: string;
  home_id: string;
  code: string | null;
  kind: "match" | "intrusion";
  likeness: "high" | "possible" | null;
  decided_at: string;
  acknowledged_at: string | null;
  not_reached_at: string | null;
  answer: string | null;
  seconds: number;
  complete: boolean;
}
export interface Grounds {
  order_id: string;
  statute: string;
  assessment_no: string;
  assessed_on: string;
}

const USUAL = { unknown_s: 10, linger_s: 20 };
/** The set-up as it is drawn, out of what is kept. */
export function drawnOf({ setup }: Pick<Home, "setup">): HomeSetup {
  const zones = setup.config?.zones ?? [];
  const near = zones.find((z) => z.purpose === "loitering");
  return {
    guard: zones.filter((z) => z.kind === "zone" && z.purpose === "intrusion").map((z) => z.points),
    line: zones.find((z) => z.kind === "line")?.points ?? null,
    household: setup.hides?.household ?? [],
    neighbour: setup.hides?.neighbour ?? [],
    no_neighbour: setup.no_neighbour ?? false,
    colour: setup.colour ?? true,
    unknown_s: setup.unknown_s ?? USUAL.unknown_s,
    linger_s: near?.limits?.dwell_s ?? USUAL.linger_s,
  };
}

const of = (home: string) => `/home-guards/${encodeURIComponent(home)}`;
export const homes = {
  list: () => get<{ home_guards: Home[] }>("/home-guards"),
  install: (protected_person_id: string, name: string, source: string) =>
    post<Home>("/home-guards", { protected_person_id, name, source }),
  setUp: (home: string, setup: HomeSetup) => put<Home>(`${of(home)}/setup`, setup),
  ground: (home: string, grounds: Grounds) => put<Home>(`${of(home)}/grounds`, grounds),
  /** Photographs are base64 of a JPEG or PNG; they are not kept. */
  enrol: (home: string, request_id: string, photographs: string[]) =>
    post<Face>(`${of(home)}/faces`, { request_id, photographs }),
  on: (home: string) => post<Home>(`${of(home)}/on`),
  off: (home: string) => post(`${of(home)}/off`),
  alerts: () => get<{ alerts: HomeAlert[] }>("/home-alerts"),
  people: () => get<{ protected_persons: { protected_person_id: string; code: string }[] }>("/protected-persons"),
};
const OFTEN_MS = 5000;
export const useHomes = () => useQuery({ queryKey: ["homes"], queryFn: homes.list, refetchInterval: OFTEN_MS });
export const useHomeAlerts = () =>
  useQuery({ queryKey: ["home-alerts"], queryFn: homes.alerts, refetchInterval: OFTEN_MS });
export const useProtectedPeople = () => useQuery({ queryKey: ["protected-people"], queryFn: homes.people });
