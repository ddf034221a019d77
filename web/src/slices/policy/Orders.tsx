/** Orders of courts and prosecutors, and what is held from destruction: entered, confirmed, renewed, ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { type Hold, keeping, type Order, useHolds, useOrders } from "../../api/keeping";
import type { Account } from "../../api/types";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useKeeping } from "../../text/keeping";
import { GiveReason } from "./AgencyDialogs";
import { HoldAsking, HoldButtons, type Holding, lastDay, useHolding } from "./Holding";
import { AskDisclosure, RegisterOrder } from "./OrderForms";
import { Tabs } from "./Tabs";
import "./keeping.css";

const ENTERS = ["court_clerk", "probation_officer", "office_director", "investigator", "shift_lead"];
const CONFIRMS = ["court_clerk", "office_director", "shift_lead", "privacy_officer"];
const HOLDS = ["court_clerk", "investigator", "privacy_officer"];
/** Who sees the register of orders; the server decides, this only leaves out what it would refuse. */
export const keepsOrders = (role: string) => ENTERS.includes(role) || CONFIRMS.includes(role);

type Doing = { kind: "order" } | { kind: "end" | "disclosure"; order: Order };

export function Orders({ account }: { account: Pick<Account, "role" | "centre_kind"> }) {
  const t = useKeeping();
  const client = useQueryClient();
  const holds_ = HOLDS.includes(account.role);
  const enters = ENTERS.includes(account.role);
  const orders = useOrders();
  const holds = useHolds(holds_);
  const holding = useHolding(account);
  const [doing, setDoing] = useState<Doing>();
  const [chosen, choose] = useQueryWord("order");
  const list = orders.data?.orders ?? [];
  const picked = list.find((o) => o.order_id === chosen);
  const close = () => {
    setDoing(undefined);
    for (const key of ["orders", "holds"]) void client.invalidateQueries({ queryKey: [key] });
  };
  const confirm = useMutation({
    mutationFn: (order: Order) => keeping.confirmOrder(order.order_id),
    onSuccess: (_, order) => toast(t.confirmed(order.number ?? "")),
    onSettled: close,
  });
  const moves = useMoves(
    list,
    (o) => o.order_id === chosen,
    (o) => choose(o.order_id),
  );
  const discloses = (o: Order) =>
    account.role === "probation_officer" && o.state === "in_force" && o.opens.includes("disclosure");
  const ends = (o: Order | undefined) => o && (o.mine || CONFIRMS.includes(account.role)) && alive(o);
  useKeys([
    ...moves,
    ...(enters ? [{ code: "KeyN", hint: t.newOrder, run: () => setDoing({ kind: "order" as const }) }] : []),
    ...(holds_ ? [{ code: "KeyH", hint: t.newHold, run: holding.place }] : []),
    { code: "KeyY", hint: t.confirm, run: () => picked?.may_confirm && confirm.mutate(picked) },
    ...(picked && discloses(picked)
      ? [{ code: "KeyD", hint: t.disclosure, run: () => setDoing({ kind: "disclosure" as const, order: picked }) }]
      : []),
    { code: "KeyX", hint: t.end, run: () => picked && ends(picked) && setDoing({ kind: "end", order: picked }) },
  ]);
  return (
    <main className={`main keeping${holds_ ? " two" : ""}`}>
      <section className="panel" aria-label={t.orders}>
        <PanelHead
          title={
            <Tabs
              screen="approvals"
              chosen="orders"
              items={[
                ["", t.tabs.requests],
                ["orders", t.tabs.orders],
              ]}
            />
          }
          sub={t.ordersHint}
          right={
            enters ? (
              <Button tone="line" cap="N" onClick={() => setDoing({ kind: "order" })}>
                {t.newOrder}
              </Button>
            ) : null
          }
        />
        {confirm.error instanceof Refusal ? <Refused refusal={confirm.error} /> : null}
        {orders.data ? (
          <OrderTable
            list={list}
            chosen={chosen}
            onPick={choose}
            onConfirm={(o) => confirm.mutate(o)}
            onEnd={(o) => setDoing({ kind: "end", order: o })}
            ends={(o) => Boolean(ends(o))}
            onDisclose={(o) => setDoing({ kind: "disclosure", order: o })}
            discloses={discloses}
          />
        ) : (
          <Answer error={orders.error} retry={() => void orders.refetch()} what={t.orders} />
        )}
      </section>
      {holds_ ? (
        <section className="panel" aria-label={t.holds}>
          <PanelHead
            title={t.holds}
            sub={t.holdsHint}
            right={
              <Button tone="line" cap="H" onClick={holding.place}>
                {t.newHold}
              </Button>
            }
          />
          {holding.refused}
          {holds.data ? (
            <HoldTable list={holds.data.holds} holding={holding} />
          ) : (
            <Answer error={holds.error} retry={() => void holds.refetch()} what={t.holds} />
          )}
        </section>
      ) : null}
      {doing ? <Sheet doing={doing} account={account} onClose={close} /> : null}
      {holding.sheet}
    </main>
  );
}

