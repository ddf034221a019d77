/** Two screens behind one entry of the rail; the chosen one is in the address. */
import { useKeys } from "../../kit/keys";
import { go } from "../../kit/route";
import { useKeeping } from "../../text/keeping";

export function Tabs({
  screen,
  items,
  chosen,
}: {
  screen: string;
  items: readonly (readonly [id: string, label: string])[];
  chosen: string;
}) {
  const t = useKeeping();
  const next = items[(items.findIndex(([id]) => id === chosen) + 1) % items.length];
  useKeys(
    items.length > 1 ? [{ code: "KeyT", hint: t.next, run: () => next && go(screen, next[0] || undefined) }] : [],
  );
  return (
    <span className="tabs">
      {items.map(([id, label]) => (
        <button
          type="button"
          key={id}
          className={id === chosen ? "on" : ""}
          aria-current={id === chosen ? "page" : undefined}
          onClick={() => go(screen, id || undefined)}
        >
          {label}
        </button>
      ))}
    </span>
  );
}
