/** Passkeys between our JSON and the browser's own forms: bytes travel as base64url. */

export type Json = Record<string, unknown>;

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
export function toText(bytes: ArrayBuffer | ArrayBufferView): string {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  let plain = "";
  for (const byte of view) plain += String.fromCharCode(byte);
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

interface Named extends Json {
  id: string;
}
const named = (list: unknown): PublicKeyCredentialDescriptor[] =>
  (Array.isArray(list) ? (list as Named[]) : []).map((each) => ({ type: "public-key", id: toBytes(each.id) }));

/** What `navigator.credentials.create` takes. */
export function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  const user = json.user as Named & { name: string; displayName: string };
  return {
    ...(json as unknown as PublicKeyCredentialCreationOptions),
    challenge: toBytes(json.challenge as string),
    user: { name: user.name, displayName: user.displayName, id: toBytes(user.id) },
    excludeCredentials: named(json.excludeCredentials),
  };
}
/** What `navigator.credentials.get` takes. */
export function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  return {
    ...(json as unknown as PublicKeyCredentialRequestOptions),
    challenge: toBytes(json.challenge as string),
    allowCredentials: named(json.allowCredentials),
  };
}
/** What the server takes: an answer of the browser, its bytes as text. */
export function credentialJson(credential: {
  id: string;
  rawId: ArrayBuffer;
  type: string;
  response: AuthenticatorResponse;
}): Json {
  const response: Json = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const value = (credential.response as unknown as Record<string, unknown>)[name];
    if (value instanceof ArrayBuffer) response[name] = toText(value);
  }
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: {},
  };
}

/** The person closed the browser's own window, or the device did not know them. */
export class NoPasskey extends Error {
  override readonly name = "NoPasskey";
}
async function answered(asking: Promise<Credential | null>): Promise<Json> {
  try {
    const credential = await asking;
    if (credential) return credentialJson(credential as PublicKeyCredential);
  } catch (cause) {
    throw new NoPasskey("no passkey", { cause });
  }
  throw new NoPasskey("no passkey");
}
export const canUsePasskeys = (): boolean => typeof window !== "undefined" && "PublicKeyCredential" in window;
export const createPasskey = (options: Json): Promise<Json> =>
  answered(navigator.credentials.create({ publicKey: creationOptions(options) }));
export const askPasskey = (options: Json): Promise<Json> =>
  answered(navigator.credentials.get({ publicKey: requestOptions(options) }));
