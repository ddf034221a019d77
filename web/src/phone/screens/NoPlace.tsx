import { useState } from "react";
import type { Alert } from "../../api/phone.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon, type IconName } from "../kit/Icon.tsx";
import { Age, AlarmHeading, Call112, OfflineStrip, Phone, useTwoTaps } from "../kit/parts.tsx";
import { smsLink, smsText } from "./Offline.tsx";

const MARKS = ["plate", "bell", "pole", "shop"] as const;
const markIcon: Record<(typeof MARKS)[number], IconName> = { plate: "home", bell: "bell", pole: "lamp", shop: "shop" };

/** 30: nobody knows where she is. What she can read aloud or text is what 112 can find her by. */
export function NoPlace({ c, alert }: { c: Ctx; alert: Alert }) {
  const [mark, setMark] = useState<(typeof MARKS)[number] | null>(null);
  const [text, setText] = useState("");
  const tap = useTwoTaps(c.act.leave);
  const w = c.w.gps;
  const my = alert.my;
  const extra = mark && text.trim() ? c.say(c.w.off.smsSeen, { what: w[mark], text: text.trim() }) : "";
  return (
    <Phone c={c} theme="night" label={w.title}>
      <OfflineStrip c={c} />
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <div className="pad" style={{ paddingTop: "var(--top)" }} onClick={tap}>
          <span className="ic warn large">
            <Icon name="aim" size={40} />
          </span>
          <div style={{ marginTop: ".75rem" }}>
            <AlarmHeading className="big" lines={[w.h]} />
          </div>
          <p style={{ fontSize: "1.1875rem", color: "var(--text-2)" }}>{my ? w.how : w.howNone}</p>
        </div>
        <div className="pad" style={{ marginTop: ".875rem" }}>
          {my && (
            <div className="wk">
              <b>
                <Icon name="pin" size={20} />
                {my.source === "device" ? w.lastPlace : w.registered}
              </b>
              <div>
                <Age
                  c={c}
                  at={my.seen_at}
                  text={(ago) => `${ago} · ${c.say(c.w.error, { n: Math.round(my.error_m) })}`}
                />
              </div>
            </div>
          )}
          <h2 style={{ fontSize: "1.25rem", marginTop: "1rem" }}>{mark ? `${w[mark]}: ${w.type}` : w.ask}</h2>
          {mark ? (
            <div className="stack" style={{ marginTop: ".75rem" }}>
              <input
                className="fieldbox"
                aria-label={w[mark]}
                value={text}
                maxLength={60}
                onChange={(e) => setText(e.target.value)}
                inputMode={mark === "bell" || mark === "pole" ? "numeric" : "text"}
              />
              <a className="btn line lg" aria-disabled={!extra} href={smsLink(smsText(c, alert, extra))}>
                <Icon name="text" size={28} />
                {w.send}
              </a>
              <button type="button" className="btn gray" onClick={() => setMark(null)}>
                {c.w.back}
              </button>
            </div>
          ) : (
            <div className="gr">
              {MARKS.map((one) => (
                <button type="button" key={one} onClick={() => setMark(one)}>
                  <Icon name={markIcon[one]} size={28} />
                  <b>{w[one]}</b>
                  <span>{w[`${one}How`]}</span>
                </button>
              ))}
            </div>
          )}
        </div>
        <div className="grow" />
      </div>
      <footer className="dock clear stack">
        <Call112 c={c} className="white xl" label={c.w.off.call} icon={40} />
        <p className="small mid">{w.under}</p>
      </footer>
    </Phone>
  );
}
