import { usePermits } from "../../api/hooks";
import type { Alarm, Wearer as WearerData } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { day, dayMinutes, metres, probability } from "../../kit/format";
import { Age, Button, Hint, PanelHead, PermitBadge } from "../../kit/parts";
import { Empty } from "../../kit/states";
import { useConnected } from "../../live/store";
import { useText } from "../../text";
import type { Finding } from "./Finding";
import { leftOf, standing, windowWords } from "./wearerRules";

export function Facts({ wearer }: { wearer: WearerData }) {
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
      <PanelHead title={t.list} right={<Hint cap="J K">{t.conditionsKey}</Hint>} />
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
      {wearer.devices.map((d) => (
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

export function Violations({
  alarms,
  chosen,
  onPick,
  onFind,
}: {
  alarms: readonly Alarm[];
  chosen: string | undefined;
  onPick: (id: string) => void;
  onFind: (finding: Finding) => void;
}) {
  const text = useText();
  const t = text.wearer;
  const selected = alarms.find((a) => a.alarm_id === chosen);
  return (
    <section className="panel scroll wearer-r" aria-label={t.violations}>
      <PanelHead
        title={t.violations}
        sub={t.violationCount(alarms.length)}
        right={<Hint cap="[ ]">{t.between}</Hint>}
      />
      {alarms.length === 0 ? <Empty title={t.none} body={t.noneBody} icon="check" /> : null}
      {alarms.length ? (
        <table className="tbl d">
          <thead>
            <tr>
              <th>{t.when}</th>
              <th>{t.what}</th>
              <th className="r">{t.how}</th>
              <th className="r">{t.finding}</th>
            </tr>
          </thead>
          <tbody>
            {alarms.map((a) => (
              <tr key={a.alarm_id} className={a.alarm_id === chosen ? "sel" : ""} onClick={() => onPick(a.alarm_id)}>
                <td className="num">{dayMinutes(a.raised_at)}</td>
                <td>
                  <b className={a.alarm_id === chosen ? "t1" : ""}>{text.condition[a.trigger] ?? a.trigger}</b>
                </td>
                <td className="r num">{probability(a.probability)}</td>
                <td className={`r${a.state === "certain" ? " c2" : ""}`}>
                  {a.medical === "none" ? (t.state[a.state] ?? a.state) : text.medical[a.medical]}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      {selected ? (
        <div className="sec next-step">
          <div className="pb">
            <div className="fx">
              <h2>{t.nextStep}</h2>
              <span className="sp" />
              <span className="xs t3">{t.notByItself}</span>
            </div>
            {t.procedure.map((name, i) => (
              <div className={`pc ${i === 0 ? "now" : "todo"}`} key={name}>
                <span className="no">{i + 1}</span>
                <div>
                  <b>{name}</b>
                  <div className="sm t3">{t.procedureNote[i]}</div>
                  {i === 0 ? (
                    <div className="fx choices">
                      <Button small cap="X" onClick={() => onFind("confirmed")}>
                        {t.confirm}
                      </Button>
                      <Button small cap="M" onClick={() => onFind("medical")}>
                        {t.medical}
                      </Button>
                      <Button small cap="N" onClick={() => onFind("false")}>
                        {t.falseAlarm}
                      </Button>
                    </div>
                  ) : null}
                </div>
              </div>
            ))}
          </div>
        </div>
      ) : null}
    </section>
  );
}
