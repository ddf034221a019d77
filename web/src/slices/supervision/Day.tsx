/** The day: wearers in the order to look in, and what is left to do. Names stay hidden. */
import { useState } from "react";
import { type Line, useDay } from "../../api/procedure";
import type { Account } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { day } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Hint, PanelHead } from "../../kit/parts";
import { formatRoute, go, useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { fits, type Todo, todos } from "./procedureRules";
import { WearersTabs } from "./tabs";
import { leftOf } from "./wearerRules";
import "./procedure.css";

/** An officer's list is of the officer's own wearers, everybody else's of all that the permit reaches. */
const owns = (role: string) => role === "probation_officer";
/** A shift sees so many at once; the rest is found by its code. */
const SHOWN = 200;

export function DayScreen({ account }: { account: Account }) {
  const text = useText();
  const t = useProcedureText();
  const answer = useDay();
  const [typed, setTyped] = useState("");
  const [word, choose] = useQueryWord("w");
  const lines = fits(answer.data?.wearers ?? [], typed).slice(0, SHOWN);
  const chosen = lines.find((l) => l.wearer.wearer_id === word) ?? lines[0];
  const moves = useMoves(
    lines,
    (l) => l === chosen,
    (l) => choose(l.wearer.wearer_id),
  );
  useKeys([
    ...moves,
    {
      code: "Enter",
      hint: text.keys.open,
      run: () => chosen && go("wearers", chosen.wearer.wearer_id),
    },
    {
      code: "Slash",
      shift: false,
      cap: "/",
      hint: t.find,
      run: () => document.getElementById("day-find")?.focus(),
    },
  ]);
  const title = owns(account.role) ? t.own : t.all;
  return (
    <main className="main day-grid">
      <section className="panel" aria-label={title}>
        <PanelHead
          title={<WearersTabs account={account} chosen="day" />}
          sub={answer.data ? `${text.wearer.count(answer.data.wearers.length)} · ${t.byRisk}` : ""}
          right={
            <input
              id="day-find"
              className="in"
              value={typed}
              placeholder={t.find}
              aria-label={t.find}
              autoComplete="off"
              onChange={(e) => setTyped(e.target.value)}
            />
          }
        />
        {answer.data ? (
          lines.length ? (
            <div className="scroll">
              <WearerTable lines={lines} chosen={chosen} onPick={choose} />
            </div>
          ) : typed ? (
            <Empty title={t.noMatch} />
          ) : (
            <Empty title={t.noWearers} body={t.noWearersBody} icon="person" />
          )
        ) : (
          <Answer error={answer.error} retry={() => void answer.refetch()} what={title} />
        )}
      </section>
      <section className="panel" aria-label={t.todo}>
        {answer.data ? <Todos list={todos(answer.data)} /> : null}
      </section>
    </main>
  );
}

function Reasons({ line }: { line: Line }) {
  const t = useProcedureText();
  const grave = line.to_report.some((v) => v.degree === "grave");
  const some = line.alarms + line.to_judge.length + line.to_report.length > 0 || line.check_overdue;
  return (
    <span className="reasons">
      {line.alarms ? <span className="bd p1">{t.alarms(line.alarms)}</span> : null}
      {line.to_report.length ? (
        <span className={`bd ${grave ? "p1" : "p2"}`}>
          {t.report(line.to_report.length)}
          {grave ? ` · ${t.grave}` : ""}
        </span>
      ) : null}
      {line.to_judge.length ? <span className="bd p2">{t.judge(line.to_judge.length)}</span> : null}
      {line.check_overdue ? <span className="bd p3">{t.overdue}</span> : null}
      {line.priors >= 10 ? <span className="bd o">{t.manyPriors(line.priors)}</span> : null}
      {some ? null : <span className="t3 xs">{t.nothing}</span>}
    </span>
  );
}

function WearerTable({
  lines,
  chosen,
  onPick,
}: {
  lines: readonly Line[];
  chosen: Line | undefined;
  onPick: (id: string) => void;
}) {
  const text = useText();
  const t = useProcedureText();
  const now = useNow();
  return (
    <table className="tbl day-table">
      <thead>
        <tr>
          <th>{t.who}</th>
          <th>{t.why}</th>
          <th>{t.check}</th>
          <th className="r">{t.battery}</th>
          <th className="r">{t.ends}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((l) => {
          const left = leftOf(l.wearer.order.until_at, now);
          return (
            <tr
              key={l.wearer.wearer_id}
              className={l === chosen ? "sel" : ""}
              aria-current={l === chosen || undefined}
              data-wearer={l.wearer.code}
              onClick={() => onPick(l.wearer.wearer_id)}
              onDoubleClick={() => go("wearers", l.wearer.wearer_id)}
            >
              <td>
                <a href={formatRoute("wearers", l.wearer.wearer_id)}>
                  <b className="t1">{l.wearer.code}</b>
                </a>
                <span className="xs t3 cut">
                  {text.offence[l.wearer.offence] ?? l.wearer.offence} · {l.wearer.office}
                </span>
              </td>
              <td>
                <Reasons line={l} />
              </td>
              <td className={`num${l.check_overdue ? " c3" : ""}`}>{l.check_due_at ? day(l.check_due_at) : "–"}</td>
              <td className={`r num${l.battery !== null && l.battery <= 20 ? " c2" : ""}`}>
                {l.battery === null ? "–" : `${Math.round(l.battery)}%`}
              </td>
              <td className="r num">
                {day(l.wearer.order.until_at)}
                <span className="xs t3">{text.wearer.left(left.years, left.days)}</span>
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const ICONS = { report: "ledger", judge: "eye", carry: "seal", anomaly: "warning", check: "check" } as const;

function Todos({ list }: { list: readonly Todo[] }) {
  const t = useProcedureText();
  const text = useText();
  const now = useNow();
  useKeys(
    list.slice(0, 9).map((todo, i) => ({ code: `Digit${i + 1}`, hint: t.todo, run: () => go(...placeOf(todo)) })),
  );
  const says = (todo: Todo) =>
    todo.kind === "report"
      ? todo.grave
        ? t.todoWords.reportGrave
        : t.todoWords.report
      : todo.kind === "judge"
        ? todo.running
          ? t.todoWords.running
          : t.todoWords.judge
        : t.todoWords[todo.kind];
  return (
    <>
      <PanelHead title={t.todo} sub={list.length ? String(list.length) : undefined} right={<Hint cap="1 – 9" />} />
      {list.length === 0 ? <Empty title={t.todoNone} body={t.todoNoneBody} icon="check" /> : null}
      <div className="scroll">
        {list.map((todo, i) => (
          <a
            className={`due todo-row${todo.grave ? " grave" : ""}`}
            key={`${todo.kind}${todo.id}`}
            href={formatRoute(...placeOf(todo))}
            data-todo={todo.kind}
          >
            <b className="fx">
              {i < 9 ? <kbd>{i + 1}</kbd> : null}
              <Icon name={ICONS[todo.kind]} size={14} />
              {todo.code}
              <span className="w5">{t.todoKind[todo.kind]}</span>
            </b>
            <span className={`num${todo.grave ? " c1" : ""}`}>{todo.since ? text.ago(ageS(todo.since, now)) : ""}</span>
            <span className="xs t3">
              {todo.trigger ? `${text.condition[todo.trigger] ?? todo.trigger} · ` : ""}
              {says(todo)}
            </span>
          </a>
        ))}
      </div>
    </>
  );
}

/** Where a thing that waits is done: on its wearer's page. */
function placeOf(todo: Todo): [string, string, Record<string, string>] {
  const alarm = todo.kind === "report" || todo.kind === "judge";
  return ["wearers", todo.wearer, alarm ? { alarm: todo.id } : {}];
}
