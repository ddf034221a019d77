/** Which models look, under which licence, how good they were measured to be, and what nobody looks at. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import {
  type Behaviour,
  type Covered,
  type ModelShown,
  useModels,
  useVisionCameras,
  useWorkers,
  type VisionCamera,
  vision,
  type Worker,
} from "../../api/vision";
import { dayMinutes, shortHash } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Age, Button, Facts, Panel } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useLocale } from "../../text";
import { useVisionText, type VisionText } from "../../text/vision";
import { IntervalBar } from "./IntervalBar";

/** A worker speaks this often, seconds. */
const WORKER_S = 10;
const named = (t: VisionText, list: readonly string[]) => list.map((b) => t.behaviours[b as Behaviour] ?? b).join(", ");
const keyOf = (m: ModelShown) => `${m.name}@${m.sha256}`;

export function Models({ decides }: { decides: boolean }) {
  const t = useVisionText();
  const client = useQueryClient();
  const answer = useModels();
  const [word, choose] = useState<string>();
  const list = answer.data?.models ?? [];
  const chosen = list.find((m) => keyOf(m) === word) ?? list[0];
  const mode = useMutation({
    mutationFn: (m: ModelShown) => vision.setMode(m, !m.shadow),
    onSuccess: (_, m) => toast(t.modeDid(m.name)),
    onSettled: () => void client.invalidateQueries({ queryKey: ["vision"] }),
  });
  const turn = () => chosen && !mode.isPending && mode.mutate(chosen);
  const moves = useMoves(
    list,
    (m) => m === chosen,
    (m) => choose(keyOf(m)),
  );
  useKeys([
    ...moves,
    ...(decides && chosen ? [{ code: "KeyS", hint: chosen.shadow ? t.mayAlarm : t.toTrial, run: turn }] : []),
  ]);
  return (
    <main className="main vision-models">
      <Panel title={t.models} sub={list.length ? String(list.length) : ""}>
        <div className="scroll">
          {answer.data ? null : <Answer error={answer.error} retry={() => void answer.refetch()} what={t.models} />}
          {answer.data && list.length === 0 ? <Empty icon="seal" title={t.noModels} body={t.noModelsBody} /> : null}
          {list.length ? <ModelTable list={list} chosen={chosen} onPick={(m) => choose(keyOf(m))} /> : null}
          {chosen ? (
            <Card
              model={chosen}
              act={
                decides ? (
                  <Button small cap="S" disabled={mode.isPending} onClick={turn}>
                    {chosen.shadow ? t.mayAlarm : t.toTrial}
                  </Button>
                ) : null
              }
            />
          ) : null}
          {mode.error ? <Answer error={mode.error} what={t.mode} /> : null}
        </div>
      </Panel>
      <div className="models-right">
        <NotCovered />
        <Workers />
      </div>
    </main>
  );
}

