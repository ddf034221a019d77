import { useEffect, useRef, useState } from "react";
import { type Alert, type HomeSeen, phone } from "../../api/phone.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Age, AlarmHeading, OfflineStrip, Phone, Quiet, useTwoTaps } from "../kit/parts.tsx";
import { clockTime } from "../text.ts";

/** What the clip is made to be: ten seconds before, ten after. */
const WHOLE_S = 20;
const BEFORE_S = 10;

/** 04: what the camera at her door saw. "May be", never "is"; one filled button brings film and place to 112. */
export function HomeGuard({ c, alert }: { c: Ctx; alert: Alert }) {
  const tap = useTwoTaps(c.act.leave);
  const w = c.w.homeGuard;
  const seen = alert.home;
  if (!seen) return null;
  const match = seen.kind === "match";
  return (
    <Phone c={c} theme="night" label={w.title} className="alarm">
      <OfflineStrip c={c} />
      <div className="body">
        {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: two taps leave; Escape twice is the keyboard twin */}
        <section className={`hero${match ? "" : " amber"}`} onClick={tap}>
          <div className="rowx kind">
            <Icon name="danger" size={28} />
            <span>{w.title}</span>
          </div>
          <AlarmHeading lines={(match ? w.match : w.intrusion).map((line) => c.say(line))} />
        </section>
        <Film c={c} seen={seen} />
        <div className="pad" style={{ paddingTop: ".75rem" }}>
          <div className="between likeness">
            <span className="rowx">
              <Icon name="person" size={20} />
              {seen.likeness ? w.like[seen.likeness] : w.unknown}
            </span>
            <Age c={c} at={seen.at} />
          </div>
          <p className="small">{match ? w.may : seen.unable ? unableWords(c, seen.unable) : w.hidden}</p>
        </div>
        <div className="grow" />
      </div>
      <footer className="dock clear stack">
        <p className="lockit">
          <Icon name="lock" size={28} />
          {w.lock}
        </p>
        <Report c={c} alert={alert} />
        <div className="three">
          <button type="button" className="btn line" onClick={() => c.act.homeAnswer("away")}>
            {w.away}
          </button>
          <button type="button" className="btn line" onClick={() => c.act.homeAnswer("known")}>
            {w.known}
          </button>
          <Quiet c={c} />
        </div>
      </footer>
    </Phone>
  );
}

function unableWords(c: Ctx, reason: string): string {
  const words: Record<string, string> = c.w.homeGuard.unable;
  return words[reason] ?? c.w.homeGuard.unable.other;
}

/** The call itself goes by the phone; film and place go at the same press. */
function Report({ c, alert }: { c: Ctx; alert: Alert }) {
  const w = c.w.homeGuard;
  const told = alert.told_112.at !== null || alert.told_112.state !== "telling";
  return (
    <a className="btn white xl report112" href="tel:112" onClick={c.act.call}>
      <Icon name="phone" size={40} />
      <span>
        <b>{w.report}</b>
        <span className="to" role="status">
          {told ? w.sent : w.with}
        </span>
      </span>
    </a>
  );
}

/** The film plays by itself and goes on where it was when it has grown. */
function Film({ c, seen }: { c: Ctx; seen: HomeSeen }) {
  const video = useRef<HTMLVideoElement>(null);
  const [at, setAt] = useState(0);
  const [playing, setPlaying] = useState(true);
  const w = c.w.homeGuard;
  const whole = seen.complete ? Math.max(1, Math.round(seen.seconds)) : WHOLE_S;
  const resume = useRef(0);
  useEffect(() => {
    const player = video.current;
    if (!player || seen.seconds === 0) return;
    resume.current = player.currentTime;
    player.src = phone.homeClip(seen);
    player.load();
  }, [seen.alert_id, seen.seconds]);
  const toggle = (): void => {
    const player = video.current;
    if (!player) return;
    if (player.paused) void player.play().catch(() => undefined);
    else player.pause();
  };
  return (
    <div className="film">
      <video
        ref={video}
        muted
        autoPlay
        playsInline
        aria-label={w.film}
        data-seconds={seen.seconds}
        data-complete={seen.complete}
        onLoadedMetadata={(e) => {
          e.currentTarget.currentTime = resume.current;
        }}
        onTimeUpdate={(e) => setAt(e.currentTarget.currentTime)}
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
      />
      <div className="chip left">
        {seen.camera} <span className="num">{clockTime(seen.at)}</span>
      </div>
      <div className="chip right">
        <Icon name="mute" size={16} />
        {w.silent}
      </div>
      <div className="reel">
        <button type="button" className="playit" aria-label={playing ? w.pause : w.play} onClick={toggle}>
          <Icon name={playing ? "stop" : "more"} size={24} />
        </button>
        <div className="filmline" aria-hidden="true">
          <i className="done" style={{ width: `${(100 * seen.seconds) / whole}%` }} />
          <i className="at" style={{ width: `${Math.min(100, (100 * at) / whole)}%` }} />
          <i className="mark" style={{ left: `${(100 * BEFORE_S) / whole}%` }} />
        </div>
        <span className="num">
          {seen.seconds === 0 ? w.growing : c.say(w.of, { at: Math.round(at), n: Math.round(seen.seconds) })}
        </span>
      </div>
    </div>
  );
}
