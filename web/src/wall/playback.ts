/** One camera's recorded pictures: the player of live ones, with a past. docs/design/recording.md. */
import type { Ticket } from "../api/types";
import { type Init, Player, type PlayerState, type Said, type Track } from "./player";

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;
/** Where playback stands: `atMs` is shown at `t` seconds of the stream's own clock, and time runs `speed` times. */
export interface At {
  t: number;
  atMs: number;
  speed: number;
  playing: boolean;
}
export interface Gap {
  fromMs: number;
  untilMs: number;
  cause: string;
  detail: string;
}
export interface RelayFile {
  mime: string;
  content: Blob;
  said: Said;
}
export interface PlaybackEvents {
  state: (state: PlayerState) => void;
  init: (init: Init) => void;
  boxes: (tracks: readonly Track[]) => void;
  /** The shown instant moved, was sought, or stands. */
  at: (anchors: readonly At[]) => void;
  gap: (gap: Gap) => void;
  /** What was asked for is shown to its end. */
  end: () => void;
  refused: (name: string) => void;
}
interface Waiting {
  /** What was asked for before the socket was open; it is sent then. */
  unsent: Record<string, unknown> | undefined;
  parts: string[];
  done: (file: RelayFile | undefined) => void;
}
/** Scrubbing asks at most this often, milliseconds: the relay hears twenty messages a second, and answers each seek. */
const SEEK_MS = 150;
/** Anchors to remember: playback is a chunk ahead of the screen at most. */
const ANCHORS = 24;

export class Playback {
  private readonly player: Player;
  private anchors: At[] = [];
  private wanted: number;
  private playing: boolean;
  private speed = 1;
  private lastSeek = 0;
  private seekTimer: ReturnType<typeof setTimeout> | undefined;
  private files = new Map<number, Waiting>();
  private number = 0;

  constructor(
    video: HTMLVideoElement,
    ask: () => Promise<Ticket>,
    private readonly events: PlaybackEvents,
    from: { atMs: number; playing: boolean; speed: number },
  ) {
    this.wanted = from.atMs;
    this.playing = from.playing;
    this.speed = from.speed;
    this.player = new Player(
      video,
      ask,
      {
        state: events.state,
        init: events.init,
        boxes: events.boxes,
        behind: () => undefined,
        frame: () => undefined,
        opened: () => this.resume(),
        said: (message) => this.hear(message),
      },
      true,
    );
  }
  start(): void {
    this.player.start();
  }
  stop(): void {
    clearTimeout(this.seekTimer);
    for (const each of this.files.values()) each.done(undefined);
    this.files.clear();
    this.player.stop();
  }
  askAgain(): void {
    this.player.askAgain();
  }
  /** Seconds of the stream's own clock that are shown. */
  get time(): number {
    return this.player.time;
  }

  play(playing: boolean): void {
    this.playing = playing;
    this.player.send({ type: playing ? "play" : "pause" });
  }
  step(by: 1 | -1): void {
    this.playing = false;
    this.player.send({ type: "step", by });
  }
  run(speed: number): void {
    this.speed = speed;
    this.player.send({ type: "speed", speed });
  }
  /** Show another instant; while a hand scrubs, the last one it stood at. */
  seek(atMs: number): void {
    this.wanted = atMs;
    const wait = this.lastSeek + SEEK_MS - performance.now();
    clearTimeout(this.seekTimer);
    if (wait > 0) this.seekTimer = setTimeout(() => this.sendSeek(), wait);
    else this.sendSeek();
  }
  /** A clip, a still or a strip of small pictures, masked as the right says; undefined where there is none. */
  file(message: Record<string, unknown>): Promise<RelayFile | undefined> {
    const asked = { ...message, n: ++this.number };
    return new Promise((done) => {
      this.files.set(asked.n, { parts: [], done, unsent: this.player.send(asked) ? undefined : asked });
    });
  }

  private sendSeek(): void {
    this.lastSeek = performance.now();
    this.player.send({ type: "seek", at: new Date(this.wanted).toISOString() });
  }
  /** A new socket begins at the beginning: back to where we were. */
  private resume(): void {
    this.anchors = [];
    if (!this.playing) this.player.send({ type: "pause" });
    if (this.speed !== 1) this.player.send({ type: "speed", speed: this.speed });
    this.sendSeek();
    for (const each of this.files.values()) {
      if (each.unsent && this.player.send(each.unsent)) each.unsent = undefined;
    }
  }
  private hear(said: Said): void {
    if (said.type === "at") {
      const at: At = {
        t: Number(said.t),
        atMs: Date.parse(String(said.at)),
        speed: Number(said.speed),
        playing: Boolean(said.playing),
      };
      this.anchors = [...this.anchors.filter((a) => a.t < at.t), at].slice(-ANCHORS);
      this.wanted = at.atMs;
      this.events.at(this.anchors);
    } else if (said.type === "gap") {
      this.events.gap({
        fromMs: Date.parse(String(said.from)),
        untilMs: Date.parse(String(said.until)),
        cause: String(said.cause),
        detail: String(said.detail ?? ""),
      });
    } else if (said.type === "end") {
      this.playing = false;
      this.events.end();
    } else if (said.type === "refused") {
      if (typeof said.n === "number") this.finish(said.n, undefined);
      else this.events.refused(said.name ?? "");
    } else if (said.type === "file") this.part(said);
  }
  private part(said: Said): void {
    const n = Number(said.n);
    const waiting = this.files.get(n);
    if (!waiting) return;
    waiting.parts.push(String(said.data));
    if (waiting.parts.length < Number(said.parts)) return;
    const bytes = waiting.parts.map((p) => Uint8Array.from(atob(p), (c) => c.charCodeAt(0)));
    const mime = String(said.mime);
    this.finish(n, { mime, content: new Blob(bytes, { type: mime }), said: { ...said, data: undefined } });
  }
  private finish(n: number, file: RelayFile | undefined): void {
    this.files.get(n)?.done(file);
    this.files.delete(n);
  }
}

const OVER: readonly PlayerState[] = ["ended", "no_source", "refused", "unsupported"];
/** One file under a right of its own: nothing is shown, and the socket lives as long as it takes. */
export function fileUnder(
  ask: () => Promise<Ticket>,
  message: Record<string, unknown>,
  atMs: number,
): Promise<RelayFile | undefined> {
  const ignore = () => undefined;
  return new Promise((done) => {
    const end = (file: RelayFile | undefined) => {
      made.stop();
      done(file);
    };
    const made = new Playback(
      document.createElement("video"),
      ask,
      {
        state: (state) => OVER.includes(state) && end(undefined),
        init: ignore,
        boxes: ignore,
        at: ignore,
        gap: ignore,
        end: ignore,
        refused: ignore,
      },
      { atMs, playing: false, speed: 1 },
    );
    made.start();
    void made.file(message).then(end);
  });
}
