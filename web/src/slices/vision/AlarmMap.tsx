/** Where it was: the place measured in the picture, or the camera where nobody calibrated it. */
import { useMemo } from "react";
import { usePoints, useStyleData } from "../../api/hooks";
import type { VisionAlarm } from "../../api/vision";
import { CityMap } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import { useVisionText } from "../../text/vision";

/** Drawn around a measured place, and around a camera, metres: what a calibration may be off, and what a camera sees. */
const ERROR_M = { exact: 3, camera: 40 };

export function AlarmMap({ alarm: a, focus }: { alarm: VisionAlarm; focus: number }) {
  const t = useVisionText();
  const style = useStyleData();
  const points = usePoints();
  const scene = useMemo(
    () => ({
      subject: {
        lat: a.lat,
        lon: a.lon,
        error_m: a.exact_place ? ERROR_M.exact : ERROR_M.camera,
        speed_mps: null,
        course_deg: null,
        standing: a.exact_place ? ("alarm" as const) : ("stale" as const),
      },
    }),
    [a.lat, a.lon, a.exact_place],
  );
  const chips: Chip[] = useMemo(
    () => [
      {
        id: a.alarm_id,
        kind: "text",
        lat: a.lat,
        lon: a.lon,
        code: t.behaviours[a.behaviour] ?? a.behaviour,
        words: a.exact_place ? t.exact : `${a.camera_code} ${t.inexact}`,
        standing: "alarm",
        side: "below",
      },
    ],
    [a.alarm_id, t],
  );
  return (
    <CityMap
      key={a.alarm_id}
      style={style.data}
      points={points.data}
      scene={scene}
      chips={chips}
      focus={focus}
      label={`${t.map} ${a.camera_code}`}
    />
  );
}
