/** The one WebSocket of the page: resumes by sequence number, reconnects with growing patience. */
import type { Beat, LiveFact } from "../api/types";
import { alignClock } from "../kit/clock";
import type { LiveStore } from "./store";

/** 0.25 s doubling to 5 s, with up to a quarter of chance so that a hall of seats does not knock together. */
export function patienceMs(attempt: number, chance: number): number {
  return Math.min(5000, 250 * 2 ** attempt) * (1 + chance / 4);
}

type Message = LiveFact | Beat;

export class LiveSocket {
  private socket: WebSocket | undefined;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private watch: ReturnType<typeof setInterval> | undefined;
  private stopped = false;
  private opened = false;

  constructor(
    private readonly store: LiveStore,
    private readonly url: string,
    /** Called after a gap: what happened meanwhile is asked for again. `ended`: the session is over. */
    private readonly onGap: (ended: boolean) => void = () => undefined,
  ) {}

  start(): void {
    this.stopped = false;
    this.connect();
    this.watch = setInterval(() => {
      const now = Date.now();
      this.store.look(now);
      const heard = this.store.get().heardMs;
      // a socket that says nothing for 10 beats is dead even if the operating system does not know yet
      if (heard !== null && now - heard > 10_000 && this.socket?.readyState === WebSocket.OPEN) this.socket.close();
    }, 500);
  }
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.socket?.close();
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => {
      if (this.opened) this.onGap(false);
      this.opened = true;
      this.attempt = 0;
      socket.send(JSON.stringify({ after: this.store.get().seq }));
    };
    socket.onmessage = (event: MessageEvent<string>) => {
      const message = JSON.parse(event.data) as Message;
      const now = Date.now();
      if ("type" in message) {
        alignClock(message.now, now);
        this.store.beat(now);
      } else if (typeof message.seq === "number") {
        this.store.fact(message, now);
      }
    };
    socket.onclose = (event) => {
      if (this.stopped || this.socket !== socket) return;
      // 4401: the session ended; a handshake refused three times may mean the same
      if (event.code === 4401 || this.attempt === 3) this.onGap(true);
      this.timer = setTimeout(() => this.connect(), patienceMs(this.attempt++, Math.random()));
    };
    socket.onerror = () => socket.close();
  }
}

export function liveUrl(location: Pick<Location, "protocol" | "host">): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/api/v1/live`;
}
