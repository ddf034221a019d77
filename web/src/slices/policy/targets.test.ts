import { describe, expect, it } from "vitest";
import { wearersLike } from "./Targets";

const wearer = (code: string, office: string) => ({ wearer_id: code, code, office, offence: "stalking" });
const list = [wearer("EM-2026-0071", "서울보호관찰소"), wearer("EM-2026-0171", "수원보호관찰소")];
const found = (words: string) => wearersLike(list, words).map((w) => w.code);

describe("whom an order reaches", () => {
  it("is found by number, however its parts are set off, and by office", () => {
    expect(found("em2026 0071")).toEqual(["EM-2026-0071"]);
    expect(found("71")).toEqual(["EM-2026-0071", "EM-2026-0171"]);
    expect(found("수원")).toEqual(["EM-2026-0171"]);
  });
  it("is nobody for no words, or for others", () => {
    expect(found(" - ")).toEqual([]);
    expect(found("부산")).toEqual([]);
  });
});
