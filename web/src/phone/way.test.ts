import { describe, expect, it } from "vitest";
import type { WayFound } from "../api/phone.ts";
import { offset } from "./geo.ts";
import { callsDue, guide } from "./way.ts";

const a: [number, number] = [36.9, 127.9];
const b = offset(a, 0, 60);
const c = offset(b, 90, 200);
const way: WayFound = {
  found: true,
  destination: { name: "새빛지구대", kind: "police_box", staffed: true, lat: c[0], lon: c[1] },
  length_m: 260,
  duration_s: 200,
  line: [a, b, c],
  steps: [
    { at: a, turn: "straight", in_m: 0, street: "한올길", text_ko: "곧장", text_en: "straight" },
    { at: b, turn: "right", in_m: 60, street: "은하로", text_ko: "오른쪽", text_en: "right" },
    { at: c, turn: "arrive", in_m: 200, street: null, text_ko: "도착", text_en: "arrive" },
  ],
  red: [],
  margin_s: 45,
};

describe("guide", () => {
  it("says the first turn from the start, with what follows", () => {
    const g = guide(way, a);
    expect(g?.turn).toBe("right");
    expect(g?.in_m).toBeCloseTo(60, 0);
    expect(g?.street).toBe("은하로");
    expect(g?.next?.turn).toBe("arrive");
    expect(g?.remaining_s).toBeCloseTo(200, 0);
  });
  it("keeps a turn until it is passed, then goes on", () => {
    expect(guide(way, offset(a, 0, 50))?.turn).toBe("right");
    const after = guide(way, offset(b, 90, 20));
    expect(after?.turn).toBe("arrive");
    expect(after?.in_m).toBeCloseTo(180, 0);
  });
  it("notices that she left the way and says where it lies", () => {
    const g = guide(way, offset(a, 270, 90));
    expect(g?.off?.off_m).toBeCloseTo(90, 0);
    expect(g?.off?.bearing_deg).toBeCloseTo(90, 0);
  });
  it("arrives at the door, and only there", () => {
    expect(guide(way, offset(c, 270, 10))?.arrived).toBe(true);
    expect(guide(way, offset(c, 270, 80))?.arrived).toBe(false);
    expect(guide(way, offset(c, 0, 60))?.arrived).toBe(false);
  });
  it("draws only what lies before her", () => {
    const g = guide(way, offset(b, 90, 20));
    expect(g?.rest).toHaveLength(2);
  });
  it("says nothing for a way without a line", () => {
    expect(guide({ ...way, line: [] }, a)).toBeNull();
  });
});

describe("calls of one turn", () => {
  it("come at 60, 20 and 5 metres", () => {
    expect([100, 60, 30, 20, 6, 5, 0].map(callsDue)).toEqual([0, 1, 1, 2, 2, 3, 3]);
  });
});
