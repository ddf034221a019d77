/** SHA-256 in the reader's own browser, so that nobody has to believe ours. */

const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array((text.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)));
}

/** The hash of some bytes. Browsers give this only over HTTPS or on this very machine. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

async function node(left: string, right: string): Promise<string> {
  return sha256(new Uint8Array([1, ...fromHex(left), ...fromHex(right)]));
}

/** The leaf of one line of text. */
export const leafOf = (line: string): Promise<string> => sha256(new Uint8Array([0, ...new TextEncoder().encode(line)]));

/** The root over leaves in their order (RFC 9162 §2.1.1); of none, the hash of nothing. */
export async function rootOf(leaves: readonly string[]): Promise<string> {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return first;
  const half = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return node(await rootOf(leaves.slice(0, half)), await rootOf(leaves.slice(half)));
}

/** The root an audit path proves (RFC 9162 §2.1.3.2), or undefined where the path has the wrong length. */
export async function rootFromPath(
  leaf: string,
  index: number,
  size: number,
  path: readonly string[],
): Promise<string | undefined> {
  let at = index;
  let last = size - 1;
  let found = leaf;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      found = await node(sibling, found);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else found = await node(found, sibling);
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? found : undefined;
}
