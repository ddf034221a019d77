/** The installing officer's screen: home cameras, step by step, and who is on a watch list in force. */
import { useState } from "react";
import { type Home, type HomeAlert, useHomeAlerts, useHomes } from "../../../api/homes";
import { useNow } from "../../../kit/clock";
import { dayMinutes, shortId } from "../../../kit/format";
import { useKeys } from "../../../kit/keys";
import { useMoves } from "../../../kit/moves";
import { Button, Panel } from "../../../kit/parts";
import { useQueryWord } from "../../../kit/route";
import { Answer, Empty } from "../../../kit/states";
import { useLocale } from "../../../text";
import { useHomesText } from "../../../text/homes";
import { Install } from "./forms";
import { HomeSteps } from "./HomeSteps";
import { daysUntil } from "./steps";
import "../../../kit/picture.css";
import "../vision.css";

export function HomeGuards() {
  const t = useHomesText();
  const answer = useHomes();
  const alerts = useHomeAlerts().data?.alerts ?? [];
  const [word, choose] = useQueryWord("home");
  const [installing, setInstalling] = useState(false);
  const list = answer.data?.home_guards ?? [];
  const chosen = list.find((h) => h.home_id === word) ?? list[0];
  const moves = useMoves(
    list,
    (h) => h === chosen,
    (h) => choose(h.home_id),
  );
  useKeys([...moves, { code: "KeyN", hint: t.install, run: () => setInstalling(true) }]);
  return (
    <main className="main homes">
      <Panel
        title={t.list}
        sub={list.length ? String(list.length) : ""}
        right={
          <Button small tone="pri" cap="N" onClick={() => setInstalling(true)}>
            {t.install}
          </Button>
        }
      >
        <div className="scroll">
          {answer.data ? null : <Answer error={answer.error} retry={() => void answer.refetch()} what={t.list} />}
          {answer.data && list.length === 0 ? <Empty icon="shield" title={t.none} body={t.noneBody} /> : null}
          {list.map((h) => (
            <HomeRow key={h.home_id} home={h} selected={h === chosen} onPick={() => choose(h.home_id)} />
          ))}
        </div>
      </Panel>
      {chosen ? (
        <HomeSteps key={chosen.home_id} home={chosen} alerts={alerts} />
      ) : (
        <section className="panel" aria-label={t.install} />
      )}
      <div className="homes-right">
        <WatchList homes={list} known={answer.data !== undefined} />
        <Alerts list={alerts} homes={list} />
      </div>
      {installing ? <Install onClose={() => setInstalling(false)} onDone={(h) => choose(h.home_id)} /> : null}
    </main>
  );
}

function HomeRow({ home: h, selected, onPick }: { home: Home; selected: boolean; onPick: () => void }) {
  const t = useHomesText();
  const lacks = h.lacks.length;
  return (
    <button
      type="button"
      className={`bare-row zone-cam${selected ? " sel" : ""}`}
      aria-pressed={selected}
      onClick={onPick}
    >
      <b className="t1 cut">{h.name}</b>
      <span className={`xs r ${lacks ? "c2" : h.on ? "cs" : "t3"}`}>
        {lacks ? t.lacks(lacks) : h.on ? (h.state === "live" ? t.on : t.blind) : t.ready}
      </span>
      <span className="xs t3">{h.code ?? shortId(h.protected_person_id)}</span>
      <span className="xs t3 r">{h.on ? "" : t.off}</span>
    </button>
  );
}

/** Everybody whom an order in force puts on a list, with the day it ends. */
export function WatchList({ homes, known }: { homes: readonly Home[]; known: boolean }) {
  const t = useHomesText();
  const now = useNow();
  const { locale } = useLocale();
  const faces = homes
    .flatMap((h) => h.faces.map((f) => ({ ...f, home: h })))
    .sort((a, b) => Date.parse(a.until_at) - Date.parse(b.until_at));
  return (
    <Panel title={t.watch} sub={faces.length ? String(faces.length) : ""}>
      <div className="scroll">
        {known && faces.length === 0 ? <Empty icon="list" title={t.noWatch} body={t.noWatchBody} /> : null}
        {faces.map((f) => {
          const left = daysUntil(f.until_at, now);
          const statute = f.home.statutes.find((s) => s.statute === f.home.statute);
          return (
            <div key={f.template_id} className="uncovered">
              <span className="fx">
                <b className="t1">
                  {t.subject} {shortId(f.subject_id)}
                </b>
                <span className="sp" />
                <b className={`num ${left < 7 ? "c2" : "t1"}`}>{left ? t.daysLeft(left) : t.endsToday}</b>
              </span>
              <span className="fx sm">
                <span className="cut">
                  {f.home.name} · {f.home.code}
                </span>
                <span className="sp" />
                <span className="num t3 nw">
                  {t.until} {dayMinutes(f.until_at)}
                </span>
              </span>
              <span className="xs t3 cut">
                {statute ? (locale === "en" ? statute.en : statute.ko) : f.home.statute} ·{" "}
                <span className="mono">{shortId(f.order_id)}</span> · {f.model}
              </span>
            </div>
          );
        })}
      </div>
    </Panel>
  );
}

export function alertWords(t: ReturnType<typeof useHomesText>, a: HomeAlert): string {
  if (a.acknowledged_at) return t.reached(dayMinutes(a.acknowledged_at));
  return a.not_reached_at ? t.notReached : t.waiting;
}

function Alerts({ list, homes }: { list: readonly HomeAlert[]; homes: readonly Home[] }) {
  const t = useHomesText();
  return (
    <Panel title={t.alerts}>
      <div className="scroll">
        {list.length === 0 ? <p className="pb sm t3">{t.noAlerts}</p> : null}
        {list.map((a) => (
          <div key={a.alert_id} className="uncovered">
            <span className="fx">
              <b className="t1">{t.kind[a.kind]}</b>
              <span className="sp" />
              <span className="num sm">{dayMinutes(a.decided_at)}</span>
            </span>
            <span className="fx sm">
              <span className="cut">
                {homes.find((h) => h.home_id === a.home_id)?.name ?? ""} · {a.code}
              </span>
              <span className="sp" />
              <span className={`nw ${a.not_reached_at && !a.acknowledged_at ? "c2" : "t3"}`}>{alertWords(t, a)}</span>
            </span>
          </div>
        ))}
      </div>
    </Panel>
  );
}
