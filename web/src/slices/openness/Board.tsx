/** The privacy officer's board: what is open, owed and unusual, and whether the chain is whole. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Anomaly, type Board as BoardData, openness, useBoard } from "../../api/openness";
import { ageS, useNow } from "../../kit/clock";
import { Dialog } from "../../kit/Dialog";
import { clock, count, dayMinutes, elapsed, shortHash } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { Age, Button, PanelHead } from "../../kit/parts";
import { formatRoute, go } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useLocale, useText } from "../../text";
import { useOpenness } from "../../text/openness";
import { ChainWalk, useChain } from "./Chain";
import { useFinding } from "./Looks";

/** How often the ledger is signed at least, seconds (design: checkpoints); a little room beside it. */
const SIGNED_S = 15;

export function Board() {
  const t = useOpenness();
  const board = useBoard();
  const chain = useChain();
  useKeys([
    { code: "KeyV", hint: t.verify, run: chain.walk },
    { code: "KeyR", hint: t.review, run: () => board.data && go("review", board.data.review.month) },
  ]);
  if (!board.data)
    return (
      <main className="main">
        <section className="panel">
          <Answer error={board.error} retry={() => void board.refetch()} what={t.boardTitle} />
        </section>
      </main>
    );
  return (
    <main className="main board-grid">
      <section className="panel scroll" aria-label={t.todo}>
        <Todo b={board.data} />
      </section>
      <section className="panel" aria-label={t.anomalies}>
        <Figures b={board.data} />
        <Unusual b={board.data} />
        <ChainWalk chain={chain} />
      </section>
      <section className="panel scroll" aria-label={t.hours}>
        <Hours b={board.data} />
        <ReviewCard b={board.data} />
      </section>
    </main>
  );
}

function Figures({ b }: { b: BoardData }) {
  const t = useOpenness();
  const refused = b.refusals.reduce((sum, r) => sum + r.n, 0);
  return (
    <div className="board-figures">
      <div>
        <span className="xs t3">{t.noGround}</span>
        <b className="vital-n">0</b>
        <span className="xs t3">{t.blocked(refused)}</span>
      </div>
      <div>
        <span className="xs t3">{t.rights}</span>
        <b className="vital-n">{count(b.rights.held)}</b>
        <span className="xs t3">{t.suspended(b.rights.suspended)}</span>
      </div>
      <div>
        <span className="xs t3">{t.signedAgo}</span>
        <b className="vital-n">{b.chain.signed_at ? clock(b.chain.signed_at) : "–"}</b>
        <Age at={b.chain.signed_at} intervalS={SIGNED_S} />
      </div>
    </div>
  );
}

function Row(p: { title: string; at?: React.ReactNode; sub: React.ReactNode; href?: string; onClick?: () => void }) {
  const inner = (
    <>
      <b className="cut">{p.title}</b>
      <span className="num xs">{p.at}</span>
      <span className="xs t3">{p.sub}</span>
    </>
  );
  if (p.href)
    return (
      <a className="due" href={p.href}>
        {inner}
      </a>
    );
  return (
    <button type="button" className="due bare-row" onClick={p.onClick}>
      {inner}
    </button>
  );
}

function Left({ until }: { until: string }) {
  const t = useOpenness();
  const s = -ageS(until, useNow());
  return s > 0 ? (
    <span className={s < 4 * 3600 ? "c2" : ""}>{t.left(elapsed(s))}</span>
  ) : (
    <span className="c1">{t.late}</span>
  );
}

function Todo({ b }: { b: BoardData }) {
  const t = useOpenness();
  const text = useText();
  const [answering, setAnswering] = useState<BoardData["questions"][number]>();
  const none = !b.break_glass.length && !b.requests.length && !b.refusals.length && !b.questions.length;
  const glassTitle = (g: BoardData["break_glass"][number]) =>
    g.open
      ? t.glassOpen(g.short)
      : g.justified
        ? t.glassJudge(g.short)
        : g.late
          ? t.glassLate(g.short)
          : t.glassOwed(g.short);
  return (
    <>
      <PanelHead title={t.todo} sub={t.boardTitle} />
      {none ? <Empty title={t.todoNone} icon="check" /> : null}
      {b.break_glass.map((g) => (
        <Row
          key={g.ground_id}
          title={glassTitle(g)}
          at={<Left until={g.open ? g.until_at : g.justify_by} />}
          sub={`${g.seat} · ${text.role[g.role] ?? g.role} · ${dayMinutes(g.opened_at)}`}
          href={formatRoute("break-glass")}
        />
      ))}
      {b.requests.map((r) => (
        <Row
          key={r.request_id}
          title={t.requestWaits(t.requestKinds[r.kind] ?? r.kind)}
          at={<Left until={r.answer_by} />}
          sub={dayMinutes(r.asked_at)}
          href={formatRoute("approvals")}
        />
      ))}
      {b.questions.map((q) => (
        <Row
          key={q.complaint_id}
          title={t.questionFrom(text.role[q.role] ?? q.role)}
          at={dayMinutes(q.asked_at)}
          sub={q.words ?? ""}
          onClick={() => setAnswering(q)}
        />
      ))}
      {b.refusals.map((r) => (
        <Row
          key={r.seat + r.role}
          title={t.refusalsOf(r.n)}
          sub={`${r.seat} · ${text.role[r.role] ?? r.role}`}
          href={formatRoute("ledger", undefined, { who: r.seat, only: "refused" })}
        />
      ))}
      {answering ? <AnswerDialog question={answering} onClose={() => setAnswering(undefined)} /> : null}
    </>
  );
}

