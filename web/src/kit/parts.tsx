/** Small parts: ages, permits, keys, buttons, panels. They know no slice. */
import { type ButtonHTMLAttributes, type CSSProperties, type ReactNode, useEffect, useRef, useState } from "react";
import type { Permit } from "../api/types";
import { useText } from "../text";
import { ageS, FIX_INTERVAL_S, freshness, useNow } from "./clock";
import { clock, elapsed } from "./format";
import { Icon, MaskIcon } from "./Icon";

/** A value's age, ticking from its own time. Fresh: full dot; ageing: half; stale: dashed violet, in words. */
export function Age({
  at,
  label,
  intervalS = FIX_INTERVAL_S,
}: {
  at: string | null;
  label?: string;
  intervalS?: number;
}) {
  const now = useNow();
  const text = useText();
  if (!at) {
    return (
      <span className="age old">
        <i />
        {label} {text.watch.noValue}
      </span>
    );
  }
  const age = ageS(at, now);
  const state = freshness(age, intervalS);
  return (
    <span className={`age${state === "fresh" ? "" : state === "ageing" ? " mid" : " old"}`}>
      <i />
      {label ? `${label} ` : ""}
      {state === "stale" ? text.ago(age) : text.age(age)}
    </span>
  );
}

/** A running time since an instant. */
export function Elapsed({ since }: { since: string }) {
  return <>{elapsed(ageS(since, useNow()))}</>;
}

export function Keycap({ children }: { children: ReactNode }) {
  return <kbd>{children}</kbd>;
}
export function Hint({ cap, children }: { cap: string; children?: ReactNode }) {
  return (
    <span className="kh">
      {cap.split(" ").map((each) => (
        <kbd key={each}>{each}</kbd>
      ))}
      {children}
    </span>
  );
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  tone?: "pri" | "act" | "ghost" | "line";
  large?: boolean;
  small?: boolean;
  cap?: string;
}
export function Button({ tone, large, small, cap, children, className, ...rest }: ButtonProps) {
  const words = ["btn", tone, large && "lg", small && "s", rest.disabled && "off", className].filter(Boolean).join(" ");
  return (
    <button type="button" className={words} {...rest}>
      {children}
      {cap ? <kbd>{cap}</kbd> : null}
    </button>
  );
}

/** How long a held key or button must stay down, milliseconds: the design's one second. */
export const HOLD_MS = 1000;

/** The progress of a hold, for a button and a key together. */
export function useHold(done: () => void, enabled: boolean): { progress: number; down: () => void; up: () => void } {
  const [progress, setProgress] = useState(0);
  const frame = useRef(0);
  const finished = useRef(done);
  finished.current = done;
  const up = () => {
    cancelAnimationFrame(frame.current);
    setProgress(0);
  };
  const down = () => {
    if (!enabled) return;
    cancelAnimationFrame(frame.current);
    const start = performance.now();
    const step = () => {
      const part = Math.min(1, (performance.now() - start) / HOLD_MS);
      setProgress(part);
      if (part < 1) frame.current = requestAnimationFrame(step);
      else {
        setProgress(0);
        finished.current();
      }
    };
    frame.current = requestAnimationFrame(step);
  };
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return { progress, down, up };
}

export function HoldButton({
  hold,
  children,
  className = "",
  ...rest
}: ButtonProps & { hold: ReturnType<typeof useHold> }) {
  return (
    <Button
      {...rest}
      className={`hold ${className}`}
      style={{ "--p": `${hold.progress * 100}%` } as CSSProperties}
      onPointerDown={hold.down}
      onPointerUp={hold.up}
      onPointerLeave={hold.up}
      onKeyDown={(event) => {
        if ((event.key === "Enter" || event.key === " ") && !event.repeat) hold.down();
      }}
      onKeyUp={hold.up}
    >
      {children}
    </Button>
  );
}

