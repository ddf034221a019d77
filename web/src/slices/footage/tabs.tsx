/** The footage screens behind one entry of the rail. The server decides; this only leaves empty screens out. */
import type { Account } from "../../api/types";
import { useFootageText } from "../../text/footage";
import { Tabs } from "../policy/Tabs";

type Who = Pick<Account, "role" | "centre_kind">;
export type FootageTab = "footage" | "reviews" | "kept" | "health" | "hidden" | "devices";

const LOOKS: readonly string[] = ["tracking_controller", "shift_lead", "centre_operator"];
const REVIEWS: readonly string[] = ["shift_lead", "privacy_officer", "court_clerk"];
const STATUS: readonly string[] = [
  "centre_operator",
  "shift_lead",
  "privacy_officer",
  "facility_manager",
  "administrator",
  "auditor",
];
/** Who says how devices are asked and what they may be turned to (policy: set_up_camera). */
const SETS_UP: readonly string[] = ["administrator", "facility_manager"];
/** Who draws privacy zones, adds to them, or watches over them. */
const HIDES: readonly string[] = ["shift_lead", "privacy_officer", "facility_manager", "administrator", "auditor"];
/** Who places holds (server: PLACES_HOLD). */
export const HOLDS: readonly string[] = ["investigator", "court_clerk", "privacy_officer"];
/** Who asks for exports: an investigator, by an order. */
export const asksExports = (account: Who) => account.centre_kind === "city" && account.role === "investigator";

/** The tabs an account has; none where it has nothing to do with footage. */
export function tabsOf(account: Who): FootageTab[] {
  const city = account.centre_kind === "city";
  const tabs: FootageTab[] = [];
  if (LOOKS.includes(account.role) || asksExports(account)) tabs.push("footage");
  if (city && REVIEWS.includes(account.role)) tabs.push("reviews");
  if (city && HOLDS.includes(account.role)) tabs.push("kept");
  if (city && STATUS.includes(account.role)) tabs.push("health");
  if (city && HIDES.includes(account.role)) tabs.push("hidden");
  if (city && SETS_UP.includes(account.role)) tabs.push("devices");
  return tabs;
}

export function FootageTabs({ account, chosen }: { account: Who; chosen: FootageTab }) {
  const t = useFootageText();
  const tabs = tabsOf(account);
  if (tabs.length < 2) return null;
  return (
    <div className="foot-tabs">
      <Tabs
        screen="footage"
        // the first one answers the bare address
        items={tabs.map((id, i) => [i === 0 ? "" : id, t.tabs[id]] as const)}
        chosen={chosen === tabs[0] ? "" : chosen}
      />
    </div>
  );
}
