import { usePermits } from "../../api/hooks";
import type { Papers } from "../../api/procedure";
import type { Wearer as WearerData } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { day, metres } from "../../kit/format";
import { Age, Button, PanelHead, PermitBadge } from "../../kit/parts";
import { useConnected } from "../../live/store";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { leftOf, standing, windowWords } from "./wearerRules";

export function Facts({
  wearer,
  papers,
  onCheck,
  onAct,
}: {
  wearer: WearerData;
  papers: Papers | undefined;
  onCheck?: (device: string) => void;
  onAct?: (check: string) => void;
}) {
  const text = useText();
  const t = text.wearer;
  const now = useNow();
  const connected = useConnected();
  const open = wearer.alarms.filter((a) => a.state === "probable" || a.state === "certain");
  const permits = usePermits(open[0]?.incident_id ?? undefined);
  const left = leftOf(wearer.order.until_at, now);
  const permit = permits.data?.permits.find((p) => p.state === "in_use" || p.state === "ending");
  return (
    <section className="panel scroll wearer-l" aria-label={wearer.code}>
      <PanelHead title={t.list} />
      <div className="pb">
        <div className="fx">
          <b className="code">{wearer.code}</b>
          <span className="sp" />
          {open.length ? <span className="bd p1">{t.inIncident}</span> : null}
        </div>
        <div className="sm">
          {text.offence[wearer.offence] ?? wearer.offence} ·{" "}
          {t.order(day(wearer.order.from_at), day(wearer.order.until_at))} · {t.left(left.years, left.days)}
        </div>
        {permit ? (
          <div className="wide-permit">
            <PermitBadge permit={permit} connected={connected} />
          </div>
        ) : null}
        <p className="xs t3">{t.hidden}</p>
      </div>
      <div className="sec">
        <PanelHead plain title={t.conditions} sub={t.court(wearer.order.number)} />
        <table className="tbl d">
          <tbody>
            {wearer.conditions.map((c) => {
              const state = standing(c, open);
              const size = c.radius_m ? t.radius(metres(c.radius_m)) : c.alarm_m ? t.person(metres(c.alarm_m)) : "";
              return (
                <tr key={c.condition_id}>
                  <td>{text.condition[c.trigger] ?? c.trigger}</td>
                  <td className="t1 num cut">
                    {[
                      windowWords(c.window),
                      c.trigger === "exclusion_zone" ? c.label : "",
                      c.trigger === "curfew" ? "" : size,
                    ]
                      .filter(Boolean)
                      .join(" · ") ||
                      c.label ||
                      t.always}
                  </td>
                  <td className="r">
                    <span className={state === "broken" ? "c1" : state === "doubted" ? "cd" : ""}>{t[state]}</span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {wearer.devices.map((d, i) => (
        <div className="sec" key={d.device_id}>
          <PanelHead plain title={t.device} sub={d.name} right={<Age at={d.last_seen_at} label={t.lastSeen} />} />
          <dl className="kv pb">
            <dt>{t.battery}</dt>
            <dd className="fx end">
              {d.battery === null ? (
                "–"
              ) : (
                <>
                  <span className="bar">
                    <i style={{ width: `${d.battery}%`, ...(d.battery <= 20 ? { background: "var(--p2)" } : {}) }} />
                  </span>
                  <span className="num">{Math.round(d.battery)}%</span>
                </>
              )}
            </dd>
            <dt>{t.strap}</dt>
            <dd className={d.worn === false ? "c1" : ""}>
              {d.worn === null ? t.wornUnknown : d.worn ? t.worn : t.torn}
            </dd>
          </dl>
          {papers ? (
            <Checks device={d.device_id} papers={papers} onCheck={onCheck} onAct={onAct} cap={i ? undefined : "T"} />
          ) : null}
        </div>
      ))}
      <div className="sec">
        <PanelHead plain title={t.office} />
        <dl className="kv pb">
          <dt>{t.officeName}</dt>
          <dd>{wearer.office}</dd>
        </dl>
      </div>
      {wearer.notices.filter((n) => !n.ended_at).length ? (
        <div className="sec">
          <PanelHead plain title={t.notices} />
          <dl className="kv pb">
            {wearer.notices
              .filter((n) => !n.ended_at)
              .map((n) => (
                <div className="kv-row" key={n.notice_id}>
                  <dt className="cd">{text.notice[n.notice] ?? n.notice}</dt>
                  <dd>{text.watch.since(ageS(n.since_at, now))}</dd>
                </div>
              ))}
          </dl>
        </div>
      ) : null}
    </section>
  );
}

/** The last check of a device by hand, what waits for an act, and the next check. */
function Checks({
  device,
  papers,
  onCheck,
  onAct,
  cap,
}: {
  device: string;
  papers: Papers;
  onCheck: ((device: string) => void) | undefined;
  onAct: ((check: string) => void) | undefined;
  cap: string | undefined;
}) {
  const t = useProcedureText();
  const mine = papers.checks
    .filter((c) => c.device_id === device)
    .sort((a, b) => b.checked_at.localeCompare(a.checked_at));
  const last = mine[0];
  const waits = mine.find((c) => c.anomaly && !c.acted_at);
  return (
    <div className="pb checks-of" data-checks={mine.length}>
      <div className="fx">
        <span className="sm t3">
          {last ? `${t.lastCheck(day(last.checked_at))} · ${papers.who[last.checked_by] ?? ""}` : t.never}
        </span>
        <span className="sp" />
        {onCheck ? (
          <Button small {...(cap ? { cap } : {})} onClick={() => onCheck(device)}>
            {t.doCheck}
          </Button>
        ) : null}
      </div>
      {last?.anomaly ? (
        <div className="fx sm">
          <span className={waits === last ? "c2" : "t3"}>
            {t.anomaly}: {t.anomalies[last.anomaly]} · {last.act ? t.acts[last.act] : t.actWaits}
          </span>
          <span className="sp" />
          {waits && onAct ? (
            <Button small onClick={() => onAct(waits.check_id)}>
              {t.doAct}
            </Button>
          ) : null}
        </div>
      ) : null}
      {last?.note ? <p className="xs t3 wrap-any">{last.note}</p> : null}
    </div>
  );
}
