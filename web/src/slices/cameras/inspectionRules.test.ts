import { describe, expect, it } from "vitest";
import type { BlindMap, Hour } from "../../api/inspection";
import { at, dots, frameOf, notAhead, placeAt, shown, soundEnd, within } from "./inspectionRules";

const hour = (hour_at: string, more: Partial<Hour> = {}): Hour => ({
  hour_at,
  light: "day",
  samples: 1,
  brightness: 80,
  noise: null,
  sharp: 0.7,
  kept: 1,
  alike: 1,
  clock_s: null,
  ...more,
});

describe("what a report says", () => {
  it.each([
    [{ name: "uptime", unit: "share" }, 0.9982, "99.82 %"],
    [{ name: "sharpness", unit: "share" }, 0.97, "97 %"],
    [{ name: "clock", unit: "s" }, -4.5, "-4.50 s"],
    [{ name: "frozen", unit: "times" }, 0, "0"],
    [{ name: "view", unit: "correlation" }, null, "–"],
  ])("%o %s", (check, value, said) => expect(shown(check, value)).toBe(said));
});

describe("a ground to listen", () => {
  const now = Date.parse("2026-11-22T16:00:00Z"); // one in the night of the 23rd in Seoul
  it.each([
    ["2026-11-23", true],
    ["2026-11-24", false],
  ])("the assessment and the sign of %s are there: %s", (day, is) => expect(notAhead(day, now)).toBe(is));
  it.each([
    ["2026-11-22", false],
    ["2026-11-23", true],
    ["2027-11-23", true],
    ["2027-11-24", false],
  ])("may end on %s: %s", (day, is) => expect(soundEnd(day, now)).toBe(is));
});

describe("plots", () => {
  it("run from the first hour to the last, and leave out what was not measured", () => {
    const hours = [
      hour("2026-11-07T00:00:00Z"),
      hour("2026-11-07T01:00:00Z", { sharp: null }),
      hour("2026-11-07T02:00:00Z"),
    ];
    expect(dots(hours, "sharp").map((d) => d.x)).toEqual([0, 1]);
    expect(dots(hours, "noise")).toEqual([]);
    expect(dots(hours, "sharp")[0]?.y).toBeCloseTo(0.5);
  });
});

describe("the map", () => {
  it("has north up and everything inside", () => {
    const map = { lines: [[37.5, 127, 37.51, 127.01]], places: [], gaps: [] } as unknown as BlindMap;
    const frame = frameOf(map, []);
    if (!frame) throw new Error("a map with a line has a frame");
    const [x1, y1] = at(frame, 37.5, 127);
    const [x2, y2] = at(frame, 37.51, 127.01);
    expect(y2).toBeLessThan(y1);
    expect(x2).toBeGreaterThan(x1);
    expect(Math.max(x1, x2)).toBeLessThan(frame.wide * 1000);
    expect(frameOf({ ...map, lines: [] }, [])).toBeUndefined();
  });
});

describe("a restricted place", () => {
  const frame = { west: 127, south: 37.5, wide: 0.008, tall: 0.01, narrow: 0.8 };
  it("is where the map was pressed", () => {
    const [x, y] = at(frame, 37.504, 127.003);
    const back = placeAt(frame, x, y);
    expect(back.lat).toBeCloseTo(37.504, 9);
    expect(back.lon).toBeCloseTo(127.003, 9);
  });
  it("reaches five to five hundred metres", () => {
    expect(["5", "500", "30"].every((v) => within(v, 5, 500))).toBe(true);
    expect(["", "4", "501", "far"].some((v) => within(v, 5, 500))).toBe(false);
  });
});
