/** A certificate of destruction, computed again from its list. No screen. */
import type { Destroyed } from "../../api/footage";
import { leafOf, rootOf } from "../../kit/hash";

/** The line a leaf is made of (server: archive/rules.py, leaf). */
export function lineOf(d: Destroyed): string {
  const hour = new Date(d.hour_at).toISOString().slice(0, 13).replace(/[-T]/g, "");
  return [d.camera_id, `${hour}.e${d.epoch}.d${d.days}`, d.hold_id ?? "-", d.segments, d.bytes, d.digest].join("|");
}

/** The root over a list, as the certificate and the ledger must have it. */
export const rootOver = async (list: readonly Destroyed[]): Promise<string> =>
  rootOf(await Promise.all(list.map((d) => leafOf(lineOf(d)))));
