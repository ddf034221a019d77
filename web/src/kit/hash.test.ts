import { describe, expect, it } from "vitest";
import { fromHex, leafOf, rootFromPath, rootOf, sha256 } from "./hash";

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
    expect(await rootOf([a, b, c])).toBe(root);
    expect(await rootOf([b])).toBe(b);
    expect(await rootFromPath(a, 0, 3, [b, c])).toBe(root);
    expect(await rootFromPath(b, 1, 3, [a, c])).toBe(root);
    expect(await rootFromPath(c, 2, 3, [ab])).toBe(root);
    expect(await rootFromPath(b, 0, 3, [b, c])).not.toBe(root);
    expect(await rootFromPath(a, 0, 3, [b])).toBeUndefined();
  });
});

describe("a leaf", () => {
  it("is a line after a zero byte, in UTF-8", async () =>
    expect(await leafOf("가")).toBe(await sha256(new Uint8Array([0, 0xea, 0xb0, 0x80]))));
});
