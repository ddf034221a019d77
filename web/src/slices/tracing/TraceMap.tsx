/** The case map: where he was confirmed, who may be him, and which cameras see him next. */
import { useMemo } from "react";
import { useStyleData } from "../../api/hooks";
import type { Candidate, NextCamera } from "../../api/tracing";
import type { CameraPoints, Fix } from "../../api/types";
import { clock, probability } from "../../kit/format";
import { CityMap } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import { useTracingText } from "../../text/tracing";
import { LETTERS } from "./rules";

/** Drawn around the place of a track that nobody measured, metres: what a camera sees. */
const UNMEASURED_M = 40;

export type Places = ReadonlyMap<string, { lat: number; lon: number }>;
export function placesOf(points: CameraPoints | undefined): Places {
  const { id = [], lat = [], lon = [] } = points?.cameras ?? {};
  return new Map(id.map((camera, i) => [camera, { lat: lat[i] ?? 0, lon: lon[i] ?? 0 }]));
}
/** Where a candidate was: measured on the ground, or where its camera stands. */
export function placeOfCandidate(c: Candidate, places: Places): { lat: number; lon: number } | undefined {
  return c.lat !== null && c.lon !== null ? { lat: c.lat, lon: c.lon } : places.get(c.camera_id);
}

export function TraceMap({
  route,
  chosen,
  next,
  points,
  focus,
}: {
  route: readonly Candidate[];
  chosen: Candidate | undefined;
  next: readonly NextCamera[];
  points: CameraPoints | undefined;
  focus: number;
}) {
  const t = useTracingText();
  const style = useStyleData();
  const places = useMemo(() => placesOf(points), [points]);
  const { scene, chips } = useMemo(() => {
    const fixes: Fix[] = [];
    const marks: Chip[] = [];
    route.forEach((c, i) => {
      const at = placeOfCandidate(c, places);
      if (!at) return;
      fixes.push({ seen_at: c.from_at, ...at, error_m: UNMEASURED_M, speed_mps: null, course_deg: c.heading_deg });
      marks.push({ id: c.candidate_id, kind: "camera", ...at, code: String(i + 1), words: clock(c.from_at) });
    });
    next.slice(0, LETTERS.length).forEach((n, i) => {
      const at = places.get(n.camera_id);
      if (at)
        marks.push({
          id: n.camera_id,
          kind: "text",
          ...at,
          code: LETTERS[i] ?? "",
          words: `${clock(n.likely_at)} ${probability(n.probability)}`,
          standing: "stale",
        });
    });
    const at = chosen && placeOfCandidate(chosen, places);
    const seen: Scene = {
      fixes,
      history: {},
      subject: at
        ? { ...at, error_m: UNMEASURED_M, speed_mps: null, course_deg: chosen?.heading_deg ?? null, standing: "calm" }
        : null,
    };
    return { scene: seen, chips: marks };
  }, [route, chosen, next, places]);
  return <CityMap style={style.data} points={points} scene={scene} chips={chips} focus={focus} label={t.route} />;
}
