import { expect, test } from "vitest";
import { endOf, headOf } from "./scene.ts";

test("the head of a picture: key or not, and its time in 90 kHz", () => {
  expect([...headOf(true, 1_000_000)]).toEqual([1, 0, 1, 0x5f, 0x90]);
  expect(headOf(false, 0)[0]).toBe(0);
  // 13 hours and 15 minutes: the clock of 32 bits begins anew
  expect([...headOf(false, (2 ** 32 / 0.09) | 0)].length).toBe(5);
  expect([...headOf(false, 2 ** 32 / 0.09 + 1000)].slice(1)).toEqual([0, 0, 0, 90]);
});

test("what the end of a socket means: over, refused, taken over, or come again", () => {
  expect(endOf(4403)).toBe("over");
  expect(endOf(4409)).toBe("elsewhere");
  expect(endOf(4415)).toBe("refused");
  for (const code of [1006, 1011, 4401, 4404, 4408]) expect(endOf(code)).toBeUndefined();
});
