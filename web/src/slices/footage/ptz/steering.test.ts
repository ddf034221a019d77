import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Push } from "../../../api/ptz";
import { Hand, leftS, onDial, PAUSE_MS, pushed, REPEAT_MS, slice, spanOf, times } from "./steering";

describe("held keys", () => {
  it("add up", () => expect(pushed(["ArrowLeft", "ArrowUp", "Equal"], true)).toEqual({ pan: -1, tilt: 1, zoom: 1 }));
  it("cancel one another", () => expect(pushed(["ArrowLeft", "ArrowRight"], true)).toBeUndefined());
  it("are slow without Shift", () => expect(pushed(["ArrowDown"], false)).toEqual({ pan: 0, tilt: -0.35, zoom: 0 }));
  it("that are none of the joystick's ask nothing", () => expect(pushed(["KeyP"], false)).toBeUndefined());
});

describe("a sector", () => {
  it.each([
    [350, 80, 90],
    [10, 20, 10],
    [45, 45, 360],
    [0, 360, 360],
    [180, 90, 270],
  ])("from %i to %i covers %i degrees", (from_deg, until_deg, span) =>
    expect(spanOf({ from_deg, until_deg })).toBe(span),
  );
  it("has north on top and east on the right", () => {
    expect(onDial(0, 10).map((v) => Math.round(v) + 0)).toEqual([0, -10]);
    expect(onDial(90, 10).map((v) => Math.round(v) + 0)).toEqual([10, 0]);
  });
  it("is drawn the long way round where it is wide", () => {
    expect(slice(0, 90, 10)).toBe("M0 0L0.00 -10.00A10 10 0 0 1 10.00 -0.00Z");
    expect(slice(0, 270, 10)).toContain("0 1 1");
    expect(slice(0, 360, 10)).not.toContain("L");
  });
});

it("shows how much nearer a pose is than wide", () => {
  expect(times({ fov_deg: 60 }, 60)).toBe(1);
  expect(Math.round(times({ fov_deg: 6 }, 60))).toBe(11);
});
it("never has less than no time left", () =>
  expect(leftS("2026-11-22T00:00:00Z", Date.parse("2026-11-22T00:01:00Z"))).toBe(0));

describe("a hand on the joystick", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const left: Push = { pan: -1, tilt: 0, zoom: 0 };
  const up: Push = { pan: 0, tilt: 1, zoom: 0 };

  it("repeats while it pushes, and stops once", async () => {
    const sent: (Push | undefined)[] = [];
    const hand = new Hand(async (push) => void sent.push(push));
    hand.want(left);
    await vi.advanceTimersByTimeAsync(2 * REPEAT_MS + PAUSE_MS);
    hand.want(undefined);
    await vi.advanceTimersByTimeAsync(5 * REPEAT_MS);
    expect(sent).toEqual([left, left, left, undefined]);
  });
  it("sends one command at a time, and of those that wait the newest", async () => {
    const sent: (Push | undefined)[] = [];
    const hand = new Hand(async (push) => {
      sent.push(push);
      await new Promise((done) => setTimeout(done, 500));
    });
    hand.want(left);
    hand.want(up);
    hand.want(undefined);
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent).toEqual([left, undefined]);
  });
  it("gives up what was refused", async () => {
    let sent = 0;
    const hand = new Hand(async () => {
      sent += 1;
      throw new Error("not held");
    });
    hand.want(left);
    await vi.advanceTimersByTimeAsync(5 * REPEAT_MS);
    expect(sent).toBe(1);
  });
  it("that never pushed stops nothing", async () => {
    const send = vi.fn(async () => undefined);
    new Hand(send).want(undefined);
    await vi.advanceTimersByTimeAsync(REPEAT_MS);
    expect(send).not.toHaveBeenCalled();
  });
});
