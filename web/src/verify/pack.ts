/** The export's container and its films, taken apart; a byte that is not as the centre writes it breaks them. */
import { Broken, type Bytes, join, same } from "./bytes";

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(data: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of data) c = TABLE[(c ^ byte) & 255]! ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** Little-endian fields: widths in bytes, values. */
function packed(fields: [number, number][]): Bytes {
  const out = new Uint8Array(fields.reduce((n, [width]) => n + width, 0));
  let at = 0;
  for (const [width, value] of fields)
    for (let k = 0; k < width; k++) out[at++] = Math.floor(value / 2 ** (8 * k)) & 255;
  return out;
}

export function pack(files: Map<string, Bytes>): Bytes {
  const parts: Bytes[] = [];
  const directory: Bytes[] = [];
  let at = 0;
  for (const [name, data] of files) {
    const word = new TextEncoder().encode(name);
    const common = packed([
      [2, 20],
      [2, 0x800],
      [2, 0],
      [2, 0],
      [2, 0x21],
      [4, crc32(data)],
      [4, data.length],
      [4, data.length],
      [2, word.length],
      [2, 0],
    ]);
    parts.push(packed([[4, 0x04034b50]]), common, word, data);
    directory.push(
      packed([
        [4, 0x02014b50],
        [2, 20],
      ]),
      common,
    );
    directory.push(
      packed([
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, at],
      ]),
      word,
    );
    at += 30 + word.length + data.length;
  }
  const list = join(...directory);
  const end = packed([
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, files.size],
    [2, files.size],
    [4, list.length],
    [4, at],
    [2, 0],
  ]);
  return join(...parts, list, end);
}

/** The files by name, and whether every byte of the container is as the centre writes it. */
export function unpack(data: Bytes): [Map<string, Bytes>, boolean] {
  const files = new Map<string, Bytes>();
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  while (at + 30 <= data.length && view.getUint32(at, true) === 0x04034b50) {
    const size = view.getUint32(at + 22, true);
    const length = view.getUint16(at + 26, true);
    const name = new TextDecoder().decode(data.subarray(at + 30, at + 30 + length));
    if (!files.has(name)) files.set(name, data.slice(at + 30 + length, at + 30 + length + size));
    at += 30 + length + size;
  }
  return [files, same(pack(files), data)];
}

/** The head of a fragmented MP4 and its fragments, `moof` with `mdat`; every byte is in one of them. */
export function fragments(data: Bytes): [Bytes, Bytes[]] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const cuts: number[] = [];
  let at = 0;
  while (at < data.length) {
    const size = at + 8 <= data.length ? view.getUint32(at) : 0;
    if (size < 8 || at + size > data.length) throw new Broken("a box is cut");
    if (view.getUint32(at + 4) === 0x6d6f6f66) cuts.push(at);
    at += size;
  }
  const films = cuts.map((cut, k) => data.slice(cut, cuts[k + 1] ?? data.length));
  return [cuts.length ? data.slice(0, cuts[0]) : data, films];
}

/** The content of the first box of this name, wherever it lies. */
export function boxOf(data: Bytes, kind: string): Bytes | undefined {
  const name = new TextEncoder().encode(kind);
  for (let at = 4; at + 4 <= data.length; at++)
    if (same(data.subarray(at, at + 4), name)) {
      const size = new DataView(data.buffer, data.byteOffset + at - 4, 4).getUint32(0);
      return data.slice(at + 4, at - 4 + size);
    }
  return undefined;
}
