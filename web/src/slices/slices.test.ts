import { describe, expect, it } from "vitest";
import { loudest } from "../console/chimes";
import { fitting } from "../console/Find";
import { incident, notices, openAlarms, permits } from "../fixtures/data";
import { wearer } from "../fixtures/wearer";
import { en } from "../text/en";
import { ko } from "../text/ko";
import { fold, gather, leftToClose, nextLine, passed, stepLooks, trendMPerMin } from "./dispatch/rules";
import { about, actorWords, refused } from "./policy/Ledger";
import { smoothPath } from "./supervision/Forecast";
import { boundaryM, doubts, forecastAt, holdsInS, neighbour, triage } from "./supervision/triage";
import { gaps, lastBefore, leftOf, standing, windowWords } from "./supervision/wearerRules";

const alarm = openAlarms[0] as (typeof openAlarms)[0];

describe("queue", () => {
  it("puts the highest priority first, then the oldest", () => {
    const list = [
      { ...alarm, alarm_id: "b", priority: 2 as const, raised_at: "2026-01-01T00:00:00Z" },
      { ...alarm, alarm_id: "a", raised_at: "2026-01-01T00:00:09Z" },
      { ...alarm, alarm_id: "c", raised_at: "2026-01-01T00:00:01Z" },
      { ...alarm, alarm_id: "d", acknowledged_at: "2026-01-01T00:00:02Z" },
      { ...alarm, alarm_id: "e", state: "cleared" as const },
    ];
    const sorted = triage(list);
    expect(sorted.unacknowledged.map((a) => a.alarm_id)).toEqual(["c", "a", "b"]);
    expect(sorted.handling.map((a) => a.alarm_id)).toEqual(["d"]);
    expect(sorted.ended.map((a) => a.alarm_id)).toEqual(["e"]);
  });
  it("counts cannot-vouch as a row, never as silence", () =>
    expect(doubts(notices).map((n) => n.notice)).toEqual(["cannot_vouch"]));
  it("moves and stays on the list", () => {
    expect([neighbour(["a", "b"], undefined, 1), neighbour(["a", "b"], "b", 1), neighbour([], "b", 1)]).toEqual([
      "a",
      "b",
      undefined,
    ]);
  });
  it("says when a trigger is expected to hold", () => {
    const forecast = [
      { in_s: 30, probability: 0.5 },
      { in_s: 60, probability: 0.91 },
    ];
    expect(holdsInS(forecast)).toBe(60);
    expect(forecastAt(forecast, 90)).toBeUndefined();
  });
  it("measures to the boundary, negative inside", () => {
    const circle = { centre: [36.9, 127.9] as [number, number], radius_m: 100 };
    expect(boundaryM(circle, 36.9, 127.9)).toBe(-100);
    const ring = {
      ring: [
        [36.9, 127.9],
        [36.9, 127.91],
        [36.91, 127.91],
        [36.91, 127.9],
      ] as [number, number][],
    };
    expect(boundaryM(ring, 36.905, 127.905)).toBeLessThan(0);
    expect(boundaryM(ring, 36.895, 127.905)).toBeGreaterThan(500);
  });
  it("draws a curve that never overshoots", () => {
    const numbers = [
      ...smoothPath([
        [0, 100],
        [10, 100],
        [20, 0],
        [30, 0],
      ]).matchAll(/[\d.]+ ([\d.]+)/g),
    ].map((m) => Number(m[1]));
    expect(Math.max(...numbers)).toBeLessThanOrEqual(100);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  });
});

