import type { Alert } from "../../api/phone.ts";
import { ageSeconds, couldReach, round } from "../age.ts";
import { sector } from "../geo.ts";
import type { Ctx } from "../kit/ctx.ts";
import { ExitMan, Icon } from "../kit/Icon.tsx";
import { Age, AlarmHeading, Call112, OfflineStrip, Phone, Quiet, useTwoTaps } from "../kit/parts.tsx";
import { clockTime, metres } from "../text.ts";

/** 35: unknown is a state with its own screen: last place, how far he could be by now, who is looking. */
export function CannotVouch({ c, alert }: { c: Ctx; alert: Alert }) {
  const tap = useTwoTaps(c.act.leave);
  const silent = ageSeconds(alert.seen_at, c.now);
  const reach = couldReach(silent);
  const w = c.w.lost;
  const last = [
    alert.bearing_deg === null ? null : c.where(sector(alert.bearing_deg, null)),
    alert.distance_m === null ? null : c.say(w.away, { n: metres(round(alert.distance_m)) }),
    clockTime(alert.seen_at),
  ].filter(Boolean);
  const looking = alert.told_112.at ?? alert.raised_at;
  return (
    <Phone c={c} theme="night" label={w.title} className="alarm">
      <OfflineStrip c={c} />
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <section className="hero amber" onClick={tap}>
          <div className="rowx kind">
            <Icon name="eyeOff" size={28} />
            <span>{w.title}</span>
          </div>
          <AlarmHeading lines={w.h.map((line) => c.say(line))} />
          <p className="lost-p num">{c.say(w.since, { n: Math.max(1, Math.floor(silent / 60)) })}</p>
        </section>
        <div className="pad stack" style={{ paddingTop: "1.125rem" }}>
          <div className="wk">
            <b>
              <Icon name="clock" size={20} />
              {w.last}
            </b>
            <span className="num">{last.join(" · ")}</span>
            <div>
              <Age
                c={c}
                at={alert.seen_at}
                text={(ago) => `${ago} · ${c.say(c.w.error, { n: Math.round(alert.error_m) })}`}
              />
            </div>
          </div>
          <div className="wk">
            <b>
              <Icon name="walk" size={20} />
              {w.could}
            </b>
            <span className="num">{c.say(w.reach, { walk: metres(reach.walk_m), car: metres(reach.car_m) })}</span>
          </div>
          <div className="wk">
            <b>
              <Icon name="check" size={20} bold />
              {w.looking}
            </b>
            <span className="num">{c.say(w.since2, { t: clockTime(looking) })}</span>
          </div>
          <p className="stay">{w.stay}</p>
        </div>
        <div className="grow" />
      </div>
      <footer className="dock clear stack">
        <button type="button" className="btn exit xl" onClick={c.act.acknowledge}>
          <ExitMan />
          {w.places}
        </button>
        <div className="two alarm-two">
          <Call112 c={c} className="line lg call" label={c.large ? c.w.call112 : c.w.call} />
          <Quiet c={c} />
        </div>
        <p className="small mid num">{w.next}</p>
      </footer>
    </Phone>
  );
}
