import { describe, expect, it } from "vitest";
import { drawnOf, type Home } from "../../../api/homes";
import { alerts, list } from "../../../fixtures/homes";
import { daysUntil, nextStep, partsOf, proofOf, stepsOf, withPart } from "./steps";

const [watching, bare] = list as [Home, Home];
const square: [number, number][] = [
  [0.1, 0.1],
  [0.2, 0.1],
  [0.2, 0.2],
];

describe("installing a home camera", () => {
  it("says at each step what is missing there", () => {
    const steps = stepsOf(bare, []);
    expect(steps.map((s) => [s.id, s.done, s.lacks.length])).toEqual([
      ["camera", true, 0],
      ["grounds", false, 3],
      ["zones", false, 3],
      ["people", false, 0],
      ["on", false, 0],
      ["test", false, 0],
    ]);
    expect(nextStep(steps)).toBe("grounds");
    expect(nextStep(stepsOf(undefined, []))).toBe("camera");
  });
  it("goes on without anybody enrolled", () => {
    const ready = { ...bare, lacks: [] };
    expect(nextStep(stepsOf(ready, []))).toBe("on");
    expect(nextStep(stepsOf({ ...ready, on: true, on_at: "2026-01-01T00:00:00Z" }, []))).toBe("test");
  });
  it("is over once an alert of it was seen on her phone since it was switched on", () => {
    expect(stepsOf(watching, alerts).every((s) => s.done)).toBe(true);
    expect(proofOf(watching, alerts)?.alert_id).toBe("a1");
    expect(proofOf({ ...watching, on_at: null }, alerts)).toBeUndefined();
    expect(stepsOf(watching, alerts.slice(1)).at(-1)?.done).toBe(false);
  });
});

describe("what it guards and hides", () => {
  it("is drawn from what is kept, and back", () => {
    const drawn = drawnOf(watching);
    expect([drawn.guard.length, drawn.line?.length, drawn.household.length, drawn.no_neighbour]).toEqual([
      1,
      2,
      1,
      true,
    ]);
    expect(partsOf(drawn).map((p) => p.id)).toEqual(["household-0", "guard-0", "line-0"]);
    expect(drawnOf(bare)).toMatchObject({ guard: [], line: null, household: [], unknown_s: 10, linger_s: 20 });
  });
  it("gains, changes and loses one part at a time", () => {
    const drawn = drawnOf(watching);
    expect(withPart(drawn, "neighbour", undefined, square).neighbour).toEqual([square]);
    expect(withPart(drawn, "guard", "guard-0", square).guard).toEqual([square]);
    expect(withPart(drawn, "household", "household-0", undefined).household).toEqual([]);
    expect(withPart(drawn, "line", "line-0", undefined).line).toBeNull();
  });
});

describe("an order's end", () => {
  it("is counted in whole days", () => {
    const now = Date.parse("2026-11-20T12:00:00Z");
    expect(daysUntil("2026-11-23T11:00:00Z", now)).toBe(2);
    expect(daysUntil("2026-11-20T13:00:00Z", now)).toBe(0);
    expect(daysUntil("2026-11-19T13:00:00Z", now)).toBe(0);
  });
});
