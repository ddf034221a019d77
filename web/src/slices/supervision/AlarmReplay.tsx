/** An alarm played again on the map, with a time slider: what was believed, how sure, and what was told when. */
import { useCallback, useMemo, useState } from "react";
import { useStyleData } from "../../api/hooks";
import { type Frame, type AlarmReplay as Replayed, useAlarmReplay } from "../../api/procedure";
import type { Account, Fix } from "../../api/types";
import { clock, dayMinutes, elapsed, metres, probability } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { Button, Facts, PanelHead } from "../../kit/parts";
import { formatRoute, go, useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { CityMap, formatView, parseView } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { Verdicts } from "./AlarmSide";
import { may } from "./Procedure";
import { toldOf } from "./procedureRules";
import { ReplayBand } from "./ReplayBand";
import { usePlay } from "./usePlay";
import { useVerdict } from "./useVerdict";
import "./procedure.css";

/** A fix that came so much later than it was seen is called late, seconds: four intervals of 15 s. */
const LATE_S = 60;
const NO_FRAMES: readonly Frame[] = [];

export function AlarmReplay({ id, account }: { id: string; account: Pick<Account, "role"> }) {
  const t = useProcedureText();
  const answer = useAlarmReplay(id);
  if (!answer.data)
    return (
      <main className="main single">
        <section className="panel" aria-label={t.replayTitle}>
          <Answer error={answer.error} retry={() => void answer.refetch()} what={t.replayTitle} />
        </section>
      </main>
    );
  return <Shown replay={answer.data} role={account.role} />;
}

function Shown({ replay, role }: { replay: Replayed; role: string }) {
  const text = useText();
  const t = useProcedureText();
  const style = useStyleData();
  const { alarm } = replay;
  const frames = replay.frames.length ? replay.frames : NO_FRAMES;
  const times = useMemo(() => frames.map((f) => Date.parse(f.at)), [frames]);
  const play = usePlay(times, Date.parse(alarm.confirmed_at ?? alarm.raised_at));
  const frame = frames[play.index];
  const told = useMemo(() => toldOf(alarm), [alarm]);
  const [view, setView] = useQueryWord("map");
  const [focus, setFocus] = useState(0);
  const onView = useCallback((v: Parameters<typeof formatView>[0]) => setView(formatView(v)), [setView]);
  const verdict = useVerdict(alarm);
  const jump = (by: 1 | -1) => {
    const there = by > 0 ? told.find((e) => e.ms > play.at) : [...told].reverse().find((e) => e.ms < play.at);
    if (there) play.seek(there.ms);
  };
  useKeys([
    { code: "Space", hint: play.playing ? text.wearer.stop : text.wearer.play, run: play.toggle },
    { code: "ArrowLeft", hint: text.wearer.step, run: () => play.step(-1) },
    { code: "ArrowRight", hint: text.wearer.step, run: () => play.step(1) },
    { code: "BracketLeft", hint: t.jumpTold, run: () => jump(-1) },
    { code: "BracketRight", hint: t.jumpTold, run: () => jump(1) },
    { code: "Equal", hint: text.wearer.faster, run: () => play.faster(1) },
    { code: "Minus", hint: text.wearer.faster, run: () => play.faster(-1) },
    { code: "KeyZ", hint: text.watch.focusMap, run: () => setFocus((n) => n + 1) },
    { code: "Enter", hint: t.openWearer, run: () => go("wearers", alarm.wearer_id, { alarm: alarm.alarm_id }) },
    ...(may.verdict(role)
      ? [
          { code: "KeyY", hint: t.real, run: () => verdict.mutate("true") },
          { code: "KeyN", hint: t.notReal, run: () => verdict.mutate("false") },
        ]
      : []),
  ]);
  const scene = useSceneAt(replay, frames, play.index);
  const chips = useChips(replay, frame);
  return (
    <main className="main replay-grid">
      <section className="panel" aria-label={t.replayTitle}>
        <CityMap
          style={style.data}
          scene={scene}
          chips={chips}
          view={parseView(view)}
          onView={onView}
          focus={focus + 1}
          hideCameras
          label={alarm.wearer_code}
        >
          {frame ? <Believed frame={frame} cited={replay.cited} /> : null}
        </CityMap>
      </section>
      <section className="panel" aria-label={t.slider}>
        <PanelHead
          title={t.replayTitle}
          sub={t.frames(frames.length)}
          right={
            <>
              <Button
                small
                cap="Space"
                onClick={play.toggle}
                disabled={frames.length < 2}
                aria-label={play.playing ? text.wearer.stop : text.wearer.play}
              >
                <Icon name={play.playing ? "pause" : "play"} />
              </Button>
              <Button small cap="+" onClick={() => play.faster(1)}>
                {text.wearer.speed(play.speed)}
              </Button>
              <span className="t1 num w6">{frames.length ? clock(play.at) : "–"}</span>
            </>
          }
        />
        {frames.length > 1 ? (
          <div className="replay-foot">
            <ReplayBand frames={frames} told={told} at={play.at} onSeek={play.seek} />
            <input
              className="slider"
              type="range"
              aria-label={t.slider}
              aria-valuetext={`${clock(play.at)} ${frame ? t.level[frame.state] : ""}`}
              min={times[0]}
              max={times.at(-1)}
              step={1000}
              value={Math.round(play.at)}
              onChange={(e) => play.seek(Number(e.target.value))}
            />
          </div>
        ) : (
          <Empty title={t.noFrames} body={t.noFramesBody} />
        )}
      </section>
      <Side
        replay={replay}
        told={told}
        at={play.at}
        onSeek={play.seek}
        {...(may.verdict(role) && { onVerdict: verdict.mutate })}
      />
    </main>
  );
}

/** The map at one frame: the track so far, where he was believed to be, the zone. */
function useSceneAt(replay: Replayed, frames: readonly Frame[], index: number): Scene {
  return useMemo(() => {
    const frame = frames[index];
    const sure = frame?.state === "certain";
    const fixesOf = (some: readonly Frame[]) =>
      some.flatMap(({ fix }) =>
        fix && fix.lat !== null && fix.lon !== null ? [{ ...fix, lat: fix.lat, lon: fix.lon } as Fix] : [],
      );
    const placed = frame && frame.lat !== null && frame.lon !== null;
    const { condition } = replay;
    return {
      subject: placed
        ? {
            lat: frame.lat as number,
            lon: frame.lon as number,
            error_m: frame.error_m ?? 0,
            speed_mps: null,
            course_deg: frame.course_deg,
            standing: sure ? "alarm" : frame.state === "uncertain" ? "stale" : "calm",
          }
        : null,
      zones: condition.ring?.length || condition.centre ? [{ ...condition, broken: sure }] : [],
      fixes: fixesOf(frames.slice(0, index + 1)),
      ahead: fixesOf(frames.slice(index + 1)),
      history: { alarmFrom: replay.alarm.confirmed_at, alarmUntil: replay.alarm.cleared_at ?? null },
      errorBand: true,
    };
  }, [replay, frames, index]);
}

function useChips(replay: Replayed, frame: Frame | undefined): Chip[] {
  const t = useProcedureText();
  return useMemo(() => {
    const list: Chip[] = [];
    if (frame?.lat !== undefined && frame.lat !== null && frame.lon !== null)
      list.push({
        id: "subject",
        kind: "wearer",
        lat: frame.lat,
        lon: frame.lon,
        code: replay.alarm.wearer_code,
        words: `${t.level[frame.state]} ${probability(frame.probability)}`,
        standing: frame.state === "certain" ? "alarm" : frame.state === "uncertain" ? "stale" : "calm",
        course_deg: frame.course_deg,
        side: "below",
      });
    const { condition } = replay;
    const at = condition.centre ?? condition.ring?.[0];
    if (at && condition.label)
      list.push({
        id: condition.condition_id,
        kind: "text",
        lat: condition.centre && condition.radius_m ? condition.centre[0] - condition.radius_m / 111_195 : at[0],
        lon: at[1],
        code: condition.label,
        side: "below",
      });
    return list;
  }, [replay, frame, t]);
}

/** What one fix did. */
function Believed({ frame, cited }: { frame: Frame; cited: readonly string[] }) {
  const t = useProcedureText();
  const { fix } = frame;
  const late = fix?.heard_at ? (Date.parse(fix.heard_at) - Date.parse(fix.seen_at)) / 1000 : 0;
  return (
    <div className="fl col map-tl believed" data-state={frame.state}>
      <span className="fx">
        <b className={`st-${frame.state}`}>{t.level[frame.state]}</b>
        <b className="num t1">{probability(frame.probability)}</b>
        <span className="num t3">{clock(frame.at)}</span>
      </span>
      <span className="fx sm">
        {frame.error_m === null ? t.noPlace : `${t.believed} ±${metres(frame.error_m)}`}
        <span className="t3">{fix ? t.claimed(metres(fix.error_m)) : t.hersFix}</span>
      </span>
      {late > LATE_S ? <span className="sm cd">{t.late(elapsed(late))}</span> : null}
      {fix && cited.includes(fix.fix_id) ? <span className="sm t1">{t.cited}</span> : null}
    </div>
  );
}

function Side({
  replay,
  told,
  at,
  onSeek,
  onVerdict,
}: {
  replay: Replayed;
  told: ReturnType<typeof toldOf>;
  at: number;
  onSeek: (ms: number) => void;
  onVerdict?: (verdict: "true" | "false") => void;
}) {
  const text = useText();
  const t = useProcedureText();
  const { alarm, proof } = replay;
  const names = {
    raised: t.raised,
    confirmed: t.confirmed,
    acknowledged: t.acknowledged,
    cleared: t.cleared,
    closed: t.closed,
  };
  return (
    <section className="panel scroll replay-r" aria-label={t.told}>
      <PanelHead
        title={`${alarm.wearer_code} · ${text.condition[alarm.trigger] ?? alarm.trigger}`}
        right={
          <a className="btn s line" href={formatRoute("wearers", alarm.wearer_id, { alarm: alarm.alarm_id })}>
            {t.openWearer}
            <kbd>↵</kbd>
          </a>
        }
      />
      <Facts
        rows={[
          [t.raised, dayMinutes(alarm.raised_at)],
          [t.probabilityThen, probability(alarm.probability)],
          [t.ruleVersion, alarm.rule_version],
          [t.restsOn, t.count(replay.cited.length)],
          [t.verdict1, alarm.verdict ? (alarm.verdict === "true" ? t.real : t.notReal) : null],
          [t.foundAs, alarm.finding ? (t.finding[alarm.finding] ?? alarm.finding) : t.notJudged],
        ]}
      />
      {onVerdict ? <Verdicts given={alarm.verdict ?? null} give={onVerdict} /> : null}
      <p className="quote sm">{text.locale === "ko" ? replay.why.ko : replay.why.en}</p>
      <div className="sec">
        <PanelHead plain title={t.told} />
        {told.map((e) => (
          <button
            type="button"
            className={`told-row${e.ms <= at ? "" : " dim"}`}
            key={e.kind}
            data-told={e.kind}
            onClick={() => onSeek(e.ms)}
          >
            <time className="num t3">{clock(e.ms)}</time>
            <b className={e.kind === "confirmed" ? "c1" : ""}>{names[e.kind]}</b>
          </button>
        ))}
      </div>
      <div className="sec" data-proof={proof === null ? "gone" : proof.every((p) => p.same) ? "same" : "other"}>
        <PanelHead plain title={t.proof} />
        {proof === null ? <p className="pb sm t3">{t.proofGone}</p> : null}
        {proof?.map((p) => (
          <div className="proof-line" key={p.fact}>
            <Icon name={p.same ? "check" : "warning"} size={16} />
            <span>
              <b>{p.fact.includes("confirmed") ? t.confirmed : t.raised}</b>{" "}
              <span className={p.same ? "t2" : "c1"}>{p.same ? t.proofSame : t.proofOther}</span>
            </span>
          </div>
        ))}
        <p className="pb xs t3">{t.replayHint}</p>
      </div>
    </section>
  );
}
