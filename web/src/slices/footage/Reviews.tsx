/** The second person: every doubtful mask is looked at before an export leaves. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Refusal } from "../../api/client";
import { type Doubt, type Export, footage, useReviews, type Verdict } from "../../api/footage";
import { clock, dayMinutes } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { Button, Panel, PanelHead } from "../../kit/parts";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { Steps } from "./Exports";

export type Judged = "ask" | Verdict;
/** Widening adds this much of the region's own size on each side: a head beside its box is then inside (ours). */
const WIDER = 0.5;

/** The rectangle that a wider mask covers, inside the picture. */
export function widened(box: Doubt["box"]): Doubt["box"] {
  const [x1, y1, x2, y2] = box;
  const [w, h] = [(x2 - x1) * WIDER, (y2 - y1) * WIDER];
  return [Math.max(0, x1 - w), Math.max(0, y1 - h), Math.min(1, x2 + w), Math.min(1, y2 + h)];
}
export function Reviews() {
  const text = useText();
  const t = useFootageText();
  const list = useReviews(true);
  const [chosen, choose] = useState<string>();
  const rows = list.data?.exports ?? [];
  const picked = rows.find((e) => e.export_id === chosen) ?? rows[0];
  return (
    <main className="main reviews-grid">
      <Panel title={t.reviewHead} sub={rows.length ? String(rows.length) : ""}>
        <div className="scroll-y">
          {list.data ? null : <Answer error={list.error} retry={() => void list.refetch()} what={t.reviewHead} />}
          {list.data && rows.length === 0 ? <Empty icon="check" title={t.noReviews} body={t.noReviewsBody} /> : null}
          {rows.map((e) => (
            <button
              type="button"
              key={e.export_id}
              className={`bare-row ex-row${e === picked ? " sel" : ""}`}
              onClick={() => choose(e.export_id)}
            >
              <b className="cut">{e.case_no ?? "–"}</b>
              <span className="cut t3 xs">{e.recipient}</span>
              <span className="num xs t3">{dayMinutes(e.asked_at)}</span>
            </button>
          ))}
        </div>
      </Panel>
      {picked ? (
        <Review key={picked.export_id} export={picked} />
      ) : (
        <section className="panel" aria-label={text.watch.lock} />
      )}
    </main>
  );
}

