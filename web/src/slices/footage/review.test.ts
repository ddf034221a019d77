import { describe, expect, it } from "vitest";
import { type Box, drawn, grown, inLook, lookOf, stepsDone, widened } from "./review";

const close = (a: readonly number[] | undefined, b: readonly number[]) =>
  a?.forEach((v, i) => {
    expect(v).toBeCloseTo(b[i] as number, 9);
  });

describe("a doubtful place", () => {
  const box: Box = [0.4, 0.4, 0.5, 0.6];
  it("is shown with one and a half times its size around it", () => close(lookOf(box), [0.25, 0.1, 0.65, 0.9]));
  it("is widened by half its size", () => close(widened(box), [0.35, 0.3, 0.55, 0.7]));
  it("never grows beyond the picture", () => expect(grown([0, 0.9, 0.1, 1], 1.5)).toEqual([0, 0.75, 0.25, 1]));
  it("comes back from its look as it was", () => {
    const look = lookOf(box);
    const [x1, y1, x2, y2] = inLook(look, box);
    close(drawn(look, [x2, y1], [x1, y2]), box);
  });
  it("takes a drawing beyond the look to its border", () => {
    close(drawn([0.25, 0.1, 0.65, 0.9], [-1, 0.5], [2, 1.5]), [0.25, 0.5, 0.65, 0.9]);
  });
  it("takes no slip of the hand", () => expect(drawn([0, 0, 1, 1], [0.5, 0.5], [0.51, 0.9])).toBeUndefined());
});

it.each([
  ["asked", null, null, 1],
  ["review", null, null, 2],
  ["reviewed", "2026-11-22T00:00:00Z", null, 3],
  ["sealed", "2026-11-22T00:00:00Z", "2026-11-22T00:01:00Z", 4],
] as const)("an export that is %s has its steps behind it", (state, reviewed_at, sealed_at, done) => {
  expect(stepsDone({ state, reviewed_at, sealed_at })).toBe(done);
});
