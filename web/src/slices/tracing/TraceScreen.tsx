/** One person across cameras: whom, under which approval, how he came, who may be him, which camera next. */
import { useState } from "react";
import { type Search, useSearches } from "../../api/tracing";
import { clock, shortId } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Panel } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useTracingText } from "../../text/tracing";
import { AskSearch } from "./AskSearch";
import { Case } from "./Case";
import "./tracing.css";

export function TraceScreen() {
  const t = useTracingText();
  const [word, choose] = useQueryWord("search");
  const [asking, setAsking] = useState(false);
  const all = useSearches();
  const list = all.data?.searches ?? [];
  const chosen = list.find((s) => s.search_id === word) ?? list[0];
  const pick = (s: Search) => choose(s.search_id);
  useKeys([{ code: "KeyO", hint: t.ask, run: () => setAsking(true) }, ...useMoves(list, (s) => s === chosen, pick)]);
  return (
    <main className="main trace">
      <Panel title={t.searches} sub={list.length ? String(list.length) : ""} className="trace-list">
        <div className="pb">
          <Button tone="act" cap="O" onClick={() => setAsking(true)}>
            {t.ask}
          </Button>
        </div>
        <div className="scroll">
          {all.data ? null : <Answer error={all.error} retry={() => void all.refetch()} what={t.searches} />}
          {all.data && list.length === 0 ? <Empty icon="search" title={t.none} body={t.noneBody} /> : null}
          {list.map((s) => (
            <Row key={s.search_id} search={s} selected={s === chosen} onPick={() => pick(s)} />
          ))}
        </div>
      </Panel>
      {chosen ? (
        <Case key={chosen.search_id} search={chosen} />
      ) : (
        <section className="panel trace-none" aria-label={t.choose}>
          <Empty icon="search" title={t.choose} />
        </section>
      )}
      {asking ? <AskSearch onClose={() => setAsking(false)} onAsked={pick} /> : null}
    </main>
  );
}

function Row({ search: s, selected, onPick }: { search: Search; selected: boolean; onPick: () => void }) {
  const t = useTracingText();
  return (
    <button
      type="button"
      className={`trace-row${selected ? " sel" : ""}${s.state === "ended" ? " dim" : ""}`}
      onClick={onPick}
    >
      <b className="num">T-{shortId(s.search_id)}</b>
      <span className="sm t2">{s.missing ? t.missing : t.crime}</span>
      <span className="xs t3">{clock(s.asked_at)}</span>
      <span className={`bd${s.state === "waiting" ? " doubt" : " o"}`}>
        {s.state === "ended" ? (t.ended[s.ended_why ?? ""] ?? t.states.ended) : t.states[s.state]}
      </span>
    </button>
  );
}
