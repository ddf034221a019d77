/** One camera's live picture: WebSocket in, Media Source out. The only file that holds a player.
 *
 * The right to look is the relay's to give: it closes with 4403 when the permit ends, and the picture is gone in the
 * same task, not after a fade and not at the next render.
 */
import type { Masking, Ticket } from "../api/types";
import { nowMs } from "../kit/clock";
import { againMs, chase, forget, RollingMean } from "./edge";

export type PlayerState = "connecting" | "live" | "reconnecting" | "ended" | "no_source" | "refused" | "unsupported";
export interface Track {
  id: string;
  class: "person" | "vehicle" | string;
  /** x1, y1, x2, y2 as parts of the picture's width and height */
  box: [number, number, number, number];
}
export interface Init {
  type: "init";
  codec: string;
  width: number;
  height: number;
  masking: Masking;
  /** The track that alone is clear, if any. */
  marked?: string | null;
  may_mark?: boolean;
  camera: { code: string; name: string };
  not_after: string;
}
/** Whatever else the relay says: words of playback, of the source, of quality. */
export interface Said {
  type: string;
  what?: string;
  name?: string;
  live?: boolean;
  level?: string;
  reason?: string | null;
  [word: string]: unknown;
}
interface Boxes {
  type: "boxes";
  t: number;
  tracks: Track[];
}
export interface PlayerEvents {
  state: (state: PlayerState) => void;
  init: (init: Init) => void;
  boxes: (tracks: readonly Track[]) => void;
  /** Seconds between the newest picture received and the one shown. */
  behind: (seconds: number) => void;
  frame: () => void;
  /** The relay refused something that was asked over the socket. */
  refused?: (name: string) => void;
  /** The socket carries the right: what is asked from here on is heard. */
  opened?: () => void;
  /** What the relay says beside pictures: `at`, `gap`, `end`, `file`, `source`, `quality`. */
  said?: (message: Said) => void;
}
/** The relay's reasons to close. */
export const CLOSE = { badTicket: 4401, rightEnded: 4403, noSource: 4404 } as const;
/** Nothing for this long while the socket lives means the camera is gone, milliseconds: 20 frames at 10 fps. */
export const SILENT_MS = 2000;
const NO_SOURCE_AGAIN_MS = 5000;
/** Boxes older than this against the picture are not drawn, seconds. */
const BOXES_KEEP_S = 0.6;

/** What the end of a socket means. */
export function meaning(code: number, reason = ""): PlayerState {
  if (code === CLOSE.rightEnded) return reason.startsWith("lease") ? "connecting" : "ended";
  if (code === CLOSE.noSource) return "no_source";
  return "reconnecting";
}

