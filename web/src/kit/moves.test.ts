import { describe, expect, it } from "vitest";
import { beside } from "./moves";

describe("the entry beside", () => {
  const list = ["a", "b", "c"];
  it.each([
    ["b", 1, "c"],
    ["b", -1, "a"],
    ["c", 1, "c"],
    ["a", -1, "a"],
    [undefined, 1, "a"],
    [undefined, -1, "a"],
  ] as const)("of %s by %i is %s", (chosen, by, next) => {
    expect(beside(list, (each) => each === chosen, by)).toBe(next);
  });
  it("of an empty list is none", () => {
    expect(beside([], () => true, 1)).toBeUndefined();
  });
});
