/** A QR code (ISO/IEC 18004) of a short text: bytes, correction level M, versions 1 to 10, up to 213 bytes. */

/** Per version 1–10 at level M: correction codewords per block, blocks, data codewords. */
const LEVEL_M: readonly (readonly [number, number, number])[] = [
  [10, 1, 16],
  [16, 1, 28],
  [26, 1, 44],
  [18, 2, 64],
  [24, 2, 86],
  [16, 4, 108],
  [18, 4, 124],
  [22, 4, 154],
  [22, 5, 182],
  [26, 5, 216],
];
const ALIGN: readonly (readonly number[])[] = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
];

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let i = 0, x = 1; i < 255; i++) {
  EXP[i] = x;
  EXP[i + 255] = x;
  LOG[x] = i;
  x = (x << 1) ^ (x & 0x80 ? 0x11d : 0);
}
const times = (a: number, b: number): number => (a && b ? (EXP[(LOG[a] as number) + (LOG[b] as number)] as number) : 0);

/** Reed–Solomon correction codewords over GF(256), polynomial 0x11d. */
export function correction(data: readonly number[], count: number): number[] {
  let divisor = [1];
  for (let i = 0; i < count; i++) {
    const next = [...divisor, 0];
    for (let j = 0; j < divisor.length; j++) {
      next[j + 1] = (next[j + 1] as number) ^ times(divisor[j] as number, EXP[i] as number);
    }
    divisor = next;
  }
  const rest = new Array<number>(count).fill(0);
  for (const each of data) {
    const lead = each ^ (rest.shift() as number);
    rest.push(0);
    for (let i = 0; i < count; i++) rest[i] = (rest[i] as number) ^ times(divisor[i + 1] as number, lead);
  }
  return rest;
}

function codewords(bytes: Uint8Array, version: number): number[] {
  const [perBlock, blocks, room] = LEVEL_M[version - 1] as readonly [number, number, number];
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, room * 8 - bits.length));
  while (bits.length % 8) bits.push(0);
  const data: number[] = [];
  for (let i = 0; i < bits.length; i += 8) data.push(Number.parseInt(bits.slice(i, i + 8).join(""), 2));
  for (let pad = 0xec; data.length < room; pad ^= 0xec ^ 0x11) data.push(pad);
  const short = Math.floor(room / blocks);
  const parts: number[][] = [];
  for (let i = 0, at = 0; i < blocks; i++) {
    const length = short + (i >= blocks - (room % blocks) ? 1 : 0);
    parts.push(data.slice(at, at + length));
    at += length;
  }
  const checks = parts.map((part) => correction(part, perBlock));
  const out: number[] = [];
  for (let i = 0; i <= short; i++) for (const part of parts) if (i < part.length) out.push(part[i] as number);
  for (let i = 0; i < perBlock; i++) for (const check of checks) out.push(check[i] as number);
  return out;
}

