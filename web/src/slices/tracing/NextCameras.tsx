/** Which camera he comes to next and when, said before he gets there. */
import type { NextCamera } from "../../api/tracing";
import { useNow } from "../../kit/clock";
import { clock, metres, probability } from "../../kit/format";
import { useTracingText } from "../../text/tracing";
import { along, called, LETTERS, scaleOf } from "./rules";

export function NextCameras({ next }: { next: readonly NextCamera[] }) {
  const t = useTracingText();
  const now = useNow();
  const scale = scaleOf(next, now);
  const at = along(now, scale);
  return (
    <ol className="trace-next">
      {next.slice(0, LETTERS.length).map((n, i) => {
        const [from, until] = [along(n.from_at, scale), along(n.until_at, scale)];
        return (
          <li key={n.camera_id}>
            <kbd>{LETTERS[i]}</kbd>
            <span className="col cut">
              <b className="cut">{called(n)}</b>
              <span className="xs t3 cut">
                {t.modes[n.mode] ?? n.mode} {metres(n.length_m)}
                {n.blind_m >= 1 ? ` · ${t.blind(metres(n.blind_m))}` : ""}
              </span>
            </span>
            <span className="trace-window" title={`${clock(n.from_at)}–${clock(n.until_at)}`}>
              <i style={{ left: `${from}%`, width: `${Math.max(1, until - from)}%` }} />
              <u style={{ left: `${along(n.likely_at, scale)}%` }} />
              <s style={{ left: `${at}%` }} title={t.nowMark} />
            </span>
            <span className="num xs t2">{clock(n.likely_at)}</span>
            <b className="num cd">{probability(n.probability)}</b>
          </li>
        );
      })}
    </ol>
  );
}
