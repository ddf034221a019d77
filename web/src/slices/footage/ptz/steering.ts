/** What held keys ask of a camera, and how its sector is drawn. No screen. */
import type { Pose, Push, Sector } from "../../../api/ptz";

/** Direction of each key of the joystick. */
export const PUSHES: Record<string, Push> = {
  ArrowLeft: { pan: -1, tilt: 0, zoom: 0 },
  ArrowRight: { pan: 1, tilt: 0, zoom: 0 },
  ArrowUp: { pan: 0, tilt: 1, zoom: 0 },
  ArrowDown: { pan: 0, tilt: -1, zoom: 0 },
  Equal: { pan: 0, tilt: 0, zoom: 1 },
  Minus: { pan: 0, tilt: 0, zoom: -1 },
};
/** Slow is for following a person who walks; with Shift the device's full speed (ours). */
const SLOW = 0.35;

/** All held keys together; nothing where they cancel one another or none is held. */
export function pushed(held: Iterable<string>, fast: boolean): Push | undefined {
  const sum = { pan: 0, tilt: 0, zoom: 0 };
  for (const code of held) {
    const push = PUSHES[code];
    if (!push) continue;
    sum.pan += push.pan;
    sum.tilt += push.tilt;
    sum.zoom += push.zoom;
  }
  if (!sum.pan && !sum.tilt && !sum.zoom) return undefined;
  const speed = fast ? 1 : SLOW;
  return { pan: sum.pan * speed, tilt: sum.tilt * speed, zoom: sum.zoom * speed };
}

/** Degrees of azimuth a sector covers: 360 where its ends are one. */
export const spanOf = (s: Pick<Sector, "from_deg" | "until_deg">): number =>
  (((s.until_deg - s.from_deg) % 360) + 360) % 360 || 360;

/** A point of a dial whose top is north. */
export function onDial(azimuth_deg: number, radius: number): [number, number] {
  const a = (azimuth_deg * Math.PI) / 180;
  return [radius * Math.sin(a), -radius * Math.cos(a)];
}

/** The path of a slice of a dial, clockwise, around 0 0; a whole circle for 360 degrees. */
export function slice(from_deg: number, span_deg: number, radius: number): string {
  const n = (v: number) => v.toFixed(2);
  if (span_deg >= 360) return `M0 ${-radius}A${radius} ${radius} 0 1 1 -0.01 ${-radius}Z`;
  const [x1, y1] = onDial(from_deg, radius);
  const [x2, y2] = onDial(from_deg + span_deg, radius);
  return `M0 0L${n(x1)} ${n(y1)}A${radius} ${radius} 0 ${span_deg > 180 ? 1 : 0} 1 ${n(x2)} ${n(y2)}Z`;
}

/** How many times nearer than wide a pose shows things. */
export const times = (pose: Pick<Pose, "fov_deg">, fov_wide_deg: number): number => {
  const half = (deg: number) => Math.tan((deg * Math.PI) / 360);
  return half(fov_wide_deg) / half(pose.fov_deg);
};

/** Cameras for the map, the one that turns where it looks now. */
export const turned = <C extends { camera_id: string; azimuth_deg: number | null; fov_deg: number }>(
  cameras: readonly C[],
  joystick: { camera: { camera_id: string }; data: { pose: Pose | null } } | undefined,
): C[] =>
  cameras.map((c) => {
    const pose = c.camera_id === joystick?.camera.camera_id ? joystick.data.pose : null;
    return pose ? { ...c, azimuth_deg: pose.azimuth_deg, fov_deg: pose.fov_deg } : c;
  });

/** Seconds until an instant, never below zero. */
export const leftS = (until_at: string, now: number): number => Math.max(0, (Date.parse(until_at) - now) / 1000);

/** A held joystick says so again this often, milliseconds: the server stops a camera that hears nothing for 1.5 s. */
export const REPEAT_MS = 900;
/** No camera takes commands faster, milliseconds (server: PAUSE_S). */
export const PAUSE_MS = 100;

/** Sends what the hand wants now, one command at a time, the newest one last; repeats while it pushes. */
export class Hand {
  private wanted: Push | undefined;
  private busy = false;
  private fresh = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** `send(undefined)` stops the camera. A command that fails ends the push. */
  constructor(private readonly send: (push: Push | undefined) => Promise<unknown>) {}

  want(push: Push | undefined): void {
    if (push === undefined && this.wanted === undefined) return;
    this.wanted = push;
    this.fresh = true;
    if (!this.busy) void this.go();
  }
  private async go(): Promise<void> {
    clearTimeout(this.timer);
    this.busy = true;
    while (this.fresh) {
      this.fresh = false;
      const pause = new Promise((done) => setTimeout(done, PAUSE_MS));
      try {
        await this.send(this.wanted);
      } catch {
        this.wanted = undefined;
      }
      await pause;
    }
    this.busy = false;
    if (this.wanted) {
      this.timer = setTimeout(() => {
        this.fresh = true;
        void this.go();
      }, REPEAT_MS - PAUSE_MS);
    }
  }
}
