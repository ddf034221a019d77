/** Privacy zones in azimuth and tilt: drawn by dragging or by key, removed by a click; they hold wherever it looks. */
import { type KeyboardEvent, type PointerEvent, useState } from "react";
import type { Corner, Sector } from "../../../api/ptz";
import { usePtzText } from "../../../text/ptz";
import { spanOf } from "./steering";
import { boxed, HEIGHT_DEG, leftOf, toPlane, unrolled } from "./zones";

type Place = readonly [number, number];
const GRID_DEG = 45;
/** A stroke of an arrow, degrees: about a window at ten metres; with Shift a house's front (ours). */
const STROKE_DEG = 2;
const FAR_DEG = 15;
const ARROWS: Record<string, Place> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const points = (corners: readonly Place[]) => corners.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

export function ZonePlane({
  sector,
  zones,
  onZones,
}: {
  sector: Sector;
  zones: readonly Corner[][];
  onZones?: (zones: Corner[][]) => void;
}) {
  const t = usePtzText();
  const [from, setFrom] = useState<Place>();
  const [to, setTo] = useState<Place>();
  const left = leftOf(sector);
  const [x, y] = toPlane(left, [sector.from_deg, sector.high_deg]);
  const whole = spanOf(sector) === 360;
  const at = (e: PointerEvent<SVGSVGElement>): Place => {
    const box = e.currentTarget.getBoundingClientRect();
    return [((e.clientX - box.left) / box.width) * 360, ((e.clientY - box.top) / box.height) * HEIGHT_DEG];
  };
  const [cursor, setCursor] = useState<Place>();
  const drawing = from && to ? boxed(left, from, to) : undefined;
  const end = () => {
    setFrom(undefined);
    if (drawing) onZones?.([...zones, drawing]);
  };
  const key = (e: KeyboardEvent<SVGSVGElement>) => {
    const way = ARROWS[e.key];
    const spot = cursor ?? [180, HEIGHT_DEG / 2];
    if (way) {
      const by = e.shiftKey ? FAR_DEG : STROKE_DEG;
      const next: Place = [
        Math.min(360, Math.max(0, spot[0] + way[0] * by)),
        Math.min(HEIGHT_DEG, Math.max(0, spot[1] + way[1] * by)),
      ];
      setCursor(next);
      if (from) setTo(next);
    } else if (e.key === "Enter" && !e.ctrlKey && !e.metaKey) {
      setCursor(spot);
      if (from) end();
      else {
        setFrom(spot);
        setTo(spot);
      }
    } else if (e.key === "Escape" && from) setFrom(undefined);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  const drag = onZones && {
    tabIndex: 0,
    onKeyDown: key,
    onFocus: () => setCursor((c) => c ?? [180, HEIGHT_DEG / 2]),
    onBlur: () => setCursor(undefined),
    onPointerDown: (e: PointerEvent<SVGSVGElement>) => {
      setFrom(at(e));
      setTo(at(e));
    },
    onPointerMove: (e: PointerEvent<SVGSVGElement>) => from && setTo(at(e)),
    onPointerUp: end,
    onPointerLeave: () => setFrom(undefined),
  };
  return (
    <>
      <svg
        className={onZones ? "zones draws" : "zones"}
        viewBox={`0 0 360 ${HEIGHT_DEG}`}
        role={onZones ? "application" : "img"}
        aria-label={t.zones}
        {...drag}
      >
        <rect
          className="ptz-sector"
          x={whole ? 0 : x}
          y={y}
          width={spanOf(sector)}
          height={Math.max(0, sector.high_deg - sector.low_deg)}
        />
        {Array.from({ length: 360 / GRID_DEG }, (_, i) => {
          const azimuth = i * GRID_DEG;
          const [gx] = toPlane(left, [azimuth, 0]);
          return (
            <g key={azimuth}>
              <path className="zone-grid" d={`M${gx} 0V${HEIGHT_DEG}`} />
              <text className="zone-deg" x={gx + 2} y={HEIGHT_DEG - 3}>
                {azimuth}°
              </text>
            </g>
          );
        })}
        <path className="zone-grid level" d={`M0 ${toPlane(left, [0, 0])[1]}H360`} />
        {zones.map((zone, i) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the buttons below it are the control
          <polygon
            // biome-ignore lint/suspicious/noArrayIndexKey: zones have no identity
            key={i}
            className="zone"
            points={points(unrolled(left, zone))}
            onPointerDown={(e) => onZones && e.stopPropagation()}
            onClick={() => onZones?.(zones.filter((_, k) => k !== i))}
          >
            <title>{t.zone(i + 1)}</title>
          </polygon>
        ))}
        {cursor ? (
          <path className="zone-cursor" d={`M${cursor[0] - 5} ${cursor[1]}h10M${cursor[0]} ${cursor[1] - 5}v10`} />
        ) : null}
        {drawing ? <polygon className="zone new" points={points(unrolled(left, drawing))} /> : null}
      </svg>
      {onZones && zones.length ? (
        <div className="fx wrap">
          {zones.map((_, i) => (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: zones have no identity
              key={i}
              type="button"
              className="btn s line"
              aria-label={t.dropZone(i + 1)}
              onClick={() => onZones(zones.filter((_, k) => k !== i))}
            >
              {t.zone(i + 1)} ×
            </button>
          ))}
        </div>
      ) : null}
    </>
  );
}
