import type { Alert } from "../../api/phone.ts";
import { type Ctx, distanceWords, minutes, whereWords } from "../kit/ctx.ts";
import { ExitMan, Icon } from "../kit/Icon.tsx";
import { Phone } from "../kit/parts.tsx";
import { clockTime, dayTime } from "../text.ts";

/** 36, for the fixtures page: what the notice says. On a real phone the system draws it (see `phone-sw.js`). */
export function LockNotice({ c, alert }: { c: Ctx; alert: Alert }) {
  const way = alert.way_out?.found ? alert.way_out : null;
  const body = `${whereWords(c, alert)} ${distanceWords(c, alert)}${way ? ` · ${c.say(c.w.walk, { to: way.destination.name, n: minutes(way.duration_s) })}` : ""}`;
  return (
    <Phone c={c} theme="night" label="36" className="lockscreen">
      <div className="body">
        <div className="mid" style={{ paddingTop: "calc(var(--top) + 1.5rem)" }}>
          <div style={{ fontSize: "1.1875rem", fontWeight: 600 }}>
            {dayTime(new Date(c.now).toISOString(), c.language)}
          </div>
          <div
            className="num"
            style={{ fontSize: "5.375rem", fontWeight: 700, lineHeight: 1.05, letterSpacing: "-.02em" }}
          >
            {clockTime(c.now)}
          </div>
        </div>
        <div className="stack" style={{ padding: "1.375rem .75rem" }}>
          <div className="nt" style={{ background: "var(--danger-60)" }}>
            <div className="rowx" style={{ fontSize: ".9375rem", fontWeight: 700 }}>
              <Icon name="danger" size={20} />
              {c.w.identity.ansim}
            </div>
            <div className="h1" style={{ fontWeight: 800, marginTop: ".25rem" }}>
              {c.say(c.w.alert.h.join(" "))}
            </div>
            <div className="num" style={{ fontSize: "1.125rem", fontWeight: 600 }}>
              {body}
            </div>
            <div className="two" style={{ marginTop: ".75rem" }}>
              <span className="btn white">
                <ExitMan className="man sm" />
                {c.w.alert.go}
              </span>
              <span className="btn" style={{ flex: 0.55, background: "#0004", border: "1.5px solid #fffb" }}>
                <Icon name="phone" />
                112
              </span>
            </div>
          </div>
          <div className="nt" style={{ background: "#f4f5f6f2", color: "#131416" }}>
            <div className="rowx" style={{ fontSize: ".9375rem", fontWeight: 600, color: "#464c53" }}>
              <img src="/phone/sky.svg" alt="" width="22" height="22" style={{ borderRadius: 6 }} />
              {c.w.identity.sky}
            </div>
            <div style={{ fontSize: "1.125rem", fontWeight: 700, marginTop: ".125rem" }}>새 소식 1건</div>
          </div>
        </div>
      </div>
    </Phone>
  );
}
