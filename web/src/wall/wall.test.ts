import { describe, expect, it } from "vitest";
import { cameras, city } from "../fixtures/city";
import { brackets, place } from "./boxes";
import { againMs, chase, forget, JUMP_S, RollingMean, shownAt, TARGET_S } from "./edge";
import { arrange, byArrival, grid, LINGER_MS, numbered, put, remember, swapped } from "./layout";
import { outline } from "./outline";
import { meaning } from "./player";

const camera = (camera_id: string, rank: number, arrives_in_s: number | null, sees = false) => ({
  camera_id,
  rank,
  arrives_in_s,
  sees,
});

describe("layout", () => {
  const list = [
    camera("a", 2, 30),
    camera("b", 1, 5, true),
    camera("c", 3, 10),
    camera("d", 4, null),
    camera("e", 0, 60),
  ];
  it("puts the camera that sees best first, the rest by arrival, passed ones last", () =>
    expect(byArrival(list)).toEqual(["b", "c", "a", "e", "d"]));
  it("never moves the tile under the pointer or the focus", () => {
    const before = arrange([], list, new Set(), 5);
    const moved = list.map((c) => (c.camera_id === "e" ? { ...c, sees: true, rank: -1 } : { ...c, sees: false }));
    const after = arrange(before, moved, new Set([before[1] as string]), 5);
    expect(after[1]).toBe(before[1]);
    expect(after[0]).toBe("e");
    expect(new Set(after).size).toBe(5);
  });
  it("lets a tile go when its camera is gone", () => {
    expect(arrange(["x", "b"], list, new Set(["x"]), 2)).toEqual(["b", "c"]);
  });
  it("remembers a camera for a while after it fell off the list", () => {
    const first = remember([], list, 0);
    const later = remember(first, list.slice(0, 1), LINGER_MS - 1);
    expect(later).toHaveLength(list.length);
    expect(later[1]?.camera).toMatchObject({ sees: false, arrives_in_s: -1 });
    expect(remember(later, list.slice(0, 1), LINGER_MS * 3)).toHaveLength(1);
    const steered = list[1]?.camera_id ?? "";
    const worked = remember(later, list.slice(0, 1), LINGER_MS * 3, new Set([steered]));
    expect(worked.map((r) => r.camera.camera_id)).toContain(steered);
  });
  it("leaves tiles empty when there are too few cameras", () =>
    expect(arrange([], list.slice(0, 1), new Set(), 3)).toEqual(["a", null, null]));
  it.each([1, 2, 3, 4, 5, 6, 9, 12])("lays %i tiles without overlap", (n) => {
    for (const large of [0, Math.min(2, n - 1)]) {
      const lay = grid(n, large);
      const taken = new Set<string>();
      for (const cell of lay.cells) {
        for (let r = 0; r < cell.rows; r++) {
          for (let c = 0; c < cell.columns; c++) {
            const key = `${cell.row + r},${cell.column + c}`;
            expect(taken.has(key)).toBe(false);
            taken.add(key);
            expect(cell.row + r).toBeLessThan(lay.rows);
            expect(cell.column + c).toBeLessThan(lay.columns);
          }
        }
      }
      expect(lay.cells).toHaveLength(n);
    }
  });
});

describe("placed tiles", () => {
  it("swap, and stay where there is nowhere to go", () => {
    expect(swapped(["a", null, "c"], 0, 1)).toEqual([null, "a", "c"]);
    expect(swapped(["a", "b"], 0, 5)).toEqual(["a", "b"]);
  });
  it("hold a camera once", () => expect(put(["a", null, "c"], "a", 1)).toEqual([null, "a", "c"]));
  it("are found by their number, when it means one", () => {
    const all = [{ code: "HD-0412" }, { code: "HD-0012" }, { code: "HD-0431" }];
    expect(numbered(all, "412")?.code).toBe("HD-0412");
    expect([numbered(all, "12"), numbered(all, ""), numbered(all, "9")]).toEqual([undefined, undefined, undefined]);
    expect(numbered(all, "0012")?.code).toBe("HD-0012");
  });
});

