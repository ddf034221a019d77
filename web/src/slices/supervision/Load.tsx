/** The load: wearers for each controller and officer, alarms by shift, and what officers found of them. Counts alone. */
import { type Count, type Load, useLoad } from "../../api/procedure";
import type { Account } from "../../api/types";
import { clockMinutes, dayWithWeekday } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { Button, Facts, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { type ProcedureText, useProcedureText } from "../../text/procedure";
import { WearersTabs } from "./tabs";
import "./procedure.css";

const SPANS = [1, 7, 28] as const;
const VERDICTS = ["confirmed", "medical", "false", "unjudged"] as const;
type Verdict = (typeof VERDICTS)[number];
const CLASS: Record<Verdict, string> = {
  confirmed: "v-confirmed",
  medical: "v-medical",
  false: "v-false",
  unjudged: "v-none",
};
const nameOf = (v: Verdict, t: ProcedureText) => (v === "unjudged" ? t.none : t.finding[v]);
const each = (n: number | null) => (n === null ? "–" : n.toFixed(1).replace(/\.0$/, ""));
const percent = (n: number | null) => (n === null ? "–" : `${Math.round(n * 100)}%`);
const lasting = (s: number | null, t: ProcedureText) =>
  s === null ? "–" : s < 100 ? t.seconds(s.toFixed(0)) : t.minutes((s / 60).toFixed(0));

export function LoadScreen({ account }: { account: Account }) {
  const t = useProcedureText();
  const [word, setWord] = useQueryWord("days");
  const days = SPANS.find((d) => String(d) === word) ?? 7;
  const answer = useLoad(days);
  useKeys(
    SPANS.map((d, i) => ({
      code: `Digit${i + 1}`,
      hint: t.days(d),
      run: () => setWord(String(d)),
    })),
  );
  const head = (
    <PanelHead
      title={<WearersTabs account={account} chosen="load" />}
      sub={t.loadHint}
      right={
        <span className="fx">
          {SPANS.map((d, i) => (
            <Button
              key={d}
              small
              cap={String(i + 1)}
              className={d === days ? "focus" : ""}
              aria-pressed={d === days}
              onClick={() => setWord(String(d))}
            >
              {t.days(d)}
            </Button>
          ))}
        </span>
      }
    />
  );
  if (!answer.data)
    return (
      <main className="main single">
        <section className="panel">
          {head}
          <Answer error={answer.error} retry={() => void answer.refetch()} what={t.load} />
        </section>
      </main>
    );
  return <Shown head={head} load={answer.data} />;
}

function Shown({ head, load }: { head: React.ReactNode; load: Load }) {
  const text = useText();
  const t = useProcedureText();
  const most = Math.max(1, ...load.shifts.map((s) => s.alarms));
  const perShift = load.shifts.length ? load.whole.alarms / load.shifts.length : null;
  const officers = load.offices.reduce((s, o) => s + o.officers, 0);
  const cared = load.offices.reduce((s, o) => s + o.wearers - o.free, 0);
  return (
    <main className="main load-grid">
      <section className="figures" aria-label={t.load}>
        <div className="head">{head}</div>
        <Figure
          name={t.perController}
          value={each(load.per_controller)}
          note={load.controllers ? t.controllers(String(load.wearers), String(load.controllers)) : t.noControllers}
        />
        <Figure
          name={t.perOfficer}
          value={officers ? each(cared / officers) : "–"}
          note={t.officersNote(String(cared), String(officers))}
        />
        <Figure name={t.perShift} value={each(perShift)} note={t.ofShifts(load.whole.alarms, load.shifts.length)} />
        <Figure
          name={t.falseShare}
          value={percent(load.whole.false_share)}
          note={t.judgedOf(load.whole.alarms - load.whole.unjudged, load.whole.alarms)}
        />
        <Figure
          name={t.ack}
          value={lasting(load.acknowledged_p50_s, t)}
          note={load.acknowledged_p95_s === null ? "" : t.ackWorst(lasting(load.acknowledged_p95_s, t))}
        />
      </section>
      <section className="panel" aria-label={t.shifts}>
        <PanelHead
          title={t.shifts}
          sub={t.shiftHint}
          right={
            <span className="fx verdicts xs">
              {VERDICTS.map((v) => (
                <span className="v-key" key={v}>
                  <i className={CLASS[v]} />
                  {nameOf(v, t)}
                </span>
              ))}
            </span>
          }
        />
        {load.whole.alarms === 0 ? (
          <Empty title={t.quietShifts} icon="check" />
        ) : (
          <div className="scroll shifts">
            {load.shifts.map((s) => (
              <div className={`shift-row${s.alarms ? "" : " quiet-shift"}`} key={s.from_at} data-alarms={s.alarms}>
                <span className="num">
                  {dayWithWeekday(s.from_at, text.locale === "ko" ? "ko" : "en")} {clockMinutes(s.from_at)}
                </span>
                <span className="shift-bar">
                  {VERDICTS.map((v) =>
                    s[v] ? (
                      <i
                        key={v}
                        className={CLASS[v]}
                        title={`${nameOf(v, t)} ${s[v]}`}
                        style={{ width: `${(s[v] / most) * 100}%` }}
                      />
                    ) : null,
                  )}
                </span>
                <span className="num r">{s.alarms}</span>
              </div>
            ))}
          </div>
        )}
      </section>
      <section className="panel scroll" aria-label={t.byTrigger}>
        <PanelHead title={t.byTrigger} />
        <CountTable
          first={t.violation}
          rows={load.triggers.map((c) => [text.condition[c.trigger] ?? c.trigger, c] as const)}
        />
        <PanelHead plain title={t.offices} />
        <table className="tbl d">
          <thead>
            <tr>
              <th>{t.offices}</th>
              <th className="r">{t.wearers}</th>
              <th className="r">{t.free}</th>
              <th className="r">{t.officers}</th>
              <th className="r">{t.perOne}</th>
            </tr>
          </thead>
          <tbody>
            {load.offices.map((o) => (
              <tr key={o.office} data-office={o.office}>
                <td className="cut">{o.office}</td>
                <td className="r num">{o.wearers}</td>
                <td className={`r num${o.free ? " c2" : ""}`}>{o.free}</td>
                <td className="r num">{o.officers}</td>
                <td className="r num t1">{each(o.per_officer)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <PanelHead plain title={t.roomSaid} sub={t.roomSaidHint} />
        <Facts
          rows={[
            [t.real, String(load.whole.room_true)],
            [t.notReal, String(load.whole.room_false)],
            [t.oneMind, load.whole.both ? t.outOf(load.whole.agreed, load.whole.both) : "–"],
          ]}
        />
        <PanelHead plain title={t.crimes} sub={t.crimesHint} />
        {load.offences.length ? (
          <table className="tbl d">
            <thead>
              <tr>
                <th>{t.crimeYear}</th>
                <th className="r">{t.crimeCount}</th>
                <th className="r">{t.crimeBy}</th>
              </tr>
            </thead>
            <tbody>
              {load.offences.map((o) => (
                <tr key={o.year} data-year={o.year}>
                  <td className="num">{o.year}</td>
                  <td className="r num t1">{o.offences}</td>
                  <td className="r num">{o.wearers}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p className="pb xs t3">{t.noCrime}</p>
        )}
      </section>
    </main>
  );
}

function Figure({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div>
      <span className="sm t3">{name}</span>
      <b className="num vital-n">{value}</b>
      <span className="xs t3">{note}</span>
    </div>
  );
}

function CountTable({ first, rows }: { first: string; rows: readonly (readonly [string, Count])[] }) {
  const t = useProcedureText();
  return (
    <table className="tbl d">
      <thead>
        <tr>
          <th>{first}</th>
          <th className="r">{t.alarmsHead}</th>
          <th className="r">{t.certain}</th>
          <th className="r">{t.finding.confirmed}</th>
          <th className="r">{t.finding.medical}</th>
          <th className="r">{t.finding.false}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, c]) => (
          <tr key={name}>
            <td>{name}</td>
            <td className="r num t1">{c.alarms}</td>
            <td className="r num">{c.certain}</td>
            <td className="r num">{c.confirmed}</td>
            <td className="r num">{c.medical}</td>
            <td className={`r num${c.false ? " c2" : ""}`}>{c.false}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
