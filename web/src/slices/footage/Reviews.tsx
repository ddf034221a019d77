/** The second person: every doubtful mask is looked at before an export leaves. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { type Doubt, type Export, footage, useReviews, type Verdict } from "../../api/footage";
import { clock } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { beside, useMoves } from "../../kit/moves";
import { Button, Panel, PanelHead } from "../../kit/parts";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { ExportFacts, ExportRows, Steps } from "./ExportParts";
import { Look } from "./Look";
import { type Box, widened } from "./review";

export function Reviews() {
  const text = useText();
  const t = useFootageText();
  const list = useReviews(true);
  const [chosen, choose] = useState<string>();
  const rows = list.data?.exports ?? [];
  const picked = rows.find((e) => e.export_id === chosen) ?? rows[0];
  useKeys(
    (["ArrowDown", "ArrowUp"] as const).map((code, i) => ({
      code,
      hint: t.exportsHead,
      run: () => {
        const next = beside(rows, (e) => e === picked, i ? -1 : 1);
        if (next) choose(next.export_id);
      },
    })),
  );
  return (
    <main className="main reviews-grid">
      <Panel title={t.exportsHead} sub={rows.length ? String(rows.length) : ""}>
        <div className="scroll-y">
          {list.data ? null : <Answer error={list.error} retry={() => void list.refetch()} what={t.reviewHead} />}
          {list.data && rows.length === 0 ? <Empty icon="check" title={t.noReviews} body={t.noReviewsBody} /> : null}
          <ExportRows list={rows} chosen={picked} onPick={choose} sub={(e) => e.recipient} />
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

interface Judged {
  word: Verdict;
  box: Box | null;
}

/** The doubts loaded so far, what was decided about each, and the decisions that can be made. */
function useReview(e: Export) {
  const [doubts, setDoubts] = useState<readonly Doubt[]>(e.doubts);
  const [at, setAt] = useState(0);
  const [mine, setMine] = useState<ReadonlyMap<number, Judged>>(new Map());
  const said = useQuery({
    queryKey: ["exports", e.export_id, "decisions"],
    queryFn: () => footage.decisions(e.export_id),
  });
  const judged = new Map([
    ...(said.data?.decisions ?? []).map((d): [number, Judged] => [d.number, { word: d.verdict, box: d.box }]),
    ...mine,
  ]);
  const more = useMutation({
    mutationFn: () => footage.doubts(e.export_id, doubts.length),
    onSuccess: (found) => setDoubts((old) => [...old, ...found.doubts]),
  });
  const go = (to: number) => {
    setAt(to);
    if (to >= doubts.length - 5 && doubts.length < e.doubts_total && !more.isPending) more.mutate();
  };
  const decide = useMutation({
    mutationFn: ({ number, word, box }: Judged & { number: number }) => footage.decide(e.export_id, number, word, box),
    onSuccess: (_, { number, word, box }) => setMine((old) => new Map(old).set(number, { word, box })),
  });
  const judge = (word: Verdict, box: Box | null = null) => {
    if (!doubts[at]) return;
    decide.mutate({ number: at, word, box: word === "widen" ? (box ?? widened(doubts[at].box)) : null });
    // what was drawn is looked at once more; a plain word goes on to the next
    if (!box) go(Math.min(doubts.length - 1, at + 1));
  };
  return { doubts, at, go, judged, judge, left: e.doubts_total - judged.size, error: decide.error };
}

