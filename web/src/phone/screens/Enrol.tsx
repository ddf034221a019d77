import { type FormEvent, useEffect, useState } from "react";
import type { Ctx } from "../kit/ctx.ts";
import { Icon } from "../kit/Icon.tsx";
import { Phone } from "../kit/parts.tsx";

/** The phone's first minute: a one-time code from the officer, typed or brought by the link's fragment. */
export function Enrol({ c, given }: { c: Ctx; given: string }) {
  const [code, setCode] = useState(given);
  const [trouble, setTrouble] = useState<"" | "busy" | "wrong" | "many" | "away">("");
  const w = c.w.enrol;
  const send = async (value: string): Promise<void> => {
    if (!value.trim()) return;
    setTrouble("busy");
    const answer = await c.act.enrol(value.trim());
    if (answer !== "ok") setTrouble(answer);
  };
  useEffect(() => {
    if (given) void send(given);
  }, []);
  const submit = (e: FormEvent): void => {
    e.preventDefault();
    void send(code);
  };
  return (
    <Phone c={c} theme="day" label={w.h}>
      <form className="body" onSubmit={submit}>
        <div className="pad" style={{ paddingTop: "calc(var(--top) + 2.5rem)" }}>
          <span className="ic large">
            <Icon name="key" size={32} />
          </span>
          <h1 className="h1" style={{ marginTop: "1rem" }}>
            {w.h}
          </h1>
          <p className="small" style={{ marginTop: ".375rem" }}>
            {w.how}
          </p>
          <label className="sec" htmlFor="code" style={{ display: "block", marginLeft: 0 }}>
            {w.label}
          </label>
          <input
            id="code"
            name="code"
            className="fieldbox num"
            value={code}
            autoComplete="one-time-code"
            autoCapitalize="characters"
            spellCheck={false}
            maxLength={64}
            onChange={(e) => setCode(e.target.value)}
          />
          <p role="status" aria-live="polite" className="small" style={{ minHeight: "1.5rem", marginTop: ".5rem" }}>
            {trouble && trouble !== "busy" && (
              <span style={{ color: "var(--danger-text)", fontWeight: 700 }}>{w[trouble]}</span>
            )}
          </p>
        </div>
        <div className="grow" />
        <div className="dock clear">
          <button type="submit" className="btn pri lg" disabled={trouble === "busy" || !code.trim()}>
            {trouble === "busy" ? w.busy : w.go}
          </button>
        </div>
      </form>
    </Phone>
  );
}
