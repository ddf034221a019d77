import { describe, expect, it } from "vitest";
import { done, nextOf } from "./rules.ts";

describe("an order on the unit's phone", () => {
  it("goes through its states one by one", () => {
    expect((["sent", "received", "read", "accepted", "on_scene", "over"] as const).map(nextOf)).toEqual([
      "received",
      "read",
      "accepted",
      "on_scene",
      "over",
      null,
    ]);
  });
  it("shows what is behind it as done", () => {
    expect(done("sent", "received")).toBe(false);
    expect(done("accepted", "read")).toBe(true);
    expect(done("accepted", "on_scene")).toBe(false);
  });
});
