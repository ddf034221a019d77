/** Inspection of cameras: reports made of measurements, repair tickets, and what no camera covers. */
import { del, get, post, put } from "./client";

export type Defect = "silent" | "frozen" | "covered" | "moved" | "blurred" | "dark" | "noisy" | "clock";
export type Done = "visited" | "cleaned" | "aimed" | "cleared" | "mended" | "replaced" | "new_view";
export type Sense = "day" | "night" | "sound" | "heat";

export interface Ticket {
  ticket_id: string;
  camera_id: string;
  defect: Defect;
  seen_at: string;
  opened_at: string;
  value: number;
  allowed: number;
  closed_at: string | null;
  closing_value: number | null;
  actions: { at: string; action: Done }[];
}
export interface Line {
  camera_id: string;
  code: string;
  address: string;
  lat: number;
  lon: number;
  senses: Sense[];
  live: boolean;
  reason_ko: string;
  reason_en: string;
  uptime_90d: number | null;
  reported_at: string | null;
  passed: boolean | null;
  due_at: string | null;
  tickets: Ticket[];
}
export interface Lines {
  cameras: Line[];
  tickets: number;
  overdue: number;
  now: string;
}
export interface Check {
  name: string;
  value: number | null;
  limit: number;
  unit: string;
  at_least: boolean;
  samples: number;
  passed: boolean | null;
}
export interface Report {
  report_id: string;
  from_at: string;
  until_at: string;
  passed: boolean;
  checks: Check[];
}
export interface Hour {
  hour_at: string;
  light: "day" | "twilight" | "night";
  samples: number;
  brightness: number;
  noise: number | null;
  sharp: number | null;
  kept: number | null;
  alike: number | null;
  clock_s: number | null;
}
export interface Sheet {
  camera: Line;
  reports: Report[];
  hours: Hour[];
  tickets: Ticket[];
  now: string;
}
export interface Named {
  camera_id: string;
  code: string;
  address: string;
  lat: number;
  lon: number;
}
export interface BlindMap {
  sense: Sense;
  cameras: number;
  without: number;
  street_m: number;
  blind_m: number;
  unsure_m: number;
  lines: [number, number, number, number][];
  turns: { camera_id: string; from_deg: number; to_deg: number; gained_m: number; lost_m: number }[];
  places: { lat: number; lon: number; azimuth_deg: number; gained_m: number }[];
  gaps: {
    restriction: {
      restriction_id: string;
      name: string;
      clause: string;
      lat: number;
      lon: number;
      radius_m: number;
      owner: string;
      close_by: string;
    };
    street_m: number;
    blind_m: number;
    open: boolean;
    substitutes: [string, number][];
  }[];
  named: Named[];
}
export interface RestrictionForm {
  name: string;
  clause: string;
  lat: number;
  lon: number;
  radius_m: number;
  owner: string;
  close_by: string;
}
export interface SoundForm {
  clause: string;
  decision: string;
  assessed_on: string;
  sign_on: string;
  until_at: string;
}
export interface SoundGround extends SoundForm {
  ground_id: string;
  camera_id: string;
  from_at: string;
}

const one = encodeURIComponent;
export const inspection = {
  lines: () => get<Lines>("/footage/inspections"),
  sheet: (camera: string) => get<Sheet>(`/footage/inspections/${one(camera)}`),
  act: (ticket: string, action: Done) => post(`/footage/inspections/tickets/${one(ticket)}/actions`, { action }),
  restrict: (place: RestrictionForm) => post<{ restriction_id: string }>("/cameras/restrictions", place),
  soundGround: (camera: string) => get<{ ground: SoundGround | null }>(`/cameras/${one(camera)}/sound-ground`),
  noteSoundGround: (camera: string, form: SoundForm) => put(`/cameras/${one(camera)}/sound-ground`, form),
  endSoundGround: (camera: string) => del(`/cameras/${one(camera)}/sound-ground`),
  blind: (sense: Sense) => get<BlindMap>(`/cameras/blind-spots?sense=${sense}`),
};
