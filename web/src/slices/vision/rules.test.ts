import { describe, expect, it } from "vitest";
import type { QualityLine, Tuning, VisionAlarm } from "../../api/vision";
import { alarms, proposals, quality } from "../../fixtures/vision";
import { compared, lineKey, sorted, withTunings } from "./quality";
import { evidenceOf, following, hourOf, lastTime, measured, modelOf, percent, ranked } from "./rules";

const base = alarms.open.alarms[0] as VisionAlarm;
const alarm = (alarm_id: string, more: Partial<VisionAlarm> = {}): VisionAlarm => ({ ...base, alarm_id, ...more });
const ids = (list: readonly VisionAlarm[]) => list.map((a) => a.alarm_id);

describe("the review", () => {
  it("looks at life first, then at what is surer, then at what is older", () => {
    const list = [
      alarm("old", { priority: 3, probability: 0.5, raised_at: "2026-01-01T00:00:00Z" }),
      alarm("new", { priority: 3, probability: 0.5, raised_at: "2026-01-01T00:00:09Z" }),
      alarm("unsure", { priority: 3, probability: null }),
      alarm("sure", { priority: 3, probability: 0.9 }),
      alarm("life", { priority: 1, probability: 0.1 }),
    ];
    expect(ids(ranked([...list].reverse()))).toEqual(["life", "sure", "old", "new", "unsure"]);
  });
  it("goes on with the one below, at the end with the first that is left", () => {
    const list = [alarm("a"), alarm("b"), alarm("c")];
    expect(following(list, "a")?.alarm_id).toBe("b");
    expect(following(list, "c")?.alarm_id).toBe("a");
    expect(following([alarm("a")], "a")).toBeUndefined();
    expect(following(list, "judged before")?.alarm_id).toBe("a");
  });
  it("shows measured values with their unit, and no sums of the machine's own", () => {
    expect(measured("closing_m_s", 2.14)).toEqual({ name: "closing", words: "2.1 m/s" });
    expect(measured("fell_within_s", 0.8).words).toBe("0.8 s");
    expect(measured("dwell_s", 134.4).words).toBe("134 s");
    expect(measured("level_db_spl", 61.2)).toEqual({ name: "level", words: "61 dB" });
    expect(measured("edges_share", 0.62).words).toBe("62 %");
    expect(measured("people", 3)).toEqual({ name: "people", words: "3" });
    expect(evidenceOf({ evidence: { score: 8.1, distance_m: 3 } })).toEqual([{ name: "distance", words: "3.0 m" }]);
  });
  it.each([
    ["02:14", "2026-11-20T17:14:00.000Z"],
    ["2:14:30", "2026-11-20T17:14:30.000Z"],
    ["23:59", "2026-11-20T14:59:00.000Z"], // not yet today: yesterday
  ])("reads %s as the last such time in Korea", (words, at) =>
    expect(lastTime(words, Date.parse("2026-11-20T17:20:00Z"))).toBe(at),
  );
  it.each(["", "24:00", "2:60", "14", "now"])("reads no time in '%s'", (words) =>
    expect(lastTime(words, 0)).toBeUndefined(),
  );
  it("never calls 100 % what is not all", () =>
    expect([percent(0.999), percent(1), percent(0.304)]).toEqual(["99 %", "100 %", "30 %"]));
  it("splits a model from its version", () => {
    expect(modelOf("paths@9c417be2")).toEqual({ name: "paths", version: "9c417be2" });
    expect(modelOf("paths")).toEqual({ name: "paths", version: "" });
  });
  it("knows how much of an hour's budget is spent", () => {
    const budget = { per_shift: 96, shift_hours: 8, operators: 2, left: 17 };
    expect(hourOf(budget)).toEqual({ used: 7, most: 24 });
    expect(hourOf({ ...budget, left: -3 })).toEqual({ used: 24, most: 24 });
    expect(hourOf({ ...budget, operators: 0, left: 99 })).toEqual({ used: 0, most: 12 });
  });
});

describe("quality", () => {
  const lines = withTunings(quality.lines, proposals);
  it("puts first what needs somebody, then the worst that is known", () => {
    const order = sorted(lines).map(lineKey);
    expect(order[0]).toBe("cam-1.intrusion");
    expect(order[1]).toBe("cam-0.loitering");
    expect(order.at(-1)).toContain("fire");
  });
  it("gives each line what is proposed for it, and a line to a proposal that has none", () => {
    const alone = { ...(proposals[0] as Tuning), camera_id: "other", behaviour: "fire" as const };
    const found = withTunings(quality.lines, [alone]);
    expect(found).toHaveLength(quality.lines.length + 1);
    expect(found.at(-1)?.tuning).toBe(alone);
    expect(found.filter((l) => l.shadow).every((l) => l.tuning === undefined)).toBe(true);
  });
  it("compares what is tried with what counts", () => {
    const tried = lines.find((l) => l.shadow) as QualityLine & { tuning: undefined };
    expect(compared(tried, lines)?.shadow).toBe(false);
    expect(compared(lines.find((l) => l.behaviour === "fire") as typeof tried, lines)).toBeUndefined();
  });
});
