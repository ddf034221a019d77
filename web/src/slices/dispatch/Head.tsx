import type { Incident } from "../../api/types";
import { clock } from "../../kit/format";
import { Glyph } from "../../kit/Icon";
import { Elapsed } from "../../kit/parts";
import { useText } from "../../text";
import { Steps } from "./Steps";

export function IncidentHead({ incident }: { incident: Incident }) {
  const text = useText();
  const name = incident.certain ? text.trigger[incident.trigger] : text.triggerProbable[incident.trigger];
  const over = incident.state !== "open";
  return (
    <section className="panel inc-head">
      <div className="fx inc-title">
        <Glyph
          priority={incident.priority}
          state={over ? "over" : incident.acknowledged_at ? "ack" : "new"}
          size={34}
        />
        <div className="inc-words">
          <div className="fx">
            <h1>{name}</h1>
            {incident.state === "closed" || incident.state === "taken_back" ? (
              <span className="bd">{text.incident.closedBadge}</span>
            ) : incident.state === "resolved" ? (
              <span className="bd p3">{text.incident.resolved}</span>
            ) : incident.certain ? (
              <span className="bd p1">
                {text.incident.reached(
                  text.reason[incident.trigger] ?? "",
                  clock(incident.steps[0]?.at ?? incident.opened_at),
                )}
              </span>
            ) : (
              <span className="bd doubt">{text.incident.probable}</span>
            )}
          </div>
          <div className="sm cut">
            <b>{incident.code}</b> <span className="t3">·</span> {incident.wearer_code}
            {incident.protected_code ? ` → ${incident.protected_code}` : ""}
            {incident.place ? (
              <>
                {" "}
                <span className="t3">·</span> {incident.place}
              </>
            ) : null}{" "}
            <span className="t3">· {text.incident.viewers(incident.viewers.length)}</span>
          </div>
        </div>
      </div>
      <Steps incident={incident} />
      <div className="col r inc-clock">
        <span className="xs t3">{text.incident.elapsed}</span>
        <span className="num t1 w6 inc-el">
          {incident.state === "closed" || incident.state === "taken_back" ? (
            clock(incident.closed_at ?? incident.opened_at)
          ) : (
            <Elapsed since={incident.opened_at} />
          )}
        </span>
      </div>
    </section>
  );
}
