/** A wearer's own supervision: what to keep to and where, every alarm and what became of it, and a contest in own
 * words. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type Mine, wearer } from "../api/phone.ts";
import { day, dayMinutes, probability } from "../kit/format.ts";
import { Icon } from "../phone/kit/Icon.tsx";
import { windowWords } from "../slices/supervision/wearerRules.ts";
import { OwnMap, type Streets } from "./OwnMap.tsx";
import { type Focus, onMap, zonesOf } from "./ownMap.ts";
import { standingOf } from "./rules.ts";
import type { MeWords } from "./text.ts";

type Words = MeWords["mine"];

export function Supervision({
  mine,
  w,
  again,
  lostSince,
}: {
  mine: Mine;
  w: Words;
  again: () => Promise<void>;
  /** When what is shown was received, where the server is out of reach since; milliseconds. */
  lostSince: number | null;
}) {
  const [streets, setStreets] = useState<Streets>("asking");
  const [focus, setFocus] = useState<Focus>({ on: "me" });
  const top = useRef<HTMLHeadingElement>(null);
  const zones = zonesOf(mine);
  const ask = useCallback(() => {
    setStreets("asking");
    wearer.map().then(
      (got) => setStreets(got.streets),
      () => setStreets("failed"),
    );
  }, []);
  useEffect(ask, [ask]);
  const show = (alarm: string) => {
    setFocus({ on: "alarm", id: alarm });
    top.current?.scrollIntoView({ block: "start" });
    top.current?.focus({ preventScroll: true });
  };
  return (
    <>
      {lostSince === null ? null : (
        <p role="alert" className="own-lost">
          {w.map.lost(dayMinutes(lostSince))}
        </p>
      )}
      <div className="card">
        <p className="t">{w.code(mine.code)}</p>
        <p className="small">{w.until(day(Date.parse(mine.order.until_at) - 1))}</p>
      </div>
      <h2 className="mid" ref={top} tabIndex={-1}>
        {w.map.title}
      </h2>
      <OwnMap mine={mine} streets={streets} focus={focus} look={setFocus} again={ask} w={w.map} />
      <h2 className="mid">{w.conditions}</h2>
      <div className="card flush own-list">
        {mine.conditions.map((c) => (
          <div key={c.condition_id} data-condition={c.trigger}>
            <p className="t">
              {w.condition[c.trigger]} <span className="num">{windowWords(c.window)}</span>
            </p>
            <p className="small">
              {[c.label, c.alarm_m ? w.metres(c.alarm_m) : "", w.keep[c.trigger]].filter(Boolean).join(" · ")}
            </p>
          </div>
        ))}
        {mine.papers.obligations.map((o) => (
          <div key={`${o.kind}${o.set_at}`} data-condition={o.kind}>
            <p className="t">{w.obliged[o.kind] ?? o.kind}</p>
            <p className="small">
              {o.words} · {w.added}
            </p>
          </div>
        ))}
        {mine.devices.map((d) => (
          <div key={d.name} data-condition="tamper">
            <p className="t">{w.device}</p>
            <p className="small">
              {[
                d.battery === null ? "" : w.battery(Math.round(d.battery)),
                d.last_seen_at ? w.heard(dayMinutes(d.last_seen_at)) : "",
                w.keep.tamper,
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
          </div>
        ))}
      </div>
      {mine.papers.decisions.length ? <Decisions mine={mine} w={w} /> : null}
      <h2 className="mid">{w.alarms}</h2>
      {mine.alarms.length === 0 ? <p className="small">{w.none}</p> : null}
      {mine.alarms.map((a) => (
        <OwnAlarm
          key={a.alarm_id}
          alarm={a}
          mine={mine}
          w={w}
          again={again}
          {...(onMap(a, zones) ? { show: () => show(a.alarm_id) } : {})}
        />
      ))}
    </>
  );
}

function Decisions({ mine, w }: { mine: Mine; w: Words }) {
  return (
    <>
      <h2 className="mid">{w.decided}</h2>
      <div className="card flush own-list">
        {mine.papers.decisions.map((d) => (
          <div key={d.decision_id} data-decision={d.outcome}>
            <p className="t">
              {w.outcome[d.outcome]} · {w.months(d.months)}
            </p>
            <p className="small">
              {[
                ...d.conditions.map((c) => w.obliged[c] ?? c),
                d.outcome === "rejected"
                  ? ""
                  : d.order_until_at
                    ? w.carried(day(Date.parse(d.order_until_at) - 1))
                    : w.notYet,
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
          </div>
        ))}
      </div>
    </>
  );
}

function OwnAlarm({
  alarm,
  mine,
  w,
  again,
  show,
}: {
  alarm: Mine["alarms"][number];
  mine: Mine;
  w: Words;
  again: () => Promise<void>;
  /** Shows on the map what the alarm was about; nothing where it was about a person. */
  show?: () => void;
}) {
  const [asking, setAsking] = useState(false);
  const contest = mine.papers.contests.find((c) => c.alarm_id === alarm.alarm_id);
  const standing = standingOf(alarm, contest);
  const tone = { confirmed: "bad", dismissed: "bad", contested: "warn", upheld: "ok", medical: "ok", false: "ok" };
  return (
    <section className="card" data-alarm={alarm.alarm_id} data-standing={standing}>
      <p className="t">
        {w.condition[alarm.trigger]} <span className="num">{dayMinutes(alarm.raised_at)}</span>
      </p>
      <p className="small num">{w.sure(probability(alarm.probability))}</p>
      <p className={`badge ${standing === "open" ? "" : tone[standing]}`}>{w.standing[standing]}</p>
      {contest ? <p className="small">{w.mine(contest.said)}</p> : null}
      {contest?.why ? <p className="small">{w.answer(contest.why)}</p> : null}
      {show ? (
        <button type="button" className="btn gray" onClick={show}>
          {w.map.show}
        </button>
      ) : null}
      {standing === "confirmed" && !asking ? (
        <button type="button" className="btn out" onClick={() => setAsking(true)}>
          <Icon name="talk" />
          {w.contest}
        </button>
      ) : null}
      {asking && standing === "confirmed" ? (
        <Contest alarm={alarm.alarm_id} w={w} again={again} stop={() => setAsking(false)} />
      ) : null}
    </section>
  );
}

function Contest({ alarm, w, again, stop }: { alarm: string; w: Words; again: () => Promise<void>; stop: () => void }) {
  const [said, setSaid] = useState("");
  const [failed, setFailed] = useState(false);
  const [sending, setSending] = useState(false);
  const send = () => {
    setSending(true);
    wearer
      .contest(alarm, said.trim())
      .then(again)
      .catch(() => setFailed(true))
      .finally(() => setSending(false));
  };
  return (
    <form
      className="ask"
      onSubmit={(e) => {
        e.preventDefault();
        send();
      }}
    >
      <p className="small">{w.contestHow}</p>
      <label htmlFor={`said-${alarm}`} className="t">
        {w.said}
      </label>
      <textarea
        id={`said-${alarm}`}
        rows={4}
        maxLength={500}
        value={said}
        // biome-ignore lint/a11y/noAutofocus: it opens because its owner pressed the button above it
        autoFocus
        onChange={(e) => setSaid(e.target.value)}
      />
      {failed ? <p role="alert">{w.failed}</p> : null}
      <div className="two">
        <button type="button" className="btn gray" onClick={stop}>
          {w.stop}
        </button>
        <button type="submit" className="btn pri" disabled={!said.trim() || sending}>
          {w.send}
        </button>
      </div>
    </form>
  );
}