/** Seconds a permit has left; a lost link freezes it to 0. */
export function permitLeftS(permit: Pick<Permit, "not_after" | "state">, now: number, connected: boolean): number {
  if (permit.state === "ended" || permit.state === "revoked" || !connected) return 0;
  return Math.max(0, (Date.parse(permit.not_after) - now) / 1000);
}
/** Below this the badge turns amber: two minutes. */
export const SOON_S = 120;

export function PermitBadge({ permit, connected = true }: { permit: Permit; connected?: boolean }) {
  const now = useNow();
  const text = useText();
  const left = permitLeftS(permit, now, connected);
  const whole = Math.max(1, (Date.parse(permit.not_after) - Date.parse(permit.granted_at)) / 1000);
  const over = permit.state === "ended" || permit.state === "revoked" || left <= 0;
  const waiting = permit.state === "waiting";
  const glass = permit.ground_kind === "vital_interest";
  const tone = over && !waiting ? "dead" : waiting ? "wait" : glass ? "glass" : left < SOON_S ? "soon" : "";
  const word = waiting
    ? text.permit.waiting
    : over
      ? `${permit.state === "revoked" ? text.permit.revoked : text.permit.ended}${connected ? ` ${clock(permit.not_after).slice(0, 5)}` : ""}`
      : elapsed(left);
  return (
    <span className={`permit ${tone}`} style={{ "--left": `${Math.min(100, (left / whole) * 100)}%` } as CSSProperties}>
      <span className="id">
        <Icon name="lock" size={14} />
        {permit.short}
      </span>
      <span className="ground" title={permit.ground}>
        {permit.ground.replace(/^개인정보 보호법 (?=§)/, "")}
      </span>
      <span className="scope cut">{permit.scope}</span>
      <span title={text.permit.masking}>
        <MaskIcon size={12} />
        {text.masking[permit.masking] ?? permit.masking}
      </span>
      <span className="left num">{word}</span>
    </span>
  );
}

export function Panel({
  title,
  sub,
  right,
  children,
  label,
  className = "",
  style,
}: {
  title?: ReactNode;
  sub?: ReactNode;
  right?: ReactNode;
  children: ReactNode;
  label?: string;
  className?: string;
  style?: CSSProperties;
}) {
  return (
    <section
      className={`panel ${className}`}
      style={style}
      aria-label={label ?? (typeof title === "string" ? title : undefined)}
    >
      {title !== undefined ? <PanelHead title={title} sub={sub} right={right} /> : null}
      {children}
    </section>
  );
}
export function PanelHead({
  title,
  sub,
  right,
  plain,
}: {
  title: ReactNode;
  sub?: ReactNode;
  right?: ReactNode;
  plain?: boolean;
}) {
  return (
    <div className={`ph${plain ? " plain" : ""}`}>
      <h2>{title}</h2>
      {sub === undefined ? null : <span className="cut">{sub}</span>}
      <span className="sp" />
      {right}
    </div>
  );
}

/** What is known of a thing, line by line; what is not known has no line. */
export function Facts({ rows }: { rows: readonly (readonly [label: string, value: ReactNode])[] }) {
  return (
    <dl className="kv pb">
      {rows
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div className="kv-row" key={label}>
            <dt>{label}</dt>
            <dd className="wrap-any num">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** A small line of past values. */
export function Spark({
  values,
  width = 150,
  height = 26,
}: {
  values: readonly number[];
  width?: number;
  height?: number;
}) {
  const top = Math.max(...values, 1e-9);
  const low = Math.min(...values, 0);
  const points = values.map((v, i) => {
    const x = values.length > 1 ? (i / (values.length - 1)) * width : width;
    const y = height - 3 - ((v - low) / (top - low || 1)) * (height - 8);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width="100%" height={height} preserveAspectRatio="none" aria-hidden="true">
      <path d={`M0 ${height - 1}H${width}`} stroke="var(--line-2)" />
      {points.length > 1 ? (
        <path
          d={`M${points.join("L")}`}
          fill="none"
          stroke="var(--tx-3)"
          strokeWidth="1.4"
          vectorEffect="non-scaling-stroke"
        />
      ) : null}
    </svg>
  );
}
