/** Orders of courts and prosecutors, and what is held from destruction: entered, confirmed, renewed, ended. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Refusal } from "../../api/client";
import { type Hold, keeping, type Order, useHolds, useOrders } from "../../api/keeping";
import type { Account } from "../../api/types";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty, Refused } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useKeeping } from "../../text/keeping";
import { GiveReason } from "./AgencyDialogs";
import { PlaceHold, RegisterOrder, RenewHold } from "./OrderForms";
import { Tabs } from "./Tabs";
import "./keeping.css";

const ENTERS = ["court_clerk", "probation_officer", "office_director", "investigator", "shift_lead"];
const CONFIRMS = ["court_clerk", "office_director", "shift_lead", "privacy_officer"];
const HOLDS = ["court_clerk", "investigator", "privacy_officer"];
/** Who sees the register of orders; the server decides, this only leaves out what it would refuse. */
export const keepsOrders = (role: string) => ENTERS.includes(role) || CONFIRMS.includes(role);

type Doing = { kind: "order" | "hold" } | { kind: "end"; order: Order } | { kind: "renew" | "release"; hold: Hold };

/** The last day a thing holds: its end is that day's midnight. */
const lastDay = (until: string) => day(Date.parse(until) - 1);

export function Orders({ account }: { account: Pick<Account, "role" | "centre_kind"> }) {
  const t = useKeeping();
  const client = useQueryClient();
  const holding = HOLDS.includes(account.role);
  const enters = ENTERS.includes(account.role);
  const orders = useOrders();
  const holds = useHolds(holding);
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
  const ends = (o: Order | undefined) => o && (o.mine || CONFIRMS.includes(account.role)) && alive(o);
  useKeys([
    ...moves,
    ...(enters ? [{ code: "KeyN", hint: t.newOrder, run: () => setDoing({ kind: "order" as const }) }] : []),
    ...(holding ? [{ code: "KeyH", hint: t.newHold, run: () => setDoing({ kind: "hold" as const }) }] : []),
    { code: "KeyY", hint: t.confirm, run: () => picked?.may_confirm && confirm.mutate(picked) },
    { code: "KeyX", hint: t.end, run: () => picked && ends(picked) && setDoing({ kind: "end", order: picked }) },
  ]);
  return (
    <main className={`main keeping${holding ? " two" : ""}`}>
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
          />
        ) : (
          <Answer error={orders.error} retry={() => void orders.refetch()} what={t.orders} />
        )}
      </section>
      {holding ? (
        <section className="panel" aria-label={t.holds}>
          <PanelHead
            title={t.holds}
            sub={t.holdsHint}
            right={
              <Button tone="line" cap="H" onClick={() => setDoing({ kind: "hold" })}>
                {t.newHold}
              </Button>
            }
          />
          {holds.data ? (
            <HoldTable list={holds.data.holds} on={(kind, hold) => setDoing({ kind, hold })} />
          ) : (
            <Answer error={holds.error} retry={() => void holds.refetch()} what={t.holds} />
          )}
        </section>
      ) : null}
      {doing ? <Sheet doing={doing} account={account} onClose={close} /> : null}
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
    case "hold":
      return <PlaceHold account={account} onClose={onClose} />;
    case "renew":
      return <RenewHold hold={doing.hold} onClose={onClose} />;
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
    case "release":
      return (
        <GiveReason
          title={t.releaseHold(doing.hold.case_no ?? "")}
          body={t.releaseBody}
          verb={t.release}
          needed
          send={(reason) => keeping.releaseHold(doing.hold.hold_id, reason)}
          done={t.released}
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
}: {
  list: readonly Order[];
  chosen: string | undefined;
  onPick: (order: string) => void;
  onConfirm: (order: Order) => void;
  onEnd: (order: Order) => void;
  ends: (order: Order) => boolean;
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

export function HoldTable({
  list,
  on,
}: {
  list: readonly Hold[];
  on: (kind: "renew" | "release", hold: Hold) => void;
}) {
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
              </td>
              <td className="nw">
                <span className="num">{lastDay(h.until_at)}</span>
                <span className="xs t3">
                  {h.released_at ? t.released : h.stands ? t.renewals(h.renewals) : t.state.over}
                </span>
              </td>
              <td className="r keys">
                {h.stands ? (
                  <>
                    <Button small onClick={() => on("renew", h)}>
                      {t.renew}
                    </Button>
                    <Button small tone="line" onClick={() => on("release", h)}>
                      {t.release}
                    </Button>
                  </>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
