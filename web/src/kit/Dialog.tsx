/** One sheet at a time; it keeps the focus, Escape closes it and loses nothing. */
import { type ReactNode, useEffect, useRef } from "react";
import { useText } from "../text";
import { useKeys } from "./keys";
import { Hint } from "./parts";

export function Dialog({
  title,
  hint,
  onClose,
  onSend,
  children,
  foot,
  width = 520,
}: {
  title: string;
  hint?: string;
  onClose: () => void;
  /** Ctrl Enter: the second key of a two-key command. */
  onSend?: () => void;
  children: ReactNode;
  foot?: ReactNode;
  width?: number;
}) {
  const text = useText();
  const box = useRef<HTMLDivElement>(null);
  useKeys(
    [
      { code: "Escape", inField: true, run: onClose },
      ...(onSend ? [{ code: "Enter", ctrl: true, inField: true, run: onSend }] : []),
    ],
    true,
  );
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const first = box.current?.querySelector<HTMLElement>("[data-first], textarea, input, select");
    (first ?? box.current)?.focus();
    return () => before?.focus?.();
  }, []);
  return (
    <div className="veil">
      <div
        className="dialog"
        role="dialog"
        aria-modal="true"
        aria-label={title}
        ref={box}
        tabIndex={-1}
        style={{ width }}
      >
        <div className="ph">
          <h2>{title}</h2>
          {hint ? <span>{hint}</span> : null}
          <span className="sp" />
          <Hint cap="Esc">{text.keys.close}</Hint>
        </div>
        <div className="pb">{children}</div>
        {foot ? <div className="pb dialog-foot">{foot}</div> : null}
      </div>
    </div>
  );
}
