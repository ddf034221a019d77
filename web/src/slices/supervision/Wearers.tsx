import { useState } from "react";
import { useWearers } from "../../api/hooks";
import { useKeys } from "../../kit/keys";
import { Panel } from "../../kit/parts";
import { formatRoute, go } from "../../kit/route";
import { Answer } from "../../kit/states";
import { useText } from "../../text";

/** Wearers by code. Names stay hidden. */
export function Wearers() {
  const text = useText();
  const wearers = useWearers();
  const [at, setAt] = useState(0);
  const list = wearers.data?.wearers ?? [];
  useKeys([
    { code: "KeyJ", hint: text.keys.move, run: () => setAt((n) => Math.min(list.length - 1, n + 1)) },
    { code: "KeyK", hint: text.keys.move, run: () => setAt((n) => Math.max(0, n - 1)) },
    { code: "Enter", hint: text.keys.open, run: () => list[at] && go("wearers", list[at].wearer_id) },
  ]);
  return (
    <main className="main single">
      <Panel title={text.wearer.list} sub={wearers.data ? text.wearer.count(list.length) : undefined}>
        {wearers.data ? (
          <div className="scroll">
            <table className="tbl">
              <tbody>
                {list.map((w, i) => (
                  <tr key={w.wearer_id} className={i === at ? "sel" : ""} onClick={() => go("wearers", w.wearer_id)}>
                    <td>
                      <a href={formatRoute("wearers", w.wearer_id)}>
                        <b className="t1">{w.code}</b>
                      </a>
                    </td>
                    <td>{text.offence[w.offence] ?? w.offence}</td>
                    <td>{w.office}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <Answer error={wearers.error} retry={() => void wearers.refetch()} what={text.wearer.list} />
        )}
      </Panel>
    </main>
  );
}
