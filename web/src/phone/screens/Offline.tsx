import type { Alert } from "../../api/phone.ts";
import { ageSeconds } from "../age.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { AlarmHeading, Call112, Phone, useTwoTaps } from "../kit/parts.tsx";
import { alarming } from "../state.ts";
import { clockTime } from "../text.ts";
import { placeOf } from "./Way.tsx";

/** The text ready for 112: a plea, the place with its error, the time. No names, no addresses of homes. */
export function smsText(c: Ctx, alert: Alert | null, extra = ""): string {
  const mine = alert ? placeOf(c, alert) : c.place ? { ...c.place, known: true } : null;
  const place = mine?.known
    ? c.say(c.w.off.smsPlace, { lat: mine.at[0].toFixed(5), lon: mine.at[1].toFixed(5), err: Math.round(mine.error_m) })
    : c.w.off.smsNoPlace;
  return [c.w.off.sms112, extra, place, clockTime(mine?.known ? mine.seen_at : c.now)].filter(Boolean).join(" ");
}

/** `?body=` after the number works on Android and, since iOS 8, with `&` too; both read `?&`. */
export const smsLink = (text: string): string => `sms:112?&body=${encodeURIComponent(text)}`;

/** 29: what works, what does not, and 112 without the internet. */
export function Offline({ c }: { c: Ctx }) {
  const tap = useTwoTaps(c.act.leave);
  const w = c.w.off;
  const heard = c.state.heardAt === null ? null : c.state.heardAt + c.state.aheadMs;
  const body = smsText(c, c.alert);
  const device = c.state.me?.calm?.devices[0];
  const stored = c.alert?.way_out?.found === true;
  return (
    <Phone c={c} theme="night" label={w.title}>
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <div className="pad" style={{ paddingTop: "var(--top)" }} onClick={tap}>
          <span className="ic warn large">
            <Icon name="noNet" size={32} />
          </span>
          <AlarmHeading className="big gap" lines={[w.h]} />
          <p className="lead" style={{ fontSize: "1.1875rem", color: "var(--text-2)" }}>
            {w.how}
          </p>
          <span className="age old num" style={{ marginTop: ".5rem" }}>
            {heard === null
              ? w.never
              : c.say(w.last, { ago: c.ago(Math.max(0, Math.floor((c.now - heard) / 1000))), t: clockTime(heard) })}
          </span>
        </div>
        <div className="pad stack" style={{ marginTop: ".75rem" }}>
          <div className="wk">
            <b>
              <span style={{ color: "var(--success-30)" }}>
                <Icon name="check" size={20} bold />
              </span>
              {w.works}
            </b>
            <span>{stored ? w.worksWhat : w.worksNoWay}</span>
          </div>
          <div className="wk">
            <b>
              <span style={{ color: "var(--danger-30)" }}>
                <Icon name="cross" size={20} bold />
              </span>
              {w.not}
            </b>
            <span>{c.say(w.notWhat)}</span>
          </div>
          {device?.seen_at && (
            <div className="wk">
              <b>
                <Icon name="watch" size={20} />
                {c.say(w.watch, { name: device.name })}
              </b>
              <div className="age old num">
                {c.say(c.w.calm.signal, { ago: c.ago(ageSeconds(device.seen_at, c.now)) })}
              </div>
            </div>
          )}
          {stored && alarming(c.state) && (
            <button type="button" className="btn gray" onClick={() => c.act.view("way")}>
              {w.way}
            </button>
          )}
        </div>
        <div className="grow" />
      </div>
      <footer className="dock clear stack">
        <Call112 c={c} className="white xl" label={w.call} icon={40} />
        <a className="btn line xl" style={{ minHeight: "5rem" }} href={smsLink(body)}>
          <Icon name="text" size={32} />
          {w.sms}
        </a>
        <p className="small mid">
          {w.body}: “{body}”
        </p>
      </footer>
    </Phone>
  );
}
