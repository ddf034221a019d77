import { phone } from "../api/phone.ts";
import type { Identity } from "./identity.ts";

export type PushState = "on" | "off" | "denied" | "none";

const SCOPE = "/phone";

/** Register the worker: it keeps the page for the time without network and shows notices. */
export async function registerWorker(letters: string): Promise<ServiceWorkerRegistration | null> {
  if (!("serviceWorker" in navigator) || !window.isSecureContext) return null;
  try {
    const found = await navigator.serviceWorker.register("/phone-sw.js", { scope: SCOPE });
    // Every font file that some screen will need, before the network is gone: the browser loads only what it has drawn.
    await document.fonts.load('700 16px "Pretendard Variable"', letters).catch(() => []);
    const worker = found.active ?? (await navigator.serviceWorker.ready).active;
    worker?.postMessage({ is: "keep", urls: loaded() });
    return found;
  } catch {
    return null;
  }
}

/** Every file of ours that this page has loaded: fonts, styles, scripts, icons. */
function loaded(): string[] {
  const own = performance
    .getEntriesByType("resource")
    .map((entry) => entry.name)
    .filter((url) => url.startsWith(location.origin) && !new URL(url).pathname.startsWith("/api/"));
  return [...new Set(own)];
}

/** Tell the worker how a notice may look: name, whether its text is hidden, language. */
export async function tellWorker(look: {
  identity: Identity;
  discreet: boolean;
  language: string;
  words: string;
}): Promise<void> {
  const found = await navigator.serviceWorker?.getRegistration(SCOPE);
  found?.active?.postMessage({ is: "look", ...look });
}

export async function pushState(): Promise<PushState> {
  if (!("PushManager" in window) || !("Notification" in window) || !window.isSecureContext) return "none";
  if (Notification.permission === "denied") return "denied";
  const found = await navigator.serviceWorker.getRegistration(SCOPE);
  return (await found?.pushManager.getSubscription()) ? "on" : "off";
}

/** Ask for the permission under her touch, subscribe, and hand the endpoint to the server. */
export async function subscribe(): Promise<PushState> {
  if ((await pushState()) === "none") return "none";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const found = await navigator.serviceWorker.ready;
  const { public_key } = await phone.pushKey();
  const subscription =
    (await found.pushManager.getSubscription()) ??
    (await found.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key(public_key) }));
  const { endpoint, keys } = subscription.toJSON();
  if (!endpoint || !keys?.p256dh || !keys.auth) return "off";
  await phone.subscribe(endpoint, { p256dh: keys.p256dh, auth: keys.auth });
  return "on";
}

/** base64url → bytes, as PushManager wants the server's P-256 point. */
export function key(text: string): Uint8Array<ArrayBuffer> {
  const padded = text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat((4 - (text.length % 4)) % 4);
  return Uint8Array.from(atob(padded), (c) => c.charCodeAt(0));
}
