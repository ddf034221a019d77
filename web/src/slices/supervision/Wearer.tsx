/** Screen 04: one wearer under a permit. */
import { useCallback, useEffect, useMemo, useState } from "react";
import { usePermits, useStyleData, useTrack, useWearer } from "../../api/hooks";
import type { Alarm, Fix, Wearer as WearerData } from "../../api/types";
import { ageS, FIX_INTERVAL_S, freshness, nowMs, useNow } from "../../kit/clock";
import { clock, day, dayMinutes, metres, probability } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { Age, Button, Hint, PanelHead, PermitBadge } from "../../kit/parts";
import { go, useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useConnected } from "../../live/store";
import { CityMap, formatView, parseView } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import { useText } from "../../text";
import { type Finding, FindingDialog } from "./Finding";
import { ReplayChart } from "./Replay";
import { fixIndexAt, gaps, leftOf, period, standing, windowWords } from "./wearerRules";

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

export function Facts({ wearer }: { wearer: WearerData }) {
  const text = useText();
  const t = text.wearer;
  const now = useNow();
  const connected = useConnected();
  const open = wearer.alarms.filter((a) => a.state === "probable" || a.state === "certain");
  const permits = usePermits(open[0]?.incident_id ?? undefined);
  const left = leftOf(wearer.order.until_at, now);
  const permit = permits.data?.permits.find((p) => p.state === "in_use" || p.state === "ending");
  return (
    <section className="panel scroll wearer-l" aria-label={wearer.code}>
      <PanelHead title={t.list} right={<Hint cap="J K">{t.conditionsKey}</Hint>} />
      <div className="pb">
        <div className="fx">
          <b className="code">{wearer.code}</b>
          <span className="sp" />
          {open.length ? <span className="bd p1">{t.inIncident}</span> : null}
        </div>
        <div className="sm">
          {text.offence[wearer.offence] ?? wearer.offence} ·{" "}
          {t.order(day(wearer.order.from_at), day(wearer.order.until_at))} · {t.left(left.years, left.days)}
        </div>
        {permit ? (
          <div className="wide-permit">
            <PermitBadge permit={permit} connected={connected} />
          </div>
        ) : null}
        <p className="xs t3">{t.hidden}</p>
      </div>
      <div className="sec">
        <PanelHead plain title={t.conditions} sub={t.court(wearer.order.number)} />
        <table className="tbl d">
          <tbody>
            {wearer.conditions.map((c) => {
              const state = standing(c, open);
              const size = c.radius_m ? t.radius(metres(c.radius_m)) : c.alarm_m ? t.person(metres(c.alarm_m)) : "";
              return (
                <tr key={c.condition_id}>
                  <td>{text.condition[c.trigger] ?? c.trigger}</td>
                  <td className="t1 num cut">
                    {[
                      windowWords(c.window),
                      c.trigger === "exclusion_zone" ? c.label : "",
                      c.trigger === "curfew" ? "" : size,
                    ]
                      .filter(Boolean)
                      .join(" · ") ||
                      c.label ||
                      t.always}
                  </td>
                  <td className="r">
                    <span className={state === "broken" ? "c1" : state === "doubted" ? "cd" : ""}>{t[state]}</span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {wearer.devices.map((d) => (
        <div className="sec" key={d.device_id}>
          <PanelHead plain title={t.device} sub={d.name} right={<Age at={d.last_seen_at} label={t.lastSeen} />} />
          <dl className="kv pb">
            <dt>{t.battery}</dt>
            <dd className="fx end">
              {d.battery === null ? (
                "–"
              ) : (
                <>
                  <span className="bar">
                    <i style={{ width: `${d.battery}%`, ...(d.battery <= 20 ? { background: "var(--p2)" } : {}) }} />
                  </span>
                  <span className="num">{Math.round(d.battery)}%</span>
                </>
              )}
            </dd>
            <dt>{t.strap}</dt>
            <dd className={d.worn === false ? "c1" : ""}>
              {d.worn === null ? t.wornUnknown : d.worn ? t.worn : t.torn}
            </dd>
          </dl>
        </div>
      ))}
      <div className="sec">
        <PanelHead plain title={t.office} />
        <dl className="kv pb">
          <dt>{t.officeName}</dt>
          <dd>{wearer.office}</dd>
        </dl>
      </div>
      {wearer.notices.filter((n) => !n.ended_at).length ? (
        <div className="sec">
          <PanelHead plain title={t.notices} />
          <dl className="kv pb">
            {wearer.notices
              .filter((n) => !n.ended_at)
              .map((n) => (
                <div className="kv-row" key={n.notice_id}>
                  <dt className="cd">{text.notice[n.notice] ?? n.notice}</dt>
                  <dd>{text.watch.since(ageS(n.since_at, now))}</dd>
                </div>
              ))}
          </dl>
        </div>
      ) : null}
    </section>
  );
}

export function Violations({
  alarms,
  chosen,
  onPick,
  onFind,
}: {
  alarms: readonly Alarm[];
  chosen: string | undefined;
  onPick: (id: string) => void;
  onFind: (finding: Finding) => void;
}) {
  const text = useText();
  const t = text.wearer;
  const selected = alarms.find((a) => a.alarm_id === chosen);
  return (
    <section className="panel scroll wearer-r" aria-label={t.violations}>
      <PanelHead
        title={t.violations}
        sub={t.violationCount(alarms.length)}
        right={<Hint cap="[ ]">{t.between}</Hint>}
      />
      {alarms.length === 0 ? <Empty title={t.none} body={t.noneBody} icon="check" /> : null}
      {alarms.length ? (
        <table className="tbl d">
          <thead>
            <tr>
              <th>{t.when}</th>
              <th>{t.what}</th>
              <th className="r">{t.how}</th>
              <th className="r">{t.finding}</th>
            </tr>
          </thead>
          <tbody>
            {alarms.map((a) => (
              <tr key={a.alarm_id} className={a.alarm_id === chosen ? "sel" : ""} onClick={() => onPick(a.alarm_id)}>
                <td className="num">{dayMinutes(a.raised_at)}</td>
                <td>
                  <b className={a.alarm_id === chosen ? "t1" : ""}>{text.condition[a.trigger] ?? a.trigger}</b>
                </td>
                <td className="r num">{probability(a.probability)}</td>
                <td className={`r${a.state === "certain" ? " c2" : ""}`}>
                  {a.medical === "none" ? (t.state[a.state] ?? a.state) : text.medical[a.medical]}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {selected ? (
        <div className="sec next-step">
          <div className="pb">
            <div className="fx">
              <h2>{t.nextStep}</h2>
              <span className="sp" />
              <span className="xs t3">{t.notByItself}</span>
            </div>
            {t.procedure.map((name, i) => (
              <div className={`pc ${i === 0 ? "now" : "todo"}`} key={name}>
                <span className="no">{i + 1}</span>
                <div>
                  <b>{name}</b>
                  <div className="sm t3">{t.procedureNote[i]}</div>
                  {i === 0 ? (
                    <div className="fx choices">
                      <Button small cap="X" onClick={() => onFind("confirmed")}>
                        {t.confirm}
                      </Button>
                      <Button small cap="M" onClick={() => onFind("medical")}>
                        {t.medical}
                      </Button>
                      <Button small cap="N" onClick={() => onFind("false")}>
                        {t.falseAlarm}
                      </Button>
                    </div>
                  ) : null}
                </div>
              </div>
            ))}
          </div>
        </div>
      ) : null}
    </section>
  );
}

const SPEEDS = [1, 4, 16, 60] as const;

/** Where the replay stands, and the keys that move it. */
function useReplay(fixes: readonly Fix[]) {
  const [atWord, setAtWord] = useQueryWord("at");
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(4);
  const first = Date.parse(fixes[0]?.seen_at ?? "");
  const last = Date.parse(fixes.at(-1)?.seen_at ?? "");
  const [at, setAt] = useState<number | undefined>(atWord ? Date.parse(atWord) : undefined);
  const shown = Math.min(last, Math.max(first, at ?? last));
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      setAt((now) => {
        const next = (now ?? first) + 200 * speed;
        if (next >= last) setPlaying(false);
        return Math.min(last, next);
      });
    }, 200);
    return () => clearInterval(timer);
  }, [playing, speed, first, last]);
  useEffect(() => {
    if (at !== undefined && !playing) setAtWord(new Date(at).toISOString());
  }, [at, playing, setAtWord]);
  const index = fixIndexAt(fixes, shown);
  const step = (by: number) => {
    setPlaying(false);
    const fix = fixes[Math.max(0, Math.min(fixes.length - 1, index + by))];
    if (fix) setAt(Date.parse(fix.seen_at));
  };
  const faster = (by: number) =>
    setSpeed((s) => SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(s as 4) + by))] ?? 4);
  const toggle = () => {
    if (!playing && shown >= last) setAt(first);
    setPlaying(!playing);
  };
  return { at: shown, index, playing, speed, seek: (ms: number) => setAt(ms), step, faster, toggle };
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
    const at = alarms.findIndex((a) => a.alarm_id === chosen?.alarm_id);
    setAlarm(alarms[Math.max(0, Math.min(alarms.length - 1, at + by))]?.alarm_id);
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
