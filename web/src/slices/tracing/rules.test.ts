import { describe, expect, it } from "vitest";
import type { Candidate, NextCamera } from "../../api/tracing";
import { afterJudging, along, attributeWords, routeOf, scaleOf, stripOf, tellingReasons } from "./rules";

const candidate = (id: string, probability: number, verdict: Candidate["verdict"], minute = 0): Candidate => ({
  candidate_id: id,
  camera_id: `c-${id}`,
  camera_code: "HD-0001",
  camera_address: "",
  from_at: new Date(minute * 60_000).toISOString(),
  until_at: new Date(minute * 60_000 + 5000).toISOString(),
  probability,
  why: [],
  why_not: [],
  lat: null,
  lon: null,
  heading_deg: null,
  verdict,
});
const next = (from: number, until: number): NextCamera => ({
  camera_id: "x",
  camera_code: "",
  camera_address: "",
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
  expect(attributeWords({ key: "upper_colour", value: "gray" }, words)).toEqual({ what: "윗옷 색", value: "gray" });
  expect(attributeWords({ key: "bag", value: "backpack" }, words)).toEqual({ what: "가방", value: "backpack" });
  expect(attributeWords({ key: "odd", value: "x" }, words).what).toBe("odd");
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
