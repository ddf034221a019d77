/** Screen 07 in two views: who saw what, and every entry of the chain. */
import { useQueryWord } from "../../kit/route";
import { useOpenness } from "../../text/openness";
import { Ledger } from "../policy/Ledger";
import { Looks } from "./Looks";

export function LedgerScreen() {
  const t = useOpenness();
  const [view, setView] = useQueryWord("view");
  const tabs = (
    <span className="tabs">
      <button type="button" className={view ? "" : "on"} onClick={() => setView(undefined)}>
        {t.looks}
      </button>
      <button type="button" className={view ? "on" : ""} onClick={() => setView("entries")}>
        {t.entries}
      </button>
    </span>
  );
  return view === "entries" ? <Ledger tabs={tabs} /> : <Looks tabs={tabs} />;
}
