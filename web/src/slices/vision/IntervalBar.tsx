/** A share from 0 to 1 as a dot, its 95 % interval as the bar around it: how much is not known is drawn, too. */
import type { Interval } from "../../api/vision";
import { useVisionText } from "../../text/vision";
import { percent } from "./rules";

export function IntervalBar({ of, wide = false }: { of: Interval | null; wide?: boolean }) {
  const t = useVisionText();
  if (!of) return <span className="t3">–</span>;
  const words = `${percent(of.share)} (${percent(of.low)}–${percent(of.high)})`;
  return (
    <span className={`interval${wide ? " wide" : ""}`}>
      <svg viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label={`${t.precision} ${words}`}>
        <path className="iv-axis" d="M0 6H100M50 3V9" />
        <rect className="iv-bar" x={100 * of.low} y={4} width={Math.max(0.8, 100 * (of.high - of.low))} height={4} />
        <rect className="iv-dot" x={100 * of.share - 0.9} y={1.5} width={1.8} height={9} />
      </svg>
      <span className="num">{words}</span>
    </span>
  );
}
