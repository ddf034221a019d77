/** Right of a wearer's page: every violation, how far its procedure has come, and the one next step. */
import type { ReactNode } from "react";
import type { Decision, Papers } from "../../api/procedure";
import type { Account, Alarm, Wearer } from "../../api/types";
import { day, dayMinutes } from "../../kit/format";
import { Button, Hint, PanelHead } from "../../kit/parts";
import { formatRoute } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { type ProcedureText, useProcedureText } from "../../text/procedure";
import type { Finding } from "./Finding";
import { Offences } from "./Offences";
import { type Course, courseOf, type StepState } from "./procedureRules";

export type Step = Finding | "report" | "petition" | "no_petition" | "carry" | "uphold" | "dismiss";
interface Props {
  wearer: Wearer;
  account: Pick<Account, "role">;
  alarms: readonly Alarm[];
  chosen: string | undefined;
  papers: Papers | undefined;
  error: Error | null;
  retry: () => void;
  /** This seat is not told of the procedure. */
  reads: boolean;
  onPick: (alarm: string) => void;
  onStep: (step: Step) => void;
}

/** Who takes which step; the server decides, this only leaves out what it would refuse. */
export const may = {
  verdict: (role: string) => role === "tracking_controller" || role === "shift_lead",
  find: (role: string) => role === "probation_officer" || role === "office_director",
  report: (role: string) => role === "probation_officer",
  petition: (role: string) => role === "office_director",
  carry: (role: string) => role === "probation_officer",
  check: (role: string) => role === "probation_officer",
};

export function Procedure(p: Props) {
  const text = useText();
  const t = useProcedureText();
  const selected = p.alarms.find((a) => a.alarm_id === p.chosen);
  return (
    <section className="panel scroll wearer-r" aria-label={t.procedure}>
      <PanelHead
        title={t.procedure}
        sub={text.wearer.violationCount(p.alarms.length)}
        right={<Hint cap="[ ]">{text.wearer.between}</Hint>}
      />
      {p.alarms.length === 0 ? <Empty title={text.wearer.none} body={text.wearer.noneBody} icon="check" /> : null}
      {p.alarms.length ? <AlarmTable {...p} /> : null}
      {selected && p.papers ? <Course_ {...p} alarm={selected} papers={p.papers} /> : null}
      {p.papers ? <Sums papers={p.papers} /> : null}
      {p.papers ? <Offences wearer={p.wearer} account={p.account} /> : null}
      {p.reads && !p.papers ? <Answer error={p.error} retry={p.retry} what={t.procedure} /> : null}
    </section>
  );
}

