/** Which privacy zones may be changed from a seat, and what is sent of them. No screen. */
import type { Polygon } from "../../api/footage";
import type { Account } from "../../api/types";
import { crossesItself, FEWEST, type Spot } from "../../kit/picture";

/** As the server checks them (service/zones.py). */
export const MOST_ZONES = 16;
export const MOST_CORNERS = 64;

/** Who keeps the camera draws and removes; who looks at it only adds; everybody else reads. */
export type Hand = "keeps" | "adds" | "reads";
const HANDS: Partial<Record<Account["role"], Hand>> = {
  facility_manager: "keeps",
  administrator: "keeps",
  shift_lead: "adds",
};
export const handOf = (role: Account["role"]): Hand => HANDS[role] ?? "reads";

export interface HiddenZone {
  id: string;
  points: readonly Spot[];
  /** It is in force already. */
  standing: boolean;
}
export const zonesOf = (kept: readonly Polygon[]): HiddenZone[] =>
  kept.map((points, i) => ({ id: `kept-${i}`, points, standing: true }));

/** Whether this seat may change or remove a zone. */
export const mayChange = (hand: Hand, zone: HiddenZone): boolean =>
  hand === "keeps" || (hand === "adds" && !zone.standing);
export const broken = (zone: HiddenZone): boolean =>
  zone.points.length < FEWEST.zone || zone.points.length > MOST_CORNERS || crossesItself("zone", zone.points);

const plain = (zones: readonly HiddenZone[]): Polygon[] => zones.map((z) => z.points.map(([x, y]) => [x, y]));
/** What is sent: everything by whoever keeps the camera, the new ones alone by whoever adds. */
export const sentOf = (hand: Hand, zones: readonly HiddenZone[]): Polygon[] =>
  plain(hand === "keeps" ? zones : zones.filter((z) => !z.standing));
export const changed = (kept: readonly Polygon[], zones: readonly HiddenZone[]): boolean =>
  JSON.stringify(kept) !== JSON.stringify(plain(zones));
