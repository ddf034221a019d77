/** Incidents of the city: what operators confirmed of the cameras' alarms. */
import { useQuery } from "@tanstack/react-query";
import { get, post } from "./client";
import type { Behaviour } from "./vision";

export type Agency = "112" | "119" | "nobody";
export const OUTCOMES = ["helped", "detained", "left_area", "put_out", "handed_over", "nothing_found"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export interface CityIncident {
  incident_id: string;
  code: string;
  behaviour: Behaviour;
  priority: 1 | 2 | 3 | 4;
  camera_id: string;
  camera_code: string;
  camera_name: string;
  lat: number;
  lon: number;
  simulated: boolean;
  state: "open" | "closed" | "taken_back";
  opened_at: string;
  /** Whom the page proposes to call. */
  asks: Agency;
  /** Whom somebody called. */
  called: Agency | null;
  called_at: string | null;
  closed_at: string | null;
  outcome: Outcome | null;
  alarm_ids: string[];
}
export interface CityIncidentSheet extends CityIncident {
  timeline: { at: string; kind: string; text_ko: string; text_en: string; note: string }[];
}

const of = (incident: string) => `/city-incidents/${encodeURIComponent(incident)}`;
export const cityIncidents = {
  list: (state: "open" | "over") => get<{ incidents: CityIncident[] }>(`/city-incidents?state=${state}`),
  sheet: (incident: string) => get<CityIncidentSheet>(of(incident)),
  called: (incident: string, agency: Agency) => post(`${of(incident)}/called`, { agency }),
  note: (incident: string, text: string) => post(`${of(incident)}/notes`, { text }),
  close: (incident: string, outcome: Outcome) => post(`${of(incident)}/close`, { outcome }),
};
const OFTEN_MS = 10_000;
export const useCityIncidents = (state: "open" | "over") =>
  useQuery({
    queryKey: ["city-incidents", state],
    queryFn: () => cityIncidents.list(state),
    refetchInterval: OFTEN_MS,
  });
export const useCityIncident = (incident: string | undefined) =>
  useQuery({
    queryKey: ["city-incidents", "sheet", incident],
    queryFn: () => cityIncidents.sheet(incident as string),
    enabled: Boolean(incident),
    refetchInterval: OFTEN_MS,
  });
