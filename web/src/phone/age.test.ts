import { describe, expect, it } from "vitest";
import { ageSeconds, couldReach, distanceNow, freshness, round, trend } from "./age.ts";
import { alert } from "./samples.ts";
import { agoWords, speaker, words } from "./text.ts";

const at = Date.parse("2026-11-21T13:41:08Z");
const seen = (seconds: number) => new Date(at - seconds * 1000).toISOString();

describe("age", () => {
  it("counts whole seconds and never the future", () => {
    expect(ageSeconds(seen(8), at)).toBe(8);
    expect(ageSeconds(seen(-3), at)).toBe(0);
  });
  it("is amber over 30 s and hollow over 120 s", () => {
    expect([0, 30, 31, 120, 121].map(freshness)).toEqual(["fresh", "fresh", "old", "old", "lost"]);
  });
  it("is said in the largest whole unit", () => {
    const w = words("ko");
    expect([0, 8, 60, 3599, 7200, 200_000].map((s) => agoWords(s, w))).toEqual([
      "방금",
      "8초 전",
      "1분 전",
      "59분 전",
      "2시간 전",
      "2일 전",
    ]);
  });
});

describe("distance", () => {
  it("is a number while fresh and narrow", () => {
    expect(distanceNow(alert({ distance_m: 433, error_m: 35, seen_at: seen(8) }), at)).toEqual({
      kind: "number",
      m: 430,
    });
  });
  it("becomes a range over a minute, and wider with every second more", () => {
    const one = distanceNow(alert({ distance_m: 433, error_m: 35, seen_at: seen(61) }), at);
    const four = distanceNow(alert({ distance_m: 433, error_m: 35, seen_at: seen(160) }), at);
    expect(one.kind).toBe("range");
    if (one.kind === "range" && four.kind === "range") expect(four.hi - four.lo).toBeGreaterThan(one.hi - one.lo);
  });
  it("is a range where the error is as large as half of it", () => {
    expect(distanceNow(alert({ distance_m: 100, error_m: 60, seen_at: seen(1) }), at).kind).toBe("range");
  });
  it("takes the server's range while probable", () => {
    const a = alert({ level: "probable", distance_range_m: [310, 690], seen_at: seen(40) });
    expect(distanceNow(a, at)).toEqual({ kind: "range", lo: 300, hi: 700 });
  });
  it("is unknown without one", () => {
    expect(distanceNow(alert({ distance_m: null, distance_range_m: null }), at)).toEqual({ kind: "unknown" });
  });
  it("carries no more digits than the fix", () => {
    expect([4, 433, 996, 2340].map(round)).toEqual([10, 430, 1000, 2300]);
  });
  it("names how far he could be while unseen", () => {
    expect(couldReach(240)).toEqual({ walk_m: 400, car_m: 2000 });
  });
});

describe("trend", () => {
  it("is told in metres a minute, and not below the noise", () => {
    expect(trend(-118)).toEqual({ closing: true, m: 120 });
    expect(trend(40)).toEqual({ closing: false, m: 40 });
    expect(trend(-4)).toBeNull();
    expect(trend(null)).toBeNull();
  });
});

describe("her word for him", () => {
  it("takes the right particle", () => {
    const they = speaker({ language: "ko", words: "that_person" });
    const he = speaker({ language: "ko", words: "offender" });
    const h = words("ko").alert.h[0] ?? "";
    expect(they.say(h)).toBe("그 사람이");
    expect(he.say(h)).toBe("가해자가");
    expect(they.say(words("ko").over.h[0] ?? "")).toBe("경찰이 그 사람을");
  });
  it("begins an English heading with a capital", () => {
    expect(speaker({ language: "en", words: "offender" }).say("{Who}")).toBe("The offender");
  });
  it("has every sentence in every language", () => {
    const keys = (o: object): string[] =>
      Object.entries(o).flatMap(([k, v]) => (typeof v === "object" ? keys(v).map((x) => `${k}.${x}`) : [k]));
    expect(keys(words("en")).sort()).toEqual(keys(words("ko")).sort());
    expect(keys(words("easy")).sort()).toEqual(keys(words("ko")).sort());
  });
});