export class Player {
  private socket: WebSocket | undefined;
  private source: MediaSource | undefined;
  private buffer: SourceBuffer | undefined;
  private url: string | undefined;
  private queue: ArrayBuffer[] = [];
  private pendingBoxes: Boxes[] = [];
  private mean = new RollingMean(30);
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setInterval> | undefined;
  private expiry: ReturnType<typeof setTimeout> | undefined;
  private heardMs = 0;
  private frames = 0;
  private state: PlayerState = "connecting";
  private stopped = true;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly ask: () => Promise<Ticket>,
    private readonly events: PlayerEvents,
    /** Recorded pictures may stand still as long as their viewer likes. */
    private readonly recorded = false,
  ) {}

  start(): void {
    this.stopped = false;
    if (!("MediaSource" in window)) {
      this.say("unsupported");
      return;
    }
    this.video.addEventListener("loadeddata", () => this.follow());
    this.silence = setInterval(() => this.listen(), 500);
    void this.open();
  }
  /** Leave: nothing is shown and nothing runs any more. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.expiry);
    clearInterval(this.silence);
    this.drop();
    this.blank();
  }
  /** The right ended: dark at once, and dark it stays until a person asks anew. */
  private end(): void {
    this.blank();
    this.drop();
    clearTimeout(this.expiry);
    clearTimeout(this.timer);
    this.say("ended");
  }
  /** A person asks for the right again. */
  askAgain(): void {
    if (this.state !== "ended" || this.stopped) return;
    this.say("connecting");
    this.again(0);
  }
  /** Ask that one track alone be clear. The relay answers with a new init message or a refusal. */
  mark(track: string): boolean {
    return this.send({ type: "mark", track });
  }
  /** Say something to the relay; false while nobody hears it. */
  send(message: Record<string, unknown>): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
  /** Seconds of the stream's own clock that are shown. */
  get time(): number {
    return this.video.currentTime;
  }

  private say(state: PlayerState): void {
    if (this.state === state && state !== "connecting") return;
    this.state = state;
    this.events.state(state);
  }

  private async open(): Promise<void> {
    let ticket: Ticket;
    try {
      ticket = await this.ask();
    } catch (error) {
      if (this.stopped) return;
      const status = (error as { status?: number }).status;
      const kind = (error as { kind?: string }).kind ?? "";
      if (status === 403 || status === 409 || status === 410) {
        if (this.frames > 0 || kind === "permit-over") this.end();
        else {
          this.say("refused");
          this.again(NO_SOURCE_AGAIN_MS);
        }
      } else {
        if (this.frames > 0) this.say("reconnecting");
        this.again(againMs(this.attempt++));
      }
      return;
    }
    if (this.stopped) return;
    this.until(ticket.not_after);
    const socket = new WebSocket(ticket.url);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardMs = performance.now();
    socket.onopen = () => {
      socket.send(JSON.stringify({ ticket: ticket.ticket }));
      if (this.socket === socket) this.events.opened?.();
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (this.socket !== socket) return;
      this.heardMs = performance.now();
      if (typeof event.data === "string") this.text(JSON.parse(event.data) as Init | Boxes | Said);
      else this.media(event.data);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket || this.stopped) return;
      this.socket = undefined;
      const next = meaning(event.code, event.reason);
      if (next === "connecting") {
        // the relay could not hold its lease: dark now, and the right is asked for again
        this.blank();
        this.say("connecting");
        this.again(againMs(this.attempt++));
        return;
      }
      if (next === "ended") {
        this.end();
        return;
      }
      if (next === "no_source") {
        this.blank();
        this.say("no_source");
        this.again(NO_SOURCE_AGAIN_MS);
        return;
      }
      if (this.frames > 0) this.say("reconnecting");
      this.again(event.code === CLOSE.badTicket ? 0 : againMs(this.attempt++));
    };
  }
  private again(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.stopped) void this.open();
    }, ms);
  }
  /** A picture does not outlive its permit even when the network is gone. */
  private until(notAfter: string): void {
    clearTimeout(this.expiry);
    const left = Date.parse(notAfter) - nowMs();
    if (Number.isFinite(left)) this.expiry = setTimeout(() => this.expired(), Math.min(Math.max(left, 0), 2 ** 31 - 1));
  }
  private expired(): void {
    // extended meanwhile? the server knows: dark now, ask again
    this.blank();
    this.drop();
    this.say("connecting");
    this.again(0);
  }
  private listen(): void {
    if (
      !this.recorded &&
      this.socket?.readyState === WebSocket.OPEN &&
      this.state === "live" &&
      performance.now() - this.heardMs > SILENT_MS
    ) {
      this.say("reconnecting");
    }
  }

  private text(message: Init | Boxes | Said): void {
    if (message.type === "init") {
      const init = message as Init;
      this.events.init(init);
      this.until(init.not_after);
      this.prepare(init.codec);
    } else if (message.type === "boxes") {
      this.pendingBoxes.push(message as Boxes);
      if (this.pendingBoxes.length > 60) this.pendingBoxes.shift();
    } else {
      const said = message as Said;
      if (said.type === "refused") this.events.refused?.(said.name ?? "");
      this.events.said?.(said);
    }
  }
  private prepare(codec: string): void {
    const mime = `video/mp4; codecs="${codec}"`;
    if (!MediaSource.isTypeSupported(mime)) {
      this.say("unsupported");
      this.stop();
      return;
    }
    this.release();
    const source = new MediaSource();
    this.source = source;
    this.url = URL.createObjectURL(source);
    this.video.src = this.url;
    this.mean.clear();
    source.addEventListener("sourceopen", () => {
      if (this.source !== source) return;
      const buffer = source.addSourceBuffer(mime);
      buffer.addEventListener("updateend", () => this.pump());
      this.buffer = buffer;
      this.pump();
    });
  }
  private media(data: ArrayBuffer): void {
    this.queue.push(data);
    // 150 fragments at 10 fps are 15 s: the tab slept; the newest key frame will do
    if (this.queue.length > 150) {
      this.drop();
      this.say("reconnecting");
      this.again(0);
      return;
    }
    this.pump();
  }
  private pump(): void {
    const { buffer, video } = this;
    if (!buffer || buffer.updating || this.source?.readyState !== "open") return;
    try {
      const old = buffer.buffered.length ? forget(buffer.buffered.start(0), video.currentTime) : undefined;
      if (old) {
        buffer.remove(old[0], old[1]);
        return;
      }
      const next = this.queue.shift();
      if (next) {
        buffer.appendBuffer(next);
        return;
      }
    } catch {
      // the element was detached under us or the buffer is full: start afresh with a new ticket
      this.drop();
      this.again(againMs(this.attempt++));
      return;
    }
    this.follow();
  }
  private follow(): void {
    const { buffer, video } = this;
    if (!buffer || buffer.buffered.length === 0) return;
    const end = buffer.buffered.end(buffer.buffered.length - 1);
    const start = buffer.buffered.start(buffer.buffered.length - 1);
    if (video.currentTime < start) video.currentTime = Math.max(start, end - 0.1);
    const ahead = end - video.currentTime;
    const move = chase(ahead, this.mean.add(ahead));
    if (ahead <= 0.02 && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
      // ran dry at the very edge: stand one frame back so that a picture stays
      video.currentTime = Math.max(start, end - 0.1);
    } else if (move.jump) {
      video.currentTime = Math.max(start, end - 0.1);
      this.mean.clear();
    } else {
      video.playbackRate = move.rate;
    }
    if (video.paused) void video.play().catch(() => undefined);
    // a buffer is no picture yet: live is said when the element has a frame to show
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    this.frames += 1;
    this.attempt = 0;
    video.style.visibility = "visible";
    this.say("live");
    this.events.frame();
    this.events.behind(Math.max(0, ahead));
    this.showBoxes();
  }
  private showBoxes(): void {
    const t = this.video.currentTime;
    let shown: Boxes | undefined;
    while (this.pendingBoxes[0] && this.pendingBoxes[0].t <= t + 0.05) shown = this.pendingBoxes.shift();
    if (shown) this.events.boxes(t - shown.t > BOXES_KEEP_S ? [] : shown.tracks);
  }

  /** Nothing of the last frame remains: hidden first, then emptied, all before this task ends. */
  private blank(): void {
    this.video.style.visibility = "hidden";
    this.release();
    this.events.boxes([]);
  }
  private release(): void {
    this.buffer = undefined;
    this.source = undefined;
    this.queue = [];
    this.pendingBoxes = [];
    if (this.url) {
      this.video.pause();
      this.video.removeAttribute("src");
      this.video.load();
      URL.revokeObjectURL(this.url);
      this.url = undefined;
    }
  }
  private drop(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }
}
