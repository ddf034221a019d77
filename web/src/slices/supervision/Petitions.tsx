/** A director's papers: reports that wait for a choice, contests that wait for a decision, what lies at the court. */
import { useState } from "react";
import {
  type Contest,
  type Petition,
  type Report,
  useDay,
  usePapers,
  useWaitingPapers,
  type Violation,
  type Waiting,
} from "../../api/procedure";
import type { Account } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { dayMinutes } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Facts, PanelHead } from "../../kit/parts";
import { formatRoute, go, useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { asksOf, TallyRow } from "./Procedure";
import { ContestSheet, NoPetitionSheet, PetitionSheet } from "./ProcedureForms";
import { WearersTabs } from "./tabs";
import "./procedure.css";

type Paper =
  | { kind: "report"; id: string; wearer: string; since: string; of: Report }
  | { kind: "contest"; id: string; wearer: string; since: string; of: Contest }
  | { kind: "petition"; id: string; wearer: string; since: string; of: Petition };

/** In the order they are to be answered: grave reports, the other reports, contests; then what another has. */
export function papersOf(waiting: Waiting): Paper[] {
  const grave = (r: Report) => (r.degree === "grave" ? 0 : 1);
  const reports = [...waiting.reports].sort(
    (a, b) => grave(a) - grave(b) || a.reported_at.localeCompare(b.reported_at),
  );
  return [
    ...reports.map(
      (of): Paper => ({ kind: "report", id: of.report_id, wearer: of.wearer_id, since: of.reported_at, of }),
    ),
    ...waiting.contests.map(
      (of): Paper => ({ kind: "contest", id: of.contest_id, wearer: of.wearer_id, since: of.contested_at, of }),
    ),
    ...waiting.petitions.map(
      (of): Paper => ({ kind: "petition", id: of.petition_id, wearer: of.wearer_id, since: of.filed_at, of }),
    ),
  ];
}

type Doing = "petition" | "no_petition" | "uphold" | "dismiss";

export function Petitions({ account }: { account: Account }) {
  const text = useText();
  const t = useProcedureText();
  const answer = useWaitingPapers();
  const today = useDay();
  const codes = new Map(today.data?.wearers.map((l) => [l.wearer.wearer_id, l.wearer.code]));
  const [word, choose] = useQueryWord("paper");
  const [doing, setDoing] = useState<Doing>();
  const list = answer.data ? papersOf(answer.data) : [];
  const chosen = list.find((p) => p.id === word) ?? list[0];
  const moves = useMoves(
    list,
    (p) => p === chosen,
    (p) => choose(p.id),
  );
  useKeys([
    ...moves,
    ...(chosen ? [{ code: "Enter", hint: t.openWearer, run: () => go("wearers", chosen.wearer) }] : []),
    ...(chosen?.kind === "report"
      ? [
          { code: "KeyP", hint: t.doPetition, run: () => setDoing("petition") },
          { code: "KeyO", hint: t.doNot, run: () => setDoing("no_petition") },
        ]
      : []),
    ...(chosen?.kind === "contest"
      ? [
          { code: "KeyU", hint: t.uphold, run: () => setDoing("uphold") },
          { code: "KeyD", hint: t.dismiss, run: () => setDoing("dismiss") },
        ]
      : []),
  ]);
  const titles = { report: t.reports, contest: t.contests, petition: t.atCourt };
  const of = (kind: Paper["kind"]) => list.filter((p) => p.kind === kind);
  return (
    <main className="main papers-grid">
      <section className="panel" aria-label={t.petitions}>
        <PanelHead title={<WearersTabs account={account} chosen="petitions" />} />
        {answer.data ? (
          <div className="scroll" role="listbox" aria-label={t.petitions} tabIndex={0}>
            {list.length === 0 ? <Empty title={t.noPapers} body={t.noPapersBody} icon="check" /> : null}
            {(["report", "contest", "petition"] as const).map((kind) => (
              <Group key={kind} title={titles[kind]} list={of(kind)} codes={codes} chosen={chosen} onPick={choose} />
            ))}
          </div>
        ) : (
          <Answer error={answer.error} retry={() => void answer.refetch()} what={text.wearer.list} />
        )}
      </section>
      <section className="panel" aria-label={t.violation}>
        {chosen && answer.data ? (
          <Sheet
            key={chosen.id}
            paper={chosen}
            code={codes.get(chosen.wearer) ?? ""}
            who={answer.data.who}
            doing={doing}
            onDo={setDoing}
            onClose={() => setDoing(undefined)}
          />
        ) : null}
      </section>
    </main>
  );
}

function Group({
  title,
  list,
  codes,
  chosen,
  onPick,
}: {
  title: string;
  list: readonly Paper[];
  codes: ReadonlyMap<string, string>;
  chosen: Paper | undefined;
  onPick: (id: string) => void;
}) {
  if (list.length === 0) return null;
  return (
    <>
      <div className="grp" role="presentation">
        {title} {list.length}
      </div>
      {list.map((p) => (
        <Row key={p.id} paper={p} code={codes.get(p.wearer) ?? "…"} chosen={p === chosen} onPick={() => onPick(p.id)} />
      ))}
    </>
  );
}

function Row({ paper, code, chosen, onPick }: { paper: Paper; code: string; chosen: boolean; onPick: () => void }) {
  const text = useText();
  const t = useProcedureText();
  const now = useNow();
  const grave = paper.kind === "report" && paper.of.degree === "grave";
  return (
    <button
      type="button"
      role="option"
      aria-selected={chosen}
      className={`paper${chosen ? " sel" : ""}`}
      data-paper={paper.kind}
      onClick={onPick}
    >
      <span className="fx">
        <b className="t1">{code}</b>
        {paper.kind === "report" ? (
          <span className={`bd ${grave ? "p1" : "p3"}`}>{t.degree[paper.of.degree]}</span>
        ) : null}
      </span>
      <span className={`num${grave ? " c1" : " t3"}`}>{text.ago(ageS(paper.since, now))}</span>
      <span className="xs t3 cut">
        {paper.kind === "report" ? paper.of.note : paper.kind === "contest" ? paper.of.said : asksOf(paper.of, t)}
      </span>
    </button>
  );
}

function Sheet({
  paper,
  code,
  who,
  doing,
  onDo,
  onClose,
}: {
  paper: Paper;
  code: string;
  who: Waiting["who"];
  doing: Doing | undefined;
  onDo: (doing: Doing) => void;
  onClose: () => void;
}) {
  const text = useText();
  const t = useProcedureText();
  const papers = usePapers(paper.wearer);
  const alarm = paper.kind === "petition" ? undefined : paper.of.alarm_id;
  const violation = papers.data?.violations.find((v) => v.alarm_id === alarm);
  const what = violation ? (text.condition[violation.trigger] ?? violation.trigger) : "";
  const open = (
    <a className="btn s line" href={formatRoute("wearers", paper.wearer, alarm ? { alarm } : {})}>
      {t.openWearer}
      <kbd>↵</kbd>
    </a>
  );
  const again = alarm ? (
    <a className="btn s line" href={formatRoute("replay", alarm)}>
      {t.replay}
    </a>
  ) : null;
  return (
    <>
      <PanelHead
        title={`${code} · ${{ report: t.report1, contest: t.contest1, petition: t.petition1 }[paper.kind]}`}
        sub={paper.kind === "petition" ? t.atCourtHint : t.petitionsHint}
        right={
          <span className="fx">
            {again}
            {open}
          </span>
        }
      />
      <div className="scroll">
        {paper.kind === "report" ? (
          <>
            <Facts
              rows={[
                [t.violation, what && `${what} · ${t.degree[paper.of.degree]}`],
                [t.reportAt, dayMinutes(paper.of.reported_at)],
                [t.reportBy, who[paper.of.reported_by]],
              ]}
            />
            {paper.of.note ? <p className="quote">{paper.of.note}</p> : null}
          </>
        ) : paper.kind === "contest" ? (
          <>
            <Facts
              rows={[
                [t.violation, what],
                [t.contestAt, dayMinutes(paper.of.contested_at)],
              ]}
            />
            <p className="quote">“{paper.of.said}”</p>
          </>
        ) : (
          <Filed petition={paper.of} who={who} />
        )}
        {papers.data ? (
          paper.kind === "petition" ? null : (
            <>
              <PanelHead plain title={t.counted} sub={t.most(papers.data.most_months)} />
              <TallyRow of={papers.data.counted} />
              <p className="xs t3 pb">{t.countedHint}</p>
              <Violations list={papers.data.violations} chosen={alarm} />
            </>
          )
        ) : (
          <Answer error={papers.error} retry={() => void papers.refetch()} what={t.procedure} />
        )}
      </div>
      {paper.kind === "report" ? (
        <div className="paper-acts">
          <Button tone="pri" cap="P" disabled={!papers.data?.counted.number} onClick={() => onDo("petition")}>
            {t.doPetition}
          </Button>
          <Button cap="O" onClick={() => onDo("no_petition")}>
            {t.doNot}
          </Button>
          {papers.data && !papers.data.counted.number ? <span className="sm c2">{t.nothingCounts}</span> : null}
        </div>
      ) : paper.kind === "contest" ? (
        <div className="paper-acts">
          <Button cap="U" onClick={() => onDo("uphold")}>
            {t.uphold}
          </Button>
          <Button cap="D" onClick={() => onDo("dismiss")}>
            {t.dismiss}
          </Button>
          <span className="sm t3">{t.contestHint}</span>
        </div>
      ) : null}
      {doing === "petition" && papers.data?.counted.number ? (
        <PetitionSheet
          wearer={paper.wearer}
          code={code}
          counted={papers.data.counted}
          most={papers.data.most_months}
          onClose={onClose}
        />
      ) : null}
      {doing === "no_petition" && paper.kind === "report" ? (
        <NoPetitionSheet report={paper.of} code={code} onClose={onClose} />
      ) : null}
      {(doing === "uphold" || doing === "dismiss") && paper.kind === "contest" ? (
        <ContestSheet contest={paper.of} upheld={doing === "uphold"} onClose={onClose} />
      ) : null}
    </>
  );
}

/** A petition as it was filed: what it asks, what it counted, why. */
export function Filed({ petition, who = {} }: { petition: Petition; who?: Record<string, string> }) {
  const t = useProcedureText();
  return (
    <>
      <Facts
        rows={[
          [t.asks, asksOf(petition, t)],
          [t.filedAt, dayMinutes(petition.filed_at)],
          [t.filedBy, who[petition.filed_by]],
          [t.risks, t.risk[petition.risk]],
          [t.riskWhy, petition.risk_why],
        ]}
      />
      <p className="quote">{petition.reason}</p>
      <PanelHead plain title={t.countedThen} sub={t.most(petition.most_months)} />
      <TallyRow of={petition.counted} />
    </>
  );
}

/** Every violation found of a wearer, and whether a petition would count it. */
function Violations({ list, chosen }: { list: readonly Violation[]; chosen: string | undefined }) {
  const text = useText();
  const t = useProcedureText();
  return (
    <table className="tbl d counted-table">
      <thead>
        <tr>
          <th>{t.foundWhen}</th>
          <th>{t.violation}</th>
          <th>{t.foundAs}</th>
          <th className="r">{t.counted1}</th>
        </tr>
      </thead>
      <tbody>
        {list.map((v) => (
          <tr key={v.alarm_id} className={v.alarm_id === chosen ? "sel" : ""}>
            <td className="num">{dayMinutes(v.found_at)}</td>
            <td>
              {text.condition[v.trigger] ?? v.trigger}{" "}
              <span className={`xs ${v.degree === "grave" ? "c1" : "t3"}`}>{t.degree[v.degree]}</span>
            </td>
            <td>{t.finding[v.finding]}</td>
            <td className={`r ${v.counts ? "t1" : "t3"}`}>
              {v.counts ? t.countsYes : v.contested && v.upheld === null ? t.contest1 : t.countsNot}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