const alive = (o: Order) => o.state === "registered" || o.state === "in_force";

type SheetProps = { doing: Doing; account: Pick<Account, "role" | "centre_kind">; onClose: () => void };

function Sheet({ doing, account, onClose }: SheetProps) {
  const t = useKeeping();
  switch (doing.kind) {
    case "order":
      return <RegisterOrder account={account} onClose={onClose} />;
    case "disclosure":
      return <AskDisclosure order={doing.order} onClose={onClose} />;
    case "end":
      return (
        <GiveReason
          title={t.endOrder(doing.order.number ?? "")}
          body={t.endOrderBody}
          verb={t.end}
          needed
          send={(reason) => keeping.withdrawOrder(doing.order.order_id, reason)}
          done={t.ended}
          onClose={onClose}
        />
      );
  }
}

export function OrderTable({
  list,
  chosen,
  onPick,
  onConfirm,
  onEnd,
  ends,
  onDisclose,
  discloses,
}: {
  list: readonly Order[];
  chosen: string | undefined;
  onPick: (order: string) => void;
  onConfirm: (order: Order) => void;
  onEnd: (order: Order) => void;
  ends: (order: Order) => boolean;
  onDisclose: (order: Order) => void;
  discloses: (order: Order) => boolean;
}) {
  const t = useKeeping();
  if (list.length === 0) return <Empty title={t.noOrders} icon="ledger" />;
  return (
    <div className="scroll">
      <table className="tbl wide">
        <thead>
          <tr>
            <th>{t.number}</th>
            <th>{t.opens}</th>
            <th>{t.until}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {list.map((o) => {
            const sel = o.order_id === chosen;
            return (
              <tr
                key={o.order_id}
                className={`${sel ? "sel" : ""}${alive(o) ? "" : " dim"}`}
                data-order={o.order_id}
                data-state={o.state}
                onClick={() => onPick(o.order_id)}
              >
                <td>
                  <b className="t1">{o.number ?? "–"}</b>
                  <span className="xs t3">
                    {t.issuers[o.issuer]} · {o.statute}
                  </span>
                </td>
                <td>
                  {o.opens.map((w) => t.opened[w] ?? w).join(", ")}
                  <span className="xs t3">{t.scope(o.resources.length)}</span>
                </td>
                <td className="nw">
                  <span className="num">{lastDay(o.until_at)}</span>
                  <span className={`xs ${o.state === "registered" ? "closed" : "t3"}`}>
                    {t.state[o.state]} · {o.registered_by}
                  </span>
                </td>
                <td className="r keys">
                  {o.may_confirm ? (
                    <Button small {...(sel ? { cap: "Y" } : {})} onClick={() => onConfirm(o)}>
                      {t.confirm}
                    </Button>
                  ) : null}
                  {discloses(o) ? (
                    <Button small {...(sel ? { cap: "D" } : {})} onClick={() => onDisclose(o)}>
                      {t.disclosure}
                    </Button>
                  ) : null}
                  {ends(o) ? (
                    <Button small tone="line" {...(sel ? { cap: "X" } : {})} onClick={() => onEnd(o)}>
                      {t.end}
                    </Button>
                  ) : null}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function HoldTable({ list, holding }: { list: readonly Hold[]; holding: Holding }) {
  const t = useKeeping();
  if (list.length === 0) return <Empty title={t.noHolds} icon="lock" />;
  return (
    <div className="scroll">
      <table className="tbl wide">
        <thead>
          <tr>
            <th>{t.case}</th>
            <th>{t.reason}</th>
            <th>{t.until}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {list.map((h) => (
            <tr key={h.hold_id} className={h.stands ? "" : "dim"} data-hold={h.hold_id}>
              <td>
                <b className="t1">{h.case_no ?? "–"}</b>
                <span className="xs t3">
                  {h.ground} · {t.scope(h.resources.length)}
                </span>
              </td>
              <td>
                {h.reason}
                <span className="xs t3">{h.placed_by}</span>
                <HoldAsking hold={h} />
              </td>
              <td className="nw">
                <span className="num">{lastDay(h.until_at)}</span>
                <span className="xs t3">
                  {h.released_at ? t.released : h.stands ? t.renewals(h.renewals) : t.state.over}
                </span>
              </td>
              <td className="r keys">
                <HoldButtons hold={h} holding={holding} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
