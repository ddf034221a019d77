/** Server state: one cache, asked again when a live fact makes it stale. */
import { QueryClient, useQueries, useQuery } from "@tanstack/react-query";
import { api, Refusal } from "./client";
import type { Session, Status } from "./types";

/** Between facts the cache is asked again this often, milliseconds: a belt beside the live socket's braces. */
const SLOW_MS = 30_000;
const QUICK_MS = 5000;

export function newClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1000,
        refetchOnWindowFocus: false,
        // a refusal is an answer; only an unreached server is asked again
        retry: (times, error) => !(error instanceof Refusal) && times < 2,
        retryDelay: (attempt) => Math.min(4000, 400 * 2 ** attempt),
      },
    },
  });
}

export const useSession = () =>
  useQuery<Session | null>({
    queryKey: ["session"],
    queryFn: () =>
      api.session().catch((error: unknown) => {
        if (error instanceof Refusal && error.status === 401) return null;
        throw error;
      }),
    staleTime: Number.POSITIVE_INFINITY,
  });
export const useStatus = () =>
  useQuery<Status>({ queryKey: ["status"], queryFn: api.status, refetchInterval: QUICK_MS });
export const useStyleData = () =>
  useQuery({ queryKey: ["style"], queryFn: api.styleData, staleTime: Number.POSITIVE_INFINITY });
export const usePoints = () =>
  useQuery({ queryKey: ["points"], queryFn: api.cameraPoints, staleTime: Number.POSITIVE_INFINITY });

export const useAlarms = (state: "open" | "all", enabled = true) =>
  useQuery({ queryKey: ["alarms", state], queryFn: () => api.alarms(state), refetchInterval: SLOW_MS, enabled });
export const useAlarm = (id: string | undefined) =>
  useQuery({
    queryKey: ["alarm", id],
    queryFn: () => api.alarm(id as string),
    enabled: Boolean(id),
    refetchInterval: QUICK_MS,
    placeholderData: (before) => (before?.alarm_id === id ? before : undefined),
  });
export const useNotices = (enabled = true) =>
  useQuery({ queryKey: ["notices"], queryFn: api.notices, refetchInterval: SLOW_MS, enabled });
export const useWearers = (enabled = true) => useQuery({ queryKey: ["wearers"], queryFn: api.wearers, enabled });
export const useWearer = (id: string | undefined) =>
  useQuery({ queryKey: ["wearer", id], queryFn: () => api.wearer(id as string), enabled: Boolean(id) });
export const useTrack = (id: string | undefined, from: string | undefined, until: string | undefined) =>
  useQuery({
    queryKey: ["track", id, from, until],
    queryFn: () => api.track(id as string, from, until),
    enabled: Boolean(id && from),
  });

export const useIncidents = (state: "open" | "closed" | "all", enabled = true) =>
  useQuery({ queryKey: ["incidents", state], queryFn: () => api.incidents(state), refetchInterval: SLOW_MS, enabled });
export const useIncident = (id: string | undefined) =>
  useQuery({
    queryKey: ["incident", id],
    queryFn: () => api.incident(id as string),
    enabled: Boolean(id),
    refetchInterval: (query) => (query.state.data?.state === "closed" ? false : QUICK_MS),
  });
export const useIncidentCameras = (id: string | undefined) =>
  useQuery({
    queryKey: ["cameras", id],
    queryFn: () => api.incidentCameras(id as string),
    enabled: Boolean(id),
    refetchInterval: QUICK_MS,
  });
/** Cameras that see a place; asked again when the place moves by more than about ten metres. */
export const useSeeing = (lat: number | undefined, lon: number | undefined, enabled: boolean) =>
  useQuery({
    queryKey: ["seeing", lat?.toFixed(4), lon?.toFixed(4)],
    queryFn: () => api.camerasSeeing(lat as number, lon as number, 6),
    enabled: enabled && lat !== undefined && lon !== undefined,
    placeholderData: (before) => before,
  });

/** The permits of an incident; without one there is nothing to ask. */
export const usePermits = (incident?: string) =>
  useQuery({
    queryKey: ["permits", incident],
    queryFn: () => api.permits({ incident_id: incident as string }),
    enabled: Boolean(incident),
    refetchInterval: SLOW_MS,
  });
/** The permits of every incident that is open. */
export const useOpenPermits = (incidents: readonly string[]) =>
  useQueries({
    queries: incidents.map((incident) => ({
      queryKey: ["permits", incident],
      queryFn: () => api.permits({ incident_id: incident }),
      refetchInterval: SLOW_MS,
    })),
    combine: (answers) => answers.flatMap((a) => a.data?.permits ?? []),
  });
export const useProvisions = (state: "open" | "all", enabled = true) =>
  useQuery({
    queryKey: ["provisions", state],
    queryFn: () => api.provisions(state),
    refetchInterval: QUICK_MS,
    enabled,
  });
export const useLedger = (after: number | undefined, kind: string | undefined, limit: number) =>
  useQuery({
    queryKey: ["ledger", after, kind, limit],
    queryFn: () => api.ledger(after, limit, kind),
    refetchInterval: after === undefined ? QUICK_MS : false,
    placeholderData: (before) => before,
  });
