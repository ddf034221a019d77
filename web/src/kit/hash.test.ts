import { describe, expect, it } from "vitest";
import { fromHex, rootFromPath, sha256 } from "./hash";

const node = async (l: string, r: string) => sha256(new Uint8Array([1, ...fromHex(l), ...fromHex(r)]));

describe("an audit path", () => {
  it("leads from every leaf of three to the root, and a changed leaf does not", async () => {
    const [a, b, c] = (await Promise.all([1, 2, 3].map((n) => sha256(new Uint8Array([n]))))) as [
      string,
      string,
      string,
    ];
    const ab = await node(a, b);
    const root = await node(ab, c);
    expect(await rootFromPath(a, 0, 3, [b, c])).toBe(root);
    expect(await rootFromPath(b, 1, 3, [a, c])).toBe(root);
    expect(await rootFromPath(c, 2, 3, [ab])).toBe(root);
    expect(await rootFromPath(b, 0, 3, [b, c])).not.toBe(root);
    expect(await rootFromPath(a, 0, 3, [b])).toBeUndefined();
  });
});
