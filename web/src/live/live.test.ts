import { describe, expect, it } from "vitest";
import { staleAfter } from "./follow";
import { liveUrl, patienceMs } from "./socket";
import { LiveStore, linkState, withFact } from "./store";

const fact = (seq: number, kind = "dispatch.incident.opened.v1", data: Record<string, unknown> = {}) => ({
  seq,
  kind,
  at: "2026-11-20T17:14:37Z",
  data,
});

describe("live store", () => {
  it("takes each fact once", () => {
    const empty = { link: "live" as const, seq: null, heardMs: null, recent: [] };
    const one = withFact(empty, fact(7), 10);
    expect(one.seq).toBe(7);
    expect(withFact(one, fact(7), 11).recent).toHaveLength(1);
    expect(withFact(one, fact(6), 11).seq).toBe(7);
  });
  it("does not let a beat overtake a fact on its way", () => {
    const store = new LiveStore();
    const told: number[] = [];
    store.onFact((f) => told.push(f.seq));
    store.beat(1);
    store.fact(fact(3), 2);
    expect(store.get().seq).toBe(3);
    expect(told).toEqual([3]);
  });
  it.each([
    [0, "live"],
    [2999, "live"],
    [3000, "late"],
    [6000, "lost"],
  ] as const)("after %i ms of silence the link is %s", (ms, state) =>
    expect(linkState({ heardMs: 1000 }, 1000 + ms)).toBe(state),
  );
});

describe("following", () => {
  it("asks again for the one incident a fact names", () => {
    expect(staleAfter(fact(1, "dispatch.step.reached.v1", { incident_id: "i1" }))).toContainEqual(["incident", "i1"]);
  });
  it("asks again for permits and walls when a right ends", () => {
    const keys = staleAfter(fact(1, "policy.permits.revoked.v1"));
    expect(keys).toContainEqual(["permits"]);
    expect(keys).toContainEqual(["incident"]);
  });
  it("follows a moving person without asking for the whole queue", () => {
    expect(staleAfter(fact(1, "supervision.position.followed.v1"))).not.toContainEqual(["alarms"]);
  });
  it.each([
    ["supervision.violation.reported.v1", "papers"],
    ["supervision.violation.confirmed.v1", "load"],
    ["supervision.petition.filed.v1", "papers"],
    ["supervision.court.decided.v1", "day"],
    ["supervision.decision.carried-out.v1", "wearer"],
    ["supervision.contest.decided.v1", "papers"],
    ["supervision.officer.assigned.v1", "caseload"],
    ["supervision.device.checked.v1", "papers"],
    ["supervision.anomaly.acted.v1", "day"],
    ["supervision.offence.noted.v1", "offences"],
  ])("after %s asks for %s again", (kind, key) => expect(staleAfter(fact(1, kind))).toContainEqual([key]));
  it("ignores what it does not know", () => expect(staleAfter(fact(1, "weather.rain.fell.v1"))).toEqual([]));
});

describe("socket", () => {
  it("waits longer each time, five seconds at most", () => {
    expect([patienceMs(0, 0), patienceMs(3, 0), patienceMs(20, 0)]).toEqual([250, 2000, 5000]);
  });
  it("speaks to its own server", () =>
    expect(liveUrl({ protocol: "https:", host: "a:1" })).toBe("wss://a:1/api/v1/live"));
});