function AlarmTable({ alarms, chosen, papers, onPick }: Props) {
  const text = useText();
  const t = useProcedureText();
  return (
    <table className="tbl d">
      <thead>
        <tr>
          <th>{text.wearer.when}</th>
          <th>{text.wearer.what}</th>
          <th className="r">{text.wearer.finding}</th>
        </tr>
      </thead>
      <tbody>
        {alarms.map((a) => {
          const v = papers?.violations.find((each) => each.alarm_id === a.alarm_id);
          return (
            <tr
              key={a.alarm_id}
              className={a.alarm_id === chosen ? "sel" : ""}
              aria-current={a.alarm_id === chosen || undefined}
              data-alarm={a.alarm_id}
              onClick={() => onPick(a.alarm_id)}
            >
              <td className="num">
                <button type="button" className="bare" onClick={() => onPick(a.alarm_id)}>
                  {dayMinutes(a.raised_at)}
                </button>
              </td>
              <td>
                <b className={a.alarm_id === chosen ? "t1" : ""}>{text.condition[a.trigger] ?? a.trigger}</b>
                {v?.finding === "confirmed" ? (
                  <span className={`xs ${v.degree === "grave" ? "c1" : "t3"}`}> {t.degree[v.degree]}</span>
                ) : null}
              </td>
              <td className={`r${!v && a.state === "certain" ? " c2" : ""}`}>
                {v
                  ? `${t.finding[v.finding]}${v.finding === "confirmed" && !v.counts ? ` · ${t.countsNot}` : ""}`
                  : a.medical === "none"
                    ? (text.wearer.state[a.state] ?? a.state)
                    : text.medical[a.medical]}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Line({
  no,
  state,
  name,
  note,
  done,
  children,
}: {
  no: number;
  state: StepState;
  name: string;
  note: string;
  done?: string | undefined;
  children?: ReactNode;
}) {
  return (
    <div className={`pc ${state}`} data-step={no} data-state={state}>
      <span className="no">{no}</span>
      <div>
        <b>{name}</b>
        <div className="sm t3">{done ?? note}</div>
        {children}
      </div>
    </div>
  );
}

function Course_({
  alarm,
  papers,
  account,
  onStep,
}: Pick<Props, "account" | "onStep"> & { alarm: Alarm; papers: Papers }) {
  const text = useText();
  const t = useProcedureText();
  const c = courseOf(papers, alarm.alarm_id);
  const { role } = account;
  const [find, report, petition, decision, carry] = c.steps;
  const by = (id: string | null) => (id ? (papers.who[id] ?? "") : "");
  return (
    <div className="sec next-step">
      <div className="pb">
        <div className="fx">
          <h2>{text.wearer.nextStep}</h2>
          <span className="sp" />
          <a className="btn s line" href={formatRoute("replay", alarm.alarm_id)}>
            {t.replay}
            <kbd>R</kbd>
          </a>
        </div>
        <ContestStrip course={c} role={role} onStep={onStep} />
        <Line
          no={1}
          state={find}
          name={t.steps.find}
          note={alarm.confirmed_at ? t.notes.find : t.notes.findNotConfirmed}
          done={c.violation && t.at(`${t.finding[c.violation.finding]} · ${dayMinutes(c.violation.found_at)}`, "")}
        >
          {find === "now" && may.find(role) ? (
            <div className="fx choices">
              <Button small cap="X" disabled={!alarm.confirmed_at} onClick={() => onStep("confirmed")}>
                {text.wearer.confirm}
              </Button>
              <Button small cap="M" onClick={() => onStep("medical")}>
                {text.wearer.medical}
              </Button>
              <Button small cap="N" onClick={() => onStep("false")}>
                {text.wearer.falseAlarm}
              </Button>
            </div>
          ) : null}
        </Line>
        <Line
          no={2}
          state={report}
          name={t.steps.report}
          note={t.notes.report}
          done={c.report && t.at(dayMinutes(c.report.reported_at), by(c.report.reported_by))}
        >
          {c.report?.note ? <p className="sm said">{c.report.note}</p> : null}
          <Todo when={report === "now" && may.report(role)} cap="P" word={t.doReport} run={() => onStep("report")} />
        </Line>
        <Line
          no={3}
          state={petition}
          name={t.steps.petition}
          note={t.notes.petition}
          done={
            c.report?.answer
              ? t.at(
                  `${t.answer[c.report.answer]} · ${dayMinutes(c.report.answered_at ?? "")}`,
                  by(c.report.answered_by),
                )
              : undefined
          }
        >
          {c.petition ? <p className="sm said">{asksOf(c.petition, t)}</p> : null}
          {c.report?.answer_why ? <p className="sm said">{c.report.answer_why}</p> : null}
          {petition === "now" && may.petition(role) ? (
            <div className="fx choices">
              <Button
                small
                tone="pri"
                cap="P"
                disabled={papers.counted.number === 0}
                onClick={() => onStep("petition")}
              >
                {t.doPetition}
              </Button>
              <Button small cap="O" onClick={() => onStep("no_petition")}>
                {t.doNot}
              </Button>
            </div>
          ) : null}
        </Line>
        <Line
          no={4}
          state={decision}
          name={t.steps.decision}
          note={t.notes.decision}
          done={
            c.decision &&
            t.at(`${t.outcome[c.decision.outcome]} · ${dayMinutes(c.decision.decided_at)}`, by(c.decision.recorded_by))
          }
        >
          {c.decision ? <DecisionWords decision={c.decision} /> : null}
        </Line>
        <Line
          no={5}
          state={carry}
          name={t.steps.carry}
          note={t.notes.carry}
          done={
            c.decision?.carried_out_at
              ? t.at(dayMinutes(c.decision.carried_out_at), by(c.decision.carried_out_by))
              : undefined
          }
        >
          {c.decision?.order_until_at ? <p className="sm said num">{t.until(day(c.decision.order_until_at))}</p> : null}
          <Todo when={carry === "now" && may.carry(role)} cap="C" word={t.doCarry} run={() => onStep("carry")} />
        </Line>
      </div>
    </div>
  );
}

/** The one act that a step waits for, where it is this seat's. */
function Todo({ when, cap, word, run }: { when: boolean; cap: string; word: string; run: () => void }) {
  if (!when) return null;
  return (
    <div className="fx choices">
      <Button small tone="pri" cap={cap} onClick={run}>
        {word}
      </Button>
    </div>
  );
}

/** What a petition asks or a decision gives, in one line. */
export const asksOf = (p: { months: number; conditions: readonly string[] }, t: ProcedureText): string =>
  [t.months(p.months), ...p.conditions.map((c) => t.obliged[c] ?? c)].join(" · ");

export function DecisionWords({ decision }: { decision: Decision }) {
  const t = useProcedureText();
  if (decision.outcome === "rejected") return decision.words ? <p className="sm said">{decision.words}</p> : null;
  return (
    <p className="sm said">
      {asksOf(decision, t)}
      {decision.words ? ` · ${decision.words}` : ""}
    </p>
  );
}

function ContestStrip({ course, role, onStep }: { course: Course; role: string; onStep: (s: Step) => void }) {
  const t = useProcedureText();
  const { contest } = course;
  if (!contest) return null;
  const open = contest.upheld === null;
  return (
    <div className="contest-strip">
      <b>{open ? t.contested : contest.upheld ? t.contestUpheld : t.contestDismissed}</b>
      {contest.said ? <span className="t2">“{contest.said}”</span> : null}
      {contest.why ? <span className="t3">{contest.why}</span> : null}
      {open && may.find(role) ? (
        <div className="fx">
          <Button small cap="U" onClick={() => onStep("uphold")}>
            {t.uphold}
          </Button>
          <Button small cap="D" onClick={() => onStep("dismiss")}>
            {t.dismiss}
          </Button>
          <span className="xs t3">{t.contestHint}</span>
        </div>
      ) : null}
    </div>
  );
}

/** What a petition would count now, and what courts have added. */
function Sums({ papers }: { papers: Papers }) {
  const t = useProcedureText();
  return (
    <>
      <div className="sec">
        <PanelHead plain title={t.counted} sub={t.most(papers.most_months)} />
        <TallyRow of={papers.counted} />
        <p className="xs t3 pb">{t.countedHint}</p>
      </div>
      {papers.obligations.length ? (
        <div className="sec">
          <PanelHead plain title={t.obligations} sub={String(papers.obligations.length)} />
          <dl className="kv pb">
            {papers.obligations.map((o) => (
              <div className="kv-row" key={`${o.kind}${o.set_at}`}>
                <dt>{t.obliged[o.kind]}</dt>
                <dd className="wrap-any">
                  {o.words} <span className="xs t3 num">{day(o.set_at)}</span>
                </dd>
              </div>
            ))}
          </dl>
        </div>
      ) : null}
    </>
  );
}

export function TallyRow({ of }: { of: Papers["counted"] }) {
  const t = useProcedureText();
  const cells = [
    [t.count(of.number), "", "t1"],
    [String(of.grave), t.degree.grave, of.grave ? "c1" : "t3"],
    [String(of.serious), t.degree.serious, of.serious ? "c2" : "t3"],
    [String(of.ordinary), t.degree.ordinary, of.ordinary ? "t1" : "t3"],
  ] as const;
  return (
    <div className="tally" data-number={of.number}>
      {cells.map(([n, name, tone]) => (
        <div key={name}>
          <span className="xs t3">{name || t.violation}</span>
          <b className={`num vital-n ${tone}`}>{n}</b>
        </div>
      ))}
    </div>
  );
}
