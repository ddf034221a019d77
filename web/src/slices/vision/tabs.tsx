/** The vision screens behind one entry of the rail. The server decides; this only leaves empty screens out. */
import type { Account } from "../../api/types";
import { useVisionText } from "../../text/vision";
import { Tabs } from "../policy/Tabs";

type Who = Pick<Account, "role" | "centre_kind">;
export type VisionTab = "alarms" | "incidents" | "quality" | "zones" | "models";

const JUDGES: readonly string[] = ["centre_operator", "shift_lead"];
const TUNES: readonly string[] = ["shift_lead", "administrator"];
const READS: readonly string[] = [...JUDGES, ...TUNES, "facility_manager", "privacy_officer", "auditor"];

/** The tabs an account has; none where it has nothing to do with what cameras see. */
export function visionTabsOf(account: Who): VisionTab[] {
  if (account.centre_kind !== "city") return [];
  const tabs: VisionTab[] = [];
  if (JUDGES.includes(account.role)) tabs.push("alarms", "incidents");
  if (TUNES.includes(account.role)) tabs.push("zones");
  if (READS.includes(account.role)) tabs.push("quality", "models");
  return tabs;
}

export function VisionTabs({ tabs, chosen }: { tabs: readonly VisionTab[]; chosen: VisionTab }) {
  const t = useVisionText();
  if (tabs.length < 2) return null;
  return (
    <div className="foot-tabs">
      <Tabs
        screen="vision"
        // the first one answers the bare address
        items={tabs.map((id, i) => [i === 0 ? "" : id, t.tabs[id]] as const)}
        chosen={chosen === tabs[0] ? "" : chosen}
      />
    </div>
  );
}
