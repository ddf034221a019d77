import type { Alert } from "../../api/phone.ts";
import { distanceNow, trend } from "../age.ts";
import { firstHeading, norm } from "../geo.ts";
import { type Ctx, distanceWords, whereWords } from "./ctx.ts";

const RAD = Math.PI / 180;
const CX = 195;
const CY = 128;

/** Ring steps in metres: the second ring lies at twice the first. */
export function ringStep(m: number): number {
  return [50, 100, 200, 500, 1000, 2000].find((step) => m <= step * 2.6) ?? 5000;
}

/**
 * Where he is and where she goes, seen from above with her in the middle.
 *
 * Up is where she faces when the phone knows it, else north. One sentence says it all; the picture is never needed to act.
 */
export function Dial({ c, alert }: { c: Ctx; alert: Alert }) {
  const up = c.heading ?? 0;
  const way = alert.way_out?.found ? alert.way_out : null;
  const wayDeg = way ? firstHeading(way.line) : null;
  const goDeg = wayDeg === null ? null : norm(wayDeg - up);
  const goWord = wayDeg === null ? "" : whereWords(c, { ...alert, bearing_deg: wayDeg });
  const label = c.say(c.w.dial, { where: whereWords(c, alert), n: distanceWords(c, alert), way: goWord });
  const d = distanceNow(alert, c.now);
  const far = d.kind === "number" ? d.m : d.kind === "range" ? (d.lo + d.hi) / 2 : 0;
  const step = ringStep(far);
  return (
    <svg className="dial" viewBox="0 0 390 256" role="img" aria-label={label}>
      <defs>
        <pattern id="hatch" width="9" height="9" patternTransform="rotate(45)" patternUnits="userSpaceOnUse">
          <rect width="9" height="9" fill="#bd2c0f" />
          <rect width="3.5" height="9" fill="#f48771" />
        </pattern>
      </defs>
      <g fill="none" stroke="#58616a" strokeWidth="1.5" strokeDasharray="3 6">
        <circle cx={CX} cy={CY} r="54" />
        <circle cx={CX} cy={CY} r="102" />
      </g>
      {d.kind === "number" && <RingWords step={step} avoid={[goDeg, norm((alert.bearing_deg ?? 180) - up)]} />}
      {c.heading === null && <North word={c.w.north} beside={goDeg !== null && apart(goDeg, 0) < 24} />}
      {alert.bearing_deg !== null && d.kind !== "unknown" && (
        <Him c={c} alert={alert} deg={norm(alert.bearing_deg - up)} d={d} step={step} />
      )}
      {goDeg !== null && <Go deg={goDeg} name={way?.destination.name ?? ""} />}
      <circle cx={CX} cy={CY} r="21" fill="#000" />
      <circle cx={CX} cy={CY} r="17" fill="#fff" />
      <circle cx={CX} cy={CY} r="12" fill="#256ef4" />
      <MeWord c={c} taken={[goDeg, norm((alert.bearing_deg ?? 0) - up)]} />
    </svg>
  );
}

/** The mark of north; it steps aside where the green arrow stands. */
function North({ word, beside }: { word: string; beside: boolean }) {
  const at = polar(beside ? 34 : 0, 116);
  return (
    <g transform={`translate(${at.x} ${at.y})`} fill="#e6e8ea">
      <path d="M0 -9l6 11h-12z" />
      <text y="19" fontSize="15" fontWeight="700" textAnchor="middle" stroke="#000" strokeWidth="4" paintOrder="stroke">
        {word}
      </text>
    </g>
  );
}

type Shown = { kind: "number"; m: number } | { kind: "range"; lo: number; hi: number };

