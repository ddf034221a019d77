/** Candidates side by side: how likely, why, why not; one key says whether it is him. */
import type { Candidate, HimOrNot } from "../../api/tracing";
import { clock, probability } from "../../kit/format";
import { Button } from "../../kit/parts";
import { useTracingText } from "../../text/tracing";
import { Crop } from "./Crop";
import { called, tellingReasons } from "./rules";

/** So many pictures are opened without being asked for one by one: each is a step on the ledger. */
const OPENED = 5;

export function Strip({
  search,
  strip,
  chosen,
  busy,
  plays,
  onPick,
  onSay,
}: {
  search: string;
  strip: readonly Candidate[];
  chosen: Candidate | undefined;
  busy: boolean;
  /** The chosen one's seconds instead of his picture. */
  plays: boolean;
  onPick: (candidate: Candidate) => void;
  onSay: (verdict: HimOrNot | null) => void;
}) {
  const t = useTracingText();
  return (
    <div className="trace-strip" role="listbox" aria-label={t.candidates}>
      {strip.map((c, i) => {
        const on = c === chosen;
        return (
          <div
            key={c.candidate_id}
            role="option"
            aria-selected={on}
            tabIndex={on ? 0 : -1}
            className={`trace-cand${on ? " on" : ""}${c.verdict === "not_him" ? " dim" : ""}`}
            onClick={() => onPick(c)}
            onKeyDown={(e) => e.key === "Enter" && onPick(c)}
          >
            {i < OPENED || on ? <Crop search={search} candidate={c} plays={on && plays} /> : null}
            <div className="fx">
              <kbd>{i + 1}</kbd>
              <b className="cut sp">{called(c)}</b>
              <span className="num t2">{clock(c.from_at)}</span>
            </div>
            <div className="fx">
              <b className="num cd trace-p">{probability(c.probability)}</b>
              {c.verdict ? <span className="bd o">{c.verdict === "him" ? t.him : t.notHim}</span> : null}
            </div>
            <div className="fx wrap trace-why">
              {tellingReasons(c.why).map((r) => (
                <span key={r.name} className="bd o t1">
                  ＋ {t.reasons[r.name] ?? r.name}
                </span>
              ))}
              {tellingReasons(c.why_not).map((r) => (
                <span key={r.name} className="bd t3">
                  － {t.reasons[r.name] ?? r.name}
                </span>
              ))}
            </div>
            {on ? (
              <div className="three-up">
                <Button tone="act" cap="Y" disabled={busy} onClick={() => onSay("him")}>
                  {t.him}
                </Button>
                <Button cap="N" disabled={busy} onClick={() => onSay("not_him")}>
                  {t.notHim}
                </Button>
                <Button cap="M" disabled={busy} onClick={() => onSay(null)}>
                  {t.unsure}
                </Button>
              </div>
            ) : null}
          </div>
        );
      })}
    </div>
  );
}
