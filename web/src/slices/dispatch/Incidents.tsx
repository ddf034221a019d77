import { useState } from "react";
import { useIncidents } from "../../api/hooks";
import type { IncidentSummary } from "../../api/types";
import { dayMinutes } from "../../kit/format";
import { Glyph } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { Elapsed, Panel, PanelHead } from "../../kit/parts";
import { formatRoute, go } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";

function Row({ incident, on }: { incident: IncidentSummary; on: boolean }) {
  const text = useText();
  const name = incident.certain ? text.trigger[incident.trigger] : text.triggerProbable[incident.trigger];
  const closed = incident.state === "closed";
  return (
    <tr className={on ? "sel" : ""} onClick={() => go("incidents", incident.incident_id)}>
      <td>
        <Glyph
          priority={incident.priority}
          state={closed ? "over" : incident.acknowledged_at ? "ack" : "new"}
          size={18}
        />
      </td>
      <td>
        <a href={formatRoute("incidents", incident.incident_id)}>
          <b className="t1">{incident.code}</b>
        </a>
      </td>
      <td>{name}</td>
      <td>
        {incident.wearer_code}
        {incident.protected_code ? ` → ${incident.protected_code}` : ""}
      </td>
      <td>{incident.place}</td>
      <td className="c">{["①", "②", "③", "④"][incident.step - 1] ?? "–"}</td>
      <td className="num">{dayMinutes(incident.opened_at)}</td>
      <td className="r num">{closed ? text.incident.closedBadge : <Elapsed since={incident.opened_at} />}</td>
    </tr>
  );
}

/** Every incident this seat may know of: open ones first. */
export function Incidents() {
  const text = useText();
  const all = useIncidents("all");
  const [at, setAt] = useState(0);
  const list = all.data?.incidents ?? [];
  const open = list.filter((i) => i.state !== "closed");
  const closed = list.filter((i) => i.state === "closed").sort((a, b) => b.opened_at.localeCompare(a.opened_at));
  const rows = [...open, ...closed];
  useKeys([
    { code: "KeyJ", hint: text.keys.move, run: () => setAt((n) => Math.min(rows.length - 1, n + 1)) },
    { code: "KeyK", hint: text.keys.move, run: () => setAt((n) => Math.max(0, n - 1)) },
    { code: "Enter", hint: text.keys.open, run: () => rows[at] && go("incidents", rows[at].incident_id) },
  ]);
  return (
    <main className="main single">
      <Panel title={text.incident.list} sub={`${text.incident.open} ${open.length}`}>
        {all.data ? null : <Answer error={all.error} retry={() => void all.refetch()} what={text.incident.list} />}
        {all.data && open.length === 0 ? (
          <Empty icon="incident" title={text.incident.noneOpen} body={text.incident.noneOpenBody} />
        ) : null}
        <div className="scroll">
          {open.length ? (
            <table className="tbl">
              <tbody>
                {open.map((i, n) => (
                  <Row key={i.incident_id} incident={i} on={n === at} />
                ))}
              </tbody>
            </table>
          ) : null}
          {closed.length ? (
            <>
              <PanelHead title={text.incident.closed} sub={String(closed.length)} />
              <table className="tbl">
                <tbody>
                  {closed.map((i, n) => (
                    <Row key={i.incident_id} incident={i} on={n + open.length === at} />
                  ))}
                </tbody>
              </table>
            </>
          ) : null}
        </div>
      </Panel>
    </main>
  );
}