class Field {
  readonly dark: boolean[][];
  readonly fixed: boolean[][];
  constructor(
    readonly version: number,
    readonly size = version * 4 + 17,
  ) {
    this.dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
    this.fixed = Array.from({ length: size }, () => new Array<boolean>(size).fill(false));
    this.patterns();
  }
  set(x: number, y: number, dark: boolean): void {
    (this.dark[y] as boolean[])[x] = dark;
    (this.fixed[y] as boolean[])[x] = true;
  }
  is(x: number, y: number): boolean {
    return this.dark[y]?.[x] ?? false;
  }
  private patterns(): void {
    const { size } = this;
    for (let i = 0; i < size; i++) {
      this.set(6, i, i % 2 === 0);
      this.set(i, 6, i % 2 === 0);
    }
    for (const [cx, cy] of [
      [3, 3],
      [size - 4, 3],
      [3, size - 4],
    ] as const) {
      for (let dy = -4; dy <= 4; dy++)
        for (let dx = -4; dx <= 4; dx++) {
          const far = Math.max(Math.abs(dx), Math.abs(dy));
          const [x, y] = [cx + dx, cy + dy];
          if (x >= 0 && y >= 0 && x < size && y < size) this.set(x, y, far !== 2 && far !== 4);
        }
    }
    const at = ALIGN[this.version - 1] as readonly number[];
    for (const cy of at)
      for (const cx of at) {
        const corner = (cx === 6 && cy === 6) || (cx === 6 && cy === at.at(-1)) || (cx === at.at(-1) && cy === 6);
        if (corner) continue;
        for (let dy = -2; dy <= 2; dy++)
          for (let dx = -2; dx <= 2; dx++) this.set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
      }
    this.format(0);
    if (this.version >= 7) {
      let rest = this.version;
      for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25);
      const bits = (this.version << 12) | rest;
      for (let i = 0; i < 18; i++) {
        const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)];
        this.set(a, b, Boolean((bits >> i) & 1));
        this.set(b, a, Boolean((bits >> i) & 1));
      }
    }
  }
  /** Level M has the number 0, so the format is the mask alone. */
  format(mask: number): void {
    let rest = mask;
    for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
    const bits = ((mask << 10) | rest) ^ 0x5412;
    const bit = (i: number) => Boolean((bits >> i) & 1);
    const { size } = this;
    for (let i = 0; i <= 5; i++) this.set(8, i, bit(i));
    this.set(8, 7, bit(6));
    this.set(8, 8, bit(7));
    this.set(7, 8, bit(8));
    for (let i = 9; i < 15; i++) this.set(14 - i, 8, bit(i));
    for (let i = 0; i < 8; i++) this.set(size - 1 - i, 8, bit(i));
    for (let i = 8; i < 15; i++) this.set(8, size - 15 + i, bit(i));
    this.set(8, size - 8, true);
  }
  fill(words: readonly number[]): void {
    let at = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.size; step++) {
        for (const x of [right, right - 1]) {
          const y = ((right + 1) & 2) === 0 ? this.size - 1 - step : step;
          if (this.fixed[y]?.[x] || at >= words.length * 8) continue;
          (this.dark[y] as boolean[])[x] = Boolean(((words[at >> 3] as number) >> (7 - (at & 7))) & 1);
          at++;
        }
      }
    }
  }
  mask(kind: number): void {
    const turn = MASKS[kind] as (x: number, y: number) => boolean;
    for (let y = 0; y < this.size; y++)
      for (let x = 0; x < this.size; x++)
        if (!this.fixed[y]?.[x] && turn(x, y)) (this.dark[y] as boolean[])[x] = !this.is(x, y);
  }
  /** How hard a reader would find it (§7.8.3). */
  penalty(): number {
    const { size } = this;
    let points = 0;
    let black = 0;
    const lines: boolean[][] = [...this.dark, ...this.dark.map((_, x) => this.dark.map((row) => row[x] as boolean))];
    for (const line of lines) {
      const text = line.map((d) => (d ? "1" : "0")).join("");
      for (const run of text.match(/0{5,}|1{5,}/g) ?? []) points += run.length - 2;
      for (const found of ["00001011101", "10111010000"]) {
        for (let i = text.indexOf(found); i >= 0; i = text.indexOf(found, i + 1)) points += 40;
      }
    }
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        if (this.is(x, y)) black++;
        if (x + 1 < size && y + 1 < size) {
          const here = this.is(x, y);
          if (here === this.is(x + 1, y) && here === this.is(x, y + 1) && here === this.is(x + 1, y + 1)) points += 3;
        }
      }
    return points + Math.floor(Math.abs((black * 20) / (size * size) - 10)) * 10;
  }
}
const MASKS: readonly ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The dark modules of a text's code, row by row; undefined where it does not fit. */
export function qr(text: string, forced?: number): boolean[][] | undefined {
  const bytes = new TextEncoder().encode(text);
  const version = LEVEL_M.findIndex(([, , room], i) => bytes.length + (i < 9 ? 2 : 3) <= room) + 1;
  if (!version) return undefined;
  const words = codewords(bytes, version);
  let best: { points: number; dark: boolean[][] } | undefined;
  for (const kind of forced === undefined ? MASKS.keys() : [forced]) {
    const field = new Field(version);
    field.fill(words);
    field.mask(kind);
    field.format(kind);
    const points = field.penalty();
    if (!best || points < best.points) best = { points, dark: field.dark };
  }
  return best?.dark;
}

/** The outline of the dark modules as one SVG path. */
export function qrPath(dark: readonly (readonly boolean[])[]): string {
  return dark.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
}
