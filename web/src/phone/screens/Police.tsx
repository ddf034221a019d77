import type { Alert } from "../../api/phone.ts";
import { ageSeconds, freshness } from "../age.ts";
import { type Ctx, distanceWords, minutes } from "../kit/ctx.ts";
import { ExitMan, Icon } from "../kit/Icon.tsx";
import { Age, AlarmHeading, Call112, OfflineStrip, Phone, useTwoTaps } from "../kit/parts.tsx";
import { UNIT_NEAR_M } from "../state.ts";
import { clockTime, metres } from "../text.ts";
import { Answers } from "./Answers.tsx";
import { logText } from "./log.ts";
import { SceneButton } from "./Scene.tsx";

/** 03: who comes, how old that knowledge is, and four taps instead of speech. */
export function Police({ c, alert }: { c: Ctx; alert: Alert }) {
  const police = alert.police;
  const tap = useTwoTaps(c.act.leave);
  if (!police) return null;
  const arrives = Date.parse(police.seen_at) + police.eta_s * 1000;
  const left = Math.max(0, (arrives - c.now) / 1000);
  const near = police.distance_m !== null && police.distance_m < UNIT_NEAR_M;
  return (
    <Phone c={c} theme="night" label={c.w.pol.title}>
      <OfflineStrip c={c} />
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <div className="pad" style={{ paddingTop: "var(--top)" }} onClick={tap}>
          {alert.my && (
            <span className="badge ok tall">
              <Icon name="check" size={18} bold />
              {c.w.pol.placeTold}
            </span>
          )}
          <AlarmHeading className="big gap" lines={[near ? c.w.pol.here : c.w.pol.h]} />
          <div className="eta3">
            <div className="n">
              {minutes(left)}
              <small>{c.w.minUnit}</small>
            </div>
            <div className="by">
              <b className="num">{c.say(c.w.pol.eta, { t: clockTime(arrives) })}</b>
              <Age c={c} at={police.seen_at} text={(ago) => c.say(c.w.pol.unitAge, { unit: police.unit, ago })} />
            </div>
          </div>
          {!c.large && <Progress c={c} alert={alert} />}
        </div>
        <section className="brief">
          <h2 className="rowx">
            <Icon name="clock" size={20} />
            {c.w.pol.soFar}
          </h2>
          <ol className="cap" aria-live="polite">
            {c.state.log.slice(-3).map((line) => (
              <li key={line.what + line.at}>
                <time>{clockTime(line.at)}</time>
                {logText(c, line)}
              </li>
            ))}
            <li>
              <span className="live">{c.w.way.here}</span>
              {advice(c, alert)}
            </li>
          </ol>
        </section>
        <div className="grow" />
        <div className="pad">
          <div className="rowx" style={{ fontWeight: 700, margin: ".75rem 0 .5rem" }}>
            <Icon name="noMic" size={20} />
            {c.w.pol.mute}
          </div>
          <Answers c={c} of={["yes", "no", "hiding", "hurt"]} className="q" />
          <SceneButton c={c} className="btn line" />
        </div>
      </div>
      <footer className="dock clear">
        <div className="two alarm-two">
          <button
            type="button"
            className="btn exit lg"
            style={{ flex: c.large ? 0.8 : 1.3 }}
            onClick={() => c.act.view("way")}
          >
            <ExitMan className="man sm" />
            <span className="word">{c.w.pol.way}</span>
          </button>
          <Call112 c={c} className="white lg" label={c.w.call112} />
          <button
            type="button"
            className="btn line lg"
            style={{ flex: 0.75 }}
            aria-label={c.w.quiet}
            onClick={() => c.act.quiet(true)}
          >
            <Icon name="mute" size={28} />
          </button>
        </div>
      </footer>
    </Phone>
  );
}

/** What to do now, from what is known: go in, lock, or stay among people. */
function advice(c: Ctx, alert: Alert): string {
  const him = alert.distance_m === null ? "" : ` ${c.say("{Who}")} ${distanceWords(c, alert)}.`;
  if (!alert.way_out?.found) return c.w.pol.lock + him;
  const arrived = c.state.log.some((l) => l.what === "arrived");
  return (arrived ? c.say(c.w.pol.enter, { to: alert.way_out.destination.name }) : c.w.pol.stay) + him;
}

function Progress({ c, alert }: { c: Ctx; alert: Alert }) {
  const p = alert.police;
  if (!p || p.distance_m === null) return null;
  const from = Math.max(c.state.policeFrom_m ?? 0, p.distance_m, 1);
  const share = Math.min(0.94, Math.max(0.06, 1 - p.distance_m / from));
  const x = 6 + share * 322;
  const old = freshness(ageSeconds(p.seen_at, c.now)) !== "fresh";
  return (
    <svg
      className="progress"
      viewBox="0 0 350 66"
      role="img"
      aria-label={c.say(c.w.pol.progress, { n: Math.round(share * 100) })}
    >
      <path d="M6 42H344" stroke="#33363d" strokeWidth="8" strokeLinecap="round" />
      <path d={`M6 42H${x}`} stroke={old ? "#58616a" : "#4c87f6"} strokeWidth="8" strokeLinecap="round" />
      <g transform={`translate(${x} 42)`}>
        <circle r="22" fill="#000" />
        <circle r="19" fill={old ? "#58616a" : "#256ef4"} />
        <g
          transform="translate(-12 -12)"
          fill="none"
          stroke="#fff"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        >
          <path d="M3 17v-4l2-6h14l2 6v4zM3 13h18M9 7l.8-3h4.4L15 7M6 17v2.5M18 17v2.5M6.5 15h.1M17.5 15h.1" />
        </g>
      </g>
      <g transform="translate(334 42)">
        <circle r="13" fill="#fff" />
        <circle r="8.5" fill="#256ef4" />
      </g>
      <g fill="#cdd1d5" fontSize="15" fontWeight="700">
        <text x={Math.min(Math.max(x, 80), 250)} y="13" textAnchor="middle">
          {p.unit} · {metres(Math.max(10, Math.round(p.distance_m / 10) * 10))}
        </text>
        <text x="346" y="19" textAnchor="end">
          {c.w.alert.me}
        </text>
      </g>
    </svg>
  );
}
