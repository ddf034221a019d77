/** One entry of the rail: alarms to judge, zones to draw, how good it is, and by which models. */
import type { Account } from "../../api/types";
import { Alarms } from "./Alarms";
import { Incidents } from "./Incidents";
import { Models } from "./Models";
import { Quality } from "./Quality";
import { type VisionTab, VisionTabs, visionTabsOf } from "./tabs";
import { Zones } from "./Zones";
import "../footage/footage.css";
import "./vision.css";

export function VisionScreen({ id, account }: { id: string | undefined; account: Account }) {
  const tabs = visionTabsOf(account);
  // who sets zones and thresholds (policy: tune_vision)
  const decides = tabs.includes("zones");
  const chosen = (tabs as string[]).includes(id ?? "") ? (id as VisionTab) : (tabs[0] ?? "quality");
  return (
    <div className="footage-screen">
      <VisionTabs tabs={tabs} chosen={chosen} />
      {chosen === "alarms" ? (
        <Alarms />
      ) : chosen === "incidents" ? (
        <Incidents />
      ) : chosen === "zones" ? (
        <Zones watermark={account.display} />
      ) : chosen === "models" ? (
        <Models decides={decides} />
      ) : (
        <Quality decides={decides} />
      )}
    </div>
  );
}
