import { useState } from "react";
import { CodePad } from "../kit/CodePad.tsx";
import type { Ctx } from "../kit/ctx.ts";
import { Phone } from "../kit/parts.tsx";

/** The code before the real home. A wrong one says only "again". */
export function Code({ c }: { c: Ctx }) {
  const [wrong, setWrong] = useState(false);
  const done = async (code: string): Promise<void> => setWrong(!(await c.act.tryCode(code)));
  return (
    <Phone c={c} theme="day" label={c.w.code.h}>
      <div className="body">
        <div className="grow" />
        <CodePad c={c} title={c.w.code.h} wrong={wrong ? c.w.code.wrong : ""} done={(code) => void done(code)} />
        <div className="grow" />
      </div>
    </Phone>
  );
}
