import { describe, expect, it } from "vitest";
import { correction, qr, qrPath } from "./qr";

const rows = (dark: boolean[][] | undefined) => dark?.map((row) => row.map((d) => (d ? "#" : ".")).join(""));

describe("the code to scan", () => {
  it("corrects as the standard's own example (ISO/IEC 18004 Annex I: 01234567 in version 1-M)", () =>
    expect(correction([16, 32, 12, 86, 97, 128, 236, 17, 236, 17, 236, 17, 236, 17, 236, 17], 10)).toEqual([
      165, 36, 212, 193, 237, 54, 199, 135, 44, 85,
    ]));
  it("grows with its text and ends where it does not fit", () => {
    expect([5, 14, 15, 106, 107, 122, 123, 213].map((n) => qr("a".repeat(n))?.length)).toEqual([
      21, 21, 25, 41, 45, 45, 49, 57,
    ]);
    expect(qr("a".repeat(214))).toBeUndefined();
  });
  it("carries its three corners, its timing and the dark module", () => {
    const lines = rows(qr("otpauth://totp/Ansimnet")) as string[];
    const size = lines.length;
    expect(lines[0]?.slice(0, 8)).toBe("#######.");
    expect(lines[0]?.slice(-8)).toBe(".#######");
    expect(lines.slice(-7).map((l) => l.slice(0, 7))).toEqual([
      "#######",
      "#.....#",
      "#.###.#",
      "#.###.#",
      "#.###.#",
      "#.....#",
      "#######",
    ]);
    expect(lines[6]?.slice(8, size - 8)).toMatch(/^(#\.)*#$/);
    expect(lines[size - 8]?.[8]).toBe("#");
  });
  it("draws one square per dark module", () => {
    const dark = qr("a") as boolean[][];
    expect(qrPath(dark).match(/M/g)?.length).toBe(dark.flat().filter(Boolean).length);
  });
});
