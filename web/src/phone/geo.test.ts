import { describe, expect, it } from "vitest";
import { bearing, beyond, distance, firstHeading, lengthOf, offset, onLine, sector } from "./geo.ts";

const here: [number, number] = [36.9, 127.9];

describe("sector words", () => {
  it("speaks as she stands when the heading is known", () => {
    expect(sector(225, 0)).toEqual({ relative: true, side: "backLeft" });
    expect(sector(225, 225)).toEqual({ relative: true, side: "front" });
    expect(sector(10, 350)).toEqual({ relative: true, side: "front" });
    expect(sector(100, 10)).toEqual({ relative: true, side: "right" });
    expect(sector(280, 10)).toEqual({ relative: true, side: "left" });
  });
  it("speaks by the compass when it is not", () => {
    expect(sector(0, null)).toEqual({ relative: false, compass: "n" });
    expect(sector(337.6, null)).toEqual({ relative: false, compass: "n" });
    expect(sector(337.4, null)).toEqual({ relative: false, compass: "nw" });
    expect(sector(135, null)).toEqual({ relative: false, compass: "se" });
  });
  it("turns a half step over at the border, once for each of eight", () => {
    const seen = new Set<string>();
    for (let deg = 0; deg < 360; deg += 45) {
      const s = sector(deg, null);
      if (!s.relative) seen.add(s.compass);
    }
    expect(seen.size).toBe(8);
  });
});

describe("plane", () => {
  it("goes there and back", () => {
    for (const deg of [0, 37, 90, 181, 300]) {
      const there = offset(here, deg, 430);
      expect(distance(here, there)).toBeCloseTo(430, 1);
      expect(bearing(here, there)).toBeCloseTo(deg, 1);
    }
  });
  it("finds the nearest point of a line and how far along it lies", () => {
    const corner = offset(here, 90, 100);
    const line = [here, corner, offset(corner, 0, 50)];
    const on = onLine(line, offset(offset(here, 90, 60), 0, 10));
    expect(on?.along_m).toBeCloseTo(60, 0);
    expect(on?.off_m).toBeCloseTo(10, 0);
    expect(lengthOf(line)).toBeCloseTo(150, 0);
    expect(onLine([here], here)).toBeNull();
  });
  it("cuts the first metres of a line off", () => {
    const end = offset(here, 90, 100);
    expect(lengthOf(beyond([here, end], 40))).toBeCloseTo(60, 0);
    expect(beyond([here, end], 400)).toEqual([]);
  });
  it("says where to start walking", () => {
    expect(firstHeading([here, offset(here, 90, 10), offset(here, 90, 80)])).toBeCloseTo(90, 0);
    expect(firstHeading([])).toBeNull();
  });
});
