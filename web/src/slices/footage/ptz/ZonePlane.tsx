/** Privacy zones in azimuth and tilt: drawn by dragging, removed by a click; they hold wherever the camera looks. */
import { type PointerEvent, useState } from "react";
import type { Corner, Sector } from "../../../api/ptz";
import { usePtzText } from "../../../text/ptz";
import { spanOf } from "./steering";
import { boxed, HEIGHT_DEG, leftOf, toPlane, unrolled } from "./zones";

type Place = readonly [number, number];
const GRID_DEG = 45;
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
  const drawing = from && to ? boxed(left, from, to) : undefined;
  const end = () => {
    setFrom(undefined);
    if (drawing) onZones?.([...zones, drawing]);
  };
  const drag = onZones && {
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
        role="img"
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
