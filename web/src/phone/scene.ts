import { Problem, phone } from "../api/phone.ts";

/**
 * Her camera to the centre: H.264 by WebCodecs, else by MediaRecorder, over one WebSocket. No sound is ever asked for.
 *
 * A picture is a byte (1: key frame), four bytes of time in 90 kHz and an access unit with start codes; a recorder's
 * piece of fragmented MP4 follows a byte 2.
 */

export type SceneWhy = "camera" | "codec" | "incident" | "refused" | "elsewhere" | "over";
export type SceneState =
  | { is: "off"; why?: SceneWhy }
  | { is: "asking" }
  | { is: "sending"; since: number; watched: number; error_m: number | null }
  | { is: "waiting" };

/** Sides of the picture, pictures a second and bits a second: what a 4G line carries upwards in a crowd. Ours. */
const WIDE = 1280;
const HIGH = 720;
const RATE = 15;
const BITRATE = 1_000_000;
/** A viewer who joins waits no longer than this for a whole picture, milliseconds. */
const KEY_MS = 2000;
/** More than this unsent is a second behind: pictures are skipped up to the next key frame. */
const MOST_UNSENT = 200_000;
const AGAIN_MS = [500, 1000, 2000, 4000];
/** Baseline first: every decoder has it. Levels of 1280 × 720 at 25 pictures a second and more. */
const CODECS = ["avc1.42e01f", "avc1.42001f", "avc1.4d001f", "avc1.640020"];
const RECORDERS = ["video/mp4;codecs=avc1.42E01E", "video/mp4;codecs=avc1", "video/mp4;codecs=h264"];
/** Why the relay closes. */
export const CLOSE = { rightEnded: 4403, elsewhere: 4409, refused: 4415 } as const;

/** What the end of a socket means; undefined: come again. */
export function endOf(code: number): SceneWhy | undefined {
  if (code === CLOSE.rightEnded) return "over";
  if (code === CLOSE.elsewhere) return "elsewhere";
  if (code === CLOSE.refused) return "refused";
  return undefined;
}

/** The head of a picture's message. */
export function headOf(key: boolean, microseconds: number): Uint8Array {
  const head = new Uint8Array(5);
  head[0] = key ? 1 : 0;
  new DataView(head.buffer).setUint32(1, Math.round(microseconds * 0.09) >>> 0);
  return head;
}

/** The first configuration this browser encodes at once; undefined where it has no H.264 encoder. */
async function encoding(width: number, height: number): Promise<VideoEncoderConfig | undefined> {
  if (!("VideoEncoder" in window)) return undefined;
  for (const codec of CODECS) {
    const config: VideoEncoderConfig = {
      codec,
      width,
      height,
      bitrate: BITRATE,
      framerate: RATE,
      latencyMode: "realtime",
      avc: { format: "annexb" },
    };
    if ((await VideoEncoder.isConfigSupported(config).catch(() => ({ supported: false }))).supported) return config;
  }
  return undefined;
}

const recorderType = (): string | undefined =>
  "MediaRecorder" in window ? RECORDERS.find((type) => MediaRecorder.isTypeSupported(type)) : undefined;

export class Scene {
  /** Shows what is sent; the screen adopts it. */
  readonly video = document.createElement("video");
  private stream: MediaStream | undefined;
  private socket: WebSocket | undefined;
  private encoder: VideoEncoder | undefined;
  private recorder: MediaRecorder | undefined;
  private ticking = 0;
  private again = 0;
  private attempt = 0;
  private place: number | undefined;
  private lastKeyMs = -KEY_MS;
  private since = 0;
  private watched = 0;
  private error_m: number | null = null;
  private front = false;

  constructor(private readonly tell: (state: SceneState) => void) {
    this.video.muted = true;
    this.video.playsInline = true;
  }

  /** Ask for the camera and begin; `places`: say where the phone is, too. */
  async start(places = true): Promise<void> {
    if (this.stream) return;
    this.tell({ is: "asking" });
    try {
      await this.open();
    } catch {
      this.finish("camera");
      return;
    }
    this.since = Date.now();
    if (places) this.locate();
    await this.connect();
  }
  /** She ends it: whoever looks is cut at once, whatever becomes of this page. */
  stop(): void {
    void phone.endScene().catch(() => undefined);
    this.finish();
  }
  /** The page is left: the camera is off at once, and the link may be opened again. */
  leave(): void {
    if (this.stream) this.finish();
  }
  /** The other camera. */
  async turn(): Promise<void> {
    this.front = !this.front;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    await this.open().catch(() => this.finish("camera"));
    if (this.recorder) this.encode();
  }

