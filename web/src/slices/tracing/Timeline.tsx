/** Backwards and forwards on one line: what was approved, where he was confirmed, who waits for a word, when he arrives. */
import type { Candidate, NextCamera, Sought } from "../../api/tracing";
import { useNow } from "../../kit/clock";
import { clock, probability } from "../../kit/format";
import { Button } from "../../kit/parts";
import { useTracingText } from "../../text/tracing";
import { along, called, LETTERS, spanOf } from "./rules";

export function Timeline({
  sought,
  candidates,
  route,
  next,
  chosen,
  backwards,
  onTurn,
  onPick,
}: {
  sought: Sought | undefined;
  candidates: readonly Candidate[];
  route: readonly Candidate[];
  next: readonly NextCamera[];
  chosen: Candidate | undefined;
  backwards: boolean;
  onTurn: () => void;
  onPick: (candidate: Candidate) => void;
}) {
  const t = useTracingText();
  const now = useNow();
  const scale = spanOf(sought, candidates, next, now);
  const at = (instant: string | number) => `${along(instant, scale)}%`;
  const waiting = candidates.filter((c) => c.verdict === null);
  return (
    <section className="trace-time" aria-label={t.timeline}>
      <Button small cap="T" aria-pressed={backwards} onClick={onTurn}>
        {backwards ? t.backwards : t.forwards}
      </Button>
      <div className="trace-line">
        {waiting.map((c) => (
          <button
            key={c.candidate_id}
            type="button"
            className={`dot${c === chosen ? " on" : ""}`}
            style={{ left: at(c.from_at), opacity: 0.25 + 0.75 * c.probability }}
            title={`${clock(c.from_at)} ${called(c)} ${probability(c.probability)}`}
            aria-label={`${clock(c.from_at)} ${called(c)}`}
            onClick={() => onPick(c)}
          />
        ))}
        {next.slice(0, LETTERS.length).map((n, i) => (
          <i
            key={n.camera_id}
            className="win"
            style={{
              left: at(n.from_at),
              width: `${Math.max(0.4, along(n.until_at, scale) - along(n.from_at, scale))}%`,
              top: `${2 + i * 4}px`,
            }}
            title={`${LETTERS[i]} ${called(n)} ${clock(n.from_at)}–${clock(n.until_at)}`}
          />
        ))}
        {route.map((c, i) => (
          <button
            key={c.candidate_id}
            type="button"
            className="him"
            style={{ left: at(c.from_at) }}
            title={`${clock(c.from_at)} ${called(c)}`}
            onClick={() => onPick(c)}
          >
            {i + 1}
          </button>
        ))}
        <u style={{ left: at(now) }} title={t.nowMark} />
      </div>
      <span className="num xs t3 trace-ends">
        <span>{clock(new Date(scale.fromMs).toISOString())}</span>
        <span>{clock(new Date(scale.untilMs).toISOString())}</span>
      </span>
    </section>
  );
}