function Him(p: { c: Ctx; alert: Alert; deg: number; d: Shown; step: number }) {
  const { c, alert, deg, d } = p;
  const px = (m: number): number => (m / p.step) * 51;
  const mid = d.kind === "number" ? d.m : (d.lo + d.hi) / 2;
  const err = Math.max(alert.error_m, d.kind === "range" ? (d.hi - d.lo) / 2 : 0);
  const half = Math.min(55, Math.max(alert.level === "probable" ? 32 : 9, Math.atan2(err, Math.max(mid, 1)) / RAD));
  const probable = alert.level === "probable" || d.kind === "range";
  const r = Math.min(Math.max(px(mid), 58), reach(deg, 30));
  const at = polar(deg, r);
  const near = d.kind === "range" ? Math.max(34, Math.min(px(d.lo), 66)) : 30;
  const outer = d.kind === "range" ? Math.max(near + 60, Math.min(px(d.hi), 150)) : 205;
  const closing = trend(alert.trend_m_per_min)?.closing === true && !probable;
  const below = at.y < 196;
  return (
    <>
      <defs>
        <radialGradient id="fade" gradientUnits="userSpaceOnUse" cx={CX} cy={CY} r={outer}>
          <stop offset="0" stopColor="#fff" stopOpacity=".4" />
          <stop offset=".62" stopColor="#fff" />
          <stop offset="1" stopColor="#fff" stopOpacity={d.kind === "range" ? 1 : 0} />
        </radialGradient>
        <mask id="fan" maskUnits="userSpaceOnUse" x="-60" y="-90" width="510" height="440">
          <rect x="-60" y="-90" width="510" height="440" fill="url(#fade)" />
        </mask>
        <clipPath id="frame">
          <rect x="-20" y="0" width="430" height="256" />
        </clipPath>
      </defs>
      <g clipPath="url(#frame)">
        <path d={wedge(deg, half, near, outer)} fill="url(#hatch)" mask="url(#fan)" />
      </g>
      {closing && (
        <g fill="none" stroke="#fff" strokeWidth="5" strokeLinecap="round" strokeLinejoin="round">
          {[74, 57, 40].map((k) => {
            const q = polar(deg, r - 108 + k + 4);
            return r - 108 + k > 18 ? (
              <path key={k} transform={`translate(${q.x} ${q.y}) rotate(${deg + 180})`} d="M-10 7L0 -4L10 7" />
            ) : null;
          })}
        </g>
      )}
      <g transform={`translate(${at.x} ${at.y})`}>
        <path d="M0 -25L27 21H-27Z" fill="#fff" stroke="#000" strokeWidth="4" strokeLinejoin="round" />
        <path d="M0 -17L20 16.5H-20Z" fill="#de3412" />
        {probable ? (
          <text y="13" textAnchor="middle" fontSize="24" fontWeight="900" fill="#fff">
            ?
          </text>
        ) : (
          <path d="M0 -6v11M0 10.5v.2" stroke="#fff" strokeWidth="4" strokeLinecap="round" />
        )}
      </g>
      <text
        x={clamp(at.x, 36, 354)}
        y={below ? at.y + 43 : at.y - 32}
        textAnchor="middle"
        fontSize="20"
        fontWeight="800"
        fill="#f48771"
        stroke="#000"
        strokeWidth="5"
        paintOrder="stroke"
      >
        {capital(c.say("{who}").replace(/^the /, ""))}
      </text>
    </>
  );
}

