/** How well each camera's alarms are to be believed, class by class, and what verdicts propose. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type QualityShown, useBudget, useProposals, useQuality, vision } from "../../api/vision";
import { FormSheet } from "../../kit/FormSheet";
import { between } from "../../kit/form";
import { dayMinutes } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Facts, Panel } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useVisionText } from "../../text/vision";
import { IntervalBar } from "./IntervalBar";
import { compared, type Line, lineKey, sorted, withTunings } from "./quality";
import { percent } from "./rules";

export function Quality({ decides }: { decides: boolean }) {
  const t = useVisionText();
  const client = useQueryClient();
  const answer = useQuality();
  const [word, choose] = useQueryWord("line");
  const [typed, setTyped] = useState("");
  const [budgeting, setBudgeting] = useState(false);
  const proposals = useProposals();
  const all = sorted(withTunings(answer.data?.lines ?? [], proposals.data?.tunings ?? []));
  const fits = (l: Line) =>
    `${l.camera_code} ${l.camera_name} ${t.behaviours[l.behaviour]}`.toLowerCase().includes(typed.trim().toLowerCase());
  const lines = all.filter(fits);
  const chosen = lines.find((l) => lineKey(l) === word) ?? lines[0];
  const moves = useMoves(
    lines,
    (l) => l === chosen,
    (l) => choose(lineKey(l)),
  );
  const again = () => void client.invalidateQueries({ queryKey: ["vision"] });
  const decide = useMutation({
    mutationFn: ({ line, accept }: { line: Line; accept: boolean }) =>
      line.tuning ? vision.decide(line.tuning, accept) : Promise.resolve(undefined),
    onSuccess: (_, { accept }) => toast(accept ? t.accepted : t.refused),
    onSettled: again,
  });
  const answerTo = (accept: boolean) => chosen?.tuning && !decide.isPending && decide.mutate({ line: chosen, accept });
  useKeys([
    ...moves,
    {
      code: "Slash",
      shift: false,
      cap: "/",
      hint: t.find,
      run: () => document.getElementById("quality-find")?.focus(),
    },
    ...(decides ? [{ code: "KeyB", hint: t.setBudget, run: () => setBudgeting(true) }] : []),
    ...(decides && chosen?.tuning
      ? [
          { code: "KeyY", hint: t.accept, run: () => answerTo(true) },
          { code: "KeyN", hint: t.refuse, run: () => answerTo(false) },
        ]
      : []),
  ]);
  return (
    <main className="main vision-quality">
      <Panel
        title={t.quality}
        sub={all.length ? String(all.length) : ""}
        right={
          <>
            {decides ? (
              <Button small cap="B" onClick={() => setBudgeting(true)}>
                {t.setBudget}
              </Button>
            ) : null}
            <input
              id="quality-find"
              className="in"
              value={typed}
              placeholder={t.find}
              aria-label={t.find}
              autoComplete="off"
              onChange={(e) => setTyped(e.target.value)}
            />
          </>
        }
      >
        {answer.data?.lines.length ? <Whole of={answer.data} /> : null}
        <div className="scroll">
          {answer.data ? null : <Answer error={answer.error} retry={() => void answer.refetch()} what={t.quality} />}
          {answer.data && all.length === 0 ? <Empty icon="check" title={t.noQuality} body={t.noQualityBody} /> : null}
          {lines.length ? <QualityTable lines={lines} chosen={chosen} onPick={(l) => choose(lineKey(l))} /> : null}
        </div>
      </Panel>
      {chosen ? (
        <LineSide
          line={chosen}
          all={all}
          decides={decides}
          busy={decide.isPending}
          error={decide.error}
          onDecide={answerTo}
        />
      ) : (
        <section className="panel" aria-label={t.quality} />
      )}
      {budgeting ? <SetBudget onClose={() => setBudgeting(false)} onDone={again} /> : null}
    </main>
  );
}

/** How many alarms one operator is asked to judge in a shift. */
function SetBudget({ onClose, onDone }: { onClose: () => void; onDone: () => void }) {
  const t = useVisionText();
  const budget = useBudget().data;
  if (!budget) return null;
  return (
    <FormSheet
      title={t.setBudget}
      fields={[
        { name: "each", label: t.budgetEach, check: between(1, 1000, "1–1000") },
        { name: "hours", label: t.budgetHours, check: between(1, 24, "1–24") },
      ]}
      initial={{ each: String(budget.per_shift), hours: String(budget.shift_hours) }}
      verb={t.setBudget}
      send={(v) => vision.setBudget(Number(v.each), Number(v.hours))}
      done={() => t.budgetDid}
      onDone={onDone}
      onClose={onClose}
    >
      <p className="sm t3">{t.neverHeld}</p>
    </FormSheet>
  );
}

/** The whole centre, thirty days. */
function Whole({ of }: { of: QualityShown }) {
  const t = useVisionText();
  return (
    <div className="quality-whole">
      <span className="fx">
        <span className="sm t3">{t.precision}</span>
        <IntervalBar of={of.precision} />
      </span>
      <span className="sm">
        <span className="t3">{t.judgedCount}</span> <b className="num">{of.judged}</b>
      </span>
      <span className="sm">
        <span className="t3">{t.missCount}</span> <b className="num">{of.missed}</b>
      </span>
      <span className="sm">
        <span className="t3">{t.handling}</span>{" "}
        <b className="num">{of.handling_median_s === null ? "–" : t.seconds(of.handling_median_s.toFixed(1))}</b>
      </span>
      <span className="xs t3">{t.onlyRaised}</span>
    </div>
  );
}