function ModelTable({
  list,
  chosen,
  onPick,
}: {
  list: readonly ModelShown[];
  chosen: ModelShown | undefined;
  onPick: (model: ModelShown) => void;
}) {
  const t = useVisionText();
  return (
    <table className="tbl">
      <thead>
        <tr>
          <th>{t.name}</th>
          <th>{t.licence}</th>
          <th>{t.serves}</th>
          <th>{t.mode}</th>
          <th>{t.precisionHere}</th>
          <th className="r">{t.seen}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((m) => (
          <tr key={keyOf(m)} className={m === chosen ? "sel" : ""} onClick={() => onPick(m)}>
            <td>
              <button type="button" className="bare" onClick={() => onPick(m)}>
                <b className="t1">{m.name}</b> <span className="mono xs t3">{m.sha256.slice(0, 8)}</span>
              </button>
            </td>
            <td className="cut wide-cell">{m.licence}</td>
            <td className="cut wide-cell" title={named(t, m.behaviours)}>
              {named(t, m.behaviours)}
            </td>
            <td>{m.shadow ? <span className="bd o">{t.shadow}</span> : t.live}</td>
            <td>
              <IntervalBar of={m.precision} />
            </td>
            <td className="r num">{dayMinutes(m.seen_at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Card({ model: m, act }: { model: ModelShown; act: ReactNode }) {
  const t = useVisionText();
  return (
    <div className="model-card">
      <div className="grp">
        {m.name}
        <span className="sp" />
        {act}
      </div>
      <Facts
        rows={[
          [t.licence, m.licence],
          [t.source, m.source],
          [
            t.hash,
            <span key="hash" className="mono" title={m.sha256}>
              {shortHash(m.sha256)}
            </span>,
          ],
          [t.input, m.input],
          [t.serves, named(t, m.behaviours)],
          [t.measured, m.quality || t.unmeasured],
          [t.alarmCount, String(m.alarms)],
          [t.judgedCount, String(m.judged)],
          [t.since, dayMinutes(m.first_at)],
        ]}
      />
    </div>
  );
}

function NotCovered() {
  const t = useVisionText();
  const cameras = useVisionCameras();
  const all = cameras.data?.cameras;
  const open = (all ?? []).filter((c) => c.covered === 0 || c.gaps.length);
  return (
    <Panel title={all ? t.notCovered(open.length) : t.notCovered(0)}>
      <div className="scroll">
        {all ? null : <Answer error={cameras.error} retry={() => void cameras.refetch()} what={t.camera} />}
        {all && open.length === 0 ? <Empty icon="check" title={t.allCovered} /> : null}
        {open.length ? <p className="pb xs t3">{t.notCoveredBody}</p> : null}
        {open.map((c) => (
          <Uncovered key={c.camera_id} camera={c} />
        ))}
      </div>
    </Panel>
  );
}

function Uncovered({ camera: c }: { camera: VisionCamera }) {
  const t = useVisionText();
  const { locale } = useLocale();
  const why = (gap: Covered) => (locale === "en" ? gap.reason_en : gap.reason_ko);
  const reasons = [...new Set(c.gaps.map(why))];
  return (
    <div className="uncovered">
      <b className="t1">{c.code}</b>
      <span className="xs t3 cut">{c.name}</span>
      {reasons.map((reason) => (
        <span key={reason} className="sm">
          <span className="cd">{reason}</span> ·{" "}
          {named(
            t,
            c.gaps.filter((gap) => why(gap) === reason).map((gap) => gap.behaviour),
          )}
        </span>
      ))}
      {c.gaps.length === 0 ? <span className="sm cd">{t.onTrial}</span> : null}
    </div>
  );
}

function Workers() {
  const t = useVisionText();
  const answer = useWorkers();
  const list = answer.data?.workers.filter((w) => !w.ended_at);
  return (
    <Panel title={t.workers} sub={list?.length ? String(list.length) : ""}>
      <div className="scroll">
        {list ? null : <Answer error={answer.error} retry={() => void answer.refetch()} what={t.workers} />}
        {list?.length === 0 ? <Empty icon="warning" title={t.noWorkers} /> : null}
        {(list ?? []).map((w) => (
          <WorkerRow key={w.worker_id} worker={w} />
        ))}
      </div>
    </Panel>
  );
}

function WorkerRow({ worker: w }: { worker: Worker }) {
  const t = useVisionText();
  return (
    <div className="uncovered">
      <span className="fx">
        <b className="t1">{w.name}</b>
        <span className="sp" />
        {w.alive ? null : <span className="bd doubt">{t.gone}</span>}
        <Age at={w.seen_at} intervalS={WORKER_S} />
      </span>
      <span className="fx sm">
        {t.workerCameras(w.cameras)}
        <span className="num">{t.perSecond(w.pictures_s.toFixed(1))}</span>
        {w.dropped_s ? <span className="c2 num">{t.dropped(w.dropped_s.toFixed(1))}</span> : null}
        {w.quarantined.length ? <span className="c2">{t.quarantined(w.quarantined.length)}</span> : null}
      </span>
    </div>
  );
}
