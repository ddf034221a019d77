/**
 * What the phone keeps: the last alert with its way out and streets, sealed under a key that her code opens.
 *
 * PBKDF2 (SHA-256) → AES-GCM 256 by WebCrypto. Four digits are soon tried out by someone who copies the phone's storage;
 * so little is kept, it is a day old at most, and without a code nothing is kept sealed at all: only in memory and,
 * during an alarm, in the session's storage, which the browser drops with the page.
 */

const CHECK = "vault.check";
const SEALED = "vault.alert";
const OPEN = "alert";
const KEEP_MS = 24 * 3600_000;
/** OWASP's floor for PBKDF2-SHA-256 (2023); 0.3–1 s on a phone, once per unlock. */
const ROUNDS = 600_000;

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const base64 = (data: Uint8Array): string => btoa(String.fromCharCode(...data));
const unbase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

interface Box {
  salt: string;
  iv: string;
  data: string;
}

export async function derive(code: string, salt: Uint8Array<ArrayBuffer>, rounds = ROUNDS): Promise<CryptoKey> {
  const raw = await crypto.subtle.importKey("raw", bytes(code), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds },
    raw,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

async function seal(key: CryptoKey, salt: Uint8Array<ArrayBuffer>, text: string): Promise<Box> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes(text)));
  let body = "";
  for (const b of data) body += String.fromCharCode(b);
  return { salt: base64(salt), iv: base64(iv), data: btoa(body) };
}

async function open(key: CryptoKey, box: Box): Promise<string | null> {
  try {
    const data = await crypto.subtle.decrypt({ name: "AES-GCM", iv: unbase64(box.iv) }, key, unbase64(box.data));
    return new TextDecoder().decode(data);
  } catch {
    return null;
  }
}

/** The key lives in memory only; leaving drops it. */
export class Vault {
  #key: CryptoKey | null = null;
  #salt: Uint8Array<ArrayBuffer> | null = null;
  readonly #disk: Storage;
  readonly #brief: Storage;
  readonly #rounds: number;

  constructor(disk: Storage, brief: Storage, rounds = ROUNDS) {
    this.#disk = disk;
    this.#brief = brief;
    this.#rounds = rounds;
  }

  get hasCode(): boolean {
    return this.#disk.getItem(CHECK) !== null;
  }

  async setCode(code: string): Promise<void> {
    this.#salt = crypto.getRandomValues(new Uint8Array(16));
    this.#key = await derive(code, this.#salt, this.#rounds);
    this.#disk.setItem(CHECK, JSON.stringify(await seal(this.#key, this.#salt, CHECK)));
    this.#disk.removeItem(SEALED);
  }

  async unlock(code: string): Promise<boolean> {
    const text = this.#disk.getItem(CHECK);
    if (!text) return true;
    const box = JSON.parse(text) as Box;
    const salt = unbase64(box.salt);
    const key = await derive(code, salt, this.#rounds);
    if ((await open(key, box)) !== CHECK) return false;
    [this.#key, this.#salt] = [key, salt];
    return true;
  }

  lock(): void {
    this.#key = null;
  }

  /** Keep one text for a day, or until `forget`. */
  async keep(text: string, now: number): Promise<void> {
    const kept = JSON.stringify({ at: now, text });
    if (this.#key && this.#salt) this.#disk.setItem(SEALED, JSON.stringify(await seal(this.#key, this.#salt, kept)));
    else if (!this.hasCode) this.#brief.setItem(OPEN, kept);
  }

  async kept(now: number): Promise<string | null> {
    const sealed = this.#disk.getItem(SEALED);
    const text = this.#key && sealed ? await open(this.#key, JSON.parse(sealed) as Box) : this.#brief.getItem(OPEN);
    if (!text) return null;
    const { at, text: body } = JSON.parse(text) as { at: number; text: string };
    if (now - at <= KEEP_MS) return body;
    this.forget();
    return null;
  }

  forget(): void {
    this.#disk.removeItem(SEALED);
    this.#brief.removeItem(OPEN);
  }
}
