/** A panel with a list and the box that narrows it; `/` goes to the box. */
import type { ReactNode } from "react";
import { type Binding, useKeys } from "./keys";
import { Panel } from "./parts";

export function FindList({
  id,
  title,
  sub,
  hint,
  typed,
  onType,
  keys,
  children,
}: {
  /** Of the box; one a page. */
  id: string;
  title: string;
  sub: string;
  /** What is typed here, in words. */
  hint: string;
  typed: string;
  onType: (words: string) => void;
  /** The list's own keys. */
  keys: readonly Binding[];
  children: ReactNode;
}) {
  useKeys([...keys, { code: "Slash", shift: false, cap: "/", hint, run: () => document.getElementById(id)?.focus() }]);
  return (
    <Panel title={title} sub={sub}>
      <div className="pb find-box">
        <input
          id={id}
          className="in"
          value={typed}
          placeholder={hint}
          aria-label={hint}
          autoComplete="off"
          onChange={(e) => onType(e.target.value)}
        />
      </div>
      <div className="scroll">{children}</div>
    </Panel>
  );
}
