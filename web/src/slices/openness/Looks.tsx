/** Screen 07: who saw what, under which ground, what was refused; the chosen entry proved in this browser. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Finding, openness, type SeatLook, useLooks } from "../../api/openness";
import { clock, count, dayMinutes, elapsed, shortId } from "../../kit/format";
import { rootFromPath } from "../../kit/hash";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Hint, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useLocale } from "../../text";
import { useOpenness } from "../../text/openness";
import { ChainWalk, useChain } from "./Chain";
import { Download } from "./Download";

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const today = (at: string): boolean => new Date(at).toDateString() === new Date().toDateString();

export function useFinding(): (about: string, finding: Finding) => void {
  const client = useQueryClient();
  return (about, finding) => {
    void openness.judge(about, finding).then(() => {
      void client.invalidateQueries({ queryKey: ["looks"] });
      void client.invalidateQueries({ queryKey: ["board"] });
      void client.invalidateQueries({ queryKey: ["review"] });
    });
  };
}

export function Looks({ tabs }: { tabs: React.ReactNode }) {
  const t = useOpenness();
  const [who, setWho] = useQueryWord("who");
  const [only, setOnly] = useQueryWord("only");
  const [before, setBefore] = useQueryWord("before");
  const [chosenId, setChosen] = useQueryWord("look");
  const [typed, setTyped] = useState(who ?? "");
  const [asking, setAsking] = useState(false);
  const subject = who && UUID.test(who) ? who : undefined;
  const page = useLooks({
    subject,
    seat: subject ? undefined : who,
    allowed: only === "refused" ? "false" : undefined,
    before,
  });
  const looks = page.data?.looks ?? [];
  const chosen = looks.find((l) => l.look_id === chosenId);
  const judge = useFinding();
  const chain = useChain();
  const found = (finding: Finding) => () => {
    if (chosen?.seq) judge(`entry:${chosen.seq}`, finding);
  };
  const moves = useMoves(
    looks,
    (l) => l === chosen,
    (l) => setChosen(l.look_id),
  );
  const narrow = (word: string | undefined) => {
    setBefore(undefined);
    setTyped(word ?? "");
    setWho(word);
  };
  useKeys([
    { code: "KeyF", hint: t.filter, run: () => document.querySelector<HTMLInputElement>("[name=who]")?.focus() },
    ...moves,
    { code: "KeyY", hint: t.fine, run: found("fine") },
    { code: "KeyQ", hint: t.ask, run: found("ask") },
    { code: "KeyU", hint: t.raise, run: found("raise") },
    { code: "KeyV", hint: t.verify, run: chain.walk },
    { code: "KeyD", hint: t.download, run: () => setAsking(true) },
  ]);
  return (
    <main className="main ledger-grid">
      <section className="panel" aria-label={t.looks}>
        <PanelHead
          title={tabs}
          sub={t.looksSub}
          right={
            <>
              <form
                onSubmit={(e) => {
                  e.preventDefault();
                  narrow(typed.trim() || undefined);
                  (document.activeElement as HTMLElement | null)?.blur();
                }}
              >
                <input
                  className="in"
                  name="who"
                  placeholder={t.filterHow}
                  aria-label={t.filter}
                  value={typed}
                  onChange={(e) => setTyped(e.target.value)}
                />
              </form>
              <Hint cap="F" />
              <Button small onClick={() => setOnly(only ? undefined : "refused")}>
                {only ? t.all : t.onlyRefused}
              </Button>
              <Button small cap="D" onClick={() => setAsking(true)}>
                {t.download}
              </Button>
            </>
          }
        />
        {page.data ? (
          <div className="scroll">
            {looks.length ? (
              <LooksTable looks={looks} chosen={chosen?.look_id} pick={setChosen} />
            ) : (
              <Empty title={t.none} icon="ledger" />
            )}
            <div className="fx pb">
              {before ? (
                <Button small onClick={() => setBefore(undefined)}>
                  {t.latest}
                </Button>
              ) : null}
              {page.data.next ? (
                <Button small onClick={() => setBefore(page.data?.next ?? undefined)}>
                  {t.older}
                </Button>
              ) : null}
            </div>
          </div>
        ) : (
          <Answer error={page.error} retry={() => void page.refetch()} what={t.looks} />
        )}
        <ChainWalk chain={chain} />
      </section>
      <section className="panel scroll" aria-label={t.chosen}>
        <PanelHead
          title={chosen?.seq ? `${t.chosen} ${count(chosen.seq)}` : t.chosen}
          right={chosen && !chosen.allowed ? <span className="bd o c2">{t.refused}</span> : undefined}
        />
        {chosen ? <Chosen look={chosen} narrow={narrow} judge={found} /> : <p className="pb sm t3">{t.none}</p>}
      </section>
      {asking ? (
        <Download
          form={{ what: "looks", subject, allowed: only ? false : undefined }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </main>
  );
}

function LooksTable(p: { looks: readonly SeatLook[]; chosen: string | undefined; pick: (id: string) => void }) {
  const t = useOpenness();
  const { locale } = useLocale();
  return (
    <table className="tbl looks">
      <thead>
        <tr>
          <th>{t.when}</th>
          <th>{t.seat}</th>
          <th>{t.org}</th>
          <th>{t.what}</th>
          <th>{t.whom}</th>
          <th>{t.ground}</th>
          <th>{t.permit}</th>
          <th className="r">{t.long}</th>
          <th className="r">{t.seal}</th>
        </tr>
      </thead>
      <tbody>
        {p.looks.map((l) => (
          <tr key={l.look_id} className={l.look_id === p.chosen ? "sel" : ""} onClick={() => p.pick(l.look_id)}>
            <td className="num">{today(l.at) ? clock(l.at) : dayMinutes(l.at)}</td>
            <td>
              <b className="t1">{l.seat || l.role_said[locale]}</b>
            </td>
            <td>{l.organisation[locale]}</td>
            <td>{l.what[locale]}</td>
            <td className="mono">{whom(l, t)}</td>
            <td className="cut">
              {l.allowed ? (
                l.ground_kind === "vital_interest" ? (
                  <span className="bd p2">{t.glass}</span>
                ) : (
                  l.ground[0]
                )
              ) : (
                <span className="bd o">
                  ✕ {t.refused} · {l.reasons[0]?.[locale] ?? ""}
                </span>
              )}
            </td>
            <td className="num">{l.permit ?? "–"}</td>
            <td className="r num">
              {l.allowed && l.duration_s !== null
                ? `${l.running ? `${t.running} ` : ""}${elapsed(l.duration_s)}`
                : t.refused}
            </td>
            <td className="r num">{l.seq === null ? "…" : count(l.seq)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function whom(l: SeatLook, t: ReturnType<typeof useOpenness>): string {
  if (l.resources.length === 0) return t.list;
  return l.resources.length === 1 ? shortId(l.resources[0] as string) : t.many(l.resources.length);
}

function Chosen(p: { look: SeatLook; narrow: (word: string) => void; judge: (f: Finding) => () => void }) {
  const t = useOpenness();
  const { locale } = useLocale();
  const l = p.look;
  const subject = l.resources.length === 1 ? l.resources[0] : undefined;
  return (
    <div className="pb col" style={{ gap: 12 }}>
      <p className="sm">
        <b>{l.seat || l.role_said[locale]}</b> · {l.role_said[locale]} · {l.what[locale]}{" "}
        {l.allowed ? "" : t.sawNothing}
      </p>
      <dl className="kv">
        <dt>{t.when}</dt>
        <dd className="num">{dayMinutes(l.at)}</dd>
        <dt>{t.purpose}</dt>
        <dd>{l.purpose_said?.[locale] ?? l.purpose}</dd>
        <dt>{l.allowed ? t.ground : t.why}</dt>
        <dd>{(l.allowed ? l.ground : l.reasons.map((r) => r[locale])).join(" · ")}</dd>
        <dt>{t.whom}</dt>
        <dd className="mono wrap-any">{l.resources.length ? l.resources.slice(0, 4).join(" ") : t.list}</dd>
      </dl>
      <div className="fx wrap" style={{ gap: 6 }}>
        <Button small cap="Y" onClick={p.judge("fine")}>
          {t.fine}
        </Button>
        <Button small cap="Q" onClick={p.judge("ask")}>
          {t.ask}
        </Button>
        <Button small cap="U" onClick={p.judge("raise")}>
          {t.raise}
        </Button>
        {l.finding ? <span className="bd o">{t.finding[l.finding]}</span> : null}
      </div>
      <div className="fx wrap" style={{ gap: 6 }}>
        {subject ? (
          <Button small tone="line" onClick={() => p.narrow(subject)}>
            {t.subjectLooks}
          </Button>
        ) : null}
        {l.seat ? (
          <Button small tone="line" onClick={() => p.narrow(l.seat)}>
            {t.seatLooks}
          </Button>
        ) : null}
      </div>
      {l.seq === null ? null : <Proved seq={l.seq} />}
    </div>
  );
}

/** The audit path of an entry, computed here: whoever reads this need not believe the server. */
function Proved({ seq }: { seq: number }) {
  const t = useOpenness();
  const proof = useQuery({
    queryKey: ["proof", seq],
    queryFn: async () => {
      const { entry, path, checkpoint } = await openness.inclusion(seq);
      const { size, root } = checkpoint;
      const computed = globalThis.crypto?.subtle ? await rootFromPath(entry.hash, seq - 1, size, path) : "cannot";
      return { leaf: entry.hash, path, size, root, computed };
    },
    retry: false,
  });
  const p = proof.data;
  const state = !p ? "wait" : p.computed === "cannot" ? "cannot" : p.computed === p.root ? "right" : "wrong";
  const said = {
    wait: t.proofWait,
    cannot: t.proofCannot,
    right: t.proofRight(count(p?.size ?? 0)),
    wrong: t.proofWrong,
  };
  return (
    <div className="sec" data-proof={state}>
      <h3>{t.proof}</h3>
      <p className={`sm${state === "wrong" ? " c1" : ""}`}>{said[state]}</p>
      {p ? (
        <p className="mono xs t3 wrap-any">
          {p.leaf.slice(0, 16)}… → {p.path.length} → {p.root.slice(0, 16)}…
        </p>
      ) : null}
    </div>
  );
}
