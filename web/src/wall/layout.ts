/** Which camera stands in which tile, and where the tiles lie: pure. */
import type { Camera } from "../api/types";

/** Slots of the wall, left to right; `null` is an empty tile. */
export type Slots = readonly (string | null)[];
type Ranked = Pick<Camera, "camera_id" | "rank" | "sees" | "arrives_in_s">;

/** The order in which cameras deserve tiles: the best view first, then by predicted arrival, passed ones last. */
export function byArrival(cameras: readonly Ranked[]): string[] {
  const best = [...cameras].sort((a, b) => Number(b.sees) - Number(a.sees) || a.rank - b.rank)[0];
  const when = (c: Ranked) =>
    c.arrives_in_s === null || c.arrives_in_s < 0 ? Number.POSITIVE_INFINITY : c.arrives_in_s;
  const rest = cameras
    .filter((c) => c !== best)
    .sort((a, b) => when(a) - when(b) || a.rank - b.rank || a.camera_id.localeCompare(b.camera_id));
  return best ? [best.camera_id, ...rest.map((c) => c.camera_id)] : [];
}

/** The slots after a new ranking. The tiles under the pointer or the focus keep their camera as long as it exists. */
export function arrange(before: Slots, cameras: readonly Ranked[], held: ReadonlySet<string>, size: number): Slots {
  const wanted = byArrival(cameras).slice(0, Math.max(size, 0));
  const known = new Set(cameras.map((c) => c.camera_id));
  const slots: (string | null)[] = Array.from({ length: size }, () => null);
  before.slice(0, size).forEach((camera, i) => {
    if (camera && held.has(camera) && known.has(camera)) slots[i] = camera;
  });
  const placed = new Set(slots);
  const queue = wanted.filter((c) => !placed.has(c));
  for (let i = 0; i < size; i++) {
    if (slots[i] === null) slots[i] = queue.shift() ?? null;
  }
  return slots;
}

/** A camera that fell off the list keeps its tile this long, milliseconds: the next second's list often names it again. */
export const LINGER_MS = 20_000;
/** Tiles are re-ranked at most this often, milliseconds, so that a wall can be watched. */
export const RERANK_MS = 10_000;
export interface Remembered<C> {
  camera: C;
  listedMs: number;
}
/** The cameras to show: those listed now, then those listed a moment ago or held by somebody, marked as passed. */
export function remember<C extends Ranked>(
  before: readonly Remembered<C>[],
  listed: readonly C[],
  nowMs: number,
  held: ReadonlySet<string> = new Set(),
): Remembered<C>[] {
  const now = new Set(listed.map((c) => c.camera_id));
  return [
    ...listed.map((camera) => ({ camera, listedMs: nowMs })),
    ...before
      .filter(
        ({ camera, listedMs }) =>
          !now.has(camera.camera_id) && (nowMs - listedMs < LINGER_MS || held.has(camera.camera_id)),
      )
      .map((r) => ({ ...r, camera: { ...r.camera, sees: false, arrives_in_s: -1 } })),
  ];
}

export interface Cell {
  row: number;
  column: number;
  rows: number;
  columns: number;
}
export interface Grid {
  rows: number;
  columns: number;
  cells: readonly Cell[];
}
/** The grid for a number of tiles with one of them large. Six: three by three with two by two in the corner. */
export function grid(size: number, large = 0): Grid {
  const cell = (row: number, column: number, rows = 1, columns = 1): Cell => ({ row, column, rows, columns });
  if (size <= 1) return { rows: 1, columns: 1, cells: size === 1 ? [cell(0, 0)] : [] };
  if (size <= 4 && size !== 3) {
    const columns = 2;
    const rows = Math.ceil(size / columns);
    return { rows, columns, cells: Array.from({ length: size }, (_, i) => cell(Math.floor(i / columns), i % columns)) };
  }
  const columns = size <= 6 ? 3 : 4;
  const rows = size <= 6 ? 3 : Math.ceil((size + 3) / 4);
  // the large tile takes the corner; the others fill what is left in their own order
  const free: Cell[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) if (r >= 2 || c >= 2) free.push(cell(r, c));
  }
  const cells = Array.from({ length: size }, (_, i) =>
    i === large ? cell(0, 0, 2, 2) : (free.shift() ?? cell(rows, 0)),
  );
  return { rows, columns, cells };
}

/** Slots after one tile took another's place and the other its. */
export function swapped(slots: Slots, from: number, to: number): Slots {
  if (from === to || !(from in slots) || !(to in slots)) return slots;
  const next = [...slots];
  [next[from], next[to]] = [next[to] ?? null, next[from] ?? null];
  return next;
}
/** Slots with a camera in a place; a camera stands in one place only. */
export function put(slots: Slots, camera: string, at: number): Slots {
  return slots.map((c, i) => (i === at ? camera : c === camera ? null : c));
}
/** The camera whose code ends with these digits; only one may. */
export function numbered<C extends { code: string }>(cameras: readonly C[], digits: string): C | undefined {
  const found = cameras.filter((c) => digits && c.code.replace(/\D/g, "").endsWith(digits));
  return found.find((c) => c.code.replace(/\D/g, "") === digits) ?? (found.length === 1 ? found[0] : undefined);
}
