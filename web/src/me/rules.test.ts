import { describe, expect, it } from "vitest";
import { standingOf } from "./rules";
import { me } from "./text";

describe("how an alarm stands for its wearer", () => {
  it.each([
    [null, undefined, "open"],
    ["confirmed", undefined, "confirmed"],
    ["medical", undefined, "medical"],
    ["false", undefined, "false"],
    ["confirmed", null, "contested"],
    ["confirmed", true, "upheld"],
    ["confirmed", false, "dismissed"],
  ] as const)("%s, contested %s: %s", (finding, upheld, standing) => {
    expect(standingOf({ finding }, upheld === undefined ? undefined : { upheld })).toBe(standing);
  });
  it("is said in both languages", () => {
    expect(Object.keys(me.en.mine.standing)).toEqual(Object.keys(me.ko.mine.standing));
  });
});
