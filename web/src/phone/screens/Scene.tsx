import { useEffect, useRef } from "react";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Call112, OfflineStrip, Phone } from "../kit/parts.tsx";

/** 15: what her camera sees goes to the desk of her incident. The picture is the screen; everything else lies on it. */
export function SceneScreen({ c }: { c: Ctx }) {
  const { state } = c.scene;
  const w = c.w.scene;
  const sending = state.is === "sending";
  const seconds = sending ? Math.max(0, Math.floor((Date.now() - state.since) / 1000)) : 0;
  const why = state.is === "off" && state.why ? w.why[state.why] : "";
  return (
    <Phone c={c} theme="night" label={w.title} className="scene">
      <Preview c={c} />
      <header className="scene-top">
        <OfflineStrip c={c} />
        <div className="between pad">
          <span className={`badge tall${sending ? " live" : ""}`} role="status">
            {sending ? w.sending : state.is === "waiting" ? w.waiting : state.is === "asking" ? w.asking : w.off}
            {sending && <span className="num">{clock(seconds)}</span>}
          </span>
          {sending && (
            <span className="badge tall">
              <Icon name="eye" size={20} />
              {c.say(w.watched, { n: state.watched })}
            </span>
          )}
        </div>
      </header>
      <div className="grow" />
      <footer className="dock stack scene-dock">
        <div className="vid" aria-live="polite">
          <Icon name={why ? "danger" : sending ? "check" : "clock"} size={28} bold />
          <div className="grow">
            <b>{why || (sending ? w.connected : w.wait)}</b>
            {sending && state.error_m !== null && <div>{c.say(w.place, { n: state.error_m })}</div>}
          </div>
        </div>
        <div className="two alarm-two">
          <Call112 c={c} className="white lg" label={c.w.call112} />
          {state.is === "off" ? (
            <button type="button" className="btn out lg" onClick={c.act.showScene}>
              <Icon name="eye" size={28} />
              <span className="word">{w.again}</span>
            </button>
          ) : (
            <>
              <button type="button" className="btn out lg" style={{ flex: 0.8 }} onClick={c.act.turnCamera}>
                <span className="word">{w.turn}</span>
              </button>
              <button type="button" className="btn out lg" style={{ flex: 0.8 }} onClick={c.act.endScene}>
                <Icon name="stop" size={28} />
                <span className="word">{w.stop}</span>
              </button>
            </>
          )}
        </div>
        <button type="button" className="btn line" onClick={() => c.act.view("follow")}>
          {w.back}
        </button>
        <p className="xs center">{w.kept}</p>
      </footer>
    </Phone>
  );
}

/** The button that leads here. */
export function SceneButton({ c, className }: { c: Ctx; className: string }) {
  return (
    <button type="button" className={className} onClick={c.act.showScene}>
      <Icon name="camera" size={24} />
      {c.scene.state.is === "sending" ? c.w.scene.sending : c.w.scene.show}
    </button>
  );
}

function Preview({ c }: { c: Ctx }) {
  const box = useRef<HTMLDivElement>(null);
  const video = c.scene.video;
  useEffect(() => {
    if (video) box.current?.append(video);
    return () => video?.remove();
  }, [video]);
  return <div ref={box} className="scene-picture" role="img" aria-label={c.w.scene.picture} />;
}

const clock = (s: number): string =>
  `${String(Math.floor(s / 60)).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
