import { describe, expect, it } from "vitest";
import {
  CLOSEST_MS,
  covered,
  following,
  gapAt,
  instantAt,
  instantOf,
  lastHour,
  moved,
  placeOf,
  ranged,
  spansOf,
  stopFrom,
  stops,
  ticks,
  tileOf,
  zoomed,
} from "./timeline";

const NIGHT = Date.parse("2026-11-21T02:00:00+09:00");
const at = (s: number) => NIGHT + s * 1000;
const iso = (s: number) => new Date(at(s)).toISOString();
const bounds = { fromMs: at(0), untilMs: at(3600) };
const view = { fromMs: at(600), untilMs: at(1200) };
const spans = spansOf([
  { start: iso(0), end: iso(700), cause: null, detail: "" },
  { start: iso(700), end: iso(741), cause: "camera-lost", detail: "silent" },
  { start: iso(741), end: iso(3600), cause: null, detail: "" },
]);
const mark = (s: number) => ({ kind: "bookmark", at: iso(s), id: String(s), words: "", own: true }) as const;

describe("timeline", () => {
  it("places instants and finds them again", () => {
    for (const part of [0, 0.25, 1]) expect(placeOf(view, instantAt(view, part))).toBeCloseTo(part);
    expect(placeOf(view, at(300))).toBeLessThan(0);
  });
  it.each([0.5, 1, 2, 1000])("zooms by %d around an instant that stays, within the bounds", (by) => {
    const here = at(1000);
    const next = zoomed(view, by, here, bounds);
    expect(next.fromMs).toBeGreaterThanOrEqual(bounds.fromMs);
    expect(next.untilMs).toBeLessThanOrEqual(bounds.untilMs);
    expect(next.untilMs - next.fromMs).toBeGreaterThanOrEqual(CLOSEST_MS - 1);
    expect(placeOf(next, here)).toBeCloseTo(placeOf(view, here), 5);
  });
  it("shows everything when zoomed out, and moves no further than there is", () => {
    expect(zoomed(view, 0.001, at(1000), bounds)).toEqual(bounds);
    expect(moved(view, -1e9, bounds)).toEqual({ fromMs: at(0), untilMs: at(600) });
    expect(moved(view, 1e9, bounds)).toEqual({ fromMs: at(3000), untilMs: at(3600) });
  });
  it("follows the playhead out of the view, and rests while it is inside", () => {
    expect(following(view, at(900), bounds)).toBe(view);
    for (const s of [1201, 599, 3590]) {
      const part = placeOf(following(view, at(s), bounds), at(s));
      expect(part).toBeGreaterThanOrEqual(0);
      expect(part).toBeLessThanOrEqual(1);
    }
  });
  it("writes round times of Seoul, not too close", () => {
    const found = ticks({ fromMs: at(0), untilMs: at(3600) });
    expect(found.map((ms) => new Date(ms).toISOString().slice(11, 16))).toEqual([
      "17:00",
      "17:10",
      "17:20",
      "17:30",
      "17:40",
      "17:50",
      "18:00",
    ]);
    const days = ticks({ fromMs: NIGHT, untilMs: NIGHT + 7 * 86_400_000 });
    for (const ms of days) expect(new Date(ms + 9 * 3_600_000).getUTCHours()).toBe(0);
  });
  it("knows a gap, its cause and its edges", () => {
    expect(gapAt(spans, at(700))).toMatchObject({ cause: "camera-lost", detail: "silent" });
    expect([gapAt(spans, at(699.999)), gapAt(spans, at(741))]).toEqual([undefined, undefined]);
  });
  it("sums what a range holds and cuts gaps to it", () => {
    const found = covered(spans, [at(690), at(720)]);
    expect(found.recordedMs).toBe(10_000);
    expect(found.gaps).toMatchObject([{ fromMs: at(700), untilMs: at(720) }]);
    expect(covered(spans, [at(0), at(3600)]).recordedMs).toBe((3600 - 41) * 1000);
  });
  it("jumps from event to gap to event, and nowhere beyond the last", () => {
    const all = stops([mark(900), mark(100)], spans);
    expect(all).toEqual([at(100), at(700), at(900)]);
    expect(stopFrom(all, at(100), 1)).toBe(at(700));
    expect(stopFrom(all, at(700), -1)).toBe(at(100));
    expect([stopFrom(all, at(900), 1), stopFrom(all, at(100), -1)]).toEqual([undefined, undefined]);
  });
  it("sets a range from either end", () => {
    expect(ranged(undefined, "in", at(10), bounds)).toEqual([at(10), at(3600)]);
    expect(ranged([at(10), at(20)], "out", at(15), bounds)).toEqual([at(10), at(15)]);
    expect(ranged([at(10), at(20)], "in", at(30), bounds)).toEqual([at(30), at(3600)]);
    expect(ranged([at(10), at(20)], "out", at(5), bounds)).toEqual([at(0), at(5)]);
  });
  it("finds the tile of an instant", () =>
    expect([tileOf([10, 20, 30], 5), tileOf([10, 20, 30], 29), tileOf([10, 20, 30], 99)]).toEqual([0, 1, 2]));
  it.each([
    ["02:18:41", 18 * 60 + 41],
    ["2:18", 18 * 60],
    ["02:18:41.500", 18 * 60 + 41.5],
    ["20일 23:59", -121 * 60],
  ])("reads %s", (words, s) => expect(instantOf(words, NIGHT)).toBe(at(s)));
  it.each(["25:00", "02:61", "HD-0412", ""])("reads no time in '%s'", (words) =>
    expect(instantOf(words, NIGHT)).toBeUndefined(),
  );
  it.each([
    ["2026-11-22T23:50:30+09:00", "2026-11-22", "22:50", "23:50"],
    ["2026-11-23T00:20:00+09:00", "2026-11-23", "00:00", "00:20"],
    ["2026-11-23T01:00:00+09:00", "2026-11-23", "00:00", "01:00"],
  ])("begins an order's hours with the last one of the day: %s", (now, date, from, until) =>
    expect(lastHour(Date.parse(now))).toEqual({ date, from, until }),
  );
});
