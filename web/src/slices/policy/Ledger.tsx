/** Screen 07, light: who saw what, the head of the chain, the permits. */
import { useMemo, useState } from "react";
import { useLedger, usePermits } from "../../api/hooks";
import type { LedgerEntry, LedgerPage } from "../../api/types";
import { clock, count, dayMinutes, shortHash } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Hint, PanelHead, PermitBadge } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useConnected } from "../../live/store";
import { useText } from "../../text";

const PAGE = 40;
/** Ids in a body that say who or what it is about, the most telling first. */
const ABOUT = [
  "incident_id",
  "alarm_id",
  "provision_id",
  "camera_id",
  "permit_id",
  "wearer_id",
  "protected_person_id",
  "order_id",
  "resource",
  "account_id",
  "device_id",
];

/** What a record is about, in as few letters as tell it apart. */
export function about(body: Record<string, unknown>): string {
  if (typeof body.code === "string") return body.code;
  for (const key of ABOUT) {
    const value = body[key];
    if (typeof value === "string" && value) return `${key.replace(/_id$/, "")} ${value.slice(-6)}`;
  }
  return "";
}
/** `account:0190…ab12cd` → the kind of actor and the tail of its id. */
export function actorWords(actor: string, kinds: Record<string, string>): string {
  const [kind = "", name = ""] = actor.split(":");
  const tail = /^[0-9a-f-]{36}$/.test(name) ? name.slice(-6) : name;
  return `${kinds[kind] ?? kind} ${tail}`.trim();
}
export function refused(entry: Pick<LedgerEntry, "kind" | "body">): boolean {
  return entry.body.allowed === false || entry.kind.includes(".refused.") || entry.body.succeeded === false;
}

