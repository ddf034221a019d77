import { describe, expect, it } from "vitest";
import { boxed, fromPlane, leftOf, toPlane, unrolled } from "./zones";

describe("the plane of azimuth and tilt", () => {
  it.each([
    [350, 80, 215],
    [90, 270, 0],
    [0, 0, 0],
  ])("of a sector from %i to %i begins at %i", (from_deg, until_deg, left) =>
    expect(leftOf({ from_deg, until_deg })).toBe(left),
  );
  it("gives a direction back as it was", () => {
    for (const corner of [
      [0, 0],
      [359.5, -60],
      [214.9, 10],
    ] as const) {
      const [x, y] = toPlane(215, [...corner]);
      expect(fromPlane(215, x, y)).toEqual(corner);
    }
  });
  it("makes a zone of a drag, whichever way it went", () => {
    const zone = boxed(215, [150, 60], [130, 40]);
    expect(zone).toEqual([
      [345, 0],
      [5, 0],
      [5, -20],
      [345, -20],
    ]);
  });
  it("makes none of a slip", () => expect(boxed(0, [10, 10], [10.5, 40])).toBeUndefined());
  it("does not tear a zone at north or at its own edge", () => {
    expect(
      unrolled(0, [
        [350, 0],
        [10, 0],
        [10, -10],
      ]).map(([x]) => x),
    ).toEqual([350, 370, 370]);
  });
});
