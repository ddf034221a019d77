import type { Alert } from "../../api/phone.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Bar, Phone, Row } from "../kit/parts.tsx";
import { clockTime, daysAhead, dayTime } from "../text.ts";

export function whenWord(c: Ctx, at: string): string {
  const days = daysAhead(at, c.now);
  return days <= 0 ? c.w.med.today : days === 1 ? c.w.med.tomorrow : dayTime(at, c.language);
}

/** 08: before he enters: when, where (coarse), with whom; never the illness. Calm, by day colours, no siren. */
export function Medical({ c, alert }: { c: Ctx; alert: Alert }) {
  const w = c.w.med;
  const m = alert.medical;
  if (!m) return null;
  const when = whenWord(c, m.enters_at);
  const before = Math.max(0, Math.floor((Date.parse(m.enters_at) - Date.parse(alert.raised_at)) / 1000));
  const ahead = c.ago(before).replace(/ 전$| ago$/, "");
  const badge = before < 60 ? c.say(w.badgeNow, { when }) : c.say(w.badge, { when, n: ahead });
  return (
    <Phone c={c} theme="day" label={w.title}>
      <Bar c={c} title={w.title} />
      <div className="body">
        <div className="scroll stack" style={{ paddingTop: ".875rem" }}>
          <span className="badge warn tall">
            <Icon name="clock" size={18} />
            {badge}
          </span>
          <h2 className="h1" role="alert">
            {w.h.map((line) => (
              <span key={line} style={{ display: "block" }}>
                {c.say(line, { when })}{" "}
              </span>
            ))}
          </h2>
          <div className="card">
            <dl className="kv">
              <dt>{w.when}</dt>
              <dd className="num">
                {dayTime(m.enters_at, c.language)} {clockTime(m.enters_at)}~{clockTime(m.leaves_at)}
              </dd>
              <dt>{w.where}</dt>
              <dd>{m.place_coarse}</dd>
              <dt>{w.grant}</dt>
              <dd>{c.say(w.by, { name: m.accompanied_by })}</dd>
            </dl>
          </div>
          <div className="note plain">
            <Icon name="info" />
            <div>
              <b>{w.on}</b> {w.onWhy}
            </div>
          </div>
          <div className="sec">{w.what}</div>
          <div className="card flush">
            <Row icon="shield" title={w.escort} detail={w.escortHow} href="tel:182" />
            <Row icon="talk" title={w.talk} detail={w.talkHow} href="tel:1366" />
          </div>
        </div>
      </div>
      <footer className="dock">
        <button type="button" className="btn pri lg" onClick={c.act.fine}>
          {w.ok}
        </button>
        {alert.fall_at && (
          <p className="xs mid" style={{ marginTop: ".5rem" }}>
            {c.say(w.fall, { t: clockTime(alert.fall_at) })}
          </p>
        )}
      </footer>
    </Phone>
  );
}
