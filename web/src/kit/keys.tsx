/** Keys by their place on the board (`KeyboardEvent.code`), one listener for the page. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useSyncExternalStore } from "react";

export interface Binding {
  /** `KeyboardEvent.code`, for example `Space`, `KeyJ`, `Digit1`. */
  code: string;
  ctrl?: boolean;
  shift?: boolean;
  /** What the footer and the help say; without it the key is not listed. */
  hint?: string;
  /** What is drawn on the key cap; worked out from the code unless given. */
  cap?: string;
  /** Also while a field has focus (only with `ctrl`, or Escape). */
  inField?: boolean;
  run: (event: KeyboardEvent) => void;
  /** Held keys: called when the key comes up. */
  up?: () => void;
}
interface Layer {
  bindings: Binding[];
  /** A dialog: nothing below it hears a key. */
  alone: boolean;
}

const caps: Record<string, string> = {
  Escape: "Esc",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  BracketLeft: "[",
  Comma: ",",
  Period: ".",
  BracketRight: "]",
  Equal: "+",
  Minus: "−",
  Slash: "?",
  Backslash: "\\",
  Enter: "Enter",
};
export function capOf(binding: Pick<Binding, "code" | "ctrl" | "cap">): string {
  const cap = binding.cap ?? caps[binding.code] ?? binding.code.replace(/^(Key|Digit)/, "");
  return binding.ctrl ? `Ctrl ${cap}` : cap;
}

/** Whether this stroke belongs to somebody who is writing. */
export function writing(event: Pick<KeyboardEvent, "isComposing" | "keyCode" | "target">): boolean {
  // 229: the key code browsers send for a stroke an input method has taken
  if (event.isComposing || event.keyCode === 229) return true;
  const target = event.target as { tagName?: string; isContentEditable?: boolean } | null;
  return Boolean(target && (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName ?? "") || target.isContentEditable));
}

/** The binding a stroke means, newest layer first. */
export function match(layers: readonly Layer[], event: KeyboardEvent): Binding | undefined {
  const busy = writing(event);
  if (event.isComposing || event.altKey) return undefined;
  const ctrl = event.ctrlKey || event.metaKey;
  for (const layer of [...layers].reverse()) {
    const found = layer.bindings.find(
      (b) =>
        b.code === event.code &&
        Boolean(b.ctrl) === ctrl &&
        (b.shift === undefined || b.shift === event.shiftKey) &&
        (!busy || b.inField),
    );
    if (found) return found;
    if (layer.alone) return undefined;
  }
  return undefined;
}

class Board {
  private layers: Layer[] = [];
  private listeners = new Set<() => void>();
  private held = new Map<string, Binding>();
  private chord: number | undefined;
  screens: ((digit: number) => void) | undefined;

  push(layer: Layer): () => void {
    this.layers = [...this.layers, layer];
    this.tell();
    return () => {
      this.layers = this.layers.filter((l) => l !== layer);
      this.tell();
    };
  }
  current = (): readonly Layer[] => this.layers;
  subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => this.listeners.delete(changed);
  };
  private tell(): void {
    for (const each of this.listeners) each();
  }

  down = (event: KeyboardEvent): void => {
    const digit = /^Digit([0-9])$/.exec(event.code)?.[1];
    if (this.chord !== undefined && digit && !writing(event)) {
      clearTimeout(this.chord);
      this.chord = undefined;
      event.preventDefault();
      this.screens?.(Number(digit));
      return;
    }
    const found = match(this.layers, event);
    if (found) {
      // Enter on a focused button or link is that button's, not the region's
      const tag = (event.target as HTMLElement | null)?.tagName;
      if (event.code === "Enter" && !found.ctrl && (tag === "BUTTON" || tag === "A")) return;
      event.preventDefault();
      if (event.repeat && found.up) return;
      if (found.up) this.held.set(event.code, found);
      found.run(event);
      return;
    }
    const alone = this.layers.at(-1)?.alone;
    if (event.code === "KeyG" && !event.ctrlKey && !event.metaKey && !alone && !writing(event)) {
      // G then a digit within 1.5 s: the time to move one finger, with room
      this.chord = window.setTimeout(() => {
        this.chord = undefined;
      }, 1500);
    }
  };
  up = (event: KeyboardEvent): void => {
    const found = this.held.get(event.code);
    if (found) {
      this.held.delete(event.code);
      found.up?.();
    }
  };
}

const Keys = createContext<Board>(new Board());

export function KeysProvider({ screens, children }: { screens: (digit: number) => void; children: ReactNode }) {
  const board = useMemo(() => new Board(), []);
  board.screens = screens;
  useEffect(() => {
    window.addEventListener("keydown", board.down);
    window.addEventListener("keyup", board.up);
    return () => {
      window.removeEventListener("keydown", board.down);
      window.removeEventListener("keyup", board.up);
    };
  }, [board]);
  return <Keys value={board}>{children}</Keys>;
}

/** Bind keys while the component is shown. The newest binding of a key wins. */
export function useKeys(bindings: Binding[], alone = false): void {
  const board = useContext(Keys);
  const latest = useRef(bindings);
  latest.current = bindings;
  const shape = bindings
    .map((b) => `${b.code}${b.ctrl ? "^" : ""}${b.shift ?? ""}${b.hint ?? ""}${b.inField ?? ""}`)
    .join("|");
  useEffect(
    () =>
      board.push({
        alone,
        bindings: latest.current.map((b, index) => ({
          ...b,
          run: (event) => latest.current[index]?.run(event),
          ...(b.up ? { up: () => latest.current[index]?.up?.() } : {}),
        })),
      }),
    [board, shape, alone],
  );
}

/** Every hint now bound, the focused region first. */
export function useHints(): Binding[] {
  const board = useContext(Keys);
  const layers = useSyncExternalStore(board.subscribe, board.current);
  return useMemo(() => {
    const seen = new Set<string>();
    const hints: Binding[] = [];
    for (const layer of [...layers].reverse()) {
      for (const each of layer.bindings) {
        const key = `${each.ctrl ? "^" : ""}${each.shift ? "+" : ""}${each.code}`;
        if (each.hint && !seen.has(key)) hints.push(each);
        seen.add(key);
      }
      if (layer.alone) break;
    }
    return hints;
  }, [layers]);
}
