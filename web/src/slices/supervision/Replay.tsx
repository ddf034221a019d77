import { useRef } from "react";
import type { Alarm, Fix } from "../../api/types";
import { clock, clockMinutes } from "../../kit/format";
import { useText } from "../../text";
import { smoothPath } from "./Forecast";
import { gaps } from "./wearerRules";

const W = 880;
const H = 150;

/** Probability (or the stated error where none is known) along the track, with gaps, the alarm and the playing instant. */
export function ReplayChart({
  fixes,
  at,
  alarm,
  onSeek,
}: {
  fixes: readonly Fix[];
  at: number;
  alarm: Pick<Alarm, "confirmed_at" | "raised_at"> | undefined;
  onSeek: (ms: number) => void;
}) {
  const text = useText();
  const box = useRef<SVGSVGElement>(null);
  const first = Date.parse(fixes[0]?.seen_at ?? "");
  const last = Date.parse(fixes.at(-1)?.seen_at ?? "");
  if (!Number.isFinite(first) || last <= first) return null;
  const x = (ms: number) => ((ms - first) / (last - first)) * W;
  const known = fixes.some((f) => typeof f.probability === "number");
  const worst = Math.max(...fixes.map((f) => f.error_m), 1);
  const value = (f: Fix) => (known ? (f.probability ?? 0) : f.error_m / worst);
  const points = fixes.map((f) => [x(Date.parse(f.seen_at)), H - value(f) * H] as const);
  const line = known ? smoothPath(points) : `M${points.map((p) => `${p[0].toFixed(1)} ${p[1].toFixed(1)}`).join("L")}`;
  const ticks = Array.from({ length: 10 }, (_, i) => first + ((last - first) * i) / 9);
  const hot = alarm?.confirmed_at ? Date.parse(alarm.confirmed_at) : undefined;
  return (
    <svg
      ref={box}
      viewBox={`-42 -14 ${W + 62} ${H + 62}`}
      className="chart replay"
      aria-hidden="true"
      onClick={(event) => {
        const r = box.current?.getBoundingClientRect();
        if (!r) return;
        const px = ((event.clientX - r.left) / r.width) * (W + 62) - 42;
        onSeek(first + (Math.max(0, Math.min(W, px)) / W) * (last - first));
      }}
    >
      <rect width={W} height={H} fill="var(--bg-1)" />
      {gaps(fixes).map((g) => (
        <g key={g.fromMs}>
          <rect x={x(g.fromMs)} width={x(g.untilMs) - x(g.fromMs)} height={H} fill="var(--doubt)" fillOpacity=".1" />
          <text
            x={(x(g.fromMs) + x(g.untilMs)) / 2}
            y="14"
            className="ax"
            textAnchor="middle"
            style={{ fill: "var(--doubt)" }}
          >
            {text.wearer.cannotVouch}
          </text>
        </g>
      ))}
      {[0, 0.5, 1].map((p) => (
        <g key={p}>
          <path d={`M0 ${H - p * H}H${W}`} stroke="var(--line-2)" />
          <text x="-8" y={H - p * H + 4} textAnchor="end" className="ax">
            {known ? (p === 0 ? "0" : p.toFixed(1)) : `${Math.round(p * worst)} m`}
          </text>
        </g>
      ))}
      {known ? <path d={`M0 ${H * 0.1}H${W}`} stroke="var(--tx-2)" strokeDasharray="4 3" /> : null}
      <path d={`${line}V${H}H${points[0]?.[0] ?? 0}Z`} fill="var(--doubt)" fillOpacity=".16" />
      <path d={line} fill="none" stroke="var(--doubt)" strokeWidth="2" />
      {hot && hot >= first && hot <= last ? (
        <>
          <path d={`M${x(hot)} 0V${H}`} stroke="var(--p1)" />
          <path d="M0 -6 6 0 0 6 -6 0z" transform={`translate(${x(hot)} 0)`} fill="var(--p1)" />
        </>
      ) : null}
      {ticks.map((t) => (
        <text key={t} x={x(t)} y={H + 18} className="ax" textAnchor="middle">
          {last - first < 900_000 ? clock(t) : clockMinutes(t)}
        </text>
      ))}
      <rect y={H + 26} width={W} height="8" fill="var(--bg-5)" />
      {gaps(fixes).map((g) => (
        <rect
          key={g.fromMs}
          x={x(g.fromMs)}
          y={H + 26}
          width={x(g.untilMs) - x(g.fromMs)}
          height="8"
          fill="var(--b-2)"
        />
      ))}
      {hot && hot <= last ? (
        <rect
          x={x(Math.max(hot, first))}
          y={H + 26}
          width={Math.max(0, W - x(Math.max(hot, first)))}
          height="8"
          fill="var(--p1-line)"
        />
      ) : null}
      {fixes.length < 400
        ? fixes.map((f) => (
            <path key={f.seen_at} d={`M${x(Date.parse(f.seen_at)).toFixed(1)} ${H + 38}v4`} stroke="var(--line-3)" />
          ))
        : null}
      <path d={`M${x(at)} -2V${H + 44}`} stroke="#fff" strokeWidth="1.5" />
      <rect x={x(at) - 7} y={H + 19} width="14" height="22" rx="3" fill="#fff" />
    </svg>
  );
}
