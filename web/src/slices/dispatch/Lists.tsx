import type { ChecklistItem, Incident, Order, Permit, Unit, Viewer } from "../../api/types";
import { clock, elapsed } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { Age, Button, Elapsed, Hint, PanelHead, PermitBadge } from "../../kit/parts";
import { useConnected } from "../../live/store";
import { useText } from "../../text";
import { gather, idle, leftToClose, passed, unitsInOrder } from "./rules";

export function Checklist({
  incident,
  chosen,
  onTick,
}: {
  incident: Pick<Incident, "checklist" | "blocks_closing">;
  chosen: string | undefined;
  onTick: (item: ChecklistItem) => void;
}) {
  const text = useText();
  const left = leftToClose(incident);
  return (
    <div className="sec">
      <PanelHead
        title={text.incident.checklist}
        sub={<span className={left ? "c2" : ""}>{left ? text.incident.leftToClose(left) : text.incident.allDone}</span>}
        right={<Hint cap="X">{text.incident.tickKey}</Hint>}
      />
      <div className="checklist">
        {incident.checklist.map((c) => (
          <button
            type="button"
            key={c.item}
            className={`bare ck${c.done_at ? " done" : c.required ? " block" : ""}${c.item === chosen ? " on" : ""}`}
            aria-pressed={Boolean(c.done_at)}
            onClick={() => onTick(c)}
          >
            <span className="bx">{c.done_at ? <Icon name="check" size={13} /> : null}</span>
            <span className="cut">{text.locale === "ko" ? c.label_ko : c.label_en}</span>
            <span className="xs t3 num">
              {c.done_at ? (
                clock(c.done_at)
              ) : c.required ? (
                <span className="c2">{text.incident.required}</span>
              ) : (
                text.incident.optional
              )}
            </span>
          </button>
        ))}
      </div>
    </div>
  );
}

export function UnitTable({ units }: { units: readonly Unit[] }) {
  const text = useText();
  const rows = unitsInOrder(units);
  return (
    <div className="sec">
      <PanelHead plain title={text.incident.units} right={<span>{text.incident.byRoad}</span>} />
      {rows.length ? (
        <table className="tbl d">
          <tbody>
            {rows.map((u) => {
              const word = text.incident.unitState[u.state] ?? u.state;
              const reserve = idle(u);
              return (
                <tr key={u.unit_id}>
                  <td>
                    <b className="t1">{u.name}</b>
                  </td>
                  <td>{text.incident.agency[u.agency] ?? u.agency}</td>
                  <td>{u.seen_at ? <Age at={u.seen_at} /> : null}</td>
                  <td className="r t1">
                    <b className="num">{u.eta_s === null ? "–" : elapsed(u.eta_s)}</b>
                  </td>
                  <td className="r">
                    <span className={`bd${reserve ? "" : " ours"}`}>{word}</span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      ) : (
        <p className="pb sm t3">{text.incident.noUnits}</p>
      )}
    </div>
  );
}

export function OrderCard({ order, onOpen }: { order: Order; onOpen: () => void }) {
  const text = useText();
  const done = passed(order);
  const draft = order.state === "draft";
  return (
    <div className={`order${draft ? " draft" : ""}`}>
      <div className="fx">
        <b className="sm cut">{order.to}</b>
        <span className="sp" />
        <span className="xs t3">
          {draft ? text.incident.machineDraft : (text.incident.orderState[order.state] ?? order.state)}
        </span>
      </div>
      <p className="sm">{order.text}</p>
      {draft ? (
        <Button tone="pri" small cap="O" onClick={onOpen}>
          {text.incident.newOrder}
        </Button>
      ) : (
        <div className="fx xs wrap">
          {done.map((d) => (
            <span className="fx nw" key={d.state}>
              <Icon name="check" size={13} /> {text.incident.orderState[d.state] ?? d.state}{" "}
              <span className="num">{clock(d.at)}</span>
            </span>
          ))}
        </div>
      )}
    </div>
  );
}

export function Permits({ permits, viewers }: { permits: readonly Permit[]; viewers: readonly Viewer[] }) {
  const text = useText();
  const connected = useConnected();
  const rank = { in_use: 0, ending: 0, waiting: 1, ended: 2, revoked: 2 } as const;
  const rows = gather(permits).sort((a, b) => rank[a.state] - rank[b.state] || a.not_after.localeCompare(b.not_after));
  return (
    <div className="sec grow">
      <PanelHead
        title={text.permit.title}
        sub={text.permit.endsAll}
        right={<Hint cap="G">{text.incident.grounds}</Hint>}
      />
      <div className="col pb permits">
        {rows.slice(0, 6).map((p) => (
          <PermitBadge
            key={p.permit_id}
            permit={p.many > 1 ? { ...p, scope: text.provision.cameras(p.many) } : p}
            connected={connected}
          />
        ))}
        {rows.length === 0 ? <p className="sm t3">{text.permit.none}</p> : null}
      </div>
      <div className="fx sm viewers-h">
        <h3>
          {text.incident.viewersNow} {viewers.length}
        </h3>
        <span className="sp" />
        <span className="xs t3">{text.incident.viewersLog}</span>
      </div>
      <div className="viewers sm">
        {viewers.map((v) => (
          <div className="fx" key={`${v.seat}${v.since}`}>
            <b className="cut">{v.seat}</b>
            <span className="sp" />
            <span className="num">
              <Elapsed since={v.since} />
            </span>
          </div>
        ))}
        {viewers.length === 0 ? <span className="t3">{text.incident.noViewers}</span> : null}
      </div>
    </div>
  );
}
