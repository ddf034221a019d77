/** J and K through a list. */
import { useText } from "../text";
import type { Binding } from "./keys";

/** The entry beside the chosen one; the list has ends, and where none is chosen it begins at its first. */
export function beside<T>(list: readonly T[], chosen: (each: T) => boolean, by: 1 | -1): T | undefined {
  return list[Math.max(0, Math.min(list.length - 1, list.findIndex(chosen) + by))];
}

/** The two keys, for `useKeys`. */
export function useMoves<T>(list: readonly T[], chosen: (each: T) => boolean, pick: (next: T) => void): Binding[] {
  const hint = useText().keys.move;
  const move = (by: 1 | -1) => () => {
    const next = beside(list, chosen, by);
    if (next) pick(next);
  };
  return [
    { code: "KeyJ", hint, run: move(1) },
    { code: "KeyK", hint, run: move(-1) },
  ];
}
