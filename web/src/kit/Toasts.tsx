/** Short words on the result of one's own command. Never an alarm, never an approval. */
import { useSyncExternalStore } from "react";
import { Icon, type IconName } from "./Icon";

export interface Toast {
  id: number;
  text: string;
  icon: IconName;
  tone?: "soon" | "doubt";
  /** Undo, offered for ten seconds. */
  undo?: () => void;
}
/** How long a command can be taken back, milliseconds: the design's ten seconds. */
export const UNDO_MS = 10_000;
let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<() => void>();
function set(list: readonly Toast[]): void {
  toasts = list;
  for (const each of listeners) each();
}
export function toast(text: string, options: Partial<Omit<Toast, "id" | "text">> = {}): void {
  const id = next++;
  set([...toasts.slice(-2), { id, text, icon: "check", ...options }]);
  setTimeout(() => set(toasts.filter((t) => t.id !== id)), UNDO_MS);
}
/** Take back the newest command that can be. */
export function undoLast(): boolean {
  const last = [...toasts].reverse().find((t) => t.undo);
  if (!last) return false;
  set(toasts.filter((t) => t.id !== last.id));
  last.undo?.();
  return true;
}
export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    () => toasts,
  );
}
export function ToastRow({ toast: one }: { toast: Toast }) {
  return (
    <div className={`toast${one.tone ? ` ${one.tone}` : ""}`}>
      <Icon name={one.icon} />
      <span>{one.text}</span>
      {one.undo ? (
        <button
          type="button"
          className="kh bare"
          onClick={() => {
            undoLast();
          }}
        >
          <kbd>Ctrl Z</kbd>
        </button>
      ) : (
        <span />
      )}
    </div>
  );
}
export function Toasts() {
  const all = useToasts();
  return (
    <div className="toasts" role="status" aria-live="polite">
      {all.map((t) => (
        <ToastRow key={t.id} toast={t} />
      ))}
    </div>
  );
}
