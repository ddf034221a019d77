/** Screen 04: one wearer under a permit. */
import { useCallback, useMemo, useState } from "react";
import { useStyleData, useTrack, useWearer } from "../../api/hooks";
import { type Papers, usePapers } from "../../api/procedure";
import type { Account, Alarm, Fix, Wearer as WearerData } from "../../api/types";
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
import { useProcedureText } from "../../text/procedure";
import { FindingDialog } from "./Finding";
import { may, Procedure, type Step } from "./Procedure";
import {
  ActSheet,
  CarryOutSheet,
  CheckSheet,
  ContestSheet,
  NoPetitionSheet,
  PetitionSheet,
  ReportSheet,
} from "./ProcedureForms";
import { courseOf } from "./procedureRules";
import { ReplayChart } from "./Replay";
import { usePlay } from "./usePlay";
import { Facts } from "./WearerPanels";
import { gaps, period } from "./wearerRules";

const NO_FIXES: readonly Fix[] = [];

/** Who reads what follows from a violation; the server decides, this only leaves out what it would refuse. */
const READS_PAPERS = ["tracking_controller", "shift_lead", "probation_officer", "office_director"];
type Who = Pick<Account, "role">;
/** Something that is written down in a sheet: a step about the chosen alarm, or a device's check. */
type Doing = Step | { check: string } | { act: string };

export function Wearer({ id, account }: { id: string; account: Who }) {
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
  return <Shown wearer={wearer.data} account={account} />;
}

function Shown({ wearer, account }: { wearer: WearerData; account: Who }) {
  const text = useText();
  const t = text.wearer;
  const style = useStyleData();
  const [alarmWord, setAlarm] = useQueryWord("alarm");
  const [view, setView] = useQueryWord("map");
  const [band, setBand] = useQueryWord("band");
  const [focus, setFocus] = useState(0);
  const [doing, setDoing] = useState<Doing>();
  const papers = usePapers(READS_PAPERS.includes(account.role) ? wearer.wearer_id : undefined);
  const alarms = useMemo(
    () => [...wearer.alarms].sort((a, b) => b.raised_at.localeCompare(a.raised_at)),
    [wearer.alarms],
  );
  const chosen = alarms.find((a) => a.alarm_id === alarmWord) ?? alarms[0];
  const minute = Math.floor(nowMs() / 60_000) * 60_000;
  const { from, until } = useMemo(() => period(chosen, minute + 60_000), [chosen, minute]);
  const track = useTrack(wearer.wearer_id, from, until);
  const fixes = track.data?.fixes ?? NO_FIXES;
  const times = useMemo(() => fixes.map((f) => Date.parse(f.seen_at)), [fixes]);
  const replay = usePlay(times);
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
    ...(chosen?.incident_id
      ? [{ code: "Enter", hint: text.watch.openIncident, run: () => go("incidents", chosen.incident_id ?? undefined) }]
      : []),
  ]);
  useSteps({ wearer, alarm: chosen, papers: papers.data, role: account.role, onDo: setDoing });
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
      <Facts
        wearer={wearer}
        papers={papers.data}
        {...(may.check(account.role) && {
          onCheck: (check: string) => setDoing({ check }),
          onAct: (act: string) => setDoing({ act }),
        })}
      />
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
      <Procedure
        wearer={wearer}
        account={account}
        alarms={alarms}
        chosen={chosen?.alarm_id}
        papers={papers.data}
        error={papers.error}
        retry={() => void papers.refetch()}
        reads={READS_PAPERS.includes(account.role)}
        onPick={setAlarm}
        onStep={setDoing}
      />
      {doing ? (
        <Sheet doing={doing} wearer={wearer} alarm={chosen} papers={papers.data} onClose={() => setDoing(undefined)} />
      ) : null}
    </main>
  );
}

/** The keys of the steps that are this seat's and can be taken now. */
function useSteps({
  wearer,
  alarm,
  papers,
  role,
  onDo,
}: {
  wearer: WearerData;
  alarm: Alarm | undefined;
  papers: Papers | undefined;
  role: string;
  onDo: (doing: Doing) => void;
}) {
  const t = useText().wearer;
  const words = useProcedureText();
  const course = alarm && papers ? courseOf(papers, alarm.alarm_id) : undefined;
  const now = course ? course.steps.indexOf("now") : -1;
  const key = (is: boolean | undefined, code: string, hint: string, doing: Doing) =>
    is ? [{ code, hint, run: () => onDo(doing) }] : [];
  const device = wearer.devices[0];
  useKeys([
    ...key(now === 0 && may.find(role) && Boolean(alarm?.confirmed_at), "KeyX", t.confirm, "confirmed"),
    ...key(now === 0 && may.find(role), "KeyM", t.medical, "medical"),
    ...key(now === 0 && may.find(role), "KeyN", t.falseAlarm, "false"),
    ...key(now === 1 && may.report(role), "KeyP", words.doReport, "report"),
    ...key(now === 2 && may.petition(role) && Boolean(papers?.counted.number), "KeyP", words.doPetition, "petition"),
    ...key(now === 2 && may.petition(role), "KeyO", words.doNot, "no_petition"),
    ...key(now === 4 && may.carry(role), "KeyC", words.doCarry, "carry"),
    ...key(course?.contest?.upheld === null && may.find(role), "KeyU", words.uphold, "uphold"),
    ...key(course?.contest?.upheld === null && may.find(role), "KeyD", words.dismiss, "dismiss"),
    ...key(may.check(role) && Boolean(device), "KeyT", words.doCheck, { check: device?.device_id ?? "" }),
    ...(alarm ? [{ code: "KeyR", hint: words.replay, run: () => go("replay", alarm.alarm_id) }] : []),
  ]);
}

/** The sheet of what is being done. */
function Sheet({
  doing,
  wearer,
  alarm,
  papers,
  onClose,
}: {
  doing: Doing;
  wearer: WearerData;
  alarm: Alarm | undefined;
  papers: Papers | undefined;
  onClose: () => void;
}) {
  if (typeof doing === "object") {
    if ("act" in doing) return <ActSheet check={doing.act} onClose={onClose} />;
    const device = wearer.devices.find((d) => d.device_id === doing.check);
    return device ? <CheckSheet device={device} onClose={onClose} /> : null;
  }
  if (!alarm) return null;
  if (doing === "confirmed" || doing === "medical" || doing === "false")
    return <FindingDialog alarm={alarm} initial={doing} onClose={onClose} />;
  if (doing === "report") return <ReportSheet alarm={alarm.alarm_id} code={wearer.code} onClose={onClose} />;
  if (!papers) return null;
  const course = courseOf(papers, alarm.alarm_id);
  if (doing === "petition")
    return (
      <PetitionSheet
        wearer={wearer.wearer_id}
        code={wearer.code}
        counted={papers.counted}
        most={papers.most_months}
        onClose={onClose}
      />
    );
  if (doing === "no_petition")
    return course.report ? <NoPetitionSheet report={course.report} code={wearer.code} onClose={onClose} /> : null;
  if (doing === "carry")
    return course.decision ? <CarryOutSheet decision={course.decision} wearer={wearer} onClose={onClose} /> : null;
  return course.contest ? (
    <ContestSheet contest={course.contest} upheld={doing === "uphold"} onClose={onClose} />
  ) : null;
}
