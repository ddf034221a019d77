import { describe, expect, it } from "vitest";
import { beginning, dayAfter, ending, type FormField, isId, listed, placeOf, problemsOf } from "./form";

const words = { missing: "missing", noDate: "no date" };
const fields: FormField[] = [
  { name: "number", label: "n" },
  { name: "note", label: "o", optional: true },
  {
    name: "until",
    label: "u",
    kind: "date",
    check: (v, all) => (v < (all.from ?? "") ? "before it begins" : undefined),
  },
];

describe("a form", () => {
  it("says what is missing, and nothing about what may be left out", () => {
    expect(problemsOf(fields, { number: "  ", until: "2026-11-30" }, words)).toEqual({ number: "missing" });
  });
  it("refuses a day that is none, and one that ends before it begins", () => {
    expect(problemsOf(fields, { number: "1", until: "soon" }, words).until).toBe("no date");
    expect(problemsOf(fields, { number: "1", from: "2026-12-01", until: "2026-11-30" }, words).until).toBe(
      "before it begins",
    );
  });
  it("begins and ends days in Seoul", () => {
    expect(beginning("2026-11-22")).toBe("2026-11-21T15:00:00.000Z");
    expect(ending("2026-11-22")).toBe("2026-11-22T15:00:00.000Z");
    expect(dayAfter(Date.parse("2026-11-21T15:30:00Z"), 0)).toBe("2026-11-22");
    expect(dayAfter(Date.parse("2026-11-21T14:30:00Z"), 90)).toBe("2027-02-19");
  });
  it("reads lists and ids as people paste them", () => {
    expect(listed("서울시, 강남구\n강남구,")).toEqual(["서울시", "강남구"]);
    expect(isId("0190f3c2-7a11-7cde-9a00-0123456789ab")).toBe(true);
    expect(isId("CAM-07")).toBe(false);
  });
});

describe("a place", () => {
  it("is read from two numbers and from nothing else", () => {
    expect(placeOf("37.5, 127.03")).toEqual({ lat: 37.5, lon: 127.03 });
    for (const words of ["", "37.5", "37.5,", "91, 127", "37, 181", "a, b", "1,2,3"])
      expect(placeOf(words)).toBeUndefined();
  });
});
describe("what a field of its own asks", () => {
  const words = { missing: "missing", noDate: "no date" };
  it("is needed, or where it is optional decided by its check, the empty answer too", () => {
    const own = {
      name: "text",
      label: "",
      kind: "own" as const,
      check: (v: string) => (v === "ok" ? undefined : "bad"),
    };
    expect(problemsOf([own], {}, words)).toEqual({ text: "missing" });
    expect(problemsOf([{ ...own, optional: true }], {}, words)).toEqual({ text: "bad" });
    expect(problemsOf([{ ...own, optional: true }], { text: "ok" }, words)).toEqual({});
  });
});
