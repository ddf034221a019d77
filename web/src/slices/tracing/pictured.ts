/** Pictures brought in from outside: made smaller, turned upright, and rid of what phones write into them. */
import type { Attribute, PictureBox } from "../../api/tracing";

/** Pixels of the longer side: enough for clothes of somebody who fills a quarter of it. Ours. */
export const LONGEST = 1600;
const QUALITY = 0.9;

/** Return a picture as a JPEG without any word about where and when it was taken; an error where it is none. */
export async function reduced(file: Blob): Promise<{ url: string; data: string }> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const { width, height } = fitted(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const url = canvas.toDataURL("image/jpeg", QUALITY);
  return { url, data: url.slice(url.indexOf(",") + 1) };
}

/** Return a size whose longer side is `LONGEST` at most. */
export function fitted(width: number, height: number): { width: number; height: number } {
  const by = Math.min(1, LONGEST / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) };
}

const part = (v: number) => Math.min(1, Math.max(0, v));

/** Return the box between two corners, in parts of the picture and within it. */
export function boxBetween([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]): PictureBox {
  return {
    x1: part(Math.min(ax, bx)),
    y1: part(Math.min(ay, by)),
    x2: part(Math.max(ax, bx)),
    y2: part(Math.max(ay, by)),
  };
}

/** Return what was said with what a picture adds: of one kind of thing the words of people count, not the picture's. */
export function joined<A extends Attribute>(said: readonly A[], seen: readonly A[]): A[] {
  const known = new Set(said.map((a) => a.key));
  return [...said, ...seen.filter((a) => !known.has(a.key))];
}
