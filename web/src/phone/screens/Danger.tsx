import type { Alert } from "../../api/phone.ts";
import { ageSeconds, distanceNow, trend } from "../age.ts";
import { firstHeading, norm } from "../geo.ts";
import { type Ctx, distanceWords, minutes, whereWords } from "../kit/ctx.ts";
import { Dial } from "../kit/Dial.tsx";
import { ExitMan, Icon, WayArrow } from "../kit/Icon.tsx";
import { Age, AlarmHeading, Call112, OfflineStrip, Phone, Quiet, useTwoTaps } from "../kit/parts.tsx";

/** 01 and 42 (33 and 34 are the same screen at 200 % and in English): one filled button, all else outlined. */
export function Danger({ c, alert }: { c: Ctx; alert: Alert }) {
  const certain = alert.level === "certain";
  const w = certain ? c.w.alert : c.w.maybe;
  const tap = useTwoTaps(c.act.leave);
  return (
    <Phone c={c} theme="night" label={w.title} className="alarm">
      <OfflineStrip c={c} />
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <section className={`hero${certain ? "" : " amber"}`} onClick={tap}>
          <div className="rowx kind">
            <Icon name="danger" size={28} />
            <span>{w.title}</span>
          </div>
          <AlarmHeading lines={w.h.map((line) => c.say(line))} />
          <Distance c={c} alert={alert} />
          <TrendLine c={c} alert={alert} />
        </section>
        {c.large ? (
          <div className="grow" />
        ) : (
          <div className="dialbox">
            <Dial c={c} alert={alert} />
          </div>
        )}
      </div>
      <footer className="dock clear stack">
        <Told c={c} alert={alert} />
        <Go c={c} alert={alert} />
        <div className="two alarm-two">
          <Call112 c={c} className="line lg call" label={c.large ? c.w.call112 : c.w.call} />
          <Quiet c={c} />
        </div>
        <Fall c={c} alert={alert} />
      </footer>
      <Announce c={c} alert={alert} />
    </Phone>
  );
}

function Distance({ c, alert }: { c: Ctx; alert: Alert }) {
  const d = distanceNow(alert, c.now);
  const where = whereWords(c, alert);
  const wide = alert.level === "probable" && where;
  return (
    <div className="dist">
      {d.kind === "unknown" ? (
        <div className="n words">{c.w.unknownDistance}</div>
      ) : (
        <div className={`n${d.kind === "range" ? " range" : ""}`}>
          {distanceWords(c, alert).replace(/ ?k?m$/, "")}
          <small>{distanceWords(c, alert).endsWith("km") ? "km" : "m"}</small>
        </div>
      )}
      <div className="w">
        <b>{wide ? c.say(c.w.somewhere, { where }) : where}</b>
        {alert.level === "certain" && <SeenAge c={c} alert={alert} />}
      </div>
    </div>
  );
}

function SeenAge({ c, alert }: { c: Ctx; alert: Alert }) {
  const err = Math.round(alert.error_m);
  const error = c.say(c.large ? c.w.errorShort : c.w.error, { n: err });
  return <Age c={c} at={alert.seen_at} text={(ago) => `${c.say(c.w.seenAgo, { ago })} · ${error}`} />;
}

function TrendLine({ c, alert }: { c: Ctx; alert: Alert }) {
  if (alert.level === "probable") {
    return (
      <div className="trend">
        <Icon name="aim" size={20} />
        <span className="num">
          {c.ago(ageSeconds(alert.seen_at, c.now))} · {c.say(c.w.error, { n: Math.round(alert.error_m) })}
        </span>
      </div>
    );
  }
  const t = trend(alert.trend_m_per_min);
  const text = t ? c.say(t.closing ? c.w.closer : c.w.farther, { n: t.m }) : c.w.steady;
  return (
    <div className="trend">
      <Icon name="danger" size={20} bold />
      {text}
    </div>
  );
}

