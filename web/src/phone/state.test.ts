import { describe, expect, it } from "vitest";
import { alert, me } from "./samples.ts";
import { type Event, offline, ringing, type State, screenOf, start, step } from "./state.ts";

const t0 = Date.parse("2026-11-21T13:41:08Z");
const run = (...events: Event[]): State => events.reduce(step, start);
const calm: Event = { is: "me", me: me({}), at: t0 };
const certain: Event = { is: "alert", alert: alert({ level: "certain" }), at: t0 };
const seen: Event = { is: "acknowledged", warningId: alert({}).warning_id };
const screen = (...events: Event[]): string => screenOf(run(...events), t0);

describe("the alarm", () => {
  it("goes from calm to probable to certain", () => {
    expect(screen(calm)).toBe("home");
    expect(screen(calm, { is: "alert", alert: alert({ level: "probable" }), at: t0 })).toBe("danger");
    expect(screen(calm, certain)).toBe("danger");
  });
  it("clears by itself back to calm, with a line in the record", () => {
    const s = run(calm, certain, { is: "alert", alert: alert({ level: "cleared" }), at: t0 });
    expect(screenOf(s, t0)).toBe("home");
    expect(s.log.map((l) => l.what)).toContain("cleared");
  });
  it("opens the way out on her press and stays there while the numbers move", () => {
    expect(screen(calm, certain, seen)).toBe("way");
    expect(screen(calm, certain, seen, { is: "alert", alert: alert({ distance_m: 300 }), at: t0 })).toBe("way");
  });
  it("comes to the front again when a seen warning is followed by a louder one", () => {
    const probable = alert({ level: "probable", warning_id: "w-1" });
    const events: Event[] = [
      calm,
      { is: "alert", alert: probable, at: t0 },
      { is: "acknowledged", warningId: "w-1" },
      { is: "alert", alert: alert({ level: "certain", warning_id: "w-2" }), at: t0 },
    ];
    expect(screen(...events)).toBe("danger");
  });
  it("does not fall back to the loud screen for a quieter warning", () => {
    const quieter = alert({ level: "probable", warning_id: "w-2" });
    expect(screen(calm, certain, seen, { is: "alert", alert: quieter, at: t0 })).not.toBe("danger");
  });
  it("shows the police on arrival, and the way again when she asks", () => {
    const coming = alert({
      police: { eta_s: 180, unit: "순찰 12호", at: null, distance_m: 1100, seen_at: alert({}).seen_at },
    });
    const there: Event = { is: "alert", alert: coming, at: t0 };
    expect(screen(calm, there, seen)).toBe("way");
    const arrived: Event = { is: "arrived", at: alert({}).seen_at, name: "새빛지구대" };
    expect(screen(calm, there, seen, arrived)).toBe("police");
    expect(screen(calm, there, seen, arrived, { is: "view", view: "way" })).toBe("way");
  });
  it("ends only by the server's word", () => {
    expect(screen(calm, certain, seen, { is: "alert", alert: alert({ level: "over" }), at: t0 })).toBe("over");
    expect(screen(calm, certain, seen, { is: "fine" })).not.toBe("home");
    expect(screen(calm, certain, { is: "alert", alert: alert({ level: "over" }), at: t0 }, { is: "fine" })).toBe(
      "home",
    );
  });
  it("shows a medical notice until it is read", () => {
    const medical: Event = { is: "alert", alert: alert({ level: "medical" }), at: t0 };
    expect(screen(calm, medical)).toBe("medical");
    expect(screen(calm, medical, { is: "fine" })).toBe("home");
  });
  it("says that it cannot vouch, and lets her see safe places", () => {
    const lost: Event = { is: "alert", alert: alert({ level: "cannot_vouch" }), at: t0 };
    expect(screen(calm, lost)).toBe("cannotVouch");
    expect(screen(calm, lost, { is: "view", view: "way" })).toBe("way");
  });
  it("asks what she sees when nobody knows where she is", () => {
    const nowhere = alert({ my: null, way_out: { found: false, advice: "lock_door" } });
    expect(screen(calm, { is: "alert", alert: nowhere, at: t0 }, seen)).toBe("noPlace");
    const home = alert({ my: null });
    expect(screen(calm, { is: "alert", alert: home, at: t0 }, seen)).toBe("way");
  });
});

