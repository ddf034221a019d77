import { describe, expect, it } from "vitest";
import { freshness } from "./clock";
import { permitLeftS } from "./parts";
import { formatRoute, parseRoute } from "./route";
import { REPEAT_S, tones } from "./sound";

describe("age", () => {
  it.each([
    [22, "fresh"],
    [23, "ageing"],
    [60, "ageing"],
    [61, "stale"],
  ] as const)("%i s of a 15 s source is %s", (age, state) => expect(freshness(age, 15)).toBe(state));
});

describe("permit", () => {
  const permit = { not_after: "2026-11-20T17:20:00Z", state: "in_use" as const };
  const now = Date.parse("2026-11-20T17:14:00Z");
  it("counts down by the server's clock", () => expect(permitLeftS(permit, now, true)).toBe(360));
  it("freezes to 0 when the link is lost or it ended", () => {
    expect(permitLeftS(permit, now, false)).toBe(0);
    expect(permitLeftS({ ...permit, state: "revoked" }, now, true)).toBe(0);
  });
});

describe("route", () => {
  it("says what is looked at, and reads it back", () => {
    const hash = formatRoute("incidents", "0190/x", { camera: "2", map: "36.9,127.9,16" });
    const route = parseRoute(hash);
    expect([route.screen, route.id, route.query.get("camera"), route.query.get("map")]).toEqual([
      "incidents",
      "0190/x",
      "2",
      "36.9,127.9,16",
    ]);
  });
  it("begins with the watch", () => expect(parseRoute("").screen).toBe("watch"));
});

describe("sound", () => {
  it("tells the ranks apart by ear alone", () => {
    expect([tones(1).length, tones(2).length, tones(3).length, tones(4).length, tones("doubt").length]).toEqual([
      3, 2, 1, 0, 1,
    ]);
    const rising = tones(1).map((t) => t.hz);
    expect([...rising].sort((a, b) => a - b)).toEqual(rising);
    expect(tones("doubt")[0]?.hz).toBeLessThan(tones(3)[0]?.hz ?? 0);
    expect([REPEAT_S[1], REPEAT_S[2], REPEAT_S[3]]).toEqual([3, 10, 0]);
  });
});