export function LedgerTable({
  entries,
  chosen,
  onPick,
}: {
  entries: readonly LedgerEntry[];
  chosen: number | undefined;
  onPick: (seq: number) => void;
}) {
  const text = useText();
  const t = text.ledger;
  return (
    <table className="tbl ledger">
      <thead>
        <tr>
          <th>{t.when}</th>
          <th>{t.actor}</th>
          <th>{t.kind}</th>
          <th>{t.about}</th>
          <th>{t.hash}</th>
          <th className="r">{t.seal}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((e) => (
          <tr key={e.seq} className={e.seq === chosen ? "sel" : ""} onClick={() => onPick(e.seq)}>
            <td className="num">{clock(e.at)}</td>
            <td>
              <b className="t1">{actorWords(e.actor, t.actors)}</b>
            </td>
            <td>
              {e.kind} {refused(e) ? <span className="bd o">✕ {t.refused}</span> : null}
            </td>
            <td>{about(e.body)}</td>
            <td className="mono">{e.hash.slice(0, 8)}</td>
            <td className="r num">{count(e.seq)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function ChainHead({ page }: { page: Pick<LedgerPage, "head" | "checkpoint"> }) {
  const text = useText();
  const t = text.ledger;
  return (
    <div className="pb chain">
      <div className="fx">
        <Icon name="seal" />
        <span>
          {t.head} <b className="num">{page.head ? count(page.head.seq) : "–"}</b>
        </span>
        <span className="mono sm">{page.head ? shortHash(page.head.hash ?? "") : ""}</span>
        <span className="sp" />
        {page.checkpoint ? (
          <>
            <span>
              {t.checkpoint} <b className="num">{t.size(count(page.checkpoint.size))}</b>
            </span>
            <span className="mono sm">{shortHash(page.checkpoint.root)}</span>
            <span className="t3">{t.signedAt(clock(page.checkpoint.signed_at))}</span>
          </>
        ) : (
          <span className="t3">{t.noCheckpoint}</span>
        )}
      </div>
      <p className="xs t3">{t.verify}</p>
    </div>
  );
}

export function Ledger({ tabs }: { tabs?: React.ReactNode }) {
  const text = useText();
  const t = text.ledger;
  const [afterWord, setAfter] = useQueryWord("after");
  const [kind, setKind] = useQueryWord("kind");
  const [chosenWord, setChosen] = useQueryWord("record");
  const [typed, setTyped] = useState(kind ?? "");
  const connected = useConnected();
  // without a place in the address the newest page is shown
  const after = afterWord === undefined ? undefined : Number(afterWord);
  const page = useLedger(after, kind, PAGE);
  const head = page.data?.head?.seq;
  const entries = useMemo(() => [...(page.data?.entries ?? [])].sort((a, b) => b.seq - a.seq), [page.data]);
  const chosen = entries.find((e) => String(e.seq) === chosenWord);
  const situation = chosen?.body.incident_id;
  const permits = usePermits(typeof situation === "string" ? situation : undefined);
  const older = () => {
    const first = entries.at(-1)?.seq;
    if (first !== undefined && first > 1) setAfter(String(Math.max(0, first - PAGE - 1)));
  };
  const newer = () => {
    const last = entries[0]?.seq;
    if (last !== undefined && head !== undefined) setAfter(last >= head - PAGE ? undefined : String(last));
  };
  const moves = useMoves(
    entries,
    (e) => e === chosen,
    (e) => setChosen(String(e.seq)),
  );
  useKeys([
    ...moves,
    { code: "KeyF", hint: t.filter, run: () => document.querySelector<HTMLInputElement>("[name=kind]")?.focus() },
    { code: "BracketLeft", hint: t.older, run: older },
    { code: "BracketRight", hint: t.newer, run: newer },
  ]);
  return (
    <main className="main ledger-grid">
      <section className="panel" aria-label={t.title}>
        <PanelHead
          title={tabs ?? t.title}
          sub={head === undefined ? undefined : t.size(count(head))}
          right={
            <>
              <form
                onSubmit={(e) => {
                  e.preventDefault();
                  setKind(typed.trim() || undefined);
                  (document.activeElement as HTMLElement | null)?.blur();
                }}
              >
                <input
                  className="in"
                  name="kind"
                  placeholder={t.filter}
                  aria-label={t.filter}
                  value={typed}
                  onChange={(e) => setTyped(e.target.value)}
                />
              </form>
              <Hint cap="F" />
              <Button small cap="[" onClick={older}>
                {t.older}
              </Button>
              <Button small cap="]" onClick={newer}>
                {t.newer}
              </Button>
            </>
          }
        />
        {page.data ? (
          <div className="scroll">
            {entries.length ? (
              <LedgerTable entries={entries} chosen={chosen?.seq} onPick={(seq) => setChosen(String(seq))} />
            ) : (
              <Empty title={t.none} icon="ledger" />
            )}
          </div>
        ) : (
          <Answer error={page.error} retry={() => void page.refetch()} what={t.title} />
        )}
        {page.data ? (
          <div className="sec">
            <PanelHead plain title={t.chain} />
            <ChainHead page={page.data} />
          </div>
        ) : null}
      </section>
      <section className="panel scroll" aria-label={t.permits}>
        <PanelHead title={t.permits} sub={String(permits.data?.permits.length ?? 0)} />
        {permits.data ? (
          <div className="pb col permits">
            {permits.data.permits.map((p) => (
              <PermitBadge key={p.permit_id} permit={p} connected={connected} />
            ))}
            {permits.data.permits.length === 0 ? <p className="sm t3">{t.noPermits}</p> : null}
          </div>
        ) : (
          <p className="pb sm t3">{permits.error ? permits.error.message : t.permitsHint}</p>
        )}
        {chosen ? (
          <div className="sec next-step">
            <PanelHead plain title={t.chosen(count(chosen.seq))} sub={refused(chosen) ? t.refused : undefined} />
            <dl className="kv pb">
              <div className="kv-row">
                <dt>{t.when}</dt>
                <dd className="num">{dayMinutes(chosen.at)}</dd>
              </div>
              <div className="kv-row">
                <dt>{t.actor}</dt>
                <dd>{actorWords(chosen.actor, t.actors)}</dd>
              </div>
              {Object.entries(chosen.body).map(([key, value]) => (
                <div className="kv-row" key={key}>
                  <dt className="mono">{key}</dt>
                  <dd className="mono wrap-any">{typeof value === "string" ? value : JSON.stringify(value)}</dd>
                </div>
              ))}
              <div className="kv-row">
                <dt>{t.hash}</dt>
                <dd className="mono wrap-any">{chosen.hash}</dd>
              </div>
            </dl>
          </div>
        ) : null}
      </section>
    </main>
  );
}