describe("two warnings at once", () => {
  it("shows the louder, and the end of the quieter does not take it away", () => {
    const probable: Event = { is: "alert", alert: alert({ level: "probable", warning_id: "w-1" }), at: t0 };
    const louder: Event = { is: "alert", alert: alert({ level: "certain", warning_id: "w-2" }), at: t0 };
    const ended: Event = { is: "alert", alert: alert({ level: "cleared", warning_id: "w-1" }), at: t0 };
    expect(run(calm, probable, louder, ended).alert?.warning_id).toBe("w-2");
    expect(run(calm, louder, probable).alert?.level).toBe("certain");
    expect(run(calm, probable, ended).alert).toBeNull();
  });
});

describe("sound", () => {
  it("rings until pressed, quieted or left", () => {
    expect(ringing(run(calm))).toBe(false);
    expect(ringing(run(calm, certain))).toBe(true);
    expect(ringing(run(calm, certain, seen))).toBe(false);
    expect(ringing(run(calm, certain, { is: "quiet", on: true }))).toBe(false);
    expect(ringing(run(calm, certain, { is: "leave" }))).toBe(false);
  });
  it("stays quiet until the incident ends", () => {
    const quiet: Event = { is: "quiet", on: true };
    const louder: Event = { is: "alert", alert: alert({ level: "certain", warning_id: "w-2" }), at: t0 };
    expect(screen(calm, certain, quiet, louder)).toBe("hiding");
    expect(ringing(run(calm, certain, quiet, louder))).toBe(false);
    const next = run(calm, certain, quiet, { is: "alert", alert: alert({ level: "over" }), at: t0 }, calm, louder);
    expect(ringing(next)).toBe(true);
  });
});

describe("the line", () => {
  it("is down after a silence, said in calm and never over a danger", () => {
    const s = run(calm);
    expect(offline(s, t0 + 5_000)).toBe(false);
    expect(screenOf(s, t0 + 20_000)).toBe("offline");
    expect(screenOf(run(calm, certain), t0 + 20_000)).toBe("danger");
    expect(screenOf(run(calm, { is: "line", up: false }), t0)).toBe("offline");
  });
  it("counts ages by the server's clock", () => {
    const s = run({ is: "beat", now: new Date(t0 + 7_000).toISOString(), at: t0 });
    expect(s.aheadMs).toBe(7_000);
  });
});

describe("leaving and locking", () => {
  const code: Event = { is: "codeSet", yes: true };
  it("leaves at once and comes back by the code only", () => {
    expect(screen(calm, code, { is: "leave" })).toBe("decoy");
    expect(screen(calm, code, { is: "leave" }, { is: "return" })).toBe("code");
    expect(screen(calm, code, { is: "leave" }, { is: "return" }, { is: "unlock" })).toBe("home");
    expect(screen(calm, { is: "leave" }, { is: "return" })).toBe("home");
  });
  it("never breaks the decoy, not even for a danger", () => {
    expect(screen(calm, code, { is: "leave" }, certain)).toBe("decoy");
  });
  it("hides the home after a minute away, but shows a danger without a code", () => {
    expect(screen(calm, code, { is: "lock" })).toBe("decoy");
    expect(screen(calm, code, { is: "lock" }, certain)).toBe("danger");
    expect(
      screen(calm, code, { is: "lock" }, certain, { is: "alert", alert: alert({ level: "cleared" }), at: t0 }),
    ).toBe("decoy");
  });
  it("asks an unknown phone for its code", () => {
    expect(screen({ is: "enrolled", yes: false })).toBe("enrol");
    expect(screen()).toBe("waiting");
  });
});

describe("what was kept", () => {
  const kept: Event = { is: "restored", alert: alert({}) };
  it("leads her without network after a restart, and says that it is old", () => {
    expect(screen(kept)).toBe("danger");
    expect(offline(run(kept), t0)).toBe(true);
  });
  it("yields to anything the server says", () => {
    expect(screen(calm, kept)).toBe("home");
    expect(screen(kept, calm)).toBe("home");
  });
});
