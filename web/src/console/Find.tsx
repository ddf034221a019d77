import { useMemo, useState } from "react";
import { Dialog } from "../kit/Dialog";
import { useText } from "../text";

export interface Findable {
  kind: string;
  code: string;
  words: string;
  run: () => void;
}
/** The entries whose code or words hold every typed word, codes that begin with it first. */
export function fitting(items: readonly Findable[], typed: string): Findable[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const hit = items.filter((i) => words.every((w) => `${i.code} ${i.words} ${i.kind}`.toLowerCase().includes(w)));
  const first = words[0] ?? "";
  return hit
    .sort((a, b) => Number(b.code.toLowerCase().startsWith(first)) - Number(a.code.toLowerCase().startsWith(first)))
    .slice(0, 12);
}

/** Ctrl K: a code, a screen or a command. */
export function Find({ items, label, onClose }: { items: readonly Findable[]; label: string; onClose: () => void }) {
  const text = useText();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const shown = useMemo(() => fitting(items, typed), [items, typed]);
  const pick = (item: Findable | undefined) => {
    if (!item) return;
    onClose();
    item.run();
  };
  return (
    <Dialog title={label} onClose={onClose} width={560}>
      <input
        className="in find-in"
        placeholder={text.find.hint}
        aria-label={text.find.hint}
        value={typed}
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
        }}
        onKeyDown={(e) => {
          if (e.nativeEvent.isComposing) return;
          if (e.key === "ArrowDown" || e.key === "ArrowUp") {
            e.preventDefault();
            setAt((n) => Math.max(0, Math.min(shown.length - 1, n + (e.key === "ArrowDown" ? 1 : -1))));
          } else if (e.key === "Enter") {
            e.preventDefault();
            pick(shown[at]);
          }
        }}
      />
      <ul className="find-list">
        {shown.map((item, i) => (
          <li key={`${item.kind}${item.code}`}>
            <button type="button" className={i === at ? "on" : ""} onClick={() => pick(item)}>
              <b>{item.code}</b>
              <span className="cut">{item.words}</span>
              <span className="sp" />
              <span className="xs t3">{item.kind}</span>
            </button>
          </li>
        ))}
        {shown.length === 0 ? <li className="sm t3">{text.find.none}</li> : null}
      </ul>
    </Dialog>
  );
}