function AnswerDialog(p: { question: BoardData["questions"][number]; onClose: () => void }) {
  const t = useOpenness();
  const client = useQueryClient();
  const [said, setSaid] = useState("");
  const send = () => {
    if (!said.trim()) return;
    void openness.answer(p.question.complaint_id, said.trim()).then(() => {
      void client.invalidateQueries({ queryKey: ["board"] });
      p.onClose();
    });
  };
  return (
    <Dialog
      title={t.answer}
      hint={t.answerHint}
      onClose={p.onClose}
      onSend={send}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={!said.trim()} onClick={send}>
            {t.send}
          </Button>
        </>
      }
    >
      <p className="sm">“{p.question.words}”</p>
      <textarea className="in" data-first rows={4} value={said} onChange={(e) => setSaid(e.target.value)} />
    </Dialog>
  );
}

function Unusual({ b }: { b: BoardData }) {
  const t = useOpenness();
  const client = useQueryClient();
  const fold = () => void openness.draft(b.month).then(() => client.invalidateQueries({ queryKey: ["board"] }));
  return (
    <div className="scroll board-unusual">
      <PanelHead
        title={t.anomalies}
        sub={b.folded_at ? t.folded(dayMinutes(b.folded_at)) : t.notFolded}
        right={
          <Button small onClick={fold}>
            {t.foldNow}
          </Button>
        }
      />
      {b.anomalies.length ? (
        b.anomalies.map((a, i) => <AnomalyRow key={a.key} a={a} rank={i + 1} seat={a.seat ?? ""} />)
      ) : (
        <Empty title={b.folded_at ? t.anomaliesNone : t.notFolded} icon="check" />
      )}
    </div>
  );
}

/** What stands out, why it is ranked there, and what one finds about it. */
export function AnomalyRow(p: { a: Anomaly; rank: number; seat: string; finding?: string | undefined }) {
  const t = useOpenness();
  const text = useText();
  const { locale } = useLocale();
  const judge = useFinding();
  const { a } = p;
  return (
    <div className="anomaly">
      <span className="num t3">{p.rank}</span>
      <div className="col">
        <div className="fx">
          <b>{t.kind[a.kind] ?? a.kind}</b>
          {a.broken ? <span className="bd p2">{t.ruleBroken}</span> : null}
          <span className="t3 sm">
            {p.seat} · {text.role[a.role] ?? a.role}
          </span>
          <span className="sp" />
          {a.broken ? null : (
            <span className="num" title={t.score}>
              {a.score.toFixed(1)}
            </span>
          )}
        </div>
        <p className="sm">{a[locale]}</p>
        <p className="xs t3">
          {a.usual !== null && a.spread !== null ? `${t.scoreHow(a.value, a.usual, a.spread)} · ` : ""}
          {t.evidence} {a.seqs.slice(0, 4).map(count).join(", ")}
          {a.seqs.length > 4 ? " …" : ""}
        </p>
        <div className="fx">
          <Button small onClick={() => judge(`anomaly:${a.key}`, "fine")}>
            {t.fine}
          </Button>
          <Button small onClick={() => judge(`anomaly:${a.key}`, "ask")}>
            {t.ask}
          </Button>
          <Button small onClick={() => judge(`anomaly:${a.key}`, "raise")}>
            {t.raise}
          </Button>
          {p.finding ? <span className="bd o">{t.finding[p.finding]}</span> : null}
          <span className="sp" />
          <a className="sm t3" href={formatRoute("ledger", undefined, { who: p.seat })}>
            {t.seatLooks}
          </a>
        </div>
      </div>
    </div>
  );
}

const CELLS = 24;

/** Rows are grounds, cells are hours: darker is none, lighter is many. */
function Hours({ b }: { b: BoardData }) {
  const t = useOpenness();
  const end = Math.floor(Date.parse(b.now) / 3_600_000);
  const rows = new Map<string, number[]>();
  for (const h of b.hours) {
    const at = CELLS - 1 - (end - Math.floor(Date.parse(h.at) / 3_600_000));
    if (at < 0 || at >= CELLS) continue;
    const row = rows.get(h.ground) ?? Array.from({ length: CELLS }, () => 0);
    row[at] = (row[at] ?? 0) + h.n;
    rows.set(h.ground, row);
  }
  const most = Math.max(1, ...[...rows.values()].flat());
  return (
    <div className="pb">
      <h3>{t.hours}</h3>
      <div className="hours">
        {[...rows].map(([ground, cells]) => (
          <div className="hours-row" key={ground}>
            <span className="xs cut" title={ground}>
              {ground || "–"}
            </span>
            {cells.map((n, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: an hour is its place
              <i key={i} title={String(n)} style={{ opacity: n ? 0.15 + (0.75 * n) / most : 0.05 }} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function ReviewCard({ b }: { b: BoardData }) {
  const t = useOpenness();
  return (
    <div className="sec">
      <PanelHead plain title={t.review} sub={b.review.month} />
      <dl className="kv pb">
        <dt>{t.reviewOf(b.review.month)}</dt>
        <dd>{t.reviewState[b.review.state] ?? b.review.state}</dd>
        <dt>{t.sign}</dt>
        <dd className="num">{t.reviewDue(dayMinutes(b.review.due_at))}</dd>
        <dt>{t.chain}</dt>
        <dd className="mono">{b.chain.root ? shortHash(b.chain.root) : "–"}</dd>
        <dt>{t.witnesses}</dt>
        <dd className="num" data-witnesses={b.chain.witnesses.length}>
          {b.chain.witnesses.length === 0
            ? t.noWitness
            : b.chain.witnesses.map((w) => (
                <div key={w.centre_id}>{t.witness(count(w.size), dayMinutes(w.signed_at))}</div>
              ))}
        </dd>
      </dl>
      <div className="pb">
        <Button cap="R" onClick={() => go("review", b.review.month)}>
          {t.open}
        </Button>
      </div>
    </div>
  );
}
