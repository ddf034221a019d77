/** A cross on the map for whoever has no mouse: arrows move it, Enter points at what lies under it, Esc puts it away. */
import { useEffect, useRef, useState } from "react";
import { useKeys } from "../kit/keys";
import { useText } from "../text";

/** Pixels of a stroke: about a house's front at the zoom in which a street fills the map; with Shift a step (ours). */
const STROKE = 24;
const FINE = 4;
/** Nearer to the edge than this the map goes along. */
const EDGE = 32;
type Spot = readonly [x: number, y: number];

export function Aim({
  at,
  onPoint,
  onPan,
  onClose,
}: {
  /** Where it stands first: the middle of the map, in pixels; the map is twice as wide and high. */
  at: Spot;
  onPoint: (spot: Spot) => void;
  onPan: (by: Spot) => void;
  onClose: () => void;
}) {
  const text = useText();
  const cross = useRef<HTMLDivElement>(null);
  const [[x, y], put] = useState<Spot>(at);
  // a button that has the focus would take Enter for itself
  useEffect(() => cross.current?.focus(), []);
  const inside = (v: number, middle: number) => Math.min(2 * middle - EDGE, Math.max(EDGE, v));
  const step = (dx: number, dy: number, fine: boolean) => {
    const by = fine ? FINE : STROKE;
    const to: Spot = [x + dx * by, y + dy * by];
    const kept: Spot = [inside(to[0], at[0]), inside(to[1], at[1])];
    if (kept[0] !== to[0] || kept[1] !== to[1]) onPan([to[0] - kept[0], to[1] - kept[1]]);
    put(kept);
  };
  const arrow = (code: string, dx: number, dy: number) => ({
    code,
    hint: text.map.moveAim,
    run: (event: KeyboardEvent) => step(dx, dy, event.shiftKey),
  });
  useKeys([
    arrow("ArrowLeft", -1, 0),
    arrow("ArrowRight", 1, 0),
    arrow("ArrowUp", 0, -1),
    arrow("ArrowDown", 0, 1),
    { code: "Enter", hint: text.map.aim, run: () => onPoint([x, y]) },
    { code: "Escape", hint: text.map.endAim, run: onClose },
  ]);
  return (
    <div ref={cross} className="aim" style={{ left: x, top: y }} tabIndex={-1} role="img" aria-label={text.map.aim}>
      <svg width="44" height="44" viewBox="-22 -22 44 44" aria-hidden="true">
        <path className="aim-under" d="M-20 0H-6M6 0H20M0 -20V-6M0 6V20" />
        <path d="M-20 0H-6M6 0H20M0 -20V-6M0 6V20" />
        <circle r="1.5" />
      </svg>
    </div>
  );
}