  private async open(): Promise<void> {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        facingMode: this.front ? "user" : { ideal: "environment" },
        width: { ideal: WIDE },
        height: { ideal: HIGH },
        frameRate: { ideal: RATE, max: 30 },
      },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
  }

  private async connect(): Promise<void> {
    let ticket: { ticket: string; url: string };
    try {
      ticket = await phone.showScene();
    } catch (why) {
      const status = why instanceof Problem ? why.status : 0;
      if (status >= 400 && status < 500 && status !== 429) this.finish(status === 409 ? "incident" : "over");
      else this.later();
      return;
    }
    if (!this.stream) return;
    const socket = new WebSocket(ticket.url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify({ ticket: ticket.ticket }));
    socket.onmessage = (event: MessageEvent<string>) => {
      if (this.socket === socket) this.hear(JSON.parse(event.data) as Record<string, unknown>);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = undefined;
      this.halt();
      const why = endOf(event.code);
      if (why) this.finish(why);
      else this.later();
    };
  }
  private later(): void {
    if (!this.stream) return;
    this.tell({ is: "waiting" });
    window.clearTimeout(this.again);
    const wait = AGAIN_MS[Math.min(this.attempt++, AGAIN_MS.length - 1)];
    this.again = window.setTimeout(() => void this.connect(), wait);
  }

  private hear(message: Record<string, unknown>): void {
    if (message.type === "ready") {
      this.attempt = 0;
      this.say();
      this.encode();
    } else if (message.type === "key") this.lastKeyMs = -KEY_MS;
    else if (message.type === "watched") {
      this.watched = Number(message.count);
      this.say();
    }
  }
  private say(): void {
    this.tell({ is: "sending", since: this.since, watched: this.watched, error_m: this.error_m });
  }

  /** Encode from here on; a picture that no longer fits asks for another configuration. */
  private encode(): void {
    this.halt();
    void this.configure().then((started) => {
      if (!started && this.stream) this.finish("codec");
    });
  }
  private async configure(): Promise<boolean> {
    const width = this.video.videoWidth & ~1;
    const height = this.video.videoHeight & ~1;
    const config = await encoding(width, height);
    if (!this.stream || this.socket?.readyState !== WebSocket.OPEN) return true;
    if (!config) return this.record();
    const encoder = new VideoEncoder({
      output: (chunk) => this.send(chunk),
      error: () => {
        if (this.encoder === encoder) this.encode();
      },
    });
    encoder.configure(config);
    this.encoder = encoder;
    this.lastKeyMs = -KEY_MS;
    this.ticking = window.setInterval(() => {
      if ((this.video.videoWidth & ~1) !== width || (this.video.videoHeight & ~1) !== height) this.encode();
      else this.picture(encoder);
    }, 1000 / RATE);
    return true;
  }
  private picture(encoder: VideoEncoder): void {
    const now = performance.now();
    if ((this.socket?.bufferedAmount ?? 0) > MOST_UNSENT) {
      this.lastKeyMs = -KEY_MS; // what is skipped leaves a gap that only a whole picture closes
      return;
    }
    if (this.video.readyState < 2 || encoder.state !== "configured" || encoder.encodeQueueSize > 2) return;
    const key = now - this.lastKeyMs >= KEY_MS;
    if (key) this.lastKeyMs = now;
    const frame = new VideoFrame(this.video, { timestamp: Math.round(now * 1000) });
    encoder.encode(frame, { keyFrame: key });
    frame.close();
  }
  private send(chunk: EncodedVideoChunk): void {
    const message = new Uint8Array(5 + chunk.byteLength);
    message.set(headOf(chunk.type === "key", chunk.timestamp));
    chunk.copyTo(message.subarray(5));
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
  }
  /** The way of browsers that record H.264 but do not encode it by themselves. */
  private record(): boolean {
    const mimeType = recorderType();
    if (!mimeType || !this.stream) return false;
    const recorder = new MediaRecorder(this.stream, { mimeType, videoBitsPerSecond: BITRATE });
    const socket = this.socket;
    let last = Promise.resolve();
    recorder.ondataavailable = (event) => {
      last = last.then(async () => {
        const piece = new Uint8Array(await event.data.arrayBuffer());
        const message = new Uint8Array(1 + piece.length);
        message[0] = 2;
        message.set(piece, 1);
        if (piece.length && socket?.readyState === WebSocket.OPEN) socket.send(message);
      });
    };
    recorder.start(250);
    this.recorder = recorder;
    return true;
  }

  private locate(): void {
    if (!("geolocation" in navigator)) return;
    this.place = navigator.geolocation.watchPosition(
      ({ coords }) => {
        this.error_m = Math.round(coords.accuracy);
        if (this.socket?.readyState !== WebSocket.OPEN) return;
        const place = { type: "place", lat: coords.latitude, lon: coords.longitude, error_m: coords.accuracy };
        this.socket.send(JSON.stringify(place));
        this.say();
      },
      () => undefined,
      { enableHighAccuracy: true },
    );
  }
  private halt(): void {
    window.clearInterval(this.ticking);
    const { encoder, recorder } = this;
    this.encoder = undefined;
    this.recorder = undefined;
    if (encoder && encoder.state !== "closed") encoder.close();
    if (recorder && recorder.state !== "inactive") {
      recorder.ondataavailable = null;
      recorder.stop();
    }
  }
  private finish(why?: SceneWhy): void {
    this.halt();
    window.clearTimeout(this.again);
    if (this.place !== undefined) navigator.geolocation.clearWatch(this.place);
    this.place = undefined;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    this.video.srcObject = null;
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
    this.attempt = 0;
    this.tell(why ? { is: "off", why } : { is: "off" });
  }
}
