import { describe, expect, it } from "vitest";
import type { Setup, Zone } from "../../api/vision";
import { blankSetup, setup } from "../../fixtures/vision";
import type { Spot } from "../../kit/picture";
import { plane } from "../../map/geometry";
import { grid, groundOf, homography, inverse, onGround, type Pair, solve } from "./calibration";
import {
  clockOf,
  minuteOf,
  modeOf,
  newZone,
  problemOf,
  purposed,
  reversed,
  same,
  setupOf,
  switched,
  toggled,
  withoutZone,
  withZone,
} from "./setup";

const kept: Setup = setupOf(setup);
const square: Spot[] = [
  [0.1, 0.1],
  [0.3, 0.1],
  [0.3, 0.3],
  [0.1, 0.3],
];

describe("zones", () => {
  it("get a name that is free", () => {
    expect(newZone("zone", square, kept.zones, "n").name).toBe("Z2");
    expect(newZone("line", square, kept.zones, "n").name).toBe("L1");
  });
  it("replace one another by id, and go", () => {
    const zone = kept.zones[0] as Zone;
    expect(withZone(kept, { ...zone, name: "other" }).zones.map((z) => z.name)).toContain("other");
    expect(withZone(kept, { ...zone, id: "new" }).zones).toHaveLength(4);
    expect(withoutZone(kept, zone.id).zones).toHaveLength(2);
  });
  it("lose the limits that another purpose has no use for", () => {
    const zone = { ...(kept.zones[0] as Zone), limits: { dwell_s: 3 } };
    expect(purposed(zone, "loitering").limits).toEqual({ dwell_s: 3 });
    expect(purposed(zone, "crowding").limits).toEqual({});
    expect(purposed({ ...zone, kind: "line", limits: { both: 1 } }, "intrusion").limits).toEqual({ both: 1 });
  });
  it("say what is wrong with them", () => {
    const [a, b, c, d] = square as [Spot, Spot, Spot, Spot];
    expect(problemOf("zone", square)).toBeUndefined();
    expect(problemOf("zone", [a, c, b, d])).toBe("crosses");
    expect(problemOf("zone", [a, b])).toBe("few");
    expect(
      problemOf("zone", [
        [0.1, 0.1],
        [0.11, 0.1],
        [0.1, 0.11],
      ]),
    ).toBe("small");
    expect(problemOf("line", [a, b])).toBeUndefined();
  });
  it("are crossed the other way once turned", () =>
    expect(reversed(kept.zones[1] as Zone).points[0]).toEqual((kept.zones[1] as Zone).points.at(-1)));
});

describe("hours", () => {
  it("are minutes of the day, up to its end", () => {
    expect([clockOf(0), clockOf(1320), clockOf(1440)]).toEqual(["00:00", "22:00", "24:00"]);
    expect([minuteOf("22:00"), minuteOf("24:00"), minuteOf("7:05")]).toEqual([1320, 1440, 425]);
    for (const words of ["24:01", "7", "7:5", "a"]) expect(minuteOf(words)).toBeUndefined();
  });
  it("hold on chosen days", () => {
    const hours = { days: [0, 2], from_min: 0, until_min: 60 };
    expect(toggled(hours, 1).days).toEqual([0, 1, 2]);
    expect(toggled(hours, 2).days).toEqual([0]);
  });
});

describe("what is looked for", () => {
  it("is on, on trial or off, never two of them", () => {
    for (const mode of ["on", "shadow", "off"] as const)
      expect(modeOf(switched(kept, "fire", mode), "fire")).toBe(mode);
    expect(switched(switched(kept, "cry", "shadow"), "cry", "off").shadow).not.toContain("cry");
  });
  it("is the same in whatever order it was chosen", () => {
    expect(same(kept, { ...kept, behaviours: [...kept.behaviours].reverse() })).toBe(true);
    expect(same(kept, switched(kept, "fire", "on"))).toBe(false);
    expect(same(kept, setupOf(blankSetup))).toBe(false);
  });
});

