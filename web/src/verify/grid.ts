/** The signed grid of block means against a masked picture: the same rules as in `tools/verify_clip.py`. */
import { Broken, type Bytes } from "./bytes";

export interface Plane {
  data: Uint8Array;
  line: number;
  width: number;
  height: number;
}
export type Box = [number, number, number, number];

const BLOCK_OFF = 2;
const WINDOW_OFF = 0.75;
const WHOLE_OFF = 0.5;
const WINDOW = 5;

export function tiles(p: Plane, block: number): number[][] {
  const found: number[][] = [];
  for (let top = 0; top < p.height; top += block) {
    const rows = Math.min(block, p.height - top);
    const line: number[] = [];
    for (let left = 0; left < p.width; left += block) {
      const columns = Math.min(block, p.width - left);
      let sum = 0;
      for (let y = top; y < top + rows; y++) for (let x = left; x < left + columns; x++) sum += p.data[y * p.line + x]!;
      line.push(sum / (rows * columns));
    }
    found.push(line);
  }
  return found;
}

async function inflated(data: Bytes): Promise<Bytes> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function readGrid(coded: Bytes, width: number, height: number): Promise<[number, number, number[][][]]> {
  const block = coded[0] ?? 0;
  const step = coded[1] ?? 0;
  if (!block || !step) throw new Broken("not a grid");
  const half: [number, number] = [(width + 1) >> 1, (height + 1) >> 1];
  const rest = await inflated(coded.slice(2));
  let at = 0;
  const planes = ([[width, height], half, half] as [number, number][]).map(([w, h]) => {
    const rows = Math.ceil(h / block);
    const columns = Math.ceil(w / block);
    if (rest.length < at + rows * columns) throw new Broken("not a grid of this picture");
    const values: number[][] = [];
    for (let r = 0; r < rows; r++) {
      const line: number[] = [];
      for (let c = 0; c < columns; c++) {
        const left = c ? line[c - 1]! : 0;
        const up = r ? values[r - 1]![c]! : 0;
        const corner = r && c ? values[r - 1]![c - 1]! : 0;
        line.push((rest[at++]! + left + up - corner) & 255);
      }
      values.push(line);
    }
    return values.map((line) => line.map((v) => v * step));
  });
  return [block, step, planes];
}

function covered(boxes: Box[], block: number, rows: number, columns: number): Set<number> {
  const found = new Set<number>();
  for (const [x1, y1, x2, y2] of boxes)
    for (let r = Math.floor(y1 / block); r < Math.min(rows, Math.ceil(y2 / block)); r++)
      for (let c = Math.floor(x1 / block); c < Math.min(columns, Math.ceil(x2 / block)); c++)
        found.add(r * columns + c);
  return found;
}

function regions(hidden: Set<number>, columns: number): number[][] {
  const left = new Set(hidden);
  const found: number[][] = [];
  for (const first of hidden) {
    if (!left.delete(first)) continue;
    const todo = [first];
    const region: number[] = [];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      region.push(at);
      for (const dr of [-1, 0, 1])
        for (const dc of [-1, 0, 1]) {
          const c = (at % columns) + dc;
          const near = at + dr * columns + dc;
          if (c >= 0 && c < columns && left.delete(near)) todo.push(near);
        }
    }
    found.push(region);
  }
  return found;
}

/** How many kinds of deviation one plane shows; 0 where it is what was signed. */
function off(means: number[][], signed: number[][], hidden: Set<number>, step: number): number {
  const rows = means.length;
  const columns = means[0]!.length;
  const half = step / 2;
  const apart = (at: number): number =>
    means[Math.floor(at / columns)]![at % columns]! - signed[Math.floor(at / columns)]![at % columns]!;
  const mean = (part: number[]): number => part.reduce((n, at) => n + apart(at), 0) / part.length;
  const seen = Array.from({ length: rows * columns }, (_, at) => at).filter((at) => !hidden.has(at));
  let faults = seen.some((at) => Math.abs(apart(at)) > BLOCK_OFF + half) ? 1 : 0;
  if (seen.length >= WINDOW * WINDOW && Math.abs(mean(seen)) > WHOLE_OFF + half) faults++;
  for (let top = 0; top + WINDOW <= rows; top += WINDOW)
    for (let left = 0; left + WINDOW <= columns; left += WINDOW) {
      const part: number[] = [];
      for (let r = top; r < top + WINDOW; r++)
        for (let c = left; c < left + WINDOW; c++) if (!hidden.has(r * columns + c)) part.push(r * columns + c);
      if (part.length * 2 > WINDOW * WINDOW && Math.abs(mean(part)) > WINDOW_OFF + half) faults++;
    }
  return faults + regions(hidden, columns).filter((r) => Math.abs(mean(r)) > WINDOW_OFF + 0.5 + half).length;
}

/** How many deviations a masked picture shows from its signed grid, and which share of its blocks is hidden. */
export async function pictureFaults(grid: Bytes, planes: Plane[], hidden: Box[]): Promise<[number, number]> {
  const [block, step, signed] = await readGrid(grid, planes[0]!.width, planes[0]!.height);
  let faults = 0;
  let share = 0;
  planes.forEach((plane, k) => {
    const values = signed[k]!;
    const boxes = k ? hidden.map(([a, b, c, d]): Box => [a >> 1, b >> 1, (c + 1) >> 1, (d + 1) >> 1]) : hidden;
    const under = covered(boxes, block, values.length, values[0]!.length);
    if (k === 0) share = under.size / (values.length * values[0]!.length);
    faults += off(tiles(plane, block), values, under, step);
  });
  return [faults, share];
}
