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
  return (
    <PlaceMap
      key={a.alarm_id}
      at={a}
      label={t.behaviours[a.behaviour] ?? a.behaviour}
      words={a.exact_place ? t.exact : `${a.camera_code} ${t.inexact}`}
      exact={a.exact_place}
      focus={focus}
    />
  );
}

export function PlaceMap({
  at: { lat, lon },
  label,
  words,
  exact,
  focus,
}: {
  at: { lat: number; lon: number };
  label: string;
  words: string;
  exact: boolean;
  focus: number;
}) {
  const style = useStyleData();
  const points = usePoints();
  const scene = useMemo(
    () => ({
      subject: {
        lat,
        lon,
        error_m: exact ? ERROR_M.exact : ERROR_M.camera,
        speed_mps: null,
        course_deg: null,
        standing: exact ? ("alarm" as const) : ("stale" as const),
      },
    }),
    [lat, lon, exact],
  );
  const chips: Chip[] = useMemo(
    () => [{ id: label, kind: "text", lat, lon, code: label, words, standing: "alarm", side: "below" }],
    [lat, lon, label, words],
  );
  return <CityMap style={style.data} points={points.data} scene={scene} chips={chips} focus={focus} label={label} />;
}
