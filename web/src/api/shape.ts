/** What the server left out becomes what the screens expect: absent lists are empty, absent figures are null. Pure. */
import type * as T from "./types";

type Loose<A> = { [K in keyof A]?: A[K] | null };

export function placedFixes(
  fixes: readonly (Omit<T.Fix, "lat" | "lon"> & { lat: number | null; lon: number | null })[] | undefined,
): T.Fix[] {
  return (fixes ?? []).filter((f): f is T.Fix => f.lat !== null && f.lon !== null);
}

/** Who holds an open right to look, each once, since when: the newest words of the room about its viewers. */
export function viewersOf(permits: readonly T.Permit[]): T.Viewer[] {
  const since = new Map<string, string>();
  for (const p of permits) {
    const looks = p.act === undefined || p.act === "view_stream" || p.act === "unmask_track";
    if (!looks || (p.state !== "in_use" && p.state !== "ending")) continue;
    const known = since.get(p.holder);
    if (known === undefined || p.granted_at < known) since.set(p.holder, p.granted_at);
  }
  return [...since].map(([seat, at]) => ({ seat, since: at }));
}

export function incident(raw: Loose<T.Incident> & { incident_id: string }): T.Incident {
  const victim = raw.victim
    ? {
        ...raw.victim,
        grade: raw.victim.grade ?? "",
        state: raw.victim.state ?? "",
        way_out_m: raw.victim.way_out_m ?? null,
      }
    : null;
  return {
    ...(raw as T.Incident),
    steps: raw.steps ?? [],
    timeline: raw.timeline ?? [],
    checklist: raw.checklist ?? [],
    units: raw.units ?? [],
    orders: (raw.orders ?? []).map((o) => ({ ...o, times: o.times ?? {} })),
    next: raw.next ?? [],
    blocks_closing: raw.blocks_closing ?? [],
    permits: raw.permits ?? [],
    viewers: raw.viewers ?? [],
    victim,
    subject: raw.subject ?? null,
    provision: raw.provision ? provision(raw.provision) : null,
    police: raw.police ?? null,
  };
}

export function provision(raw: Loose<T.CameraProvision>): T.CameraProvision {
  return {
    provision_id: raw.provision_id ?? "",
    state: raw.state ?? "none",
    reason: raw.reason ?? null,
    not_after: raw.not_after ?? null,
    cameras: raw.cameras ?? [],
  };
}
type RawViewer = { viewer?: string; seat?: string; since: string };
export function cityProvision(raw: T.Provision): T.Provision {
  const seats = new Map<string, string>();
  for (const v of (raw.viewers ?? []) as unknown as RawViewer[]) {
    const seat = v.seat ?? v.viewer ?? "";
    const known = seats.get(seat);
    if (known === undefined || v.since < known) seats.set(seat, v.since);
  }
  return { ...raw, ...provision(raw), viewers: [...seats].map(([seat, since]) => ({ seat, since })) };
}

export function status(raw: Loose<T.Status>): T.Status {
  return {
    cameras: raw.cameras ?? { live: 0, total: 0 },
    devices: raw.devices ?? { heard: 0, total: 0 },
    link_ms: raw.link_ms ?? null,
    seal_ms: raw.seal_ms ?? null,
    clock_skew_ms: raw.clock_skew_ms ?? null,
    last_test_alarm: raw.last_test_alarm ?? null,
  };
}

const nothing = { type: "FeatureCollection" as const, features: [] };
/** The whole of Korea when a map has no streets yet. */
const KOREA: T.StyleData["bounds"] = [125.8, 33.9, 129.6, 38.6];
export function styleData(raw: Loose<T.StyleData>): T.StyleData {
  return {
    bounds: raw.bounds ?? KOREA,
    streets: raw.streets ?? nothing,
    buildings: raw.buildings ?? nothing,
    boundaries: raw.boundaries?.features ? raw.boundaries : nothing,
    places: raw.places ?? [],
  };
}