function Go({ deg, name }: { deg: number; name: string }) {
  const long = Math.min(142, reach(deg, 2));
  const tip = polar(deg, long + 14);
  const right = tip.x >= CX;
  const steep = Math.abs(Math.cos(deg * RAD)) > 0.86;
  const x = steep ? (right ? tip.x + 40 : tip.x - 40) : right ? 384 : 6;
  const anchor = steep ? (right ? "start" : "end") : right ? "end" : "start";
  /** Letters that fit between the label's anchor and the edge, at 19 px a Hangul letter. */
  const room = Math.max(4, Math.floor((anchor === "end" ? x : 384 - x) / 19));
  const y = steep ? clamp(tip.y + 22, 20, 250) : clamp(tip.y < CY ? tip.y - 6 : tip.y + 20, 20, 250);
  return (
    <>
      <g transform={`translate(${CX} ${CY}) rotate(${deg})`}>
        <path
          d={`M-15 -24L-15 ${50 - long}L-38 ${50 - long}L0 ${-long}L38 ${50 - long}L15 ${50 - long}L15 -24A28 28 0 0 1 -15 -24Z`}
          fill="var(--exit-fill)"
          stroke="#000"
          strokeWidth="4"
          strokeLinejoin="round"
        />
        <g fill="none" stroke="#000" strokeOpacity=".5" strokeWidth="3.5" strokeLinecap="round" strokeLinejoin="round">
          {[44, 62, 80]
            .filter((k) => k < long - 48)
            .map((k) => (
              <path key={k} d={`M-8 ${-k}l8-9 8 9`} />
            ))}
        </g>
      </g>
      <text
        x={x}
        y={y}
        textAnchor={anchor}
        fontSize="20"
        fontWeight="800"
        fill="#7ec88e"
        stroke="#000"
        strokeWidth="5"
        paintOrder="stroke"
      >
        {name.length > room ? `${name.slice(0, room - 1)}…` : name}
      </text>
    </>
  );
}

/** Ring distances stand where neither he nor the way is. */
function RingWords({ step, avoid }: { step: number; avoid: (number | null)[] }) {
  const free = [300, 60, 120, 240, 0, 180].find((deg) => avoid.every((a) => a === null || apart(a, deg) > 42)) ?? 300;
  const word = (m: number): string => (m < 1000 ? `${m} m` : `${m / 1000} km`);
  const a = polar(free, 54);
  const b = polar(free, 102);
  return (
    <g
      fontSize="13"
      fontWeight="600"
      fill="#b1b8be"
      textAnchor="middle"
      stroke="#000"
      strokeWidth="5"
      paintOrder="stroke"
    >
      <text x={a.x} y={a.y + 4}>
        {word(step)}
      </text>
      <text x={b.x} y={b.y + 4}>
        {word(step * 2)}
      </text>
    </g>
  );
}

function MeWord({ c, taken }: { c: Ctx; taken: (number | null)[] }) {
  const free = [90, 270, 180].find((deg) => taken.every((a) => a === null || apart(a, deg) > 38)) ?? 180;
  const at = polar(free, free === 180 ? 40 : 28);
  return (
    <text
      x={at.x}
      y={at.y + 7}
      textAnchor={free === 90 ? "start" : free === 270 ? "end" : "middle"}
      fontWeight="800"
      fontSize="20"
      fill="#fff"
      stroke="#000"
      strokeWidth="5"
      paintOrder="stroke"
    >
      {c.w.alert.me}
    </text>
  );
}

function polar(deg: number, r: number): { x: number; y: number } {
  return { x: CX + r * Math.sin(deg * RAD), y: CY - r * Math.cos(deg * RAD) };
}

/** How long a radius may be in this direction without leaving the picture. */
function reach(deg: number, margin: number): number {
  const x = Math.abs(Math.sin(deg * RAD));
  const y = Math.abs(Math.cos(deg * RAD));
  return Math.min((CX - margin) / Math.max(x, 0.01), (CY - margin) / Math.max(y, 0.01));
}

function wedge(deg: number, half: number, near: number, far: number): string {
  const p = (d: number, r: number): string => {
    const q = polar(d, r);
    return `${q.x.toFixed(1)} ${q.y.toFixed(1)}`;
  };
  const [a, b] = [deg - half, deg + half];
  return `M${p(a, near)}L${p(a, far)}A${far} ${far} 0 0 1 ${p(b, far)}L${p(b, near)}A${near} ${near} 0 0 0 ${p(a, near)}Z`;
}

const apart = (a: number, b: number): number => Math.abs(norm(a - b + 180) - 180);
const clamp = (v: number, lo: number, hi: number): number => Math.min(hi, Math.max(lo, v));
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
