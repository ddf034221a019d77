/** Behind "wearers": the day, a director's papers, who looks after whom, and the load. */
import type { Account } from "../../api/types";
import { Caseload } from "./Caseload";
import { DayScreen } from "./Day";
import { LoadScreen } from "./Load";
import { Petitions } from "./Petitions";
import { isTab, wearersTabsOf } from "./tabs";

export function WearersScreen({ tab, account }: { tab: string | undefined; account: Account }) {
  const chosen = isTab(tab) && wearersTabsOf(account).includes(tab) ? tab : "day";
  switch (chosen) {
    case "petitions":
      return <Petitions account={account} />;
    case "caseload":
      return <Caseload account={account} />;
    case "load":
      return <LoadScreen account={account} />;
    case "day":
      return <DayScreen account={account} />;
  }
}
