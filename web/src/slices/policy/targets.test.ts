import { describe, expect, it } from "vitest";
import type { Role } from "../../api/types";
import { findsOf, wearersLike } from "./Targets";

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

describe("what a seat finds by name", () => {
  it.each(["investigator", "court_clerk", "privacy_officer"] as const)(
    "is a camera of the city for %s, never the register",
    (role) => {
      expect(findsOf({ role, centre_kind: "city" })).toEqual({ cameras: "look-up" });
      expect(findsOf({ role, centre_kind: "tracking" }).cameras).toBeUndefined();
      expect(findsOf({ role, centre_kind: "tracking" })).toMatchObject({ wearers: false, numbered: true });
    },
  );
  it("is a protected person for whoever registers them, and for nobody else who enters orders", () => {
    const of = (role: Role, centre_kind: "city" | "tracking") => findsOf({ role, centre_kind }).protected === true;
    expect(of("probation_officer", "tracking")).toBe(true);
    expect(of("office_director", "tracking") || of("shift_lead", "tracking") || of("shift_lead", "city")).toBe(false);
  });
});
