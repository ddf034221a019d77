import { type ReactNode, useRef, useState } from "react";
import type { LatLon, OrderState, UnitOrder } from "../api/phone.ts";
import { ageSeconds, freshness } from "../phone/age.ts";
import { norm } from "../phone/geo.ts";
import { Icon } from "../phone/kit/Icon.tsx";
import { WayMap } from "../phone/kit/WayMap.tsx";
import { clockTime, fill } from "../phone/text.ts";
import { done, HOLD_MS, nextOf, ORDER, type Reached } from "./rules.ts";
import type { UnitWords } from "./text.ts";

export interface OrderProps {
  w: UnitWords;
  unit: string;
  order: UnitOrder;
  /** Server clock, milliseconds. */
  now: number;
  me: { at: LatLon; error_m: number } | null;
  trouble: "" | "saving" | "failed" | "turn";
  /** News older than this many seconds, or null while the line is up. */
  offline_s: number | null;
  share: ReactNode;
  picture: ReactNode;
  press: (state: Reached) => void;
}

export const agoOf = (w: UnitWords, s: number): string => {
  if (s < 1) return w.ago.now;
  if (s < 60) return fill(w.ago.s, { n: s });
  return s < 3600 ? fill(w.ago.m, { n: Math.floor(s / 60) }) : fill(w.ago.h, { n: Math.floor(s / 3600) });
};

/** One order, one big button: what to do, where he is, how to get there. */
export function OrderView(p: OrderProps) {
  const { w, order } = p;
  const next = nextOf(order.state);
  return (
    <main className="phone unit" data-theme="night" aria-label={w.title}>
      {p.offline_s !== null && (
        <div className="strip">
          <Icon name="noNet" size={20} />
          {fill(w.offline, { ago: agoOf(w, p.offline_s) })}
        </div>
      )}
      <header className="top">
        <div>
          <div className="code num">{order.incident_code}</div>
          <div className="small">{p.unit}</div>
        </div>
        <a className="btn line call" href="tel:112">
          <Icon name="phone" />
          {w.call}
        </a>
      </header>
      <Steps w={w} state={order.state} times={order.times ?? {}} />
      <div className="body">
        <section className="mapbox">
          <OrderMap {...p} />
          {order.eta_s != null && order.state !== "over" && (
            <div className="etachip">
              {w.etaName} <b className="num">{fill(w.eta, { n: Math.max(1, Math.round(order.eta_s / 60)) })}</b>
            </div>
          )}
        </section>
        <Him w={w} order={order} now={p.now} />
        <section className="words">
          <h2>{w.order}</h2>
          <p>{order.text}</p>
        </section>
        {p.picture}
        <div className="sharebox">{p.share}</div>
      </div>
      <footer className="dock clear">
        {p.trouble === "failed" || p.trouble === "turn" ? (
          <p className="small mid warn" role="alert">
            {w[p.trouble]}
          </p>
        ) : null}
        {next ? (
          <BigButton w={w} next={next} busy={p.trouble === "saving"} press={p.press} />
        ) : (
          <div className="overbox" role="status">
            <b>
              <Icon name="check" bold /> {w.over}
            </b>
            <span>{w.overHow}</span>
          </div>
        )}
      </footer>
    </main>
  );
}

function Steps({ w, state, times }: { w: UnitWords; state: OrderState; times: NonNullable<UnitOrder["times"]> }) {
  const next = nextOf(state);
  return (
    <ol className="steps5">
      {ORDER.map((step) => (
        <li
          key={step}
          className={done(state, step) ? "on" : step === next ? "next" : ""}
          aria-current={step === next ? "step" : undefined}
        >
          <i>{done(state, step) && <Icon name="check" size={16} bold />}</i>
          <span>{w.steps[step]}</span>
          <time>{times[step] ? clockTime(times[step]) : ""}</time>
        </li>
      ))}
    </ol>
  );
}

function OrderMap({ w, order, me }: OrderProps) {
  const his = order.state === "over" ? null : (order.subject ?? null);
  return (
    <WayMap
      label={w.map}
      top={70}
      picture={{
        streets: order.streets ?? [],
        way: order.state === "over" ? [] : order.route,
        red: [],
        likely: his ? order.likely_way : [],
        me: me ? { at: me.at, error_m: me.error_m, heading: null } : null,
        him: his ? { at: [his.lat, his.lon], error_m: his.error_m, label: w.him } : null,
        goal: null,
      }}
    />
  );
}

function Him({ w, order, now }: { w: UnitWords; order: UnitOrder; now: number }) {
  const s = order.subject;
  if (order.state === "over") return null;
  if (!s) {
    return (
      <section className="him">
        <b>{w.him}</b>
        <span className="age lost">{w.lost}</span>
      </section>
    );
  }
  const age = ageSeconds(s.seen_at, now);
  const moving = s.speed_mps !== null && s.speed_mps >= 0.5;
  const course = s.course_deg === null ? "" : w.compass[Math.floor(norm(s.course_deg + 22.5) / 45) % 8];
  return (
    <section className="him" role="status">
      <div className="between">
        <b className="rowx">
          <Icon name="danger" size={20} />
          {w.him}
        </b>
        <span className={`age num ${freshness(age)}`}>
          {fill(w.seen, { ago: agoOf(w, age), n: Math.round(s.error_m) })}
        </span>
      </div>
      <dl>
        <div>
          <dt>{w.street}</dt>
          <dd>{order.street || "–"}</dd>
        </div>
        <div>
          <dt>{w.speed}</dt>
          <dd className="num">
            {s.speed_mps === null ? "–" : moving ? `${(s.speed_mps * 3.6).toFixed(0)} km/h` : w.still}
          </dd>
        </div>
        <div>
          <dt>{w.course}</dt>
          <dd>{moving && course ? course : "–"}</dd>
        </div>
      </dl>
    </section>
  );
}

/** A tap for each step; the last is held, by finger, pen or the Enter key. */
function BigButton(p: { w: UnitWords; next: Reached; busy: boolean; press: (state: Reached) => void }) {
  const { w, next } = p;
  const held = next === "over";
  const timer = useRef(0);
  const [holding, setHolding] = useState(false);
  const start = (): void => {
    if (!held || p.busy) return;
    setHolding(true);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      setHolding(false);
      navigator.vibrate?.(80);
      p.press(next);
    }, HOLD_MS);
  };
  const stop = (): void => {
    window.clearTimeout(timer.current);
    setHolding(false);
  };
  return (
    <button
      type="button"
      className={`btn xl big ${next}${holding ? " holding" : ""}`}
      disabled={p.busy}
      onClick={() => !held && p.press(next)}
      onPointerDown={start}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onContextMenu={(e) => e.preventDefault()}
      onKeyDown={(e) => e.key === "Enter" && !e.repeat && start()}
      onKeyUp={stop}
      style={{ "--hold": `${HOLD_MS}ms` } as React.CSSProperties}
    >
      <span className="fillbar" aria-hidden="true" />
      <span className="in">
        <b>{p.busy ? w.saving : holding ? w.holding : w.go[next]}</b>
        <small>{w.goHow[next]}</small>
      </span>
    </button>
  );
}
