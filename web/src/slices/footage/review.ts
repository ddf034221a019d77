/** Where a doubtful place lies in its look, and what a wider mask covers. Boxes in parts of the whole picture. */
import type { Doubt, Export } from "../../api/footage";

export type Box = Doubt["box"];
/** Widening adds this much of the region's own size on each side: a head beside its box is then inside (ours). */
const WIDER = 0.5;
/** How much of the region's own size a look shows around it (server: CROP_AROUND). */
const AROUND = 1.5;
/** A drawn rectangle narrower than this part of the look was a slip of the hand. */
const LEAST = 0.02;

const inside = (v: number) => Math.min(1, Math.max(0, v));

/** A box with so many times its size added on each side, inside the picture. */
export function grown([x1, y1, x2, y2]: Box, by: number): Box {
  const [w, h] = [(x2 - x1) * by, (y2 - y1) * by];
  return [inside(x1 - w), inside(y1 - h), inside(x2 + w), inside(y2 + h)];
}
export const widened = (box: Box): Box => grown(box, WIDER);
/** The part of the picture that the look of a place shows. */
export const lookOf = (box: Box): Box => grown(box, AROUND);

/** A box of the picture, in parts of a look. */
export function inLook(look: Box, [x1, y1, x2, y2]: Box): Box {
  const [w, h] = [look[2] - look[0], look[3] - look[1]];
  return [(x1 - look[0]) / w, (y1 - look[1]) / h, (x2 - look[0]) / w, (y2 - look[1]) / h];
}

/** The box of the picture between two corners drawn in a look; none where the hand only slipped. */
export function drawn(look: Box, a: readonly [number, number], b: readonly [number, number]): Box | undefined {
  const [x1, x2] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])].map(inside) as [number, number];
  const [y1, y2] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])].map(inside) as [number, number];
  if (x2 - x1 < LEAST || y2 - y1 < LEAST) return undefined;
  const [w, h] = [look[2] - look[0], look[3] - look[1]];
  return [look[0] + x1 * w, look[1] + y1 * h, look[0] + x2 * w, look[1] + y2 * h];
}

/** How many of the four steps are behind an export: asked, masks made, looked at by a second person, sealed. */
export const stepsDone = (e: Pick<Export, "state" | "reviewed_at" | "sealed_at">): number =>
  e.sealed_at ? 4 : e.reviewed_at ? 3 : e.state === "review" ? 2 : 1;
