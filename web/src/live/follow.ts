/** Which questions to the server a fact makes stale. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import type { LiveFact } from "../api/types";
import type { LiveStore } from "./store";

/** Query keys to ask again. Kinds are `slice.thing.past-verb.vN`. */
export function staleAfter(fact: Pick<LiveFact, "kind" | "data">): QueryKey[] {
  const [slice, thing] = fact.kind.split(".");
  const incident = typeof fact.data.incident_id === "string" ? fact.data.incident_id : undefined;
  const ofIncident: QueryKey[] = [incident ? ["incident", incident] : ["incident"]];
  switch (slice) {
    case "supervision":
      switch (thing) {
        case "notice":
          return [["notices"], ["wearer"]];
        case "position":
        case "protected-position":
          return [["incident"], ["alarm"], ["provisions"]];
        case "wearer":
        case "device":
        case "condition":
        case "medical":
          return [["wearers"], ["wearer"], ["day"], ["papers"]];
        case "officer":
          return [["caseload"], ["day"], ["wearers"], ["load"]];
        case "offence":
          return [["offences"], ["load"]];
        case "report":
        case "petition":
        case "court":
        case "decision":
        case "contest":
        case "anomaly":
          return [["papers"], ["day"], ["wearer"], ["wearers"], ["caseload"]];
        default:
          return [["alarms"], ["alarm"], ["wearer"], ["incidents"], ["incident"], ["day"], ["papers"], ["load"]];
      }
    case "dispatch":
      if (thing === "unit") return ofIncident;
      return [...ofIncident, ["incidents"], ["alarms"], ["permits"]];
    case "footage":
      if (thing === "ptz") return [["ptz"]];
      if (thing === "disk" || thing === "clock") return [["health"], ["retention"]];
      if (thing === "view" || thing === "track" || thing === "subject") return [["incident"], ["provisions"]];
      return [["incident"], ["cameras"], ["provisions"], ["permits"]];
    case "policy":
      if (thing === "request" || thing === "order") return [["requests"], ["request"], ["orders"]];
      if (thing === "break-glass") return [["glass"], ["permits"]];
      return [["permits"], ["incident"], ["provisions"]];
    case "protection":
      return [["incident"]];
    case "notifications":
      return [["incident"]];
    case "vision":
      if (thing === "alarm" || thing === "miss")
        return [["vision", "alarms"], ["vision", "alarm"], ["vision", "quality"], ["city-incidents"]];
      return [["vision"]];
    case "cameras":
      return [["status"], ["points"]];
    default:
      return [];
  }
}

/** Facts of one burst are answered with one round of questions: wait this long for the rest, milliseconds. */
const GATHER_MS = 120;

export function followFacts(store: LiveStore, client: QueryClient): () => void {
  const waiting = new Map<string, QueryKey>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = store.onFact((fact) => {
    for (const key of staleAfter(fact)) waiting.set(JSON.stringify(key), key);
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const key of waiting.values()) void client.invalidateQueries({ queryKey: key });
      waiting.clear();
    }, GATHER_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
