/** From parts of a picture to places in a tile that crops it (`object-fit: cover`). Pixels of the tile, top left. */
export interface Rect {
  left: number;
  top: number;
  width: number;
  height: number;
}
export function place(
  box: readonly [number, number, number, number],
  picture: { width: number; height: number },
  tile: { width: number; height: number },
): Rect {
  const scale = Math.max(tile.width / picture.width, tile.height / picture.height);
  const w = picture.width * scale;
  const h = picture.height * scale;
  const left = (tile.width - w) / 2;
  // the picture hangs from its top edge, where camera and time are burnt in
  const top = 0;
  return {
    left: left + box[0] * w,
    top: top + box[1] * h,
    width: (box[2] - box[0]) * w,
    height: (box[3] - box[1]) * h,
  };
}
/** Four corner brackets of a rectangle as one path; arms are a fifth of the shorter side, 5 to 16 px. */
export function brackets(r: Rect): string {
  const arm = Math.min(16, Math.max(5, Math.min(r.width, r.height) / 5));
  const [x1, y1, x2, y2] = [r.left, r.top, r.left + r.width, r.top + r.height].map((n) => Math.round(n * 10) / 10) as [
    number,
    number,
    number,
    number,
  ];
  return (
    `M${x1} ${y1 + arm}V${y1}H${x1 + arm}` +
    `M${x2 - arm} ${y1}H${x2}V${y1 + arm}` +
    `M${x2} ${y2 - arm}V${y2}H${x2 - arm}` +
    `M${x1 + arm} ${y2}H${x1}V${y2 - arm}`
  );
}