describe("incident", () => {
  it("says what still blocks closing, once each", () => expect(leftToClose(incident)).toBe(3));
  it("ticks the chosen line, else the first required open one", () => {
    expect(nextLine(incident.checklist, "broken")?.item).toBe("broken");
    expect(nextLine(incident.checklist, undefined)?.item).toBe("apart");
  });
  it("marks the step under way, and a late dispatch", () => {
    const [one, two, three, four] = incident.steps as [
      (typeof incident.steps)[0],
      (typeof incident.steps)[0],
      (typeof incident.steps)[0],
      (typeof incident.steps)[0],
    ];
    const open = [one, two, { ...three, at: null }, { ...four, at: null }];
    expect(stepLooks(incident.steps, true, 0)).toEqual(["done", "done", "done", "now"]);
    expect(stepLooks(open, true, 10_000)).toEqual(["done", "done", "now", "todo"]);
    expect(stepLooks(open, true, 61_000)[2]).toBe("late");
    expect(stepLooks(open, false, 61_000)[2]).toBe("todo");
  });
  it("shows an order only as far as its receiver said", () => {
    expect(passed(incident.orders[0] as (typeof incident.orders)[0]).map((p) => p.state)).toEqual([
      "sent",
      "received",
      "read",
      "accepted",
    ]);
    expect(passed(incident.orders[1] as (typeof incident.orders)[0])).toEqual([]);
  });
  it("folds a line told again and again", () => {
    const line = (text_ko: string) => ({ kind: "footage", text_ko });
    expect(fold([line("a"), line("a"), line("b"), line("a")]).map((e) => e.times)).toEqual([2, 1, 1]);
  });
  it("gathers the permits of one look, and gives the shortest time", () => {
    const one = { ...(permits[0] as (typeof permits)[0]), act: "view_stream" };
    const two = { ...one, permit_id: "x", not_after: "2020-01-01T00:00:00Z" };
    expect(gather([one, two, permits[1] as typeof one]).map((p) => [p.many, p.not_after === two.not_after])).toEqual([
      [2, true],
      [1, false],
    ]);
  });
  it("tells growing from shrinking distance", () => {
    expect(
      trendMPerMin([
        { at: 0, m: 100 },
        { at: 60_000, m: 130 },
      ]),
    ).toBe(30);
    expect(trendMPerMin([{ at: 0, m: 100 }])).toBeUndefined();
  });
});

describe("wearer", () => {
  it("finds gaps and the fix of an instant", () => {
    const fix = (s: number) => ({
      seen_at: new Date(s * 1000).toISOString(),
      lat: 0,
      lon: 0,
      error_m: 1,
      speed_mps: null,
      course_deg: null,
    });
    const list = [fix(0), fix(15), fix(200)];
    expect(gaps(list)).toEqual([{ fromMs: 15_000, untilMs: 200_000 }]);
    const times = list.map((f) => Date.parse(f.seen_at));
    expect([lastBefore(times, -5), lastBefore(times, 16_000), lastBefore(times, 1e9)]).toEqual([0, 1, 2]);
  });
  it("knows kept from broken", () => {
    expect(standing({ trigger: "exclusion_zone" }, wearer.alarms)).toBe("broken");
    expect(standing({ trigger: "approach" }, wearer.alarms)).toBe("kept");
  });
  it("writes a window however it came", () =>
    expect([
      windowWords({ from: "00:00", until: "06:00" }),
      windowWords(["00:00", "06:00"]),
      windowWords(null),
    ]).toEqual(["00:00–06:00", "00:00–06:00", ""]));
  it("counts what is left of an order", () =>
    expect(leftOf("2028-01-01T00:00:00Z", Date.parse("2026-12-31T00:00:00Z"))).toEqual({ years: 1, days: 1 }));
});

describe("ledger", () => {
  it("says who and about what in few letters", () => {
    expect(actorWords("system:policy", ko.ledger.actors)).toBe("기계 policy");
    expect(about({ camera_id: "0190f3c2-7a11-7cde-9a00-0123456789ab" })).toBe("camera 6789ab");
    expect(refused({ kind: "policy.access.decided.v1", body: { allowed: false } })).toBe(true);
  });
});

describe("seat", () => {
  it("sounds the highest rank that waits", () => {
    expect(
      loudest([
        { id: "a", rank: 3 },
        { id: "b", rank: "doubt" },
        { id: "c", rank: 2 },
      ]),
    ).toBe(2);
    expect(loudest([])).toBeUndefined();
  });
  it("finds a code by its beginning first", () => {
    const items = ["P-207", "W-1043", "W-2071"].map((code) => ({ kind: "", code, words: "", run: () => undefined }));
    expect(fitting(items, "w-10").map((i) => i.code)).toEqual(["W-1043"]);
    expect(fitting(items, "207")[0]?.code).toBe("P-207");
  });
  it("has a permit for every picture of the fixtures", () => expect(permits.length).toBeGreaterThan(0));
});

describe("words", () => {
  const keys = (value: unknown, at = ""): string[] =>
    value && typeof value === "object" ? Object.entries(value).flatMap(([k, v]) => keys(v, `${at}.${k}`)) : [at];
  it("exist in both languages", () => expect(keys(en)).toEqual(expect.arrayContaining(keys(ko))));
  it("carry no exclamation marks", () => expect(JSON.stringify([ko, en])).not.toContain("!"));
});
