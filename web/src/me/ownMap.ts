/** What the wearer's own map holds, and what of it a choice brings into the picture: pure. Metres and WGS 84. */
import type { LatLon, Mine } from "../api/phone.ts";
import { distance } from "../phone/geo.ts";

export interface OwnZone {
  id: string;
  kind: "exclusion_zone" | "curfew";
  label: string;
  wider: boolean;
  ring: LatLon[] | null;
  centre: LatLon | null;
  radius_m: number;
}
/** What the map shows: everything near, him, a zone by its condition, or an alarm. */
export type Focus = { on: "all" } | { on: "me" } | { on: "zone"; id: string } | { on: "alarm"; id: string };

/** Beside his own place, zones within this many metres come into the first picture: half an hour on foot. */
const NEAR_M = 2000;

export function zonesOf(mine: Pick<Mine, "conditions">): OwnZone[] {
  return mine.conditions.flatMap((c): OwnZone[] => {
    if (c.trigger !== "exclusion_zone" && c.trigger !== "curfew") return [];
    const ring = c.ring?.length ? c.ring : null;
    const centre = c.centre && c.radius_m ? c.centre : null;
    if (!ring && !centre) return [];
    const { condition_id: id, trigger: kind, label, wider } = c;
    return [{ id, kind, label, wider, ring, centre, radius_m: c.radius_m ?? 0 }];
  });
}

/** Degrees of latitude in one metre (mean Earth radius, IUGG R1). */
const DEG_M = 180 / (Math.PI * 6_371_008.8);

/** The four places `metres` north, east, south and west of one. */
export function around([lat, lon]: LatLon, metres: number): LatLon[] {
  const up = metres * DEG_M;
  const side = up / Math.cos((lat * Math.PI) / 180);
  return [
    [lat + up, lon],
    [lat, lon + side],
    [lat - up, lon],
    [lat, lon - side],
  ];
}

export const cornersOf = (zone: OwnZone): LatLon[] =>
  zone.ring ?? (zone.centre ? around(zone.centre, zone.radius_m) : []);

/** The places that must be in the picture. Nothing: there is nothing to draw. */
export function framed(mine: Pick<Mine, "conditions" | "place" | "alarms">, focus: Focus): LatLon[] {
  const zones = zonesOf(mine);
  const me = mine.place ? around([mine.place.lat, mine.place.lon], mine.place.error_m) : [];
  const everything = () => [...me, ...zones.flatMap(cornersOf)];
  switch (focus.on) {
    case "all":
      return everything();
    case "me": {
      const at: LatLon | null = mine.place && [mine.place.lat, mine.place.lon];
      if (!at) return everything();
      const near = zones.filter((z) => cornersOf(z).every((c) => distance(at, c) < NEAR_M));
      return [...me, ...near.flatMap(cornersOf)];
    }
    case "zone": {
      const zone = zones.find((z) => z.id === focus.id);
      return zone ? cornersOf(zone) : everything();
    }
    case "alarm": {
      const alarm = mine.alarms.find((a) => a.alarm_id === focus.id);
      const zone = zones.find((z) => z.id === alarm?.condition_id);
      const spot = alarm?.place ? around([alarm.place.lat, alarm.place.lon], alarm.place.error_m) : [];
      const kept = [...spot, ...(zone ? cornersOf(zone) : [])];
      return kept.length ? kept : everything();
    }
  }
}

/** What an alarm can show on the map: where he was, or the zone it was about; of a person to keep away from nothing. */
export const onMap = (alarm: Mine["alarms"][number], zones: readonly OwnZone[]): boolean =>
  alarm.place !== null || zones.some((z) => z.id === alarm.condition_id);

/** The longest round length whose bar fits into so many pixels at so many pixels a metre. */
export function barOf(scale: number, most: number): number {
  const fits = [5000, 2000, 1000, 500, 200, 100, 50, 20].find((m) => m * scale <= most);
  return fits ?? 10;
}
