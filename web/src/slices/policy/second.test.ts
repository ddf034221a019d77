import { describe, expect, it } from "vitest";
import type { Glass, Request } from "../../api/second";
import { groups, leftS, metres, pressing } from "./secondRules";

const request = (changes: Partial<Request>): Request =>
  ({
    request_id: "a",
    state: "waiting",
    mine: false,
    may_answer: false,
    answer_by: "2026-11-22T03:00:00Z",
    ...changes,
  }) as Request;
const glass = (changes: Partial<Glass>): Glass => ({ ground_id: "g", state: "open", mine: false, ...changes }) as Glass;

describe("the second person", () => {
  it("puts what one can answer first, the most pressing on top, and shows each once", () => {
    const lists = groups([
      request({ request_id: "late", may_answer: true, answer_by: "2026-11-22T05:00:00Z" }),
      request({ request_id: "soon", may_answer: true }),
      request({ request_id: "own", mine: true }),
      request({ request_id: "stands", mine: true, state: "approved" }),
      request({ request_id: "done", state: "refused" }),
    ]);
    expect(lists.waiting.map((r) => r.request_id)).toEqual(["soon", "late"]);
    expect(lists.mine.map((r) => r.request_id)).toEqual(["own", "stands"]);
    expect(lists.decided.map((r) => r.request_id)).toEqual(["done"]);
  });
  it("keeps a break-glass before the officer until it is judged, and before its holder until it is justified", () => {
    const all = (["open", "owed", "justified", "overdue", "accepted", "rejected"] as const).map((state) =>
      glass({ state, mine: true }),
    );
    expect(pressing(all, true).map((g) => g.state)).toEqual(["open", "owed", "justified", "overdue"]);
    expect(pressing(all, false).map((g) => g.state)).toEqual(["open", "owed", "overdue"]);
    expect(pressing([glass({ mine: false })], false)).toEqual([]);
  });
  it("counts no time below zero, and metres as they are on the ground", () => {
    expect(leftS("2026-11-22T03:00:00Z", Date.parse("2026-11-22T04:00:00Z"))).toBe(0);
    expect(metres(37.5, 127, 37.5, 127.01)).toBeCloseTo(883, -1);
  });
});
