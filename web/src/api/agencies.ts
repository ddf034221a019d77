/** Agencies, their agreements, the right to view footage, and what is owed. */
import { get, post } from "./client";

export type AgreementState = "to_come" | "in_force" | "ended" | "terminated";
export interface Agreement {
  agreement_id: string;
  title: string;
  parties: string[];
  signed_on: string;
  purposes: string[];
  acts: string[] | null;
  resources: number | null;
  districts: string[];
  from_at: string;
  until_at: string;
  state: AgreementState;
}
export interface Agency {
  agency_id: string;
  kind: string;
  kind_ko: string;
  kind_en: string;
  name: string;
  name_en: string;
  purposes: string[];
  grounds: string[];
  needs_agreement: boolean;
  admitted: boolean;
  relay: boolean;
  people: number;
  keys: number;
  agreements: Agreement[];
}
export interface Right {
  account_id: string;
  login: string;
  display: string;
  role: string;
  state: "standing" | "suspended";
  because: string | null;
  how: string;
  granted_at: string;
  certified_at: string;
  used_at: string | null;
}
export interface Rights {
  rights: Right[];
  standing: number;
  most: number | null;
  now: string;
}
export interface Duty {
  duty_id: string;
  rule: string;
  says_ko: string;
  says_en: string;
  clause: string;
  role: string;
  about: string;
  due_at: string;
  state: string;
}
export interface Centre {
  member_id: string;
  name: string;
  municipality: string;
  heard_at: string | null;
  skew_ms: number | null;
  refused: number;
}

export interface MachineKey {
  key_id: string;
  account_id: string;
  kind: string;
  name: string;
  fingerprint: string;
  registered_at: string;
  until_at: string;
  used_at: string | null;
  ended_at: string | null;
  ended_reason: string | null;
}
export interface AgreementForm {
  title: string;
  parties: string[];
  signed_on: string;
  purposes: string[];
  districts: string[];
  from_at: string;
  until_at: string;
  renews: string | null;
}
/** A key as it is registered: an Ed25519 public key in base64, or the fingerprint of a client certificate in hex. */
export type KeyForm = { name: string } & ({ public_key: string } | { certificate_sha256: string });

const right = (account: string, act: string) => `/footage-rights/${encodeURIComponent(account)}/${act}`;

export const agencies = {
  agencies: () => get<{ agencies: Agency[]; now: string }>("/agencies"),
  register: (form: { kind: string; name: string; name_en: string }) => post<Agency>("/agencies", form),
  agree: (agency: string, form: AgreementForm) => post(`/agencies/${encodeURIComponent(agency)}/agreements`, form),
  keys: (agency: string) => get<{ keys: MachineKey[] }>(`/agencies/${encodeURIComponent(agency)}/keys`),
  addMachine: (agency: string, form: KeyForm) => post(`/agencies/${encodeURIComponent(agency)}/machines`, form),
  addKey: (machine: string, form: KeyForm) => post(`/machines/${encodeURIComponent(machine)}/keys`, form),
  endKey: (key: string, because: "replaced" | "withdrawn") =>
    post(`/agency-keys/${encodeURIComponent(key)}/end`, { because }),
  terminate: (agreement: string, reason: string) =>
    post(`/agreements/${encodeURIComponent(agreement)}/terminate`, { reason }),
  rights: () => get<Rights>("/footage-rights"),
  certify: (account: string) => post(right(account, "certify")),
  suspend: (account: string) => post(right(account, "suspend")),
  grant: (account: string, reason: string) => post(right(account, "grant"), { reason }),
  limit: (most: number, reason: string) => post("/footage-rights/limit", { most, reason }),
  duties: () => get<{ duties: Duty[]; owed: number; overdue: number }>("/duties?state=owed&limit=500"),
  centres: () => get<{ centres: Centre[]; heard: number }>("/centres"),
};
