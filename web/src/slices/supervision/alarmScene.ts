/** What stands on the map of an alarm: pure. */
import type { Alarm, AlarmDetail, Camera, Condition, Incident, Subject } from "../../api/types";
import { ageS, FIX_INTERVAL_S, freshness } from "../../kit/clock";
import { elapsed, metres, probability } from "../../kit/format";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import type { Text } from "../../text";
import { forecastAt } from "./triage";

export interface AlarmPicture {
  alarm: Alarm | AlarmDetail;
  incident: Incident | undefined;
  zones: readonly Condition[];
  cameras: readonly Camera[];
  chosen: number | undefined;
}

/** The newest known place of the wearer: the incident follows him, the alarm has the fixes that decided it. */
export function subjectOf(alarm: Alarm | AlarmDetail | undefined, incident: Incident | undefined): Subject | undefined {
  const detail = alarm && "fixes" in alarm ? alarm : undefined;
  const decided =
    detail?.lat !== undefined && detail.lon !== undefined && detail.seen_at
      ? {
          lat: detail.lat,
          lon: detail.lon,
          error_m: detail.error_m ?? 0,
          speed_mps: detail.speed_mps ?? null,
          course_deg: detail.course_deg ?? null,
          seen_at: detail.seen_at,
        }
      : undefined;
  const last = [detail?.fixes.at(-1), decided]
    .filter((f) => f !== undefined)
    .sort((a, b) => a.seen_at.localeCompare(b.seen_at))
    .at(-1);
  const followed = incident?.subject ?? undefined;
  if (followed && (!last || followed.seen_at >= last.seen_at)) return followed;
  return last ? { ...last } : followed;
}

export function alarmScene(p: AlarmPicture, nowMs: number): Scene {
  const subject = subjectOf(p.alarm, p.incident);
  const stale = subject ? freshness(ageS(subject.seen_at, nowMs), FIX_INTERVAL_S) === "stale" : false;
  const victim = p.incident?.victim;
  return {
    subject: subject ? { ...subject, standing: stale ? "stale" : "alarm" } : null,
    victim:
      victim && typeof victim.lat === "number" && typeof victim.lon === "number"
        ? { lat: victim.lat, lon: victim.lon }
        : null,
    zones: p.zones.map((z) => ({ ...z, broken: true })),
    cameras: p.cameras.map((c, i) => ({ ...c, live: true, chosen: p.chosen === i })),
    fixes: "fixes" in p.alarm ? p.alarm.fixes : [],
    next: p.incident?.next ?? [],
    reachS: 180,
  };
}

export function alarmChips(p: AlarmPicture, text: Text, pickCamera: (index: number) => void): Chip[] {
  const chips: Chip[] = [];
  const subject = subjectOf(p.alarm, p.incident);
  const { incident } = p;
  for (const zone of p.zones) {
    const at = zone.centre ?? zone.ring?.[0];
    if (at) {
      const south = zone.centre && zone.radius_m ? zone.centre[0] - zone.radius_m / 111_195 : at[0];
      chips.push({
        id: `zone-${zone.condition_id}`,
        kind: "text",
        lat: south,
        lon: at[1],
        code: zone.label,
        standing: "alarm",
        side: "below",
        ...(zone.radius_m ? { words: text.wearer.radius(metres(zone.radius_m)) } : {}),
      });
    }
  }
  p.cameras.forEach((c, i) => {
    chips.push({
      id: `cam-${c.camera_id}`,
      kind: "camera",
      lat: c.lat,
      lon: c.lon,
      code: String(i + 1),
      words: `${c.code} ${c.name}`,
      chosen: p.chosen === i,
      onPick: () => pickCamera(i),
    });
  });
  const forecast = "forecast" in p.alarm ? p.alarm.forecast : [];
  incident?.next.forEach((n, i) => {
    const at = forecastAt(forecast, n.in_s);
    chips.push({
      id: `next-${n.in_s}`,
      kind: "forecast",
      lat: n.lat,
      lon: n.lon,
      code: `+${text.seconds(n.in_s)}`,
      side: i % 2 ? "below" : "above",
      ...(at ? { words: probability(at.probability) } : {}),
    });
  });
  for (const unit of incident?.units ?? []) {
    if (unit.lat === null || unit.lon === null) continue;
    chips.push({
      id: `unit-${unit.unit_id}`,
      kind: "unit",
      lat: unit.lat,
      lon: unit.lon,
      code: unit.name,
      side: "left",
      ...(unit.eta_s === null ? {} : { words: elapsed(unit.eta_s) }),
    });
  }
  const victim = incident?.victim;
  if (victim && typeof victim.lat === "number" && typeof victim.lon === "number") {
    chips.push({
      id: "victim",
      kind: "victim",
      lat: victim.lat,
      lon: victim.lon,
      code: victim.code,
      seen_at: victim.seen_at,
      side: "above",
    });
  }
  if (subject) {
    const words = [
      `±${metres(subject.error_m)}`,
      subject.speed_mps === null ? "" : `${subject.speed_mps.toFixed(1)} m/s`,
    ];
    chips.push({
      id: "subject",
      kind: "wearer",
      lat: subject.lat,
      lon: subject.lon,
      code: p.alarm.wearer_code,
      words: words.filter(Boolean).join(" · "),
      seen_at: subject.seen_at,
      standing: "alarm",
      course_deg: subject.course_deg,
      side: "below",
    });
  }
  return chips;
}
