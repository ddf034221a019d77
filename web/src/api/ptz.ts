/** Cameras that turn, and how devices are asked over ONVIF. Azimuths clockwise from north, tilts up from the horizon. */
import { useQuery } from "@tanstack/react-query";
import { del, get, post, put, Refusal } from "./client";

export interface Optics {
  north_deg: number;
  pan_from_deg: number;
  pan_until_deg: number;
  tilt_from_deg: number;
  tilt_until_deg: number;
  fov_wide_deg: number;
  fov_tele_deg: number;
  height_m: number;
  endless: boolean;
}
/** What may be shown, edges of the picture included; `from` equal to `until` is all round. */
export interface Sector {
  from_deg: number;
  until_deg: number;
  low_deg: number;
  high_deg: number;
  zoom_most: number;
}
export type Corner = [azimuth_deg: number, tilt_deg: number];
export interface Turning {
  optics: Optics;
  sector: Sector;
  zones: Corner[][];
}
export interface Pose {
  azimuth_deg: number;
  tilt_deg: number;
  zoom: number;
  fov_deg: number;
}
export interface Preset extends Omit<Pose, "fov_deg"> {
  preset_id: string;
  name: string;
  home: boolean;
}
export interface JoystickHold {
  holder: string;
  mine: boolean;
  /** 5 a life in danger, 4 approach, 3 zone, 2 tampering, 1 curfew. */
  priority: number;
  provision_id: string | null;
  taken_at: string;
  until_at: string;
  asked_by: string | null;
}
export interface Ptz {
  camera_id: string;
  sector: Sector;
  optics: Optics;
  hold: JoystickHold | null;
  presets: Preset[];
  /** null: the device does not say where it looks. */
  pose: Pose | null;
  moving: boolean;
}
export interface Moved {
  pose: Pose;
  /** The registered sector ends there. */
  clipped: boolean;
  until_at: string;
}
/** Shares of full speed: right, up and in are positive. */
export interface Push {
  pan: number;
  tilt: number;
  zoom: number;
}

export interface Profile {
  name: string;
  codec: string;
  width: number;
  height: number;
  fps: number;
  turns: boolean;
}
export interface Device {
  camera_id: string;
  code: string;
  name: string;
  host: string;
  port: number;
  user: string;
  own_login: boolean;
  state: string;
  ko: string;
  en: string;
  checked_at: string | null;
  maker: string;
  model: string;
  firmware: string;
  clock_off_s: number | null;
  clock_at: string | null;
  profiles: Profile[];
  turning: Turning | null;
}
export interface DeviceForm {
  port: number;
  user: string | null;
  password: string | null;
  turning: Turning | null;
}
export interface Answering {
  host: string;
  port: number;
  name: string;
  hardware: string;
  /** He says he is at another address than he answered from. */
  elsewhere: string | null;
  camera_id: string | null;
  code: string | null;
}

const of = (camera: string) => `/cameras/${encodeURIComponent(camera)}`;
export const ptz = {
  read: (camera: string) => get<Ptz>(`${of(camera)}/ptz`),
  /** For a provision one answers; without one for the glass one broke, or the most urgent that shows the camera. */
  take: (camera: string, provision_id: string | null) => post<JoystickHold>(`${of(camera)}/ptz/take`, { provision_id }),
  ask: (camera: string) => post<JoystickHold>(`${of(camera)}/ptz/ask`),
  release: (camera: string) => post(`${of(camera)}/ptz/release`),
  move: (camera: string, push: Push) => post<Moved>(`${of(camera)}/ptz/move`, push),
  stop: (camera: string) => post<Moved>(`${of(camera)}/ptz/stop`),
  point: (camera: string, lat: number, lon: number) => post<Moved>(`${of(camera)}/ptz/point`, { lat, lon }),
  keep: (camera: string, name: string, home: boolean) => post<Preset>(`${of(camera)}/ptz/presets`, { name, home }),
  recall: (camera: string, preset: string) => post<Moved>(`${of(camera)}/ptz/presets/${encodeURIComponent(preset)}`),
  drop: (camera: string, preset: string) => del(`${of(camera)}/ptz/presets/${encodeURIComponent(preset)}`),
};
export const onvif = {
  list: () => get<{ cameras: Device[] }>("/footage/onvif"),
  discover: () => post<{ answers: Answering[] }>("/footage/onvif/discovery"),
  save: (camera: string, form: DeviceForm) => put<Device>(`${of(camera)}/onvif`, form),
  drop: (camera: string) => del(`${of(camera)}/onvif`),
  check: (camera: string) => post<Device>(`${of(camera)}/onvif/check`),
};

/** Who holds it changes under other hands: asked every two seconds, every second while one turns it oneself. */
export const usePtz = (camera: string | undefined) =>
  useQuery({
    queryKey: ["ptz", camera],
    queryFn: () =>
      ptz.read(camera as string).catch((error: unknown) => {
        // a fixed camera is no error, it has no joystick
        if (error instanceof Refusal && error.status === 404) return null;
        throw error;
      }),
    enabled: Boolean(camera),
    retry: false,
    refetchInterval: (query) => (query.state.data ? (query.state.data.hold?.mine ? 1000 : 2000) : 60_000),
  });
export const useDevices = () => useQuery({ queryKey: ["onvif"], queryFn: onvif.list, refetchInterval: 30_000 });
