import type { Alert } from "../../api/phone.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Phone, useTwoTaps } from "../kit/parts.tsx";
import { clockTime } from "../text.ts";
import { logText } from "./log.ts";

/** 37: only after an officer said so on site. It asks how she is, and never says that she is safe. */
export function Over({ c, alert }: { c: Ctx; alert: Alert }) {
  const tap = useTwoTaps(c.act.leave);
  const w = c.w.over;
  return (
    <Phone c={c} theme="night" label={w.title}>
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <div className="pad" style={{ paddingTop: "calc(var(--top) + .5rem)" }} onClick={tap}>
          <span className="ic ok large">
            <Icon name="shield" size={40} />
          </span>
          <h1 className="big" role="status" style={{ marginTop: ".875rem" }}>
            {w.h.map((line) => (
              <span key={line} style={{ display: "block" }}>
                {c.say(line)}{" "}
              </span>
            ))}
          </h1>
          <div className="rowx wrap" style={{ marginTop: ".375rem", gap: "0 .875rem" }}>
            <span className="age num">{c.say(w.confirmed, { t: clockTime(alert.seen_at) })}</span>
            {alert.police && <span className="small">{alert.police.unit}</span>}
          </div>
        </div>
        <div className="pad" style={{ marginTop: "1.125rem" }}>
          <div className="wk">
            <ol className="tl">
              {c.state.log.map((line) => (
                <li key={line.what + line.at}>
                  <span className="dot ok">
                    <Icon name="check" size={16} bold />
                  </span>
                  <div className="t num">
                    {clockTime(line.at)} {logText(c, line)}
                  </div>
                </li>
              ))}
            </ol>
          </div>
          <p className="small" style={{ marginTop: ".875rem" }}>
            {w.still}
          </p>
        </div>
        <div className="grow" />
        <h2 className="h1 mid" style={{ margin: ".75rem 0" }}>
          {w.how}
        </h2>
      </div>
      <footer className="dock clear stack" style={{ paddingTop: 0 }}>
        <button type="button" className="btn white xl" style={{ minHeight: "5.25rem" }} onClick={c.act.fine}>
          {w.fine}
        </button>
        <a className="btn line lg" href="tel:112" onClick={c.act.call}>
          {w.afraid}
        </a>
        <a className="btn gray lg" href="tel:1366">
          <Icon name="talk" />
          {w.talk}
        </a>
      </footer>
    </Phone>
  );
}
