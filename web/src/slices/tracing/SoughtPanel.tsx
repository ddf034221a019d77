/** Whom it looks for, under what, and the way he came so far: the likely one, and others that are not ruled out. */
import type { Belief, Candidate, Search, Sought } from "../../api/tracing";
import { useNow } from "../../kit/clock";
import { clock, elapsed, probability, shortId } from "../../kit/format";
import { Button, Facts, Panel } from "../../kit/parts";
import { Empty } from "../../kit/states";
import { useTracingText } from "../../text/tracing";
import { attributeWords, called } from "./rules";

export function SoughtPanel({
  search: s,
  sought,
  route,
  belief,
  onPick,
  onHand,
  onExport,
  onCloseCase,
}: {
  search: Search;
  sought: Sought | undefined;
  route: readonly Candidate[];
  belief: Belief | undefined;
  onPick: (candidate: Candidate) => void;
  onHand: () => void;
  onExport: () => void;
  onCloseCase: () => void;
}) {
  const t = useTracingText();
  const now = useNow();
  const open = s.state === "open";
  const others = (belief?.ways ?? []).slice(1).filter((w) => w.hops.length > 0);
  return (
    <Panel title={`T-${shortId(s.search_id)}`} sub={s.missing ? t.missing : t.crime}>
      <div className="scroll">
        {sought ? (
          <div className="trace-whom">
            <p>“{sought.text}”</p>
            <div className="fx wrap">
              {sought.attributes.map((a) => {
                const { what, value } = attributeWords(a, t.keys, t.traits);
                return (
                  <span key={`${a.key} ${a.value}`} className="bd o">
                    <span className="t3">{what}</span> {value}
                  </span>
                );
              })}
            </div>
          </div>
        ) : null}
        <Facts
          rows={[
            [t.left, open ? elapsed(Math.max(0, (Date.parse(s.until_at) - now) / 1000)) : "–"],
            [t.form.radius, sought ? `${Math.round(sought.radius_m)}` : "–"],
          ]}
        />
        <h3 className="trace-h xs t3">
          {t.route} {route.length || ""}
        </h3>
        {route.length ? (
          <ol className="trace-route">
            {route.map((c, i) => (
              <li key={c.candidate_id}>
                <button type="button" className="bare" onClick={() => onPick(c)}>
                  <kbd>{i + 1}</kbd> <span className="num t2">{clock(c.from_at)}</span>{" "}
                  <b className="cut">{called(c)}</b>
                </button>
              </li>
            ))}
          </ol>
        ) : (
          <Empty icon="scan" title={t.noRoute} />
        )}
        {others.length ? (
          <>
            <h3 className="trace-h xs t3">{t.otherWays}</h3>
            <ul className="trace-ways">
              {others.map((w) => (
                <li key={w.hops.map((h) => h.candidate_id).join()}>
                  <b className="num cd">{probability(w.probability)}</b>
                  <span className="xs t2 cut">{w.hops.map((h) => h.camera_code).join(" → ")}</span>
                </li>
              ))}
            </ul>
          </>
        ) : null}
      </div>
      {s.state === "ended" ? null : (
        <div className="pb trace-acts">
          <Button tone="act" cap="U" disabled={!open || !route.length} onClick={onHand}>
            {t.hand}
          </Button>
          {sought?.may_export ? (
            <Button cap="X" disabled={!open || !route.length} onClick={onExport}>
              {t.exportVerb}
            </Button>
          ) : null}
          <Button tone="line" cap="Ctrl E" onClick={onCloseCase}>
            {t.close}
          </Button>
        </div>
      )}
    </Panel>
  );
}