function Review({ export: e }: { export: Export }) {
  const text = useText();
  const t = useFootageText();
  const client = useQueryClient();
  const [at, setAt] = useState(0);
  const [doubts, setDoubts] = useState(e.doubts);
  const [judged, setJudged] = useState<Record<number, Judged>>({});
  const said = useQuery({
    queryKey: ["exports", e.export_id, "decisions"],
    queryFn: () => footage.decisions(e.export_id),
  });
  const wordOn = (number: number): Judged =>
    judged[number] ?? said.data?.decisions.find((d) => d.number === number)?.verdict ?? "ask";
  const doubt = doubts[at];
  const done = new Set([...(said.data?.decisions ?? []).map((d) => d.number), ...Object.keys(judged).map(Number)]).size;
  const left = e.doubts_total - done;
  const pass = useMutation({
    mutationFn: (hideRest: boolean) => footage.review(e.export_id, hideRest),
    onSuccess: () => {
      toast(t.passed);
      void client.invalidateQueries({ queryKey: ["exports"] });
    },
  });
  const decide = useMutation({
    mutationFn: ({ number, word, box }: { number: number; word: Verdict; box: Doubt["box"] | null }) =>
      footage.decide(e.export_id, number, word, box),
    onSuccess: (_, { number, word }) => setJudged((old) => ({ ...old, [number]: word })),
  });
  const more = useMutation({
    mutationFn: () => footage.doubts(e.export_id, doubts.length),
    onSuccess: (found) => setDoubts((old) => [...old, ...found.doubts]),
  });
  const move = (by: 1 | -1) => {
    const next = Math.max(0, Math.min(doubts.length - 1, at + by));
    setAt(next);
    if (next >= doubts.length - 5 && doubts.length < e.doubts_total && !more.isPending) more.mutate();
  };
  const judge = (word: Verdict) => {
    if (!doubt) return;
    decide.mutate({ number: at, word, box: word === "widen" ? widened(doubt.box) : null });
    move(1);
  };
  const send = () => {
    if (left === 0 && !pass.isPending) pass.mutate(false);
  };
  useKeys([
    { code: "KeyY", hint: t.maskIt, run: () => judge("mask") },
    { code: "KeyN", hint: t.clearIt, run: () => judge("clear") },
    { code: "KeyW", hint: t.widenIt, run: () => judge("widen") },
    { code: "KeyJ", hint: text.keys.move, run: () => move(1) },
    { code: "KeyK", hint: text.keys.move, run: () => move(-1) },
    { code: "Enter", ctrl: true, hint: t.pass, run: send },
  ]);
  return (
    <>
      <section className="panel" aria-label={t.reviewHead}>
        <PanelHead
          title={t.reviewHead}
          sub={t.reviewOf(done, e.doubts_total)}
          right={
            <span className="fx">
              <kbd>Y</kbd>
              <kbd>N</kbd>
              <kbd>W</kbd>
            </span>
          }
        />
        {doubt ? (
          <>
            <Look export={e} doubt={doubt} number={at} />
            <div className="doubt-bar fx">
              <b className="num">{clock(doubt.at)}</b>
              <span className="sm cd cut">{doubt.why.map((w) => t.doubtWhy[w] ?? w).join(" · ")}</span>
              <span className="sm t3 num nw">
                {clock(doubt.from_at)} – {clock(doubt.until_at)}
              </span>
              <span className="sp" />
              <Button small tone={wordOn(at) === "mask" ? "pri" : "line"} cap="Y" onClick={() => judge("mask")}>
                {t.maskIt}
              </Button>
              <Button small tone={wordOn(at) === "clear" ? "pri" : "line"} cap="N" onClick={() => judge("clear")}>
                {t.clearIt}
              </Button>
              <Button small tone={wordOn(at) === "widen" ? "pri" : "line"} cap="W" onClick={() => judge("widen")}>
                {t.widenIt}
              </Button>
            </div>
            <div className="doubts" role="listbox" aria-label={t.reviewHead}>
              {doubts.map((d, i) => (
                <button
                  type="button"
                  key={`${d.camera_id}${d.at}${d.box.join()}`}
                  role="option"
                  aria-selected={i === at}
                  className={`doubt ${wordOn(i)}${i === at ? " sel" : ""}`}
                  onClick={() => setAt(i)}
                >
                  <img src={footage.look(e.export_id, i)} alt="" loading="lazy" />
                  <span className="xs num">
                    {t.doubtOf(i + 1)} {t.judged[wordOn(i)]}
                  </span>
                </button>
              ))}
            </div>
          </>
        ) : (
          <Empty icon="check" title={t.noDoubts} body={t.noDoubtsBody} />
        )}
      </section>
      <section className="panel" aria-label={t.steps[2]}>
        <PanelHead title={t.steps[2]} />
        <Steps export={e} />
        <dl className="kv pb">
          <dt>{t.recipient}</dt>
          <dd>{e.recipient ?? "–"}</dd>
          <dt>{t.caseNo}</dt>
          <dd>{e.case_no ?? "–"}</dd>
          <dt>{t.why}</dt>
          <dd>{e.reason ?? "–"}</dd>
          <dt>{t.scope}</dt>
          <dd className="num">{t.scopeOf(e.cameras.length, clock(e.from_at), clock(e.until_at))}</dd>
          <dt>{t.which}</dt>
          <dd>{e.original ? t.withOriginal : t.maskedOnly}</dd>
        </dl>
        {decide.error instanceof Refusal ? <Refused refusal={decide.error} /> : null}
        {pass.error instanceof Refusal ? <Refused refusal={pass.error} /> : null}
        <span className="sp" />
        <p className="pb sm t3">{t.second}</p>
        <div className="pb">
          <Button large tone={left ? "line" : "pri"} cap="Ctrl ↵" disabled={left > 0 || pass.isPending} onClick={send}>
            {left ? t.left(left) : t.pass}
          </Button>
          {left ? (
            <Button small tone="line" disabled={pass.isPending} onClick={() => pass.mutate(true)}>
              {t.hideRest(left)}
            </Button>
          ) : null}
        </div>
      </section>
    </>
  );
}

/** The worst frame of a doubtful span as the export would show it. */
function Look({ export: e, doubt, number }: { export: Export; doubt: Doubt; number: number }) {
  const t = useFootageText();
  const [gone, setGone] = useState(false);
  useEffect(() => setGone(false), [number]);
  return (
    <div className="tile look">
      {gone ? (
        <div className="mid">
          <Icon name="camera" size={24} />
          <b>{t.lookGone}</b>
        </div>
      ) : (
        <img src={footage.look(e.export_id, number)} alt={t.reviewHead} onError={() => setGone(true)} />
      )}
      {doubt.box && !gone ? <span className="look-note xs">{t.lookNote}</span> : null}
    </div>
  );
}
