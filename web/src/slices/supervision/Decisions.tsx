/** The court clerk's desk: petitions that wait, the court's order that opens each, and the decision put on record. */
import { useState } from "react";
import { type Order, useOrders } from "../../api/keeping";
import { type Petition, useDocket, usePetitionsOf, type Waits } from "../../api/procedure";
import type { Account } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Facts, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { RegisterOrder } from "../policy/OrderForms";
import { Filed } from "./Petitions";
import { DecisionSheet } from "./ProcedureForms";
import { orderFor } from "./procedureRules";
import "./procedure.css";

const NONE: readonly Waits[] = [];
const NO_ORDERS: readonly Order[] = [];

export function Decisions({ account }: { account: Account }) {
  const t = useProcedureText();
  const docket = useDocket();
  const orders = useOrders();
  const [word, choose] = useQueryWord("petition");
  const [doing, setDoing] = useState<"order" | "decision">();
  const list = docket.data?.petitions ?? NONE;
  const chosen = list.find((p) => p.petition_id === word) ?? list[0];
  const known = orders.data?.orders ?? NO_ORDERS;
  const order = chosen && orderFor(known, chosen.wearer_id);
  const open = order?.state === "in_force";
  const shown = usePetitionsOf(open && chosen ? [chosen.wearer_id] : []);
  const petition = shown.found.flatMap((f) => f.petitions).find((p) => p.petition_id === chosen?.petition_id);
  const moves = useMoves(
    list,
    (p) => p === chosen,
    (p) => choose(p.petition_id),
  );
  useKeys([
    ...moves,
    ...(chosen && !order ? [{ code: "KeyN", hint: t.registerOrder, run: () => setDoing("order") }] : []),
    ...(petition ? [{ code: "KeyD", hint: t.record, run: () => setDoing("decision") }] : []),
  ]);
  const close = () => {
    setDoing(undefined);
    void orders.refetch();
    void docket.refetch();
  };
  return (
    <main className="main papers-grid">
      <section className="panel" aria-label={t.docket}>
        <PanelHead title={t.docket} sub={docket.data ? t.count(list.length) : ""} />
        {docket.data && orders.data ? (
          <div className="scroll" role="listbox" aria-label={t.docket} tabIndex={0}>
            {list.length === 0 ? <Empty title={t.noPetition} body={t.noPetitionBody} icon="check" /> : null}
            {list.map((p) => (
              <Row
                key={p.petition_id}
                waits={p}
                order={orderFor(known, p.wearer_id)}
                chosen={p === chosen}
                onPick={() => choose(p.petition_id)}
              />
            ))}
          </div>
        ) : (
          <Answer error={docket.error ?? orders.error} retry={() => void docket.refetch()} what={t.docket} />
        )}
      </section>
      <section className="panel" aria-label={t.record}>
        {chosen && orders.data ? (
          <>
            <PanelHead title={`${chosen.code} · ${t.petition1}`} sub={t.decisionsHint} />
            <div className="scroll">
              <Opens order={order} />
              {petition ? (
                <Filed petition={petition} />
              ) : open ? (
                <Answer error={shown.error} what={t.petition1} />
              ) : (
                <p className="pb sm t3">{t.closedUntil}</p>
              )}
            </div>
            <div className="paper-acts">
              {petition ? (
                <Button tone="pri" cap="D" onClick={() => setDoing("decision")}>
                  {t.record}
                </Button>
              ) : order ? null : (
                <Button tone="pri" cap="N" onClick={() => setDoing("order")}>
                  {t.registerOrder}
                </Button>
              )}
            </div>
          </>
        ) : null}
      </section>
      {doing === "order" && chosen ? (
        <RegisterOrder
          account={account}
          about={{ id: chosen.wearer_id, code: chosen.code, opens: "record_decision", statute: "EM-ACT 14-2" }}
          onClose={close}
        />
      ) : null}
      {doing === "decision" && petition && order ? (
        <DecisionSheet petition={petition as Petition} code={chosen?.code ?? ""} order={order} onClose={close} />
      ) : null}
    </main>
  );
}

function Row({
  waits,
  order,
  chosen,
  onPick,
}: {
  waits: Waits;
  order: Order | undefined;
  chosen: boolean;
  onPick: () => void;
}) {
  const text = useText();
  const t = useProcedureText();
  const now = useNow();
  const state = !order ? t.noOrderYet : order.state === "in_force" ? t.orderOpens : t.orderWaits;
  return (
    <button
      type="button"
      role="option"
      aria-selected={chosen}
      className={`paper${chosen ? " sel" : ""}`}
      data-petition={waits.petition_id}
      data-order={order?.state ?? "none"}
      onClick={onPick}
    >
      <b className="t1">{waits.code}</b>
      <span className="num t3">{text.ago(ageS(waits.filed_at, now))}</span>
      <span className="xs t3 cut">
        {waits.office} · {state}
      </span>
    </button>
  );
}

/** Which order lets a clerk read and decide; without one in force the petition stays closed. */
function Opens({ order }: { order: Order | undefined }) {
  const t = useProcedureText();
  return (
    <div className="order-strip" data-state={order?.state ?? "none"}>
      <b>{!order ? t.noOrderYet : order.state === "in_force" ? t.orderOpens : t.orderWaits}</b>
      {order ? (
        <Facts
          rows={[
            [t.orderNumber, order.number],
            [t.orderUntil, day(Date.parse(order.until_at) - 1)],
          ]}
        />
      ) : (
        <span className="sm t3">{t.noOrderYetBody}</span>
      )}
    </div>
  );
}
