import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { canonical } from "./bytes";
import { type Plane, pictureFaults, tiles } from "./grid";
import { pack, unpack } from "./pack";
import { type Camera, verify } from "./verify";

/** A genuine export of four groups, made by `evaluation/_evidence_studio.py`. */
const genuine = new Uint8Array(readFileSync(new URL("./export.fixture.zip", import.meta.url)));
const blind = async () => undefined;

function spoilt(at: number): Uint8Array<ArrayBuffer> {
  const copy = genuine.slice();
  copy[at]! ^= 1;
  return copy;
}

describe("an export in the browser", () => {
  it("verifies as it was sealed", async () => {
    const report = await verify(genuine, blind);
    expect(report.findings).toEqual([]);
    expect([report.verified, report.groups, report.pictures]).toEqual([true, 2, undefined]);
    expect(report.seen.map((s) => s.kind)).toContain("footage.view.opened.v1");
  });

  it("does not verify with any one bit changed", async () => {
    for (let k = 1; k < 60; k++) {
      const report = await verify(spoilt(Math.floor((genuine.length * k) / 60)), blind);
      expect(report.verified).toBe(false);
    }
  });

  it("says which group of which camera was changed", async () => {
    const [files] = unpack(genuine);
    const film = [...files.entries()].find(([name]) => name.endsWith("-masked.mp4"))!;
    film[1][film[1].length - 4]! ^= 1;
    const report = await verify(pack(files), blind);
    expect(report.findings).toEqual([
      { what: "edited-picture", camera: "HD-0001", group: 2, at: Date.UTC(2026, 10, 7, 3, 0, 2) * 1000 },
    ]);
  });

  it("finds seals that the ledger did not take in", async () => {
    const [files] = unpack(genuine);
    const told = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
    told.cameras[0].anchors[0].leaves[1] = "00".repeat(32);
    files.set("manifest.json", new TextEncoder().encode(canonical(told)));
    const report = await verify(pack(files), blind);
    const found = report.findings.filter((f) => f.what === "not-anchored");
    expect(found.map((f) => f.group)).toEqual([undefined, 1, 2]);
  });

  it("finds cameras and times that nobody asked for", async () => {
    const spans = async (change: (told: { cameras: Camera[]; export_id: string }) => void) => {
      const [files] = unpack(genuine);
      const told = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
      change(told);
      files.set("manifest.json", new TextEncoder().encode(canonical(told)));
      const found = (await verify(pack(files), blind)).findings.map((f) => f.what);
      return found.filter((what) => what === "other-span").length;
    };
    const later = "2026-11-07T03:00:09.000000Z";
    expect(await spans(() => {})).toBe(0);
    expect(await spans(({ cameras: [c] }) => Object.assign(c!, { until_at: later }))).toBe(1);
    expect(
      await spans(({ cameras: [c] }) => Object.assign(c!, { camera_id: "00000000-0000-0000-0000-000000000001" })),
    ).toBe(1);
    expect(await spans(({ cameras }) => void cameras.push({ ...cameras[0]!, parts: [] }))).toBe(1);
    expect(await spans(({ cameras: [c] }) => Object.assign(c!, { from_at: later }))).toBe(2);
  });

  it("compares pictures with what was signed", async () => {
    const [files] = unpack(genuine);
    const coded = files.get("seals.bin")!;
    const size = new DataView(coded.buffer).getUint32(0);
    const grid = coded.slice(4 + 187 + 64, 4 + size);
    const grey = (width: number, height: number): Plane => ({
      data: new Uint8Array(width * height).fill(128),
      line: width,
      width,
      height,
    });
    const planes = [grey(160, 96), grey(80, 48), grey(80, 48)];
    expect((await pictureFaults(grid, planes, []))[0]).toBeGreaterThan(0);
    const report = await verify(genuine, async () => planes);
    expect(report.findings.map((f) => f.what)).toEqual(["other-picture", "other-picture"]);
  });
});

describe("its parts", () => {
  it("writes JSON as the centre does", () => {
    expect(canonical({ b: [1, null], a: "해담\n" })).toBe('{"a":"해담\\n","b":[1,null]}');
  });

  it("takes means of blocks, those at the edge too", () => {
    expect(tiles({ data: new Uint8Array([0, 1, 2, 3, 4, 5]), line: 3, width: 3, height: 2 }, 2)).toEqual([[2, 3.5]]);
  });
});
