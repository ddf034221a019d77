import { useMemo } from "react";
import { usePoints, useStyleData } from "../api/hooks";
import type { Camera, Incident, Subject, Trigger, Unit, Victim } from "../api/types";
import { ageS, FIX_INTERVAL_S, freshness, useNow } from "../kit/clock";
import { elapsed, metres } from "../kit/format";
import { type Text, useText } from "../text";
import { CityMap, formatView, parseView } from "./CityMap";
import type { Chip } from "./chips";
import type { Scene } from "./scene";

/** A camera and the index of its tile. */
export type Tiled = Camera & { tile: number };

export interface Situation {
  code: string;
  trigger: Trigger;
  open: boolean;
  subject: Subject | null;
  victim: Victim | null;
  units: readonly Unit[];
  next: Incident["next"];
  /** In the order of their tiles. */
  cameras: readonly Tiled[];
  chosen?: number | undefined;
}

/** The cameras in the order of their tiles, so that tile and map carry one number. */
export function inTiles(cameras: readonly Camera[], slots: readonly (string | null)[]): Tiled[] {
  if (slots.length === 0) return cameras.map((c, tile) => ({ ...c, tile }));
  return slots.flatMap((id, tile) => cameras.filter((c) => c.camera_id === id).map((c) => ({ ...c, tile })));
}

export function situationChips(s: Situation, text: Text, pick: (index: number) => void): Chip[] {
  const chips: Chip[] = [];
  s.cameras.slice(0, 12).forEach((c) => {
    chips.push({
      id: `cam-${c.camera_id}`,
      kind: "camera",
      lat: c.lat,
      lon: c.lon,
      code: String(c.tile + 1),
      words: `${c.code} ${c.name}`,
      chosen: s.chosen === c.tile,
      onPick: () => pick(c.tile),
    });
  });
  for (const u of s.units) {
    if (u.lat === null || u.lon === null) continue;
    chips.push({
      id: `unit-${u.unit_id}`,
      kind: "unit",
      lat: u.lat,
      lon: u.lon,
      code: u.name,
      side: "left",
      ...(u.eta_s === null ? {} : { words: elapsed(u.eta_s) }),
    });
  }
  if (s.victim && typeof s.victim.lat === "number" && typeof s.victim.lon === "number") {
    chips.push({
      id: "victim",
      kind: "victim",
      lat: s.victim.lat,
      lon: s.victim.lon,
      code: s.victim.code,
      seen_at: s.victim.seen_at,
      side: "below",
    });
  }
  if (s.subject) {
    chips.push({
      id: "subject",
      kind: "wearer",
      lat: s.subject.lat,
      lon: s.subject.lon,
      code: s.code || text.provision.subject,
      words: `±${metres(s.subject.error_m)}`,
      seen_at: s.subject.seen_at,
      standing: s.open ? "alarm" : "calm",
      course_deg: s.subject.course_deg,
      side: "below",
    });
  }
  return chips;
}

export function situationScene(s: Situation, nowMs: number): Scene {
  const stale = s.subject ? freshness(ageS(s.subject.seen_at, nowMs), FIX_INTERVAL_S) === "stale" : false;
  return {
    subject: s.subject ? { ...s.subject, standing: stale ? "stale" : s.open ? "alarm" : "calm" } : null,
    victim:
      s.victim && typeof s.victim.lat === "number" && typeof s.victim.lon === "number"
        ? { lat: s.victim.lat, lon: s.victim.lon }
        : null,
    cameras: s.cameras.map((c) => ({ ...c, chosen: s.chosen === c.tile })),
    next: s.next,
    ...(s.open ? { reachS: 90 } : {}),
  };
}

const PADDING = { top: 60, right: 90, bottom: 60, left: 60 };

/** The map of one situation: the person, the protected person, units, the tiles' numbers on their cameras. */
export function SituationMap({
  situation,
  view,
  onView,
  focus,
  onPick,
  onPoint,
  onAimed,
  hideCameras = false,
}: {
  situation: Situation;
  view: string | undefined;
  onView: (v: string) => void;
  focus: number;
  onPick: (index: number) => void;
  onPoint?: ((lat: number, lon: number) => void) | undefined;
  onAimed?: (() => void) | undefined;
  hideCameras?: boolean;
}) {
  const text = useText();
  const style = useStyleData();
  const points = usePoints();
  const now = Math.floor(useNow() / 15_000) * 15_000;
  const scene = useMemo(() => situationScene(situation, now), [situation, now]);
  const chips = useMemo(() => situationChips(situation, text, onPick), [situation, text, onPick]);
  return (
    <CityMap
      style={style.data}
      points={points.data}
      scene={scene}
      chips={chips}
      view={parseView(view)}
      onView={(v) => onView(formatView(v))}
      onPoint={onPoint}
      onAimed={onAimed}
      focus={focus}
      hideCameras={hideCameras}
      padding={PADDING}
      label={`${situation.code} ${text.trigger[situation.trigger] ?? ""}`}
    />
  );
}
