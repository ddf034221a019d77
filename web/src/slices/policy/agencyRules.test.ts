import { describe, expect, test } from "vitest";
import type { Agreement, Duty } from "../../api/agencies";
import { apart, daysUntil, dueBy, fullness, telling } from "./agencyRules";

const now = Date.parse("2026-11-22T00:00:00Z");
const agreement = (state: Agreement["state"], until_at: string): Agreement => ({
  agreement_id: until_at,
  title: "협약",
  parties: ["서울특별시", "강남구"],
  signed_on: "2026-01-02",
  purposes: ["respond"],
  acts: null,
  resources: null,
  districts: [],
  from_at: "2026-01-02T00:00:00Z",
  until_at,
  state,
});
const duty = (about: string, due_at: string, rule = "footage-right-recertification"): Duty => ({
  duty_id: `${about}${due_at}`,
  rule,
  says_ko: "",
  says_en: "",
  clause: "CC-03",
  role: "privacy_officer",
  about,
  due_at,
  state: "open",
});

describe("agencies", () => {
  test("days are counted up to the end and past it", () => {
    expect(daysUntil("2026-11-23T00:00:00Z", now)).toBe(1);
    expect(daysUntil("2026-11-22T00:00:01Z", now)).toBe(1);
    expect(daysUntil("2026-11-20T00:00:00Z", now)).toBe(-2);
  });
  test("what is in force tells, whatever ended later", () => {
    const ended = agreement("terminated", "2030-01-01T00:00:00Z");
    const old = agreement("in_force", "2026-12-01T00:00:00Z");
    const renewed = agreement("in_force", "2027-12-01T00:00:00Z");
    expect(telling({ agreements: [ended, old, renewed] })).toBe(renewed);
    expect(telling({ agreements: [ended] })).toBe(ended);
    expect(telling({ agreements: [] })).toBeUndefined();
  });
  test("the count never runs past its bar, and says how many are too many", () => {
    expect(fullness(3, 12)).toEqual({ part: 0.25, over: 0 });
    expect(fullness(14, 12)).toEqual({ part: 1, over: 2 });
    expect(fullness(14, null)).toEqual({ part: 0, over: 0 });
  });
  test("the earliest look owed counts", () => {
    const due = dueBy([duty("a", "2027-02-01"), duty("a", "2026-12-01"), duty("b", "2027-01-01", "access-review")]);
    expect(due.get("a")).toBe("2026-12-01");
    expect(due.has("b")).toBe(false);
  });
  test("a look that is owed stands with its person until it is overdue", () => {
    const list = [duty("a", "2026-11-20"), duty("b", "2026-12-20"), duty("c", "2026-12-20", "access-review")];
    expect(apart(list, now).map((d) => d.about)).toEqual(["a", "c"]);
  });
});
