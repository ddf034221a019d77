/** Whom the centre works with and until when, and who of its people may view footage. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Agency, agencies as api, type Centre, type Duty, type Right, type Rights } from "../../api/agencies";
import { Refusal } from "../../api/client";
import type { Account } from "../../api/types";
import { useNow } from "../../kit/clock";
import { day, dayMinutes } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useLocale, useText } from "../../text";
import { useKeeping } from "../../text/keeping";
import { DecideLimit, GiveReason } from "./AgencyDialogs";
import { MachineKeys, MakeAgreement, RegisterAgency } from "./AgencyForms";
import { apart, daysUntil, dueBy, fullness, telling } from "./agencyRules";
import { Tabs } from "./Tabs";
import "./agencies.css";

/** From here on an end is shown as near: the month in which it must be decided on. */
const NEAR_DAYS = 30;

type Open =
  | { kind: "limit" | "register" }
  | { kind: "agree" | "keys"; agency: Agency }
  | { kind: "restore"; right: Right }
  | { kind: "terminate"; agency: Agency; id: string };

export function Agencies({ account }: { account: Pick<Account, "role"> }) {
  const text = useText();
  const t = text.agencies;
  const k = useKeeping();
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["agencies"], queryFn: api.agencies });
  const rights = useQuery({ queryKey: ["footage-rights"], queryFn: api.rights });
  const duties = useQuery({ queryKey: ["duties", "owed"], queryFn: api.duties, refetchInterval: 15_000 });
  const centres = useQuery({ queryKey: ["centres"], queryFn: api.centres, refetchInterval: 15_000 });
  const [open, setOpen] = useState<Open>();
  const [chosen, setChosen] = useState<string>();
  const now = useNow();
  const may = account.role === "privacy_officer";
  const again = () => {
    for (const key of ["agencies", "footage-rights", "duties"]) void client.invalidateQueries({ queryKey: [key] });
  };
  const act = useMutation({ mutationFn: (run: () => Promise<unknown>) => run(), onSettled: again });
  const people = rights.data?.rights ?? [];
  const picked = people.find((r) => r.account_id === chosen);
  const certify = (r: Right | undefined) =>
    may &&
    r?.state === "standing" &&
    act.mutate(() => api.certify(r.account_id).then(() => toast(t.certified(r.login))));
  const suspend = (r: Right | undefined) =>
    may && r?.state === "standing" && act.mutate(() => api.suspend(r.account_id).then(() => toast(t.rested(r.login))));
  const restore = (r: Right | undefined) => may && r?.state === "suspended" && setOpen({ kind: "restore", right: r });
  const tabs =
    account.role === "administrator"
      ? ([
          ["", k.tabs.agencies],
          ["accounts", k.tabs.accounts],
        ] as const)
      : undefined;
  const moves = useMoves(
    people,
    (r) => r.account_id === chosen,
    (r) => setChosen(r.account_id),
  );
  useKeys([
    ...moves,
    { code: "KeyC", hint: t.certify, run: () => void certify(picked) },
    { code: "KeyX", hint: t.suspend, run: () => void suspend(picked) },
    { code: "KeyR", hint: t.restore, run: () => void restore(picked) },
    { code: "KeyN", hint: t.decide, run: () => may && setOpen({ kind: "limit" }) },
    { code: "KeyA", hint: k.newAgency, run: () => setOpen({ kind: "register" }) },
  ]);
  const close = () => {
    setOpen(undefined);
    again();
  };
  return (
    <main className="main agencies">
      <section className="panel" aria-label={t.list}>
        <PanelHead
          title={tabs ? <Tabs screen="agencies" chosen="" items={tabs} /> : t.list}
          sub={String(list.data?.agencies.length ?? "")}
          right={
            <Button small cap="A" onClick={() => setOpen({ kind: "register" })}>
              {k.newAgency}
            </Button>
          }
        />
        {list.data ? (
          <div className="scroll">
            <AgencyTable
              list={list.data.agencies}
              onTerminate={(agency, id) => setOpen({ kind: "terminate", agency, id })}
              on={(kind, agency) => setOpen({ kind, agency })}
            />
            <CentreList centres={centres.data?.centres ?? []} heard={centres.data?.heard ?? 0} />
          </div>
        ) : (
          <Answer error={list.error} retry={() => void list.refetch()} what={t.list} />
        )}
      </section>
      <div className="side">
        <section className="panel grow" aria-label={t.rights}>
          <PanelHead
            title={t.rights}
            sub={may ? "" : t.onlyPrivacy}
            right={
              <Button small cap="N" disabled={!may} onClick={() => setOpen({ kind: "limit" })}>
                {t.decide}
              </Button>
            }
          />
          {rights.data ? (
            <>
              <CountBar rights={rights.data} />
              <div className="scroll">
                <RightTable
                  list={people}
                  due={dueBy(duties.data?.duties ?? [])}
                  chosen={chosen}
                  may={may}
                  onPick={setChosen}
                  on={{ certify, suspend, restore }}
                />
              </div>
              {act.error ? (
                <p className="pb sm c2" role="alert">
                  {act.error instanceof Refusal ? `${act.error.message} ${act.error.todo}` : text.signIn.unreachable}
                </p>
              ) : null}
            </>
          ) : (
            <Answer error={rights.error} retry={() => void rights.refetch()} what={t.rights} />
          )}
        </section>
        <section className="panel owed" aria-label={t.owed}>
          <PanelHead title={t.owed} sub={duties.data ? String(apart(duties.data.duties, now).length) : ""} />
          {duties.data ? (
            <div className="scroll">
              <Owed
                duties={apart(duties.data.duties, now)}
                seats={new Map(people.map((r) => [r.account_id, r.login]))}
              />
            </div>
          ) : (
            <Answer error={duties.error} retry={() => void duties.refetch()} what={t.owed} />
          )}
        </section>
      </div>
      {open?.kind === "register" ? <RegisterAgency onClose={close} /> : null}
      {open?.kind === "agree" ? <MakeAgreement agency={open.agency} onClose={close} /> : null}
      {open?.kind === "keys" ? <MachineKeys agency={open.agency} onClose={close} /> : null}
      {open?.kind === "limit" ? <DecideLimit most={rights.data?.most ?? null} onClose={close} /> : null}
      {open?.kind === "restore" ? (
        <GiveReason
          title={t.restoreTitle(open.right.login)}
          body={t.restoreBody}
          verb={t.restore}
          needed={false}
          send={(reason) => api.grant(open.right.account_id, reason)}
          done={t.restored(open.right.login)}
          onClose={close}
        />
      ) : null}
      {open?.kind === "terminate" ? (
        <GiveReason
          title={t.terminateTitle(open.agency.name)}
          body={t.terminateBody}
          verb={t.terminate}
          needed
          send={(reason) => api.terminate(open.id, reason)}
          done={t.terminated}
          onClose={close}
        />
      ) : null}
    </main>
  );
}