describe("live edge", () => {
  it("jumps when it is too far behind", () => expect(chase(JUMP_S + 0.1, 0.2)).toEqual({ jump: true }));
  it("leaves a good distance alone, hurries when behind, slows when ahead, never visibly", () => {
    expect(chase(TARGET_S, TARGET_S)).toEqual({ jump: false, rate: 1 });
    const fast = chase(0.8, 0.8);
    const slow = chase(0.01, 0.01);
    expect(fast.jump === false && fast.rate).toBeGreaterThan(1);
    expect(fast.jump === false && fast.rate).toBeLessThanOrEqual(1.15);
    expect(slow.jump === false && slow.rate).toBeLessThan(1);
  });
  it("follows the mean, not each fragment", () => {
    const mean = new RollingMean(3);
    for (const v of [9, 1, 1, 1]) mean.add(v);
    expect(mean.mean()).toBe(1);
  });
  it("forgets what is long past, not what is shown", () => {
    expect(forget(0, 8)).toBeUndefined();
    expect(forget(0, 20)).toEqual([0, 14]);
  });
  it("asks again later each time", () => expect([againMs(0), againMs(10)]).toEqual([300, 5000]));
});

describe("close codes", () => {
  it.each([
    [4403, "ended"],
    [4404, "no_source"],
    [4401, "reconnecting"],
    [1006, "reconnecting"],
  ] as const)("%i means %s", (code, state) => expect(meaning(code)).toBe(state));
  it("asks again by itself only when the relay lost its lease", () => {
    expect([meaning(4403, "lease-lost"), meaning(4403, "revoked"), meaning(4403, "expired")]).toEqual([
      "connecting",
      "ended",
      "ended",
    ]);
  });
});

describe("boxes", () => {
  it("stands where the cropped picture shows it", () => {
    // a 16:9 picture in a square tile: height fits, the sides are cut by 140 px each of 640
    const r = place([0.5, 0, 0.75, 1], { width: 640, height: 360 }, { width: 360, height: 360 });
    expect(r).toEqual({ left: 180, top: 0, width: 160, height: 360 });
  });
  it("draws four corners", () =>
    expect(brackets({ left: 0, top: 0, width: 40, height: 80 }).match(/M/g)).toHaveLength(4));
});

describe("line drawing", () => {
  const style = city();
  const eye = cameras[0] as (typeof cameras)[0];
  it("is made of the houses the camera faces, and is the same each time", () => {
    const strokes = outline(eye, style.buildings.features, style.streets.features);
    expect(strokes.length).toBeGreaterThan(20);
    expect(outline(eye, style.buildings.features, style.streets.features)).toEqual(strokes);
  });
  it("changes with the azimuth", () => {
    expect(outline({ ...eye, azimuth_deg: 90 }, style.buildings.features)).not.toEqual(
      outline(eye, style.buildings.features),
    );
  });
  it("draws nothing where nothing is known", () => expect(outline(eye, [])).toEqual([]));
});

describe("the recorded instant", () => {
  const at = (s: number) => 1_763_658_000_000 + s * 1000;
  it("runs with the stream's clock, leaps over gaps and stands still when paused", () => {
    const anchors = [
      { t: 0, atMs: at(0), speed: 1, playing: true },
      { t: 4, atMs: at(100), speed: 2, playing: true },
      { t: 6, atMs: at(104), speed: 1, playing: false },
    ];
    expect(shownAt([], 1)).toBeUndefined();
    expect(shownAt(anchors, 2)).toBe(at(2));
    expect(shownAt(anchors, 5)).toBe(at(102));
    expect(shownAt(anchors, 60)).toBe(at(104));
    expect(shownAt(anchors.slice(1), 1)).toBe(at(100));
  });
});
