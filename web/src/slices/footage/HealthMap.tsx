/** Where the cameras stand: streets as lines, a dot a camera; what is silent is dashed and violet. */
import { useMemo } from "react";
import type { CameraHealth } from "../../api/footage";
import type { StyleData } from "../../api/types";
import { plane } from "../../map/geometry";
import { useFootageText } from "../../text/footage";

const WIDTH = 1000;
const HEIGHT = 620;
const MARGIN = 40;
const MOST_NAMED = 8;

interface Frame {
  to: (lat: number, lon: number) => [x: number, y: number];
}
/** Fits the cameras into the picture; north is up, metres are metres both ways. */
export function frameOf(cameras: readonly Pick<CameraHealth, "lat" | "lon">[]): Frame | undefined {
  const first = cameras[0];
  if (!first) return undefined;
  const p = plane(first.lat, first.lon);
  const at = cameras.map((c) => p.toXy([c.lon, c.lat]));
  const [xs, ys] = [at.map((a) => a[0]), at.map((a) => a[1])];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(1, right - left),
    (HEIGHT - 2 * MARGIN) / Math.max(1, high - low),
  );
  return {
    to: (lat, lon) => {
      const [x, y] = p.toXy([lon, lat]);
      return [WIDTH / 2 + (x - (left + right) / 2) * scale, HEIGHT / 2 - (y - (low + high) / 2) * scale];
    },
  };
}

export function HealthMap({
  style,
  cameras,
  chosen,
  onPick,
}: {
  style: StyleData | undefined;
  cameras: readonly CameraHealth[];
  chosen: string | undefined;
  onPick: (camera: string) => void;
}) {
  const t = useFootageText();
  const places = cameras.map((c) => `${c.lat},${c.lon}`).join(" ");
  const frame = useMemo(() => frameOf(cameras), [places]);
  const streets = useMemo(() => {
    if (!frame || !style) return "";
    return style.streets.features
      .map((f) =>
        f.geometry.coordinates
          .map((c, i) => {
            const [x, y] = frame.to(c[1] ?? 0, c[0] ?? 0);
            return `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
          })
          .join(""),
      )
      .join("");
  }, [frame, style]);
  // names over one another say nothing: the chosen one's alone where many are lost
  const few = cameras.filter((c) => !c.live).length <= MOST_NAMED;
  if (!frame) return <div className="health-map" />;
  return (
    <div className="health-map">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="xMidYMid slice" aria-hidden="true">
        <path d={streets} fill="none" stroke="var(--map-r0)" strokeWidth="1.2" />
        {[...cameras]
          .sort((a, b) => Number(b.live) - Number(a.live))
          .map((c) => {
            const [x, y] = frame.to(c.lat, c.lon);
            return (
              // biome-ignore lint/a11y/noStaticElementInteractions: the list beside it is the control; J and K walk it
              <g key={c.camera_id} onClick={() => onPick(c.camera_id)} className="health-dot">
                <title>{`${c.code} · ${t.reasonOf[c.reason] ?? c.reason}`}</title>
                <circle cx={x} cy={y} r="13" fill="transparent" />
                {c.camera_id === chosen ? (
                  <circle cx={x} cy={y} r="10" fill="none" stroke="var(--ours)" strokeWidth="2" />
                ) : null}
                {c.live ? (
                  <circle cx={x} cy={y} r="4" fill="var(--tx-3)" />
                ) : (
                  <circle
                    cx={x}
                    cy={y}
                    r="5"
                    fill="var(--doubt-bg)"
                    stroke="var(--doubt)"
                    strokeWidth="1.6"
                    strokeDasharray="2.4 1.8"
                  />
                )}
              </g>
            );
          })}
        {cameras
          .filter((c) => c.camera_id === chosen || (!c.live && few))
          .map((c) => {
            const [x, y] = frame.to(c.lat, c.lon);
            return (
              <text key={c.camera_id} x={x + 13} y={y + 4} className="health-code">
                {c.code}
              </text>
            );
          })}
      </svg>
    </div>
  );
}
