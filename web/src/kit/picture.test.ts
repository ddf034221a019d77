import { describe, expect, it } from "vitest";
import {
  boxed,
  cornerAt,
  crossesItself,
  crossing,
  hits,
  inside,
  offStretch,
  replaced,
  type Spot,
  shifted,
  withCorner,
  withoutCorner,
} from "./picture";

const SIZE = { width: 200, height: 100 };
const square: Spot[] = [
  [0.2, 0.2],
  [0.8, 0.2],
  [0.8, 0.8],
  [0.2, 0.8],
];

describe("a box", () => {
  it("lies between two spots, whichever way it was drawn, inside the picture", () => {
    expect(boxed([0.8, 0.8], [0.2, 0.2])).toEqual(square);
    expect(boxed([0.9, 0.9], [1.3, 1.3])?.[2]).toEqual([1, 1]);
  });
  it("is none where the hand only slipped", () => expect(boxed([0.5, 0.5], [0.505, 0.7])).toBeUndefined());
});

describe("a spot", () => {
  it("never leaves the picture", () => {
    expect(inside([-0.1, 1.2])).toEqual([0, 1]);
    expect(shifted([0.99, 0.5], 0.02, -0.01)).toEqual([1, 0.49]);
    expect(replaced(square, 1, [2, 0.123456])[1]).toEqual([1, 0.1235]);
  });
  it("is measured in pixels of the shown picture", () => {
    expect(offStretch([0.5, 0.5], [0, 0], [1, 0], SIZE)).toBeCloseTo(50);
    expect(offStretch([0.5, 0.5], [0.1, 0.5], [0.1, 0.5], SIZE)).toBeCloseTo(80);
  });
});

describe("corners", () => {
  it("are taken within reach, the nearest first", () => {
    expect(cornerAt(square, [0.21, 0.2], SIZE, 5)).toBe(0);
    expect(cornerAt(square, [0.5, 0.5], SIZE, 5)).toBe(-1);
    expect(cornerAt([], [0.5, 0.5], SIZE, 5)).toBe(-1);
  });
  it("are added where the nearest stretch passes, its closing one too", () => {
    expect(withCorner("zone", square, [0.5, 0.19], SIZE)[1]).toEqual([0.5, 0.19]);
    expect(withCorner("zone", square, [0.19, 0.5], SIZE)[4]).toEqual([0.19, 0.5]);
    expect(withCorner("line", square.slice(0, 2), [0.5, 0.3], SIZE)).toHaveLength(3);
  });
  it("are taken away while enough are left", () => {
    expect(withoutCorner("zone", square, 3)).toEqual(square.slice(0, 3));
    expect(withoutCorner("zone", square.slice(0, 3), 0)).toHaveLength(3);
    expect(withoutCorner("line", square.slice(0, 2), 0)).toHaveLength(2);
  });
});

describe("a shape", () => {
  it("is hit within, on its edge, or on its line", () => {
    expect(hits("zone", square, [0.5, 0.5], SIZE, 4)).toBe(true);
    expect(hits("zone", square, [0.81, 0.5], SIZE, 4)).toBe(true);
    expect(hits("zone", square, [0.9, 0.5], SIZE, 4)).toBe(false);
    expect(hits("line", square, [0.5, 0.5], SIZE, 4)).toBe(false);
    expect(hits("line", square.slice(0, 2), [0.5, 0.22], SIZE, 4)).toBe(true);
  });
  it("that crosses itself has no inside", () => {
    expect(crossesItself("zone", square)).toBe(false);
    const [a, b, c, d] = square as [Spot, Spot, Spot, Spot];
    expect(crossesItself("zone", [a, c, b, d])).toBe(true);
  });
});

describe("a line", () => {
  it.each([
    [[0, 0.5], [1, 0.5], 0, 1], // drawn to the right: crossed downwards
    [[1, 0.5], [0, 0.5], 0, -1],
    [[0.5, 1], [0.5, 0], 1, 0], // drawn upwards: crossed to the right
  ] as const)("from %o to %o is crossed from left to right", (a, b, dx, dy) => {
    const way = crossing([a, b], SIZE);
    expect(way?.dx).toBeCloseTo(dx);
    expect(way?.dy).toBeCloseTo(dy);
  });
  it("of one place is crossed nowhere", () =>
    expect(
      crossing(
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
        SIZE,
      ),
    ).toBeUndefined());
});
