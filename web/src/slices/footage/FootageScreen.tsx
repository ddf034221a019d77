/** One entry of the rail: footage, the review of masks, what is kept, how cameras fare. */
import type { Account } from "../../api/types";
import { Footage } from "./Footage";
import { type FootageTab, FootageTabs, tabsOf } from "./tabs";
import "./footage.css";

export function FootageScreen({ id, account }: { id: string | undefined; account: Account }) {
  const tabs = tabsOf(account);
  const chosen = (tabs as string[]).includes(id ?? "") ? (id as FootageTab) : (tabs[0] ?? "footage");
  return (
    <div className="footage-screen">
      <FootageTabs account={account} chosen={chosen} />
      <Footage account={account} />
    </div>
  );
}
