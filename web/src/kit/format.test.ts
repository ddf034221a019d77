import { describe, expect, it } from "vitest";
import { clock, dayMinutes, elapsed, metres, probability } from "./format";

describe("format", () => {
  it.each([
    [7, "00:07"],
    [3751, "1:02:31"],
    [-5, "00:00"],
    [90_061, "1:01:01:01"],
  ])("writes %i s as %s", (seconds, words) => expect(elapsed(seconds)).toBe(words));
  it("writes instants in Korean standard time", () => {
    expect(clock("2026-11-20T17:14:37Z")).toBe("02:14:37");
    expect(dayMinutes("2026-11-20T17:14:37Z")).toBe("11. 21. 02:14");
    expect(clock(null)).toBe("–");
  });
  it("never rounds a probability up to certainty", () => {
    expect(probability(0.9991)).toBe("0.99");
    expect(probability(1)).toBe("1.00");
  });
  it("writes lengths", () => expect([metres(18.4), metres(1234)]).toEqual(["18 m", "1.2 km"]));
});
