/** The chain of seals: walked again from its first entry when asked. */
import { useState } from "react";
import { openness, type Walked } from "../../api/openness";
import { clock, count, shortHash } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { Button, PanelHead } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { useOpenness } from "../../text/openness";

type State = "none" | "walking" | Walked | Error;
export interface Chain {
  state: State;
  walk: () => void;
}

export function useChain(): Chain {
  const [state, setState] = useState<State>("none");
  return {
    state,
    walk: () => {
      setState("walking");
      openness.verify().then(setState, (error: Error) => setState(error));
    },
  };
}

export function ChainWalk({ chain }: { chain: Chain }) {
  const t = useOpenness();
  const s = chain.state;
  const walked = typeof s === "object" && !(s instanceof Error) ? s : undefined;
  return (
    <div className="sec" data-chain={walked ? (walked.whole ? "whole" : "broken") : "unknown"}>
      <PanelHead
        plain
        title={t.chain}
        right={
          <Button small cap="V" onClick={chain.walk} disabled={s === "walking"}>
            {t.verify}
          </Button>
        }
      />
      <div className="pb chain" role="status">
        {s === "walking" ? <span className="sm">{t.verifying}</span> : null}
        {s instanceof Error ? <Answer error={s} what={t.chain} /> : null}
        {walked ? (
          <div className="fx">
            <Icon name="seal" />
            <b className={walked.whole ? "" : "c1"}>
              {walked.whole ? t.whole(count(walked.entries)) : t.broken(walked.findings.length)}
            </b>
            <span className="mono sm">{shortHash(walked.head)}</span>
            <span className="sp" />
            <span className="t3">{t.witnessed(clock(walked.at))}</span>
          </div>
        ) : null}
        {walked?.findings.map((f) => (
          <p className="sm c1" key={`${f.what}${f.seq}`}>
            {f.what} {f.seq === null ? "" : count(f.seq)} · {f.detail}
          </p>
        ))}
      </div>
    </div>
  );
}
