/** What a scene is found by: an incident of ours, a provision of the city, or an order of one's own. */
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../../api/client";
import { type CameraTimeline, type Coverage, footage, type RecordedForm, useCoverage } from "../../api/footage";
import { useIncidentCameras, useIncidents, usePermits, useProvisions } from "../../api/hooks";
import type { Account, Permit, ProvisionState, Ticket } from "../../api/types";
import { clockMinutes } from "../../kit/format";
import type { Text } from "../../text";

/** The seconds before the moment belong to it; the city may look half an hour back (server: PRE_ROLL, LOOK_BACK). */
export const PRE_ROLL_MS = 10_000;
export const LOOK_BACK_MS = 30 * 60_000;
/** A ticket and a timeline reach this far: a provision ends long before. */
const REACH_MS = 24 * 3_600_000;

export interface SceneRow {
  id: string;
  code: string;
  words: string;
  at: string;
  open: boolean;
}
export interface Scene {
  provision: string;
  state: ProvisionState;
  reason: string | null;
  cameras: readonly Coverage[];
  permit: Permit | undefined;
  /** Under what the pictures are shown, as their watermark says it: the permit, or the order. */
  ground: string;
  /** What the moment itself opens; before it only a city's own operator looks. */
  fromMs: number;
  earliestMs: number;
  /** Where it ends; undefined: now. */
  untilMs?: number;
  /** By a ground of one's own, not by a provision. */
  own?: boolean;
}
export interface SceneList {
  rows: SceneRow[];
  error: Error | null;
  known: boolean;
}

/** The incidents or provisions whose footage may be looked at, the newest first. */
export function useSceneRows(account: Account, text: Text): SceneList {
  const city = account.centre_kind === "city";
  const incidents = useIncidents("all", !city);
  const provisions = useProvisions("open", city);
  const rows = useMemo(() => {
    const found: SceneRow[] = city
      ? (provisions.data?.provisions ?? []).map((p) => ({
          id: p.provision_id,
          code: text.trigger[p.trigger] ?? p.trigger,
          words: `${p.given_at ? clockMinutes(p.given_at) : ""} ${text.provision.state[p.state] ?? p.state}`,
          at: p.given_at ?? "",
          open: p.state === "given",
        }))
      : (incidents.data?.incidents ?? []).map((i) => ({
          id: i.incident_id,
          code: i.code,
          words: `${text.trigger[i.trigger] ?? i.trigger} ${i.wearer_code ?? ""}`.trim(),
          at: i.opened_at,
          open: i.state === "open" || i.state === "resolved",
        }));
    return found.sort((a, b) => Number(b.open) - Number(a.open) || b.at.localeCompare(a.at));
  }, [city, incidents.data, provisions.data, text]);
  const asked = city ? provisions : incidents;
  return { rows, error: asked.error, known: Boolean(asked.data) };
}

export function useScene(account: Account, id: string | undefined): { scene: Scene | undefined; error: Error | null } {
  const city = account.centre_kind === "city";
  const given = useIncidentCameras(city ? undefined : id);
  const provisions = useProvisions("open", city);
  const own = city ? provisions.data?.provisions.find((p) => p.provision_id === id) : given.data;
  const provision = own?.state === "given" ? own.provision_id : undefined;
  const coverage = useCoverage(provision);
  const ofIncident = usePermits(city ? undefined : id);
  const ofProvision = useQuery({
    queryKey: ["permits", "provision", provision],
    queryFn: () => api.permits({ provision_id: provision as string }),
    enabled: Boolean(city && provision),
    refetchInterval: 30_000,
  });
  const permits = (city ? ofProvision : ofIncident).data?.permits ?? [];
  // the best first, but what was never recorded last: it has nothing to show
  const cameras = useMemo(
    () =>
      coverage.data && [...coverage.data.cameras].sort((a, b) => Number(b.recorded_s > 0) - Number(a.recorded_s > 0)),
    [coverage.data],
  );
  const scene = useMemo<Scene | undefined>(() => {
    if (!own || (own.state === "given" && !cameras)) return undefined;
    const live = permits.filter((p) => p.state === "in_use" || p.state === "ending");
    // what opens the pictures, before what opens the record of them
    const permit = live.find((p) => p.ground_kind === "trigger") ?? live[0] ?? permits[0];
    const fromMs = Math.min(...(cameras ?? []).map((c) => Date.parse(c.from_at)), Number.POSITIVE_INFINITY);
    return {
      provision: own.provision_id,
      state: own.state,
      reason: own.reason ?? null,
      cameras: cameras ?? [],
      permit,
      ground: permit?.short ?? "",
      fromMs,
      earliestMs: city ? fromMs + PRE_ROLL_MS - LOOK_BACK_MS + 1000 : fromMs,
    };
  }, [own, cameras, permits, city]);
  return { scene, error: given.error ?? coverage.error };
}

/** The timelines of all cameras of a scene, asked again while more is recorded. */
export function useTimelines(
  scene: Pick<Scene, "provision" | "cameras" | "own" | "untilMs"> | undefined,
  fromMs: number,
): Map<string, CameraTimeline> {
  const until = new Date(scene?.untilMs ?? (fromMs + REACH_MS - 1000 || 0)).toISOString();
  const from = new Date(Number.isFinite(fromMs) ? fromMs : 0).toISOString();
  const lines = useQueries({
    queries: (scene && Number.isFinite(fromMs) ? scene.cameras : []).map((c) => ({
      queryKey: ["timeline", scene?.provision, c.camera_id, from, scene?.untilMs],
      queryFn: () =>
        scene?.own
          ? footage.ownTimeline(c.camera_id, from, until)
          : footage.timeline(scene?.provision as string, c.camera_id, from, until),
      refetchInterval: 8000,
    })),
    // a list, not a map: equal answers stay the same object, and the screen rests
    combine: (answers) => answers.flatMap((a) => (a.data ? [a.data] : [])),
  });
  return useMemo(() => new Map(lines.map((line) => [line.camera_id, line])), [lines]);
}

/** A ticket to cameras of a scene, the first of which plays, from an instant to the end of its reach. */
export function ticketOf(scene: Scene, cameras: readonly string[], fromMs: number, reason: string): Promise<Ticket> {
  const form: RecordedForm = {
    camera_ids: [...cameras],
    from_at: new Date(fromMs).toISOString(),
    until_at: new Date(scene.untilMs ?? fromMs + REACH_MS - 1000).toISOString(),
    masking: "masked",
    reason,
  };
  return scene.own ? footage.ownTicket(form) : footage.ticket(scene.provision, form);
}
