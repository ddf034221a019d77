import { describe, expect, it } from "vitest";
import type { Day, Frame, Line, Papers } from "../../api/procedure";
import { procedureWords } from "../../text/procedure";
import { courseOf, fits, given, seoulField, seoulInstant, spans, todos } from "./procedureRules";
import { isTab, wearersTabsOf } from "./tabs";

const line = (code: string, more: Partial<Line> = {}): Line => ({
  wearer: {
    wearer_id: code,
    code,
    offence: "sexual_violence",
    office: "해담",
    order: { number: "1", from_at: "2026-01-01T00:00:00Z", until_at: "2028-01-01T00:00:00Z" },
  },
  priors: 0,
  risk: 0,
  alarms: 0,
  check_due_at: null,
  check_overdue: false,
  to_judge: [],
  to_report: [],
  battery: null,
  ...more,
});
const violation = (alarm_id: string, more: object = {}) => ({
  alarm_id,
  trigger: "tamper" as const,
  degree: "grave" as const,
  found_at: "2026-11-20T00:00:00Z",
  finding: "confirmed" as const,
  contested: false,
  upheld: null,
  counts: true,
  ...more,
});
const NOTHING: Papers = {
  violations: [],
  counted: { number: 0, grave: 0, serious: 0, ordinary: 0 },
  most_months: 0,
  reports: [],
  contests: [],
  petitions: [],
  decisions: [],
  obligations: [],
  checks: [],
  who: {},
};
const report = (answer: "petitioned" | "no_petition" | null, answered_at: string | null = null) => ({
  report_id: "r",
  wearer_id: "w",
  alarm_id: "a",
  degree: "grave" as const,
  note: "",
  reported_at: "2026-11-20T00:01:00Z",
  reported_by: "o",
  answer,
  answer_why: null,
  answered_at,
  answered_by: null,
});
const petition = {
  petition_id: "p",
  wearer_id: "w",
  months: 4,
  conditions: ["night" as const, "other" as const],
  counted: { number: 1, grave: 1, serious: 0, ordinary: 0 },
  most_months: 4,
  risk: "high" as const,
  risk_why: "",
  reason: "",
  filed_at: "2026-11-20T02:00:00Z",
  filed_by: "d",
};

describe("the officer's day", () => {
  it("puts a grave report first, and what still runs behind what is over", () => {
    const at = (h: number) => `2026-11-20T0${h}:00:00Z`;
    const judge = (alarm_id: string, closed_at: string | null) => ({
      alarm_id,
      trigger: "curfew" as const,
      raised_at: at(1),
      closed_at,
    });
    const day: Day = {
      wearers: [
        line("W-1", { check_overdue: true, check_due_at: at(0) }),
        line("W-2", {
          to_judge: [judge("runs", null), judge("over", at(2))],
          to_report: [violation("late", { degree: "ordinary" }), violation("grave")],
        }),
      ],
      anomalies: [],
      decisions: [],
    };
    expect(todos(day).map((t) => t.id)).toEqual(["grave", "late", "over", "runs", "W-1"]);
    expect(todos(day).map((t) => t.code)).toEqual(["W-2", "W-2", "W-2", "W-2", "W-1"]);
  });
  it("finds by code or office", () =>
    expect(fits([line("W-1"), line("W-2")], "w-2").map((l) => l.wearer.code)).toEqual(["W-2"]));
});

describe("the course of a violation", () => {
  const of = (papers: Partial<Papers>) => courseOf({ ...NOTHING, ...papers }, "a").steps;
  it("goes one step at a time", () => {
    expect(of({})).toEqual(["now", "todo", "todo", "todo", "todo"]);
    expect(of({ violations: [violation("a")] })).toEqual(["done", "now", "todo", "todo", "todo"]);
    expect(of({ violations: [violation("a")], reports: [report(null)] })[2]).toBe("now");
    const filed = { violations: [violation("a")], reports: [report("petitioned", petition.filed_at)] };
    expect(of({ ...filed, petitions: [petition] })).toEqual(["done", "done", "done", "now", "todo"]);
  });
  it("stops where it was no violation, or nothing was petitioned", () => {
    expect(of({ violations: [violation("a", { finding: "false" })] })).toEqual([
      "done",
      "over",
      "over",
      "over",
      "over",
    ]);
    expect(of({ violations: [violation("a")], reports: [report("no_petition")] })[2]).toBe("over");
  });
});

describe("a court's decision", () => {
  it("gives all that was asked, nothing, or a part of it and no more", () => {
    const part = { months: 2, conditions: ["night", "long_distance"] as const };
    expect(given(petition, "granted", part)).toEqual({ months: 4, conditions: ["night", "other"] });
    expect(given(petition, "rejected", part)).toEqual({ months: 0, conditions: [] });
    expect(given(petition, "partly", part)).toEqual({ months: 2, conditions: ["night"] });
  });
  it("is dated in Seoul", () => {
    const ms = Date.parse("2026-11-20T17:14:37Z");
    expect(seoulField(ms)).toBe("2026-11-21T02:14:37");
    expect(seoulInstant(seoulField(ms))).toBe(new Date(ms).toISOString());
    expect(seoulInstant("")).toBeUndefined();
  });
});

describe("a replay", () => {
  it("gathers frames of one level into spans", () => {
    const frame = (s: number, state: Frame["state"]): Frame => ({
      at: new Date(s * 1000).toISOString(),
      state,
      probability: 0,
      lat: null,
      lon: null,
      error_m: null,
      course_deg: null,
      fix: null,
    });
    expect(spans([frame(0, "clear"), frame(5, "clear"), frame(9, "certain"), frame(12, "certain")])).toEqual([
      { state: "clear", fromMs: 0, untilMs: 9000 },
      { state: "certain", fromMs: 9000, untilMs: 12_000 },
    ]);
  });
});

describe("tabs and words", () => {
  it("show a director what only a director does", () => {
    expect(wearersTabsOf({ role: "office_director" })).toContain("petitions");
    expect(wearersTabsOf({ role: "probation_officer" })).toEqual(["day", "load"]);
    expect([isTab("load"), isTab("0190f3c2-7a11-7cde-9a00-0123456789ab"), isTab(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
  it("exist in both languages and carry no exclamation marks", () => {
    const keys = (value: unknown, at = ""): string[] =>
      value && typeof value === "object" ? Object.entries(value).flatMap(([k, v]) => keys(v, `${at}.${k}`)) : [at];
    expect(keys(procedureWords.en)).toEqual(keys(procedureWords.ko));
    expect(JSON.stringify(procedureWords)).not.toContain("!");
  });
});