export function AgencyTable({
  list,
  onTerminate,
  on,
}: {
  list: readonly Agency[];
  onTerminate: (agency: Agency, agreement: string) => void;
  on: (kind: "agree" | "keys", agency: Agency) => void;
}) {
  const k = useKeeping();
  const text = useText();
  const { locale } = useLocale();
  const t = text.agencies;
  if (list.length === 0) return <Empty title={t.noAgencies} icon="link" />;
  return (
    <table className="tbl wide">
      <thead>
        <tr>
          <th>{t.agency}</th>
          <th>{t.ground}</th>
          <th>{t.agreement}</th>
          <th className="r">{t.accounts}</th>
          <th className="r">{t.keys}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {list.map((a) => {
          const told = telling(a);
          const kind = locale === "ko" ? a.kind_ko : a.kind_en;
          const name = locale === "ko" ? a.name : a.name_en;
          return (
            <tr key={a.agency_id}>
              <td>
                <b className="t1">{name}</b>
                {name === kind ? null : <span className="xs t3">{kind}</span>}
              </td>
              <td>
                {a.grounds.join(" · ")}
                <span className="xs t3">{a.purposes.map((p) => t.purposes[p] ?? p).join(" · ")}</span>
              </td>
              <td>
                <AgreementCell agency={a} />
              </td>
              <td className="r num">{a.people}</td>
              <td className="r keys">
                <Button small aria-label={`${k.keys} ${a.keys}`} title={k.keys} onClick={() => on("keys", a)}>
                  <Icon name="lock" size={14} />
                  <span className="num">{a.keys}</span>
                </Button>
              </td>
              <td className="r keys stack">
                <Button small onClick={() => on("agree", a)}>
                  {told?.state === "in_force" ? k.agreeAgain : k.agree}
                </Button>
                {told?.state === "in_force" ? (
                  <Button small tone="line" onClick={() => onTerminate(a, told.agreement_id)}>
                    {t.terminate}
                  </Button>
                ) : null}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function AgreementCell({ agency }: { agency: Agency }) {
  const t = useText().agencies;
  const now = useNow();
  const told = telling(agency);
  if (!told) return agency.needs_agreement ? <span className="closed">{t.none}</span> : <span>{t.byStatute}</span>;
  const left = daysUntil(told.until_at, now);
  const state =
    told.state === "in_force"
      ? left <= NEAR_DAYS
        ? t.daysLeft(left)
        : t.inForce
      : told.state === "to_come"
        ? t.toCome
        : t.ended;
  const tone =
    told.state === "in_force" ? (left <= NEAR_DAYS ? "closed" : "") : told.state === "to_come" ? "later" : "closed";
  const scope = t.scope(told.acts?.length ?? 0, told.resources ?? 0) || t.whole;
  return (
    <>
      <span className={tone}>
        {state} · <span className="num">{t.until(day(told.until_at))}</span>
      </span>
      <span className="xs t3">
        {told.parties.join(" · ")} · {scope}
      </span>
    </>
  );
}

/** How many people may view, beside how many the centre decided on. */
export function CountBar({ rights }: { rights: Rights }) {
  const t = useText().agencies;
  const { part, over } = fullness(rights.standing, rights.most);
  return (
    <div className="count-bar">
      <Icon name="eye" size={20} />
      <div className="words">
        <b className="t1 num">
          {rights.most === null ? t.uncounted(rights.standing) : t.counted(rights.standing, rights.most)}
        </b>
        <span className={over ? "xs closed" : "xs t3"}>{over ? t.over(over) : t.least}</span>
      </div>
      {rights.most === null ? null : (
        // biome-ignore lint/a11y/useSemanticElements: no two browsers draw a <meter> alike
        <div
          className={over ? "bar over" : "bar"}
          role="meter"
          aria-label={t.rights}
          aria-valuemin={0}
          aria-valuemax={rights.most}
          aria-valuenow={rights.standing}
        >
          <i style={{ width: `${part * 100}%` }} />
        </div>
      )}
    </div>
  );
}

export function RightTable({
  list,
  due,
  chosen,
  may,
  onPick,
  on,
}: {
  list: readonly Right[];
  due: ReadonlyMap<string, string>;
  chosen: string | undefined;
  may: boolean;
  onPick: (account: string) => void;
  on: Record<"certify" | "suspend" | "restore", (right: Right) => void>;
}) {
  const text = useText();
  const t = text.agencies;
  if (list.length === 0) return <Empty title={t.noRights} icon="eye" />;
  return (
    <table className="tbl">
      <thead>
        <tr>
          <th>{t.seat}</th>
          <th>{t.used}</th>
          <th>{t.due}</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {list.map((r) => {
          const sel = r.account_id === chosen;
          return (
            <tr key={r.account_id} className={sel ? "sel" : ""} onClick={() => onPick(r.account_id)}>
              <td>
                <b className="t1">{r.login}</b>
                <span className="xs t3">{text.role[r.role] ?? r.role}</span>
              </td>
              <td className="num">{r.used_at ? dayMinutes(r.used_at) : <span className="t3">{t.never}</span>}</td>
              <td>
                {r.state === "suspended" ? (
                  <span className="closed">
                    {t.suspended} · {t.because[r.because ?? ""] ?? r.because}
                  </span>
                ) : (
                  <DueDay at={due.get(r.account_id)} />
                )}
              </td>
              <td className="r keys">
                {!may ? null : r.state === "suspended" ? (
                  <Button small {...(sel ? { cap: "R" } : {})} onClick={() => on.restore(r)}>
                    {t.restore}
                  </Button>
                ) : (
                  <>
                    <Button small {...(sel ? { cap: "C" } : {})} onClick={() => on.certify(r)}>
                      {t.certify}
                    </Button>
                    <Button small tone="line" {...(sel ? { cap: "X" } : {})} onClick={() => on.suspend(r)}>
                      {t.suspend}
                    </Button>
                  </>
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function DueDay({ at }: { at: string | undefined }) {
  const t = useText().agencies;
  const now = useNow();
  if (!at) return <span className="t3">–</span>;
  const left = daysUntil(at, now);
  if (left < 0 || Date.parse(at) <= now) return <span className="closed">{t.overdue(Math.max(0, -left))}</span>;
  return (
    <span className={left <= NEAR_DAYS ? "closed" : ""}>
      <span className="num">{day(Date.parse(at) - 1)}</span>
      {left <= NEAR_DAYS ? ` · ${t.daysLeft(left)}` : ""}
    </span>
  );
}

/** What is owed, first due on top. */
export function Owed({ duties, seats }: { duties: readonly Duty[]; seats: ReadonlyMap<string, string> }) {
  const text = useText();
  const { locale } = useLocale();
  const t = text.agencies;
  if (duties.length === 0) return <Empty title={t.nothingOwed} icon="check" />;
  return (
    <table className="tbl">
      <tbody>
        {duties.map((d) => (
          <tr key={d.duty_id}>
            <td>
              <b className="t1">{locale === "ko" ? d.says_ko : d.says_en}</b>
              <span className="xs t3">
                {d.clause} · {text.role[d.role] ?? d.role}
              </span>
            </td>
            <td>{seats.get(d.about) ?? ""}</td>
            <td className="r">
              <DueDay at={d.due_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The registry of centres and when each was last heard. */
export function CentreList({ centres, heard }: { centres: readonly Centre[]; heard: number }) {
  const t = useText().agencies;
  if (centres.length === 0) return null;
  return (
    <>
      <div className="grp">
        {t.centres}
        <span className="t3"> {t.heard(heard, centres.length)}</span>
      </div>
      <table className="tbl">
        <tbody>
          {centres.map((c) => (
            <tr key={c.member_id}>
              <td>
                <b className="t1">{c.municipality}</b> {c.name}
              </td>
              <td className="num">{c.heard_at ? dayMinutes(c.heard_at) : <span className="t3">{t.silent}</span>}</td>
              <td className="r num">{c.skew_ms === null ? "" : `${c.skew_ms} ms`}</td>
              <td className="r">{c.refused ? <span className="closed">{t.refused(c.refused)}</span> : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
