/** The case map: where he may be, where he was confirmed, who may be him, and which cameras see him next. */
import { useMemo } from "react";
import { useStyleData } from "../../api/hooks";
import type { Candidate, Likely, NextCamera } from "../../api/tracing";
import type { Fix } from "../../api/types";
import { clock, probability } from "../../kit/format";
import { CityMap } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import { useTracingText } from "../../text/tracing";
import { heatOf, LETTERS } from "./rules";

/** Drawn around the place of a track that nobody measured, metres: what a camera sees. */
const UNMEASURED_M = 40;

/** Where a candidate was: measured on the ground, or where its camera stands. */
export function placeOfCandidate(c: Candidate): { lat: number; lon: number } | undefined {
  if (c.lat !== null && c.lon !== null) return { lat: c.lat, lon: c.lon };
  return c.camera_lat !== null && c.camera_lon !== null ? { lat: c.camera_lat, lon: c.camera_lon } : undefined;
}

export function TraceMap({
  route,
  chosen,
  next,
  likely,
  focus,
  onPick,
  onCamera,
}: {
  route: readonly Candidate[];
  chosen: Candidate | undefined;
  next: readonly NextCamera[];
  likely: Likely | undefined;
  focus: number;
  onPick: (candidate: Candidate) => void;
  onCamera: (camera: string) => void;
}) {
  const t = useTracingText();
  const style = useStyleData();
  const { scene, chips } = useMemo(() => {
    const fixes: Fix[] = [];
    const marks: Chip[] = [];
    route.forEach((c, i) => {
      const at = placeOfCandidate(c);
      if (!at) return;
      fixes.push({ seen_at: c.from_at, ...at, error_m: UNMEASURED_M, speed_mps: null, course_deg: c.heading_deg });
      marks.push({
        id: c.candidate_id,
        kind: "camera",
        ...at,
        code: String(i + 1),
        words: clock(c.from_at),
        chosen: c === chosen,
        onPick: () => onPick(c),
      });
    });
    const cameras: NonNullable<Scene["cameras"]>[number][] = [];
    next.slice(0, LETTERS.length).forEach((n, i) => {
      if (n.camera_lat === null || n.camera_lon === null) return;
      const at = { lat: n.camera_lat, lon: n.camera_lon };
      const look = { azimuth_deg: n.azimuth_deg, fov_deg: n.fov_deg ?? 60, range_m: n.range_m ?? 50, live: true };
      cameras.push({ ...at, ...look, chosen: i < 2 });
      marks.push({
        id: n.camera_id,
        kind: "camera",
        ...at,
        code: LETTERS[i] ?? "",
        words: `${n.camera_code} ${clock(n.likely_at)} ${probability(n.probability)}`,
        onPick: () => onCamera(n.camera_id),
      });
    });
    const at = chosen && placeOfCandidate(chosen);
    const seen: Scene = {
      fixes,
      history: {},
      heat: heatOf(likely),
      cameras,
      subject: at
        ? { ...at, error_m: UNMEASURED_M, speed_mps: null, course_deg: chosen?.heading_deg ?? null, standing: "calm" }
        : null,
    };
    return { scene: seen, chips: marks };
  }, [route, chosen, next, likely, onPick, onCamera]);
  return (
    <CityMap style={style.data} scene={scene} chips={chips} focus={focus} label={t.route}>
      {likely ? (
        <div className="trace-legend xs" aria-live="polite">
          <b>{t.mayBe}</b> <span className="num">{clock(likely.at)}</span> <i aria-hidden="true" />
          <span className="t3">{t.elsewhere(Math.round(100 * likely.elsewhere))}</span>
        </div>
      ) : null}
    </CityMap>
  );
}