/** Police told only after 112's receipt; before that, since when we are trying. */
export function Told({ c, alert }: { c: Ctx; alert: Alert }) {
  const { state } = alert.told_112;
  if (alert.level === "probable") {
    return (
      <div className="told">
        <Icon name="check" size={20} bold />
        {c.large ? c.w.told.wideChecking : c.w.told.checking}
      </div>
    );
  }
  if (state === "telling") {
    const since = c.ago(ageSeconds(alert.told_112.at ?? alert.raised_at, c.now)).replace(/ 전| ago/, "");
    return (
      <div className="told wait" role="status">
        <Icon name="phone" size={20} />
        {c.w.told.telling} · {since}
      </div>
    );
  }
  return (
    <div className="told" role="status">
      <Icon name="check" size={20} bold />
      {c.large && state === "acknowledged" ? c.w.told.wide : c.w.told[state]}
    </div>
  );
}

function Go({ c, alert }: { c: Ctx; alert: Alert }) {
  const way = alert.way_out?.found ? alert.way_out : null;
  const deg = way ? firstHeading(way.line) : null;
  const short = way?.destination.kind.includes("police") ? c.w.kinds.police : c.w.kinds.other;
  const to = way
    ? c.say(c.large ? c.w.walkWide : c.w.walk, {
        to: c.large ? short : way.destination.name,
        n: minutes(way.duration_s),
      })
    : c.w.way.none.join(" ");
  return (
    <button type="button" className="btn exit xl go" onClick={c.act.acknowledge}>
      {c.large && deg !== null ? (
        <WayArrow deg={norm(deg - (c.heading ?? 0))} />
      ) : (
        <span className="sign">{way ? <ExitMan /> : <Icon name="lock" size={40} />}</span>
      )}
      <span>
        <b>
          {!way ? c.w.alert.goNone : c.large ? c.w.alert.goWide.map((line) => <i key={line}>{line}</i>) : c.w.alert.go}
        </b>
        <span className="to">{to}</span>
      </span>
    </button>
  );
}

/** The server's own timer, shown. Its end is always the safer branch: a voice call. */
function Fall({ c, alert }: { c: Ctx; alert: Alert }) {
  if (alert.level === "probable") return <div className="fall">{c.w.maybe.next}</div>;
  if (c.state.seen.includes(alert.warning_id)) return <div className="fall">{c.w.seen}</div>;
  if (!alert.fall_at) return <div className="fall" />;
  const left = Math.ceil((Date.parse(alert.fall_at) - c.now) / 1000);
  if (left <= 0) return <div className="fall">{c.w.fallen}</div>;
  const whole = Math.max(10, (Date.parse(alert.fall_at) - Date.parse(alert.raised_at)) / 1000);
  return (
    <div className="fall">
      <svg className="ring" viewBox="0 0 22 22" aria-hidden="true">
        <circle cx="11" cy="11" r="9" fill="none" stroke="#464c53" strokeWidth="3" />
        <circle
          cx="11"
          cy="11"
          r="9"
          fill="none"
          stroke="#fff"
          strokeWidth="3"
          strokeLinecap="round"
          strokeDasharray={`${(56.5 * Math.min(1, left / whole)).toFixed(1)} 57`}
        />
      </svg>
      {c.say(c.w.fall, { n: left })}
    </div>
  );
}

/** Re-announce distance to a screen reader on a change of 50 m or of the sector, at most each 15 s (phone design §6). */
function Announce({ c, alert }: { c: Ctx; alert: Alert }) {
  const far = Math.round((alert.distance_m ?? 0) / 50) * 50;
  const slot = Math.floor(c.now / 15_000);
  const say = `${whereWords(c, alert)} ${distanceWords(c, alert)}`;
  return (
    <p className="sr" aria-live="polite" key={`${whereWords(c, alert)}-${far}-${slot % 1}`}>
      {say}
    </p>
  );
}