/** A camera 6 m up looking north, 12° down, its horizon in the picture: where the ground at (east, north) m is seen. */
function seen(e: number, n: number): Spot {
  const tilt = Math.PI / 15;
  const depth = n * Math.cos(tilt) + 6 * Math.sin(tilt);
  const up = n * Math.sin(tilt) - 6 * Math.cos(tilt);
  return [0.5 + e / depth, 0.5 - (up * 16) / 9 / depth];
}
const origin = plane(36.9, 127.9);
const pairs = (ground: readonly (readonly [number, number])[]): Pair[] =>
  ground.map(([e, n]) => {
    const [x, y] = seen(e, n);
    const [lon, lat] = origin.toPosition(e, n) as [number, number];
    return { x, y, lat, lon };
  });
const FOUR = [
  [-4, 6],
  [4, 6],
  [8, 25],
  [-8, 25],
] as const;

describe("calibration", () => {
  it("puts every other point of the ground where it is", () => {
    const fitted = groundOf(pairs(FOUR));
    expect(fitted).toBeDefined();
    const at = fitted && onGround(fitted.h, seen(2, 14));
    const around = fitted && plane(fitted.origin.lat, fitted.origin.lon);
    const [lon, lat] = around && at ? (around.toPosition(at[0], at[1]) as [number, number]) : [0, 0];
    const [east, north] = origin.toXy([lon, lat]);
    expect(Math.hypot(east - 2, north - 14)).toBeLessThan(0.02);
  });
  it("knows no error of four points, and the true one of five", () => {
    expect(groundOf(pairs(FOUR))?.restM).toBeNull();
    const good = groundOf(pairs([...FOUR, [0, 12]]));
    expect(good?.restM).toBeLessThan(0.02);
    const wrong = pairs([...FOUR, [0, 12]]);
    const bad = groundOf(wrong.map((p, i) => (i === 4 ? { ...p, lat: p.lat + 3 / 111_320 } : p)));
    expect(bad?.restM).toBeGreaterThan(0.3);
    expect(Math.max(...(bad?.offM ?? [0]))).toBeLessThan(3.1);
  });
  it("says what a slip of the hand does: more, the nearer the points", () => {
    const wide = groundOf(pairs(FOUR))?.slipM ?? 0;
    const narrow =
      groundOf(
        pairs([
          [-0.5, 10],
          [0.5, 10],
          [0.5, 12],
          [-0.5, 12],
        ]),
      )?.slipM ?? 0;
    expect(wide).toBeGreaterThan(0.01);
    expect(narrow).toBeGreaterThan(0);
  });
  it("is none of points in a line, or of three", () => {
    expect(groundOf(pairs(FOUR).slice(0, 3))).toBeUndefined();
    expect(
      groundOf(
        pairs([
          [0, 6],
          [0, 10],
          [0, 14],
          [0, 20],
        ]),
      ),
    ).toBeUndefined();
  });
  it("goes there and back, and nothing stands beyond the horizon", () => {
    const fitted = groundOf(pairs(FOUR));
    if (!fitted) throw new Error("four wide points settle the ground");
    const back = inverse(fitted.h);
    const ground = onGround(fitted.h, [0.5, 0.6]);
    const again = back && ground && onGround(back, ground);
    expect(again?.[0]).toBeCloseTo(0.5, 6);
    expect(again?.[1]).toBeCloseTo(0.6, 6);
    expect(onGround(fitted.h, [0.5, 0.05])).toBeUndefined();
    expect(grid(fitted, pairs(FOUR), 5).length).toBeGreaterThan(6);
  });
  it("solves what has one answer", () => {
    expect(
      solve(
        [
          [0, 2],
          [1, 1],
        ],
        [4, 5],
      ),
    ).toEqual([3, 2]);
    expect(
      solve(
        [
          [1, 1],
          [2, 2],
        ],
        [1, 2],
      ),
    ).toBeUndefined();
    expect(homography([[0, 0]], [[0, 0]])).toBeUndefined();
  });
});
