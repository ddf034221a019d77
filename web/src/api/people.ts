/** Signing in, and what proves oneself. */
import { get, post } from "./client";
import { askPasskey, createPasskey, type Json } from "./passkey";
import type { Session } from "./types";

export interface Methods {
  password: boolean;
  passkey: boolean;
  sso: string | null;
}
export interface Passkey {
  passkey_id: string;
  name: string;
  backed_up: boolean;
  created_at: string;
  used_at: string | null;
}
export interface Security {
  password: boolean;
  passkeys: Passkey[];
  passkeys_possible: boolean;
  totp_since: string | null;
  recovery_left: number;
  sso: boolean;
  required: boolean;
}
export interface MySession {
  session_id: string;
  here: boolean;
  kind: string;
  method: string;
  device: string;
  network: string;
  signed_in_at: string;
  seen_at: string;
  ends_at: string;
}
interface Options {
  options: Json;
}

export const people = {
  methods: () => get<Methods>("/session/methods"),
  signIn: (login: string, password: string, code?: string) =>
    post<Session>("/session", { login, password, ...(code ? { code } : {}) }),
  signInByPasskey: async () => {
    const { options } = await post<Options>("/session/passkey/options");
    return post<Session>("/session/passkey", { credential: await askPasskey(options) });
  },
  accept: (code: string, password: string) => post<Session>("/session/invite", { code, password }),

  stepUp: (proof: { password: string } | { code: string }) => post<Session>("/session/step-up", proof),
  stepUpByPasskey: async () => {
    const { options } = await post<Options>("/session/step-up/options");
    return post<Session>("/session/step-up", { credential: await askPasskey(options) });
  },

  security: () => get<Security>("/me/security"),
  addPasskey: async (name: string) => {
    const { options } = await post<Options>("/me/passkeys/options");
    return post<Passkey>("/me/passkeys", { name, credential: await createPasskey(options) });
  },
  revokePasskey: (passkey: string) => post(`/me/passkeys/${encodeURIComponent(passkey)}/revoke`),
  beginApp: () => post<{ secret: string; uri: string }>("/me/app"),
  confirmApp: (code: string) => post<{ codes: string[] }>("/me/app/confirm", { code }),
  removeApp: () => post("/me/app/remove"),
  newCodes: () => post<{ codes: string[] }>("/me/recovery-codes"),
  changePassword: (old: string, fresh: string) => post("/me/password", { old, new: fresh }),

  sessions: () => get<{ sessions: MySession[] }>("/me/sessions"),
  endSession: (session: string) => post(`/me/sessions/${encodeURIComponent(session)}/end`),
  endOthers: () => post<{ ended: number }>("/me/sessions/end-others"),
};
