import { useEffect, useRef, useState } from "react";
import type { Ctx } from "./ctx.ts";
import { Icon } from "./Icon.tsx";

const LENGTH = 4;
const PLACES = [1, 2, 3, 4];
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "⌫"] as const;

/** Four digits. They are never spoken; a screen reader hears how many are in. */
export function CodePad(p: { c: Ctx; title: string; wrong: string; done: (code: string) => void }) {
  const [code, setCode] = useState("");
  const latest = useRef("");
  latest.current = code;
  const press = (key: string): void => {
    const next = key === "⌫" ? latest.current.slice(0, -1) : (latest.current + key).slice(0, LENGTH);
    setCode(next);
    if (next.length === LENGTH && key !== "⌫") {
      setCode("");
      p.done(next);
    }
  };
  useEffect(() => {
    const type = (e: KeyboardEvent): void => {
      if (/^\d$/.test(e.key)) press(e.key);
      else if (e.key === "Backspace") press("⌫");
    };
    window.addEventListener("keydown", type);
    return () => window.removeEventListener("keydown", type);
  });
  return (
    <>
      <h1 className="h1 mid">{p.title}</h1>
      <div className="dots" aria-hidden="true">
        {PLACES.map((place) => (
          <i key={place} className={place <= code.length ? "on" : ""} />
        ))}
      </div>
      <p className="sr" role="status">
        {p.c.say(p.c.w.code.filled, { n: code.length })}
      </p>
      <p className="mid" role="alert" style={{ minHeight: "1.75rem", fontWeight: 700, color: "var(--danger-text)" }}>
        {p.wrong}
      </p>
      <div className="keys">
        {KEYS.map((key) =>
          key === "" ? (
            <span key="gap" />
          ) : (
            <button
              type="button"
              key={key}
              aria-label={key === "⌫" ? p.c.w.code.erase : key}
              onClick={() => press(key)}
            >
              {key === "⌫" ? <Icon name="erase" size={28} /> : key}
            </button>
          ),
        )}
      </div>
    </>
  );
}