function Review({ export: e }: { export: Export }) {
  const t = useFootageText();
  const r = useReview(e);
  const doubt = r.doubts[r.at];
  const moves = useMoves(
    r.doubts.map((_, i) => i),
    (i) => i === r.at,
    r.go,
  );
  useKeys([
    { code: "KeyY", hint: t.maskIt, run: () => r.judge("mask") },
    { code: "KeyN", hint: t.clearIt, run: () => r.judge("clear") },
    { code: "KeyW", hint: t.widenIt, run: () => r.judge("widen") },
    ...moves,
  ]);
  return (
    <>
      <section className="panel" aria-label={t.reviewHead}>
        <PanelHead title={t.reviewHead} sub={t.reviewOf(r.judged.size, e.doubts_total)} />
        {doubt ? (
          <>
            <Look
              src={footage.look(e.export_id, r.at)}
              place={doubt.box}
              hidden={r.judged.get(r.at)?.box ?? null}
              onDraw={(box) => r.judge("widen", box)}
            />
            <Verdicts doubt={doubt} word={r.judged.get(r.at)?.word} onJudge={r.judge} />
            <Doubts of={e.export_id} review={r} />
          </>
        ) : (
          <Empty icon="check" title={t.noDoubts} body={t.noDoubtsBody} />
        )}
      </section>
      <Passing export={e} left={r.left} error={r.error} />
    </>
  );
}

function Verdicts({
  doubt,
  word,
  onJudge,
}: {
  doubt: Doubt;
  word: Verdict | undefined;
  onJudge: (word: Verdict) => void;
}) {
  const t = useFootageText();
  const words: [Verdict, string, string][] = [
    ["mask", t.maskIt, "Y"],
    ["clear", t.clearIt, "N"],
    ["widen", t.widenIt, "W"],
  ];
  return (
    <div className="doubt-bar fx">
      <b className="num">{clock(doubt.at)}</b>
      <span className="sm cd cut">{doubt.why.map((w) => t.doubtWhy[w] ?? w).join(" · ")}</span>
      <span className="sm t3 num nw">
        {clock(doubt.from_at)} – {clock(doubt.until_at)}
      </span>
      <span className="sp" />
      {words.map(([verdict, says, cap]) => (
        <Button
          small
          key={verdict}
          tone={word === verdict ? "pri" : "line"}
          aria-pressed={word === verdict}
          cap={cap}
          onClick={() => onJudge(verdict)}
        >
          {says}
        </Button>
      ))}
    </div>
  );
}

function Doubts({ of, review: r }: { of: string; review: ReturnType<typeof useReview> }) {
  const t = useFootageText();
  return (
    <div className="doubts" role="listbox" aria-label={t.reviewHead}>
      {r.doubts.map((d, i) => {
        const word = r.judged.get(i)?.word ?? "ask";
        return (
          <button
            type="button"
            key={`${d.camera_id}${d.at}${d.box.join()}`}
            ref={i === r.at ? (each) => each?.scrollIntoView({ block: "nearest" }) : undefined}
            role="option"
            aria-selected={i === r.at}
            className={`doubt ${word}${i === r.at ? " sel" : ""}`}
            onClick={() => r.go(i)}
          >
            <img
              src={footage.look(of, i)}
              alt=""
              loading="lazy"
              // its place stays, without the mark of a broken picture
              onError={(e) => {
                e.currentTarget.style.visibility = "hidden";
              }}
            />
            <span className="xs num">
              {t.doubtOf(i + 1)} {t.judged[word]}
            </span>
          </button>
        );
      })}
    </div>
  );
}

/** What leaves, for whom, and the second person's word. */
function Passing({ export: e, left, error }: { export: Export; left: number; error: Error | null }) {
  const t = useFootageText();
  const client = useQueryClient();
  const pass = useMutation({
    mutationFn: (hideRest: boolean) => footage.review(e.export_id, hideRest),
    onSuccess: () => {
      toast(t.passed);
      void client.invalidateQueries({ queryKey: ["exports"] });
    },
  });
  const send = () => {
    if (left === 0 && !pass.isPending) pass.mutate(false);
  };
  useKeys([{ code: "Enter", ctrl: true, hint: t.pass, run: send }]);
  const refused = [error, pass.error].find((each) => each instanceof Refusal);
  return (
    <section className="panel" aria-label={t.steps[2]}>
      <PanelHead title={t.steps[2]} />
      <Steps export={e} />
      <ExportFacts export={e} />
      {refused ? <Refused refusal={refused as Refusal} /> : null}
      <span className="sp" />
      <p className="pb sm t3">{t.second}</p>
      <div className="pb pass-acts">
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
  );
}
