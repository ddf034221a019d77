/** How sure each fix made it, over time: the level as a band, the probability as a line, what was told as marks. */
import type { Frame } from "../../api/procedure";
import { clock } from "../../kit/format";
import { useProcedureText } from "../../text/procedure";
import { spans, type Told } from "./procedureRules";

const W = 1000;
const H = 96;
const BAND = 12;
const FILL: Record<Frame["state"], string> = {
  clear: "var(--bg-5)",
  uncertain: "var(--b-2)",
  probable: "var(--p3)",
  certain: "var(--p1)",
};

export function ReplayBand({
  frames,
  told,
  at,
  onSeek,
}: {
  frames: readonly Frame[];
  told: readonly Told[];
  at: number;
  onSeek: (ms: number) => void;
}) {
  const t = useProcedureText();
  const first = Date.parse(frames[0]?.at ?? "");
  const last = Date.parse(frames.at(-1)?.at ?? "");
  if (!(last > first)) return null;
  const x = (ms: number) => ((ms - first) / (last - first)) * W;
  const line = frames
    .map((f, i) => `${i ? "L" : "M"}${x(Date.parse(f.at)).toFixed(1)} ${(H - f.probability * H).toFixed(1)}`)
    .join("");
  const ticks = Array.from({ length: 7 }, (_, i) => first + ((last - first) * i) / 6);
  return (
    <>
      <svg
        viewBox={`0 -12 ${W} ${H + BAND + 24}`}
        preserveAspectRatio="none"
        className="replay-band"
        aria-hidden="true"
        onClick={(e) => {
          const box = e.currentTarget.getBoundingClientRect();
          onSeek(first + ((e.clientX - box.left) / box.width) * (last - first));
        }}
      >
        <rect width={W} height={H} fill="var(--bg-1)" />
        {[0, 0.5, 1].map((p) => (
          <path key={p} d={`M0 ${H - p * H}H${W}`} stroke="var(--line-2)" vectorEffect="non-scaling-stroke" />
        ))}
        <path d={`${line}V${H}H0Z`} fill="var(--doubt)" fillOpacity=".16" />
        <path d={line} fill="none" stroke="var(--doubt)" strokeWidth="2" vectorEffect="non-scaling-stroke" />
        {spans(frames).map((s) => (
          <rect
            key={s.fromMs}
            x={x(s.fromMs)}
            y={H + 4}
            width={Math.max(1, x(s.untilMs) - x(s.fromMs))}
            height={BAND}
            fill={FILL[s.state]}
          >
            <title>{t.level[s.state]}</title>
          </rect>
        ))}
        {told
          .filter((e) => e.ms >= first && e.ms <= last)
          .map((e) => (
            <path
              key={e.kind}
              d={`M${x(e.ms)} -8V${H + BAND + 4}`}
              stroke={e.kind === "confirmed" ? "var(--p1)" : "var(--tx-2)"}
              strokeDasharray={e.kind === "confirmed" ? "" : "4 3"}
              vectorEffect="non-scaling-stroke"
            />
          ))}
        <path d={`M${x(at)} -12V${H + BAND + 8}`} stroke="#fff" strokeWidth="2" vectorEffect="non-scaling-stroke" />
      </svg>
      <div className="band-ticks num" aria-hidden="true">
        {ticks.map((ms) => (
          <span key={ms}>{clock(ms)}</span>
        ))}
      </div>
    </>
  );
}
