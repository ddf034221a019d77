import { type CSSProperties, type ReactNode, useEffect, useRef } from "react";
import { ageSeconds, freshness } from "../age.ts";
import type { Ctx } from "./ctx.ts";
import { Icon, type IconName } from "./Icon.tsx";

/** The frame of a screen: theme, language, size of text, name for screen readers. */
export function Phone(p: { c: Ctx; theme: "day" | "night"; label: string; className?: string; children: ReactNode }) {
  const lang = p.c.language === "en" ? "en" : "ko";
  const size = p.c.large ? " large" : "";
  return (
    <main className={`phone${size} ${p.className ?? ""}`} data-theme={p.theme} lang={lang} aria-label={p.label}>
      {p.children}
    </main>
  );
}

/** The age of a live value; amber over 30 s, hollow over 120 s. */
export function Age(p: { c: Ctx; at: string; text?: (ago: string) => string; children?: ReactNode }) {
  const seconds = ageSeconds(p.at, p.c.now);
  const ago = p.c.ago(seconds);
  return (
    <span className={`age num ${freshness(seconds)}`}>
      <span>
        {p.text ? p.text(ago) : ago}
        {p.children}
      </span>
    </span>
  );
}

/** Heading of an alarm: read at once and given the focus, so that a screen reader stands there. */
export function AlarmHeading(p: { lines: string[]; className?: string; say?: string }) {
  const at = useRef<HTMLHeadingElement>(null);
  useEffect(() => at.current?.focus({ preventScroll: true }), []);
  return (
    <h1
      ref={at}
      tabIndex={-1}
      role="alert"
      aria-live="assertive"
      className={p.className}
      aria-label={p.say}
      style={{ "--n": widthOf(p.lines) } as CSSProperties}
    >
      {p.lines.map((line) => (
        <span key={line}>{line} </span>
      ))}
    </h1>
  );
}

/** Width of the longest line in Hangul letters; a Latin letter or a space is about half of one. */
function widthOf(lines: string[]): number {
  const one = (line: string): number =>
    [...line].reduce((sum, ch) => sum + (ch.charCodeAt(0) < 0x1100 ? 0.52 : 0.9), 0);
  return Math.max(5.2, ...lines.map(one));
}

/** Two taps on a title leave at once (phone design §3, EXIT). A tap is a press within half a second of the last. */
export function useTwoTaps(leave: () => void): () => void {
  const last = useRef(0);
  return () => {
    const now = Date.now();
    if (now - last.current < 500) leave();
    last.current = now;
  };
}

export function Bar(p: { c: Ctx; title: string; clear?: boolean; back?: () => void }) {
  const tap = useTwoTaps(p.c.act.leave);
  return (
    <header className={`bar${p.clear ? " clear" : ""}`}>
      {p.back && (
        <button type="button" className="ib" aria-label={p.c.w.back} onClick={p.back}>
          <Icon name="back" />
        </button>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard twin is the button beside it */}
      <h1 onClick={tap}>{p.title}</h1>
      <button type="button" className="leave" onClick={p.c.act.leave} aria-label={p.c.w.leave}>
        <Icon name="leave" size={18} />
        <span className="word">{p.c.w.leave}</span>
      </button>
    </header>
  );
}

/** 112 by one touch: the dialler opens even without network, and the server is told at the same time. */
export function Call112(p: { c: Ctx; className: string; label?: string; icon?: 24 | 28 | 40 }) {
  return (
    <a className={`btn ${p.className}`} href="tel:112" onClick={p.c.act.call}>
      <Icon name="phone" size={p.icon ?? 28} />
      {p.label ?? p.c.w.call}
    </a>
  );
}

export function Quiet(p: { c: Ctx; className?: string; word?: boolean }) {
  return (
    <button
      type="button"
      className={`btn line lg ${p.className ?? ""}`}
      aria-label={p.c.w.quiet}
      onClick={() => p.c.act.quiet(true)}
    >
      <Icon name="mute" size={28} />
      {p.word !== false && <span className="word">{p.c.w.quiet}</span>}
    </button>
  );
}

export function Row(p: {
  icon: IconName;
  tone?: "ok" | "warn" | "bad";
  title: string;
  detail?: ReactNode;
  end?: ReactNode;
  press?: () => void;
  href?: string;
}) {
  const inner = (
    <>
      <span className={`ic ${p.tone ?? ""}`}>
        <Icon name={p.icon} />
      </span>
      <span className="g">
        <span className="t" style={{ display: "block" }}>
          {p.title}
        </span>
        {p.detail && (
          <span className="d" style={{ display: "block" }}>
            {p.detail}
          </span>
        )}
      </span>
      {p.end}
      {(p.press || p.href) && <Icon name="more" size={20} />}
    </>
  );
  if (p.href) {
    return (
      <a className="li" href={p.href}>
        {inner}
      </a>
    );
  }
  if (p.press) {
    return (
      <button type="button" className="li" onClick={p.press}>
        {inner}
      </button>
    );
  }
  return <div className="li">{inner}</div>;
}

export function Switch(p: { on: boolean; icon: IconName; title: string; detail: string; press: () => void }) {
  return (
    <button type="button" role="switch" aria-checked={p.on} className="li" onClick={p.press}>
      <span className="ic">
        <Icon name={p.icon} />
      </span>
      <span className="g">
        <span className="t" style={{ display: "block" }}>
          {p.title}
        </span>
        <span className="d" style={{ display: "block" }}>
          {p.detail}
        </span>
      </span>
      <span className="sw" />
    </button>
  );
}

export function Choice<V extends string>(p: {
  label: string;
  value: V;
  of: readonly (readonly [V, string])[];
  pick: (value: V) => void;
}) {
  return (
    <div className="block">
      <div className="t">{p.label}</div>
      <div className="seg" role="radiogroup" aria-label={p.label}>
        {p.of.map(([value, text]) => (
          // biome-ignore lint/a11y/useSemanticElements: a button in a radio group, as drawn
          <button type="button" role="radio" key={value} aria-checked={value === p.value} onClick={() => p.pick(value)}>
            {text}
          </button>
        ))}
      </div>
    </div>
  );
}

/** News from before the line broke: said over every alarm screen, and the way to what works without it. */
export function OfflineStrip(p: { c: Ctx }) {
  const { c } = p;
  if (!c.offline) return null;
  const heard = c.state.heardAt === null ? null : c.state.heardAt + c.state.aheadMs;
  const ago = heard === null ? "" : c.ago(Math.max(0, Math.floor((c.now - heard) / 1000)));
  return (
    <button type="button" className="strip" onClick={() => c.act.view("offline")}>
      <Icon name="noNet" size={20} />
      {heard === null ? c.w.off.h : c.say(c.w.off.strip, { ago })}
    </button>
  );
}
