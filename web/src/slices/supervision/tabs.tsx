/** The screens behind "wearers": the server decides; this only leaves out what it would refuse. */
import type { Account } from "../../api/types";
import { useProcedureText } from "../../text/procedure";
import { Tabs } from "../policy/Tabs";

export type WearersTab = "day" | "petitions" | "caseload" | "load";
type Who = Pick<Account, "role">;

/** What a role works with: a director petitions and assigns; everybody who reads wearers sees the day and the load. */
export function wearersTabsOf({ role }: Who): WearersTab[] {
  return role === "office_director" ? ["day", "petitions", "caseload", "load"] : ["day", "load"];
}
export const isTab = (word: string | undefined): word is WearersTab =>
  word === "petitions" || word === "caseload" || word === "load";

export function WearersTabs({ account, chosen }: { account: Who; chosen: WearersTab }) {
  const t = useProcedureText();
  return (
    <Tabs
      screen="wearers"
      chosen={chosen === "day" ? "" : chosen}
      items={wearersTabsOf(account).map((tab) => [tab === "day" ? "" : tab, t.tabs[tab]] as const)}
    />
  );
}
