import { describe, expect, it } from "vitest";
import type { Mine } from "../api/phone.ts";
import { distance } from "../phone/geo.ts";
import { around, barOf, cornersOf, framed, onMap, zonesOf } from "./ownMap";

const place = { lat: 37.5, lon: 127.03, error_m: 20, seen_at: "2026-11-20T03:00:00Z" };
const condition = (c: Partial<Mine["conditions"][number]>): Mine["conditions"][number] => ({
  condition_id: "c",
  trigger: "exclusion_zone",
  label: "",
  wider: false,
  ...c,
});
const school = condition({ condition_id: "school", centre: [37.505, 127.03], radius_m: 300 });
const home = condition({
  condition_id: "home",
  trigger: "curfew",
  ring: [
    [37.6, 127.1],
    [37.6, 127.101],
    [37.601, 127.1],
  ],
});
const person = condition({ condition_id: "person", trigger: "approach", alarm_m: 100 });
const alarm = (a: Partial<Mine["alarms"][number]>): Mine["alarms"][number] => ({
  alarm_id: "a",
  condition_id: "school",
  trigger: "exclusion_zone",
  raised_at: "2026-11-20T02:00:00Z",
  confirmed_at: null,
  finding: null,
  probability: 0.9,
  place: null,
  ...a,
});
const mine = { conditions: [school, home, person], place, alarms: [alarm({})] };

describe("the wearer's own map", () => {
  it("has a zone for each zone, and none for a person", () => {
    expect(zonesOf(mine).map((z) => z.id)).toEqual(["school", "home"]);
  });
  it("measures", () => {
    for (const p of around([37.5, 127.03], 250)) expect(distance([37.5, 127.03], p)).toBeCloseTo(250, 0);
  });
  it("first shows him and what is near, not a zone at the other end of the city", () => {
    const shown = framed(mine, { on: "me" });
    expect(shown).toHaveLength(8);
    expect(framed(mine, { on: "all" })).toHaveLength(11);
  });
  it("shows everything while nobody knows where he is", () => {
    expect(framed({ ...mine, place: null }, { on: "me" })).toEqual(framed({ ...mine, place: null }, { on: "all" }));
  });
  it("has nothing to show before there is a place or a zone", () => {
    expect(framed({ conditions: [person], place: null, alarms: [] }, { on: "all" })).toEqual([]);
  });
  it("shows an alarm by where he was and what it was about", () => {
    const spot = { ...place, lat: 37.503 };
    const was = { ...mine, alarms: [alarm({ place: spot })] };
    expect(framed(was, { on: "alarm", id: "a" })).toHaveLength(8);
    expect(framed(mine, { on: "alarm", id: "a" })).toEqual(cornersOf(zonesOf(mine)[0]!));
  });
  it("offers no map for an alarm about a person", () => {
    const zones = zonesOf(mine);
    expect(onMap(alarm({ condition_id: "person", trigger: "approach" }), zones)).toBe(false);
    expect(onMap(alarm({}), zones)).toBe(true);
  });
  it.each([
    [0.5, 120, 200],
    [0.05, 120, 2000],
    [9, 120, 10],
  ])("at %f pixels a metre a bar of %i pixels is %i m", (scale, most, metres) => {
    expect(barOf(scale, most)).toBe(metres);
  });
});
