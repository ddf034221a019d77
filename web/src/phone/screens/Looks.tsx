import { useState } from "react";
import type { Look } from "../../api/phone.ts";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Bar, Phone } from "../kit/parts.tsx";
import { LooksBody } from "./LooksBody.tsx";

/** 28: she sees us too. Organisation and role, what, ground, how long; refused attempts as well; and she may ask. */
export function Looks({ c }: { c: Ctx }) {
  const w = c.w.looks;
  const [asking, setAsking] = useState(false);
  const list: Look[] = typeof c.looks === "string" ? [] : c.looks;
  const open = list.some((l) => l.handle && !l.asked_at);
  return (
    <Phone c={c} theme="day" label={w.title}>
      <Bar c={c} title={w.title} back={() => (asking ? setAsking(false) : c.act.view("follow"))} />
      <div className="body">
        <div className="scroll stack" style={{ paddingTop: ".875rem" }}>
          {typeof c.looks === "string" ? (
            <p className="small mid" role="status">
              {c.looks === "loading" ? w.loading : w.failed}
            </p>
          ) : (
            <LooksBody
              w={w}
              language={c.language}
              now={c.now}
              looks={list}
              asking={asking}
              stop={() => setAsking(false)}
              ask={c.act.askAbout}
              sealedAt={c.looksSealedAt}
              {...(c.moreLooks ? { older: c.act.olderLooks } : {})}
            />
          )}
        </div>
      </div>
      {asking || !open ? null : (
        <div className="dock">
          <button type="button" className="btn out" onClick={() => setAsking(true)}>
            <Icon name="talk" />
            {w.ask}
          </button>
        </div>
      )}
    </Phone>
  );
}
