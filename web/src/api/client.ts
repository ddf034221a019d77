/** The only file of the console that speaks HTTP. */
import { inWords, type Problem } from "./problem";
import * as shape from "./shape";
import type * as T from "./types";

/** An expected no of the server, with the sentence that says what would open the door. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(inWords(problem, "detail") || problem.title || `HTTP ${status}`);
  }
  /** The stable name, for example `closing-blocked`. */
  get kind(): string {
    return (this.problem.type ?? "").split(":").at(-1) ?? "";
  }
  get todo(): string {
    return inWords(this.problem, "todo");
  }
}

/** The server was not reached, or answered with something that is no answer. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

let csrf = "";
/** Called with the token of the session; every write carries it. */
export function rememberCsrf(token: string): void {
  csrf = token;
}

let prove: (() => Promise<boolean>) | undefined;
/** Called where a grave step wants the person proved once more; whether it was is the answer. */
export function onStepUp(ask: (() => Promise<boolean>) | undefined): void {
  prove = ask;
}

type Read<A> = (answer: Response) => Promise<A>;

async function call<A>(method: string, path: string, body?: unknown, read?: Read<A>): Promise<A> {
  try {
    return await once<A>(method, path, body, read);
  } catch (error) {
    const asked = error instanceof Refusal && error.kind === "step-up-required" && prove;
    if (asked && (await asked())) return once<A>(method, path, body, read);
    throw error;
  }
}

async function once<A>(method: string, path: string, body?: unknown, read?: Read<A>): Promise<A> {
  const headers: Record<string, string> = { accept: "application/json, application/problem+json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new Unreachable(path, { cause });
  }
  if (answer.ok) {
    if (answer.status === 204) return undefined as A;
    if (read) return read(answer);
    const text = await answer.text();
    try {
      return (text ? JSON.parse(text) : undefined) as A;
    } catch (cause) {
      throw new Unreachable(path, { cause });
    }
  }
  const problem = await answer.json().then(
    (json: unknown) => (typeof json === "object" && json ? (json as Problem) : {}),
    () => ({}) as Problem,
  );
  if (answer.status >= 500 && !problem.type) throw new Unreachable(`${path} ${answer.status}`);
  throw new Refusal(answer.status, problem);
}

const v1 = "/api/v1";
export const get = <A>(path: string) => call<A>("GET", v1 + path);
export const post = <A = unknown>(path: string, body: unknown = {}) => call<A>("POST", v1 + path, body);
export const put = <A = unknown>(path: string, body: unknown) => call<A>("PUT", v1 + path, body);
export const del = (path: string) => call<void>("DELETE", v1 + path);
export interface NamedFile {
  name: string;
  content: Blob;
}
const file = async (answer: Response): Promise<NamedFile> => ({
  name: /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1] ?? "ansimnet",
  content: await answer.blob(),
});
/** A file with the name the server gives it. */
export const fetchFile = (path: string, body: unknown) => call<NamedFile>("POST", v1 + path, body, file);
export const getFile = (path: string) => call<NamedFile>("GET", v1 + path, undefined, file);
const id = encodeURIComponent;

function query(values: Record<string, string | number | undefined | null>): string {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") words.set(key, String(value));
  }
  return words.size ? `?${words}` : "";
}

