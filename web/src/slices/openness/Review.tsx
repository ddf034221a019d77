/** A month's review: counts, what stands out and why, findings, and the signature. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { openness, type Review as ReviewData, useReview, useReviews } from "../../api/openness";
import type { Account } from "../../api/types";
import { Dialog } from "../../kit/Dialog";
import { count, dayMinutes } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { Button, PanelHead } from "../../kit/parts";
import { go } from "../../kit/route";
import { Answer, Refused } from "../../kit/states";
import { useText } from "../../text";
import { useOpenness } from "../../text/openness";
import { AnomalyRow } from "./Board";
import { Download } from "./Download";

const MOST_LINES = 200;
const TOTALS = ["decisions", "looks", "refused", "seats", "break_glass", "downloads"] as const;

export function Review({ month, account }: { month: string | undefined; account: Account }) {
  const t = useOpenness();
  const all = useReviews();
  const shown = month ?? all.data?.reviews[0]?.month;
  const review = useReview(shown);
  const [open, setOpen] = useState<"sign" | "download">();
  useKeys([
    { code: "KeyP", hint: t.download, run: () => setOpen("download") },
    { code: "KeyS", hint: t.sign, run: () => setOpen("sign") },
  ]);
  return (
    <main className="main review-grid">
      <section className="panel scroll" aria-label={t.months}>
        <PanelHead title={t.review} />
        {(all.data?.reviews ?? []).map((r) => (
          <button
            type="button"
            key={r.month}
            className={`due bare-row${r.month === shown ? " sel" : ""}`}
            onClick={() => go("review", r.month)}
          >
            <b className="num">{r.month}</b>
            <span className="xs">{t.reviewState[r.state] ?? r.state}</span>
            <span className="xs t3">{t.folded(dayMinutes(r.folded_at))}</span>
          </button>
        ))}
      </section>
      {review.data ? (
        <Body key={review.data.month} r={review.data} account={account} open={setOpen} />
      ) : (
        <section className="panel">
          <Answer error={review.error} retry={() => void review.refetch()} what={t.review} />
        </section>
      )}
      {open === "download" && shown ? (
        <Download form={{ what: "review", month: shown }} onClose={() => setOpen(undefined)} />
      ) : null}
      {open === "sign" && shown && review.data?.state === "draft" ? (
        <Sign month={shown} onClose={() => setOpen(undefined)} />
      ) : null}
    </main>
  );
}

function Body(p: { r: ReviewData; account: Account; open: (what: "sign" | "download") => void }) {
  const { r } = p;
  const t = useOpenness();
  const text = useText();
  const signs = p.account.role === "privacy_officer" && r.state === "draft";
  return (
    <>
      <section className="panel" aria-label={t.reviewOf(r.month)}>
        <PanelHead
          title={t.reviewOf(r.month)}
          sub={t.reviewLaw}
          right={
            <>
              <span className="bd o">
                {r.signed_at ? t.signed(dayMinutes(r.signed_at)) : (t.reviewState[r.state] ?? r.state)}
              </span>
              <Button small cap="P" onClick={() => p.open("download")}>
                {t.download}
              </Button>
              {signs ? (
                <Button small tone="pri" cap="S" onClick={() => p.open("sign")}>
                  {t.sign}
                </Button>
              ) : null}
            </>
          }
        />
        <div className="review-totals">
          {TOTALS.map((key) => (
            <div key={key}>
              <span className="xs t3">{t.totals[key] ?? key}</span>
              <b className="vital-n">{count(r.totals[key])}</b>
            </div>
          ))}
        </div>
        <div className="scroll">
          {r.anomalies.length ? (
            r.anomalies.map((a, i) => (
              <AnomalyRow
                key={a.key}
                a={a}
                rank={i + 1}
                seat={r.seats[a.account_id] ?? ""}
                finding={r.judged[a.key]?.finding}
              />
            ))
          ) : (
            <p className="pb sm t3">{t.anomaliesNone}</p>
          )}
          {r.note ? <p className="pb sm">“{r.note}”</p> : null}
          <p className="pb mono xs t3 wrap-any">
            {t.hash} {r.sha256}
          </p>
        </div>
      </section>
      <section className="panel scroll" aria-label={t.countsTitle}>
        <PanelHead title={t.countsTitle} />
        <table className="tbl d">
          <thead>
            <tr>
              <th>{t.seat}</th>
              <th>{t.ground}</th>
              <th>{t.result}</th>
              <th className="r">{t.times}</th>
            </tr>
          </thead>
          <tbody>
            {r.counts.slice(0, MOST_LINES).map((c) => (
              <tr key={`${c.account_id}${c.purpose}${c.clause}${c.allowed}`}>
                <td>
                  <b className="t1">{r.seats[c.account_id] ?? (text.role[c.role] || c.role)}</b>
                </td>
                <td className="cut">
                  {c.purpose} · {c.clause || "–"}
                </td>
                <td>{c.allowed ? t.allowed : <span className="bd o">✕ {t.refused}</span>}</td>
                <td className="r num">{count(c.n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function Sign({ month, onClose }: { month: string; onClose: () => void }) {
  const t = useOpenness();
  const client = useQueryClient();
  const [note, setNote] = useState("");
  const [error, setError] = useState<Error>();
  const send = () => {
    openness
      .sign(month, note.trim())
      .then(() => {
        void client.invalidateQueries();
        onClose();
      })
      .catch(setError);
  };
  return (
    <Dialog
      title={t.sign}
      hint={t.signHint}
      onClose={onClose}
      onSend={send}
      foot={
        <>
          <span className="sp" />
          <Button tone="pri" cap="Ctrl ↵" disabled={note.trim().length < 10} onClick={send}>
            {t.sign}
          </Button>
        </>
      }
    >
      <textarea className="in" data-first rows={4} value={note} onChange={(e) => setNote(e.target.value)} />
      {error instanceof Refusal ? <Refused refusal={error} /> : null}
    </Dialog>
  );
}
