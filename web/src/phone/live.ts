import type { Alert } from "../api/phone.ts";

/** What the live socket may say. Facts of other kinds only mean: ask `/me` again. */
export type News =
  | { is: "beat"; now: string }
  | { is: "alert"; alert: Alert }
  | { is: "changed" }
  | { is: "up" }
  | { is: "down" };

/** Read one message of the socket; null for one that is not understood. Returns the sequence to resume after. */
export function readMessage(text: string): { news: News | null; seq: number | null } {
  let m: { type?: string; now?: string; seq?: number | null; kind?: string; data?: { alert?: Alert } };
  try {
    m = JSON.parse(text);
  } catch {
    return { news: null, seq: null };
  }
  const seq = typeof m.seq === "number" ? m.seq : null;
  if (m.type === "beat") return { news: m.now ? { is: "beat", now: m.now } : null, seq };
  if (m.kind?.startsWith("protection.warning.") && m.data?.alert)
    return { news: { is: "alert", alert: m.data.alert }, seq };
  if (m.kind) return { news: { is: "changed" }, seq };
  return { news: null, seq };
}

/** Beats come each second; a socket silent for this long is dead even if the browser has not noticed. */
const SILENT_MS = 6000;
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 8000;

/** One socket that resumes by sequence number and reconnects for ever, soon at first. */
export class Live {
  #socket: WebSocket | null = null;
  #seq: number | null = null;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #watch = 0;
  #over = false;
  readonly #hear: (news: News) => void;

  constructor(hear: (news: News) => void) {
    this.#hear = hear;
  }

  start(): void {
    this.#over = false;
    this.#connect();
    window.addEventListener("online", this.#now);
  }

  stop(): void {
    this.#over = true;
    window.removeEventListener("online", this.#now);
    window.clearTimeout(this.#timer);
    window.clearTimeout(this.#watch);
    this.#socket?.close();
  }

  #now = (): void => {
    this.#wait = FIRST_WAIT_MS;
    window.clearTimeout(this.#timer);
    this.#connect();
  };

  #connect(): void {
    if (this.#over || this.#socket) return;
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/v1/live`);
    this.#socket = socket;
    socket.onopen = () => {
      socket.send(JSON.stringify({ after: this.#seq }));
      this.#wait = FIRST_WAIT_MS;
      this.#hear({ is: "up" });
      this.#listen(socket);
    };
    socket.onmessage = (e) => {
      this.#listen(socket);
      const { news, seq } = readMessage(String(e.data));
      if (seq !== null) this.#seq = Math.max(this.#seq ?? 0, seq);
      if (news) this.#hear(news);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      window.clearTimeout(this.#watch);
      this.#hear({ is: "down" });
      if (this.#over) return;
      this.#timer = window.setTimeout(() => this.#connect(), this.#wait);
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    };
  }

  #listen(socket: WebSocket): void {
    window.clearTimeout(this.#watch);
    this.#watch = window.setTimeout(() => {
      socket.onclose?.(new CloseEvent("close"));
      socket.close();
    }, SILENT_MS);
  }
}