/** Every question and command of the console. */
export const api = {
  session: () => get<T.Session>("/session"),
  signOut: () => call<void>("DELETE", `${v1}/session`),

  status: () => get<T.Status>("/status").then(shape.status),
  styleData: () => get<T.StyleData>("/map/style-data").then(shape.styleData),
  cameraPoints: () => get<T.CameraPoints>("/cameras/points"),
  /** For whoever names a camera in an order or a hold and may not read the register; two signs or more. */
  camerasLookedUp: (words: string) => get<{ cameras: T.CalledCamera[] }>(`/cameras/look-up${query({ words })}`),
  /** Whom a whole number names; nobody is no error. */
  wearerNumbered: (code: string) =>
    get<{ wearer_id: string; code: string }>(`/wearers/numbered${query({ code })}`).catch((error: unknown) => {
      if (error instanceof Refusal && error.status === 404) return null;
      throw error;
    }),
  camerasNamed: (words: string) => get<{ cameras: T.NamedCamera[] }>(`/cameras/named${query({ words })}`),
  camera: (camera: string) => get<T.NamedCamera>(`/cameras/${id(camera)}`),
  cameraTicket: (camera: string) => post<T.Ticket>(`/cameras/${id(camera)}/tickets`),
  camerasSeeing: (lat: number, lon: number, limit: number) =>
    get<{ cameras: T.Camera[] }>(`/cameras/sees${query({ lat, lon, limit })}`),

  alarms: (state: "open" | "all") => get<T.AlarmList>(`/alarms${query({ state })}`),
  alarm: (alarm: string) =>
    get<T.AlarmDetail>(`/alarms/${id(alarm)}`).then((a) => ({ ...a, fixes: shape.placedFixes(a.fixes) })),
  acknowledgeAlarm: (alarm: string) => post(`/alarms/${id(alarm)}/acknowledge`),
  find: (alarm: string, finding: "confirmed" | "medical" | "false", note: string) =>
    post(`/alarms/${id(alarm)}/finding`, { finding, note }),
  testAlarm: () => post("/test-alarm"),
  notices: () => get<{ notices: T.Notice[] }>("/notices"),

  wearers: () => get<{ wearers: T.WearerSummary[] }>("/wearers"),
  wearer: (wearer: string) => get<T.Wearer>(`/wearers/${id(wearer)}`),
  track: (wearer: string, from_at?: string, until_at?: string) =>
    get<{ fixes: T.Fix[] }>(`/wearers/${id(wearer)}/track${query({ from_at, until_at })}`).then((t) => ({
      fixes: shape.placedFixes(t.fixes),
    })),

  incidents: (state: "open" | "closed" | "all") =>
    get<{ incidents: T.IncidentSummary[] }>(`/incidents${query({ state })}`),
  incident: (incident: string) => get<T.Incident>(`/incidents/${id(incident)}`).then(shape.incident),
  incidentCameras: (incident: string) =>
    get<T.CameraProvision>(`/incidents/${id(incident)}/cameras`).then(shape.provision),
  scenes: (incident: string) => get<{ scenes: T.Scene[] }>(`/incidents/${id(incident)}/scenes`),
  askForScene: (incident: string) =>
    post<{ path: string; code: string; until_at: string }>(`/incidents/${id(incident)}/scene-links`),
  sceneTicket: (uplink: string) => post<T.Ticket>(`/scenes/${id(uplink)}/tickets`),
  sceneRecording: (uplink: string, form: { from_at: string; until_at: string; reason: string }) =>
    post<T.Ticket>(`/scenes/${id(uplink)}/recordings`, form),
  acknowledgeIncident: (incident: string) => post(`/incidents/${id(incident)}/acknowledge`),
  tick: (incident: string, item: string, done: boolean) =>
    post(`/incidents/${id(incident)}/checklist/${id(item)}`, { done }),
  note: (incident: string, text: string) => post(`/incidents/${id(incident)}/notes`, { text }),
  sendOrder: (incident: string, order: string, text: string) =>
    post(`/incidents/${id(incident)}/orders/${id(order)}/send`, { text }),
  addUnit: (incident: string, unit: string) => post(`/incidents/${id(incident)}/units/${id(unit)}/add`),
  handOver: (incident: string, note: string, to?: string) =>
    post(`/incidents/${id(incident)}/hand-over`, to ? { to, note } : { note }),
  concur: (incident: string) => post(`/incidents/${id(incident)}/concur`),
  close: (incident: string, outcome: string) => post(`/incidents/${id(incident)}/close`, { outcome }),

  permits: (about: { incident_id?: string; provision_id?: string }) =>
    get<{ permits: T.Permit[] }>(`/permits${query(about)}`),
  revoke: (permit: string, reason: string) => post(`/permits/${id(permit)}/revoke`, { reason }),

  provisions: (state: "open" | "all") =>
    get<{ provisions: T.Provision[] }>(`/provisions${query({ state })}`).then((p) => ({
      provisions: p.provisions.map(shape.cityProvision),
    })),
  ticket: (provision: string, camera_id: string, masking: T.Masking) =>
    post<T.Ticket>(`/provisions/${id(provision)}/tickets`, { camera_id, masking }),
  mark: (provision: string, camera_id: string, track: string) =>
    post(`/provisions/${id(provision)}/marks`, { camera_id, track }),
  endProvision: (provision: string) => post(`/provisions/${id(provision)}/end`, {}),
  extend: (provision: string, reason: string) => post(`/provisions/${id(provision)}/extend`, { reason }),

  ledger: (after_seq?: number, limit?: number, kind?: string) =>
    get<T.LedgerPage>(`/ledger${query({ after_seq, limit, kind })}`),
};
