/** Who looks after whom: what each officer bears against the limit, who has nobody, and what is proposed. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Caseloads, type Officer, procedure, useCaseload, useDay } from "../../api/procedure";
import type { Account } from "../../api/types";
import { FormSheet } from "../../kit/FormSheet";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { officesOf } from "./procedureRules";
import { WearersTabs } from "./tabs";
import "./procedure.css";

type Person = { id: string; code: string; priors: number };

export function Caseload({ account }: { account: Account }) {
  const text = useText();
  const t = useProcedureText();
  const today = useDay();
  const offices = officesOf(today.data?.wearers ?? []);
  const [word, choose] = useQueryWord("office");
  const office = offices.find((o) => o === word) ?? offices[0];
  const answer = useCaseload(office);
  const people = new Map(
    (today.data?.wearers ?? []).map((l): [string, Person] => [
      l.wearer.wearer_id,
      { id: l.wearer.wearer_id, code: l.wearer.code, priors: l.priors },
    ]),
  );
  const title = (
    <PanelHead
      title={<WearersTabs account={account} chosen="caseload" />}
      sub={office ? `${office} · ${t.caseloadHint}` : t.caseloadHint}
      right={
        offices.length > 1 ? (
          <select
            className="in"
            aria-label={text.wearer.office}
            value={office}
            onChange={(e) => choose(e.target.value)}
          >
            {offices.map((o) => (
              <option key={o}>{o}</option>
            ))}
          </select>
        ) : null
      }
    />
  );
  if (!today.data || (office && !answer.data))
    return (
      <main className="main single">
        <section className="panel">
          {title}
          <Answer
            error={today.error ?? answer.error}
            retry={() => void (today.data ? answer.refetch() : today.refetch())}
            what={t.caseload}
          />
        </section>
      </main>
    );
  if (!answer.data)
    return (
      <main className="main single">
        <section className="panel">
          {title}
          <Empty title={t.noOffice} icon="person" />
        </section>
      </main>
    );
  return <Shown title={title} loads={answer.data} people={people} />;
}

function Shown({
  title,
  loads,
  people,
}: {
  title: React.ReactNode;
  loads: Caseloads;
  people: ReadonlyMap<string, Person>;
}) {
  const t = useProcedureText();
  const [word, choose] = useQueryWord("w");
  const [doing, setDoing] = useState<{ wearer: string; officer: string | undefined }>();
  const known = (id: string): Person => people.get(id) ?? { id, code: id.slice(-4), priors: 0 };
  const chosen = loads.free.find((w) => w === word) ?? loads.free[0];
  const proposed = (wearer: string) => loads.proposals.find((p) => p.wearer_id === wearer)?.officer;
  const moves = useMoves(loads.free, (w) => w === chosen, choose);
  useKeys([
    ...moves,
    ...(chosen
      ? [
          {
            code: "KeyY",
            hint: t.assign,
            run: () => setDoing({ wearer: chosen, officer: proposed(chosen) }),
          },
        ]
      : []),
  ]);
  return (
    <main className="main caseload-grid">
      <section className="panel" aria-label={t.caseload}>
        {title}
        {loads.officers.length === 0 ? <Empty title={t.noOfficers} icon="person" /> : null}
        <div className="scroll">
          {loads.officers.length ? (
            <table className="tbl">
              <thead>
                <tr>
                  <th>{t.officer}</th>
                  <th>{t.loadOf}</th>
                  <th>{t.wearers}</th>
                </tr>
              </thead>
              <tbody>
                {loads.officers.map((o) => (
                  <OfficerRow
                    key={o.officer}
                    officer={o}
                    known={known}
                    onMove={(wearer) => setDoing({ wearer, officer: undefined })}
                  />
                ))}
              </tbody>
            </table>
          ) : null}
        </div>
      </section>
      <section className="panel" aria-label={t.free}>
        <PanelHead title={t.free} sub={t.count(loads.free.length)} />
        {loads.free.length === 0 ? <Empty title={t.freeNone} icon="check" /> : null}
        <div className="scroll">
          {loads.free.map((w) => {
            const to = loads.officers.find((o) => o.officer === proposed(w));
            return (
              <div className={`paper${w === chosen ? " sel" : ""}`} key={w} data-free={known(w).code}>
                <button type="button" className="bare fx" onClick={() => choose(w)}>
                  <b className="t1">{known(w).code}</b>
                  {known(w).priors >= 10 ? <span className="bd o">{t.manyPriors(known(w).priors)}</span> : null}
                </button>
                <Button
                  small
                  {...(w === chosen ? { cap: "Y" } : {})}
                  disabled={loads.officers.length === 0}
                  onClick={() => setDoing({ wearer: w, officer: proposed(w) })}
                >
                  {t.assign}
                </Button>
                <span className={`xs ${to ? "t2" : "c2"}`}>{to ? t.proposal(to.display) : t.noRoom}</span>
              </div>
            );
          })}
        </div>
      </section>
      {doing ? (
        <AssignSheet
          who={known(doing.wearer)}
          officers={loads.officers}
          proposed={doing.officer}
          onClose={() => setDoing(undefined)}
        />
      ) : null}
    </main>
  );
}

function OfficerRow({
  officer,
  known,
  onMove,
}: {
  officer: Officer;
  known: (id: string) => Person;
  onMove: (wearer: string) => void;
}) {
  const t = useProcedureText();
  const full = officer.load >= officer.bears;
  const share = officer.bears ? Math.min(1, officer.load / officer.bears) : 0;
  return (
    <tr data-officer={officer.display}>
      <td>
        <b className="t1">{officer.display}</b>
        {officer.many_priors ? <span className="xs t3 note">{t.many(officer.many_priors)}</span> : null}
      </td>
      <td>
        <span className={`num${full ? " c2" : ""}`}>
          {t.bears(officer.load.toFixed(1).replace(/\.0$/, ""), String(officer.bears))}
        </span>
        <span className={`load-bar${full ? " full" : ""}`}>
          <i style={{ width: `${share * 100}%` }} />
        </span>
        {officer.overrides.map((why) => (
          <span className="xs t3 note" key={why}>{`${t.over}: ${why}`}</span>
        ))}
      </td>
      <td>
        <span className="chips-row">
          {officer.wearers.map((w) => (
            <button type="button" className="bd o" key={w} title={t.move} onClick={() => onMove(w)}>
              {known(w).code}
            </button>
          ))}
        </span>
      </td>
    </tr>
  );
}

function AssignSheet({
  who,
  officers,
  proposed,
  onClose,
}: {
  who: Person;
  officers: readonly Officer[];
  proposed: string | undefined;
  onClose: () => void;
}) {
  const t = useProcedureText();
  const client = useQueryClient();
  const close = () => {
    for (const key of ["caseload", "day", "load"]) void client.invalidateQueries({ queryKey: [key] });
    onClose();
  };
  const first = officers.find((o) => o.officer === proposed) ?? officers[0];
  return (
    <FormSheet
      title={t.assignTitle(who.code)}
      hint={t.caseloadHint}
      width={560}
      fields={[
        {
          name: "officer",
          label: t.officer,
          kind: "select",
          wide: true,
          options: officers.map((o) => [
            o.officer,
            `${o.display} · ${t.bears(String(o.load), String(o.bears))}${o.officer === proposed ? ` · ${t.proposed}` : ""}`,
          ]),
        },
        { name: "override", label: t.override, hint: t.overrideHint, kind: "area", most: 500, optional: true },
      ]}
      initial={{ officer: first?.officer ?? "" }}
      verb={t.assign}
      send={(v) => procedure.assign(who.id, v.officer ?? "", (v.override ?? "").trim() || undefined)}
      onDone={(answer) => toast(answer.overridden ? t.overridden : t.assigned)}
      onClose={close}
    />
  );
}
