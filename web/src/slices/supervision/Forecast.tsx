import type { ForecastPoint } from "../../api/types";
import { probability } from "../../kit/format";
import { useText } from "../../text";
import { forecastAt, HOLDS } from "./triage";

const W = 600;
const H = 104;

/** A smooth line through points that never overshoots: monotone cubic pieces (Fritsch and Carlson 1980). `x` must rise. */
export function smoothPath(points: readonly (readonly [number, number])[]): string {
  const first = points[0];
  if (!first) return "";
  const slopes = points.slice(1).map((b, i) => {
    const a = points[i] as readonly [number, number];
    return (b[1] - a[1]) / (b[0] - a[0] || 1);
  });
  const tangents = points.map((_, i) => {
    const [left, right] = [slopes[i - 1], slopes[i]];
    if (left === undefined || right === undefined) return left ?? right ?? 0;
    return left * right <= 0 ? 0 : (2 * left * right) / (left + right);
  });
  const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return points.slice(1).reduce(
    (d, b, i) => {
      const a = points[i] as readonly [number, number];
      const third = (b[0] - a[0]) / 3;
      return `${d}C${at(a[0] + third, a[1] + third * (tangents[i] ?? 0))} ${at(b[0] - third, b[1] - third * (tangents[i + 1] ?? 0))} ${at(b[0], b[1])}`;
    },
    `M${at(first[0], first[1])}`,
  );
}

/** How the probability is expected to go, the threshold, and the marked instant. */
export function ForecastChart({
  now,
  forecast,
  markS,
}: {
  now: number;
  forecast: readonly ForecastPoint[];
  markS: number;
}) {
  const text = useText();
  const points = [{ in_s: 0, probability: now }, ...forecast.filter((f) => f.in_s > 0)];
  const last = Math.max(60, points.at(-1)?.in_s ?? 0);
  const x = (s: number) => (s / last) * W;
  const y = (p: number) => H - p * H;
  const marked = forecastAt(forecast, markS);
  const step = last > 120 ? 30 : 15;
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
  const line = smoothPath(points.map((p) => [x(p.in_s), y(p.probability)] as const));
  return (
    <svg viewBox={`-34 -10 ${W + 60} ${H + 34}`} className="chart" aria-hidden="true">
      {[0, 0.5, 1].map((p) => (
        <g key={p}>
          <path d={`M0 ${y(p)}H${W}`} stroke="var(--line-2)" />
          <text x="-8" y={y(p) + 4} textAnchor="end" className="ax">
            {p === 0 ? "0" : p.toFixed(1)}
          </text>
        </g>
      ))}
      <path d={`M0 ${y(HOLDS)}H${W}`} stroke="var(--tx-1)" strokeDasharray="4 3" opacity=".8" />
      <text x={W} y={y(HOLDS) + 15} textAnchor="end" className="ax" style={{ fill: "var(--tx-1)" }}>
        {text.watch.threshold}
      </text>
      <path d={line} fill="none" stroke="var(--doubt)" strokeWidth="9" strokeOpacity=".18" />
      <path d={line} fill="none" stroke="var(--doubt)" strokeWidth="2" />
      <circle cx="0" cy={y(now)} r="4" fill="var(--doubt)" />
      {marked ? (
        <>
          <path d={`M${x(marked.in_s)} ${y(marked.probability)}V${H}`} stroke="#fff" />
          <circle cx={x(marked.in_s)} cy={y(marked.probability)} r="4.500" fill="#fff" />
        </>
      ) : null}
      {ticks.map((s) => (
        <text key={s} x={x(s)} y={H + 18} textAnchor="middle" className="ax">
          {s === 0 ? text.watch.now : `+${text.seconds(s)}`}
        </text>
      ))}
    </svg>
  );
}

export function ForecastPanel({
  trigger,
  now,
  forecast,
  why,
  rule,
}: {
  trigger: string;
  now: number;
  forecast: readonly ForecastPoint[];
  why: string;
  rule: string;
}) {
  const text = useText();
  const soon = forecastAt(forecast, 60);
  return (
    <div className="fl forecast-panel">
      <div className="forecast-l">
        <span className="sm t3">{text.watch.probabilityOf[trigger] ?? text.watch.inZone}</span>
        <div className="fx base">
          <b className="num cd big">{probability(now)}</b>
          {soon ? (
            <span className="t3">
              → {text.watch.inS(soon.in_s)} <b className="num mid-n">{probability(soon.probability)}</b>
            </span>
          ) : null}
        </div>
        <p className="xs">{why}</p>
        <p className="xs t3">{text.watch.rule(rule)}</p>
      </div>
      {forecast.length ? (
        <ForecastChart now={now} forecast={forecast} markS={60} />
      ) : (
        <span className="sm t3 c">{text.watch.noForecast}</span>
      )}
    </div>
  );
}