function QualityTable({
  lines,
  chosen,
  onPick,
}: {
  lines: readonly Line[];
  chosen: Line | undefined;
  onPick: (line: Line) => void;
}) {
  const t = useVisionText();
  return (
    <table className="tbl d">
      <thead>
        <tr>
          <th>{t.camera}</th>
          <th>{t.what}</th>
          <th className="r">{t.alarmCount}</th>
          <th className="r">{t.judgedCount}</th>
          <th>
            {t.precision} · {t.interval}
          </th>
          <th className="r">{t.missCount}</th>
          <th>{t.drift}</th>
          <th className="r">{t.handling}</th>
          <th>{t.mode}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((l) => (
          <tr
            key={lineKey(l)}
            className={l === chosen ? "sel" : ""}
            aria-current={l === chosen || undefined}
            onClick={() => onPick(l)}
          >
            <td title={l.camera_name}>
              <button type="button" className="bare" onClick={() => onPick(l)}>
                <b className="t1">{l.camera_code}</b>
              </button>
            </td>
            <td>{t.behaviours[l.behaviour]}</td>
            <td className="r num">{l.alarms}</td>
            <td className="r num">{l.judged}</td>
            <td>
              <IntervalBar of={l.precision} />
            </td>
            <td className={`r num${l.missed ? " c2" : ""}`}>{l.missed || "–"}</td>
            <td className={l.drift?.drifted ? "cd" : ""}>
              {l.drift ? `${l.drift.distance.toFixed(2)}${l.drift.drifted ? ` · ${t.drifted}` : ""}` : "–"}
            </td>
            <td className="r num">{l.handling_median_s === null ? "–" : t.seconds(l.handling_median_s.toFixed(1))}</td>
            <td>
              {l.shadow ? <span className="bd o">{t.shadow}</span> : t.live}
              {l.tuning ? <span className="bd p3">{t.proposed}</span> : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function LineSide({
  line,
  all,
  decides,
  busy,
  error,
  onDecide,
}: {
  line: Line;
  all: readonly Line[];
  decides: boolean;
  busy: boolean;
  error: Error | null;
  onDecide: (accept: boolean) => void;
}) {
  const t = useVisionText();
  const p = line.precision;
  const other = compared(line, all);
  return (
    <section className="panel" aria-label={`${line.camera_code} ${t.behaviours[line.behaviour]}`}>
      <div className="ph">
        <h2>{t.behaviours[line.behaviour]}</h2>
        <span className="cut">
          {line.camera_code} · {line.camera_name}
        </span>
      </div>
      <div className="scroll">
        <div className="pb quality-big">
          <b className="num big">{p ? percent(p.share) : "–"}</b>
          <div className="col">
            <span className="sm t3">
              {t.precision} · {t.interval}
            </span>
            <IntervalBar of={p} wide />
            {line.judged < 20 ? <span className="xs cd">{t.few}</span> : null}
          </div>
        </div>
        <Facts
          rows={[
            [t.alarmCount, String(line.alarms)],
            [t.judgedCount, String(line.judged)],
            [t.missCount, String(line.missed)],
            [t.handling, line.handling_median_s === null ? "" : t.seconds(line.handling_median_s.toFixed(1))],
            [t.heldCount, line.held ? String(line.held) : ""],
            ["Brier", line.brier === null ? "" : line.brier.toFixed(3)],
            [
              t.drift,
              line.drift
                ? `${line.drift.distance.toFixed(2)} · p ${line.drift.chance.toFixed(3)}${line.drift.drifted ? ` · ${t.drifted}` : ""}`
                : "",
            ],
          ]}
        />
        <p className="pb xs t3">{t.driftHint}</p>
        <div className="grp">{t.proposals}</div>
        {line.tuning ? (
          <div className="pb quality-tuning">
            <b className="num mid-n">
              {t.proposal(line.tuning.threshold_before.toFixed(2), line.tuning.threshold.toFixed(2))}
            </b>
            <span className="sm">{t.kept(percent(line.tuning.kept_share))}</span>
            {line.tuning.brier !== null && line.tuning.brier_before !== null ? (
              <span className="sm num">
                {t.brier(line.tuning.brier_before.toFixed(3), line.tuning.brier.toFixed(3))}
              </span>
            ) : null}
            <span className="xs t3">
              {dayMinutes(line.tuning.made_at)} · {t.guard}
            </span>
            {error ? <Answer error={error} what={t.proposals} /> : null}
            {decides ? (
              <div className="two-up">
                <Button tone="pri" cap="Y" disabled={busy} onClick={() => onDecide(true)}>
                  {t.accept}
                </Button>
                <Button cap="N" disabled={busy} onClick={() => onDecide(false)}>
                  {t.refuse}
                </Button>
              </div>
            ) : null}
          </div>
        ) : (
          <p className="pb sm t3">{t.noProposals}</p>
        )}
        <div className="grp">{t.compare}</div>
        {other ? (
          <div className="pb quality-compare">
            {[line, other].map((l) => (
              <div key={lineKey(l)}>
                <span className="sm">{l.shadow ? t.shadow : t.live}</span>
                <IntervalBar of={l.precision} wide />
                <span className="xs t3 num">
                  {t.judgedCount} {l.judged} · {t.alarmCount} {l.alarms}
                </span>
              </div>
            ))}
          </div>
        ) : (
          <p className="pb sm t3">{t.noCompare}</p>
        )}
      </div>
    </section>
  );
}
