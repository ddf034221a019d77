/** Where a camera looks, seen from above: its sector, what the picture shows of it, north on top. */
import type { Pose, Sector } from "../../../api/ptz";
import { usePtzText } from "../../../text/ptz";
import { onDial, slice, spanOf } from "./steering";

const R = 46;

export function Dial({ sector, pose }: { sector: Sector; pose: Pose | null }) {
  const t = usePtzText();
  const [x, y] = pose ? onDial(pose.azimuth_deg, R - 8) : [0, 0];
  return (
    <svg className="ptz-dial" viewBox="-56 -56 112 112" role="img" aria-label={t.sector}>
      <circle r={R} className="ptz-round" />
      <path d={slice(sector.from_deg, spanOf(sector), R)} className="ptz-sector" />
      {pose ? (
        <>
          <path d={slice(pose.azimuth_deg - pose.fov_deg / 2, pose.fov_deg, R)} className="ptz-view" />
          <path d={`M0 0L${x.toFixed(1)} ${y.toFixed(1)}`} className="ptz-axis" />
        </>
      ) : null}
      <circle r="3" className="ptz-foot" />
      <text y={-R - 2} className="ptz-north">
        {t.north}
      </text>
    </svg>
  );
}
