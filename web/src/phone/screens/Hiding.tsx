import type { Alert } from "../../api/phone.ts";
import { type Ctx, minutes } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Age, Phone, useTwoTaps } from "../kit/parts.tsx";
import { Answers } from "./Answers.tsx";

/** 41: dark, silent, four giant answers. Nothing moves or lights up. */
export function Hiding({ c, alert }: { c: Ctx; alert: Alert }) {
  const tap = useTwoTaps(c.act.leave);
  const lines = alert.told_112.state === "telling" ? c.w.hush.telling : c.w.hush.h;
  return (
    <Phone c={c} theme="night" label={c.w.quiet}>
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <div className="pad hide" style={{ paddingTop: "var(--top)" }} onClick={tap}>
          <div className="rowx" style={{ fontSize: "1.125rem", fontWeight: 700 }}>
            <Icon name="mute" size={28} />
            {c.w.hush.title}
          </div>
          <h1 className="big" role="status" style={{ marginTop: ".75rem" }}>
            {lines.map((line) => (
              <span key={line}>{line} </span>
            ))}
          </h1>
          <div className="rowx wrap num" style={{ marginTop: ".5rem", gap: "0 1rem" }}>
            {alert.police ? (
              <>
                <span>{c.say(c.w.hush.police, { n: minutes(alert.police.eta_s) })}</span>
                <Age c={c} at={alert.police.seen_at} />
              </>
            ) : (
              <span>{c.w.hush.noPolice}</span>
            )}
            {c.offline && <span>{c.w.off.h}</span>}
          </div>
        </div>
        <div className="grow" />
        <Answers c={c} of={["yes", "no", "come_closer", "hurt"]} className="sg" />
      </div>
      <footer className="dock clear">
        <button
          type="button"
          className="btn"
          style={{ minHeight: "4rem", color: "#b1b8be", border: "1.5px solid #58616a" }}
          onClick={() => c.act.quiet(false)}
        >
          <Icon name="sound" />
          {c.w.hush.on}
        </button>
      </footer>
    </Phone>
  );
}
