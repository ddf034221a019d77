/** One entry of the rail: footage, the review of masks, what is kept, how cameras fare, what nobody sees of them. */
import type { Account } from "../../api/types";
import { Footage } from "./Footage";
import { Health } from "./Health";
import { HiddenParts } from "./HiddenParts";
import { Kept } from "./Kept";
import { OwnFootage } from "./OwnFootage";
import { Devices } from "./ptz/Devices";
import { Reviews } from "./Reviews";
import { asksExports, type FootageTab, FootageTabs, tabsOf } from "./tabs";
import "./footage.css";

export function FootageScreen({ id, account }: { id: string | undefined; account: Account }) {
  const tabs = tabsOf(account);
  const chosen = (tabs as string[]).includes(id ?? "") ? (id as FootageTab) : (tabs[0] ?? "footage");
  return (
    <div className="footage-screen">
      <FootageTabs account={account} chosen={chosen} />
      {chosen === "kept" ? (
        <Kept account={account} />
      ) : chosen === "health" ? (
        <Health />
      ) : chosen === "hidden" ? (
        <HiddenParts account={account} />
      ) : chosen === "devices" ? (
        <Devices />
      ) : chosen === "reviews" ? (
        <Reviews />
      ) : asksExports(account) ? (
        <OwnFootage account={account} />
      ) : (
        <Footage account={account} />
      )}
    </div>
  );
}
