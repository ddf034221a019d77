/** Screen 04: one wearer under a permit. */
import { useCallback, useMemo, useState } from "react";
import { useStyleData, useTrack, useWearer } from "../../api/hooks";
import type { Fix, Wearer as WearerData } from "../../api/types";
import { ageS, FIX_INTERVAL_S, freshness, nowMs } from "../../kit/clock";
import { clock, dayMinutes, metres, probability } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { beside } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { go, useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { CityMap, formatView, parseView } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import { useText } from "../../text";
import { type Finding, FindingDialog } from "./Finding";
import { ReplayChart } from "./Replay";
import { useReplay } from "./useReplay";
import { Facts, Violations } from "./WearerPanels";
import { gaps, period } from "./wearerRules";

const NO_FIXES: readonly Fix[] = [];

export function Wearer({ id }: { id: string }) {
  const text = useText();
  const wearer = useWearer(id);
  if (!wearer.data) {
    return (
      <main className="main single">
        <section className="panel">
          <Answer error={wearer.error} retry={() => void wearer.refetch()} what={text.wearer.list} />
        </section>
      </main>
    );
  }
  return <Shown wearer={wearer.data} />;
}

function Shown({ wearer }: { wearer: WearerData }) {
  const text = useText();
  const t = text.wearer;
  const style = useStyleData();
  const [alarmWord, setAlarm] = useQueryWord("alarm");
  const [view, setView] = useQueryWord("map");
  const [band, setBand] = useQueryWord("band");
  const [focus, setFocus] = useState(0);
  const [finding, setFinding] = useState<Finding>();
  const alarms = useMemo(
    () => [...wearer.alarms].sort((a, b) => b.raised_at.localeCompare(a.raised_at)),
    [wearer.alarms],
  );
  const chosen = alarms.find((a) => a.alarm_id === alarmWord) ?? alarms[0];
  const minute = Math.floor(nowMs() / 60_000) * 60_000;
  const { from, until } = useMemo(() => period(chosen, minute + 60_000), [chosen, minute]);
  const track = useTrack(wearer.wearer_id, from, until);
  const fixes = track.data?.fixes ?? NO_FIXES;
  const replay = useReplay(fixes);
  const fix = fixes[replay.index];
  const between = (by: 1 | -1) => {
    setAlarm(beside(alarms, (a) => a.alarm_id === chosen?.alarm_id, by)?.alarm_id);
    setFocus((n) => n + 1);
  };
  useKeys([
    { code: "Space", hint: replay.playing ? t.stop : t.play, run: replay.toggle },
    { code: "ArrowLeft", hint: t.step, run: () => replay.step(-1) },
    { code: "ArrowRight", hint: t.step, run: () => replay.step(1) },
    { code: "BracketLeft", hint: t.between, run: () => between(1) },
    { code: "BracketRight", hint: t.between, run: () => between(-1) },
    { code: "Equal", hint: t.faster, run: () => replay.faster(1) },
    { code: "Minus", hint: t.faster, run: () => replay.faster(-1) },
    { code: "KeyE", hint: t.band, run: () => setBand(band ? undefined : "off") },
    { code: "KeyZ", hint: text.watch.focusMap, run: () => setFocus((n) => n + 1) },
    ...(chosen
      ? [
          { code: "KeyX", run: () => setFinding("confirmed") },
          { code: "KeyM", run: () => setFinding("medical") },
          { code: "KeyN", run: () => setFinding("false") },
        ]
      : []),
    ...(chosen?.incident_id
      ? [{ code: "Enter", hint: text.watch.openIncident, run: () => go("incidents", chosen.incident_id ?? undefined) }]
      : []),
  ]);
  const broken = chosen?.state === "certain";
  const scene = useMemo<Scene>(() => {
    const last = fixes.at(-1);
    const stale = fix === last && last ? freshness(ageS(last.seen_at, nowMs()), FIX_INTERVAL_S) === "stale" : false;
    return {
      subject: fix ? { ...fix, standing: stale ? "stale" : broken ? "alarm" : "calm" } : null,
      zones: wearer.conditions
        .filter((c) => c.ring?.length || c.centre)
        .map((c) => ({ ...c, broken: broken && c.trigger === chosen?.trigger })),
      fixes: fixes.slice(0, replay.index + 1),
      history: { alarmFrom: chosen?.confirmed_at ?? null, alarmUntil: null },
      errorBand: band !== "off",
    };
  }, [fix, fixes, replay.index, wearer.conditions, chosen, broken, band]);
  const chips = useMemo<Chip[]>(() => {
    const list: Chip[] = [];
    if (fix)
      list.push({
        id: "subject",
        kind: "wearer",
        lat: fix.lat,
        lon: fix.lon,
        code: wearer.code,
        words: `${clock(fix.seen_at)} · ±${metres(fix.error_m)}`,
        standing: broken ? "alarm" : "calm",
        course_deg: fix.course_deg,
        side: "below",
      });
    for (const c of wearer.conditions) {
      const at = c.centre ?? c.ring?.[0];
      if (at && c.trigger === "exclusion_zone")
        list.push({
          id: c.condition_id,
          kind: "text",
          lat: c.centre && c.radius_m ? c.centre[0] - c.radius_m / 111_195 : at[0],
          lon: at[1],
          code: c.label,
          side: "below",
        });
    }
    return list;
  }, [fix, wearer, broken]);
  const holes = gaps(fixes);
  const onView = useCallback((v: Parameters<typeof formatView>[0]) => setView(formatView(v)), [setView]);
  return (
    <main className="main wearer">
      <Facts wearer={wearer} />
      <section className="panel" aria-label={t.replay}>
        <CityMap
          style={style.data}
          scene={scene}
          chips={chips}
          view={parseView(view)}
          onView={onView}
          focus={focus + (fixes.length ? 1 : 0)}
          hideCameras
          label={wearer.code}
        >
          <div className="fl fx map-tl">
            <b className="num">
              {dayMinutes(from)} – {clock(until).slice(0, 5)}
            </b>
            <span>
              {t.fixes} <b className="num">{fixes.length}</b>
            </span>
            <span>
              {t.gaps}{" "}
              <b className="cd num">
                {t.gapCount(
                  holes.length,
                  holes.reduce((s, g) => s + (g.untilMs - g.fromMs) / 1000, 0),
                )}
              </b>
            </span>
          </div>
          <div className="fl col map-tr legend">
            <span className="fx">
              <svg width="22" height="10" aria-hidden="true">
                <circle cx="11" cy="5" r="5" fill="var(--doubt)" fillOpacity=".35" />
              </svg>
              {t.errorLegend}
            </span>
            <span className="fx">
              <svg width="22" height="10" aria-hidden="true">
                <path d="M1 5H21" stroke="var(--doubt)" strokeWidth="2" strokeDasharray="4 3" />
              </svg>
              {t.gapLine}
            </span>
            <span className="fx">
              <svg width="22" height="10" aria-hidden="true">
                <path d="M1 5H21" stroke="var(--p1)" strokeWidth="3" />
              </svg>
              {t.alarmSpan}
            </span>
          </div>
        </CityMap>
      </section>
      <section className="panel" aria-label={t.replay}>
        <PanelHead
          title={t.replay}
          sub={
            fix ? (
              <>
                {typeof fix.probability === "number" ? t.probabilityChart : t.errorChart}{" "}
                <b className="num cd">
                  {typeof fix.probability === "number" ? probability(fix.probability) : `±${metres(fix.error_m)}`}
                </b>
              </>
            ) : undefined
          }
          right={
            <>
              <Button
                small
                cap="Space"
                onClick={replay.toggle}
                disabled={fixes.length < 2}
                aria-label={replay.playing ? t.stop : t.play}
              >
                <Icon name={replay.playing ? "pause" : "play"} />
              </Button>
              <Button small cap="+" onClick={() => replay.faster(1)}>
                {t.speed(replay.speed)}
              </Button>
              <span className="t1 num w6">{fix ? clock(replay.at) : "–"}</span>
            </>
          }
        />
        {fixes.length > 1 ? (
          <ReplayChart fixes={fixes} at={replay.at} alarm={chosen} onSeek={replay.seek} />
        ) : track.data ? (
          <Empty title={t.noTrack} body={t.noTrackBody} />
        ) : (
          <Answer error={track.error} retry={() => void track.refetch()} what={t.fixes} />
        )}
      </section>
      <Violations alarms={alarms} chosen={chosen?.alarm_id} onPick={setAlarm} onFind={setFinding} />
      {finding && chosen ? (
        <FindingDialog alarm={chosen} initial={finding} onClose={() => setFinding(undefined)} />
      ) : null}
    </main>
  );
}
