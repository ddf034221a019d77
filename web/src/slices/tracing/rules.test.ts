import { describe, expect, it } from "vitest";
import type { Candidate, NextCamera } from "../../api/tracing";
import {
  afterJudging,
  along,
  attributeWords,
  due,
  exportOf,
  heatOf,
  routeOf,
  scaleOf,
  secondsOf,
  spanOf,
  stripOf,
  tellingReasons,
} from "./rules";

const candidate = (id: string, probability: number, verdict: Candidate["verdict"], minute = 0): Candidate => ({
  candidate_id: id,
  camera_id: `c-${id}`,
  camera_code: "HD-0001",
  camera_address: "",
  camera_lat: 37.5,
  camera_lon: 127,
  from_at: new Date(minute * 60_000).toISOString(),
  until_at: new Date(minute * 60_000 + 5000).toISOString(),
  probability,
  why: [],
  why_not: [],
  lat: null,
  lon: null,
  heading_deg: null,
  pictured: true,
  verdict,
});
const next = (from: number, until: number): NextCamera => ({
  camera_id: "x",
  camera_code: "",
  camera_address: "",
  camera_lat: 37.5,
  camera_lon: 127,
  azimuth_deg: 0,
  fov_deg: 60,
  range_m: 50,
  probability: 0.5,
  from_at: new Date(from).toISOString(),
  likely_at: new Date((from + until) / 2).toISOString(),
  until_at: new Date(until).toISOString(),
  mode: "walk",
  length_m: 100,
  blind_m: 0,
});

describe("the strip of candidates", () => {
  const all = [
    candidate("a", 0.2, null),
    candidate("b", 0.9, "him", 2),
    candidate("c", 0.6, null),
    candidate("d", 0.5, "him", 1),
  ];
  it("puts those first who wait for a word, likeliest first", () => {
    expect(stripOf(all).map((c) => c.candidate_id)).toEqual(["c", "a", "b", "d"]);
  });
  it("goes on to the next that waits, and stops where nobody does", () => {
    const strip = stripOf(all);
    expect(afterJudging(strip, "c")?.candidate_id).toBe("a");
    expect(afterJudging(strip, "a")?.candidate_id).toBe("c");
    expect(afterJudging([candidate("z", 1, null)], "z")).toBeUndefined();
  });
  it("tells the route in the order of time", () => {
    expect(routeOf(all).map((c) => c.candidate_id)).toEqual(["d", "b"]);
  });
});

it("leaves out reasons that say nothing, strongest first", () => {
  const told = tellingReasons([
    { name: "time", llr: 0.02 },
    { name: "plate", llr: 4 },
    { name: "carried", llr: -0.7 },
  ]);
  expect(told.map((r) => r.name)).toEqual(["plate", "carried"]);
});

it("says attributes as people do, and leaves unknown ones as they are", () => {
  const words = { upper: "윗옷", colour: "색", bag: "가방" };
  const gray = attributeWords({ key: "upper_colour", value: "gray" }, words, { gray: "회색" });
  expect(gray).toEqual({ what: "윗옷 색", value: "회색" });
  const bag = attributeWords({ key: "bag", value: "shoulder_bag" }, words, {});
  expect(bag).toEqual({ what: "가방", value: "shoulder bag" });
  expect(attributeWords({ key: "odd", value: "x" }, words, {}).what).toBe("odd");
});

describe("arrival windows", () => {
  it("stand on one scale from now to the latest", () => {
    const scale = scaleOf([next(60_000, 120_000), next(30_000, 240_000)], 40_000);
    expect(scale).toEqual({ fromMs: 30_000, untilMs: 240_000 });
    expect(along(135_000, scale)).toBeCloseTo(50);
    expect(along(999_000, scale)).toBe(100);
  });
  it("is at least a minute long", () => {
    expect(scaleOf([], 5000)).toEqual({ fromMs: 5000, untilMs: 65_000 });
  });
});

it("opens a next camera in its window alone, a little early", () => {
  const n = next(60_000, 120_000);
  expect([54_000, 55_000, 120_000, 130_001].map((at) => due(n, at))).toEqual([false, true, true, false]);
});

it("draws time from the first that may be him to the last window, never before what was approved", () => {
  const all = [candidate("a", 0.2, null, 1), candidate("b", 0.9, "him", 3)];
  expect(spanOf(undefined, all, [next(400_000, 500_000)], 300_000)).toEqual({ fromMs: 60_000, untilMs: 500_000 });
  expect(spanOf({ from_at: new Date(100_000).toISOString() }, all, [], 300_000).fromMs).toBe(100_000);
});

it("draws streets beside the likeliest one", () => {
  const street = (probability: number) => ({
    line: [
      [37, 127],
      [37, 128],
    ] as [[number, number], [number, number]],
    probability,
  });
  expect(heatOf({ at: "", streets: [street(0.2), street(0.05)], elsewhere: 0.1 }).map((s) => s.near)).toEqual([
    1, 0.25,
  ]);
  expect(heatOf(undefined)).toEqual([]);
});

it("exports the route that a step of the search offered, its hops behind the reason", () => {
  const span = (n: number) => ({
    camera_id: `c-${n}`,
    camera_code: "HD-0001",
    camera_address: "해담동 1",
    from_at: new Date(n * 3_600_000).toISOString(),
    until_at: new Date(n * 3_600_000 + 20_500).toISOString(),
  });
  const route = { step: 4, spans: [span(1), span(2)], words: "T-1: 1 HD-0001 00:01:00Z" };
  expect(secondsOf(route.spans)).toBe(41);
  const said = { reason: "송치", case_no: "2026-1", recipient: "해담경찰서", downloads: 1, days: 2, nowMs: 0 };
  const form = exportOf("s", route, said);
  const { camera_id, from_at, until_at } = span(2);
  expect(form.spans[1]).toEqual({ camera_id, from_at, until_at });
  expect([form.spans.length, form.original]).toEqual([2, false]);
  expect(form.reason).toBe("송치 | T-1: 1 HD-0001 00:01:00Z");
  expect(form.search).toEqual({ id: "s", step: 4 });
  expect(form.download_until).toBe(new Date(2 * 86_400_000).toISOString());
});
