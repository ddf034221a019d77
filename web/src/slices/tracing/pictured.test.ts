import { describe, expect, it } from "vitest";
import { boxBetween, fitted, joined, LONGEST } from "./pictured";

describe("a reference picture", () => {
  it("is made smaller and never larger, its shape kept", () => {
    expect(fitted(4000, 3000)).toEqual({ width: LONGEST, height: 1200 });
    expect(fitted(300, 4000)).toEqual({ width: 120, height: LONGEST });
    expect(fitted(640, 480)).toEqual({ width: 640, height: 480 });
    expect(fitted(1, 9000)).toEqual({ width: 1, height: LONGEST });
  });

  it("has boxes from any corner to any other, within it", () => {
    const box = { x1: 0.2, y1: 0.1, x2: 0.6, y2: 0.9 };
    expect(boxBetween([0.2, 0.1], [0.6, 0.9])).toEqual(box);
    expect(boxBetween([0.6, 0.9], [0.2, 0.1])).toEqual(box);
    expect(boxBetween([-0.4, 0.5], [0.5, 1.7])).toEqual({ x1: 0, y1: 0.5, x2: 0.5, y2: 1 });
  });

  it("adds to what people said, and never says it otherwise", () => {
    const said = [{ key: "upper_colour", value: "gray" }];
    const seen = [
      { key: "upper_colour", value: "white" },
      { key: "lower_colour", value: "black" },
      { key: "carried", value: "backpack" },
    ];
    expect(joined(said, seen).map((a) => a.value)).toEqual(["gray", "black", "backpack"]);
    expect(joined([], seen)).toEqual(seen);
  });
});
