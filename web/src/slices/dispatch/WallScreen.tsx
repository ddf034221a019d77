/** The second screen: at the tracking centre it follows the newest open incident, in a city what it gives. */
import { useMemo } from "react";
import { useIncident, useIncidentCameras, useIncidents, usePermits } from "../../api/hooks";
import type { Account } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { PermitBadge } from "../../kit/parts";
import { Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useConnected } from "../../live/store";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { usePtzText } from "../../text/ptz";
import { CityWall } from "../footage/CityWall";
import { NoWall, useWallView, WallDesk } from "./WallDesk";

export function WallScreen({ id, account }: { id: string | undefined; account: Account }) {
  return account.centre_kind === "city" ? (
    <CityWall id={id} account={account} />
  ) : (
    <IncidentWall id={id} account={account} />
  );
}

function IncidentWall({ id, account }: { id: string | undefined; account: Account }) {
  const text = useText();
  const t = useFootageText();
  const ptz = usePtzText();
  const open = useIncidents("open");
  const newest = useMemo(
    () =>
      [...(open.data?.incidents ?? [])]
        .filter((i) => i.certain)
        .sort((a, b) => b.opened_at.localeCompare(a.opened_at))[0],
    [open.data],
  );
  const incident = useIncident(id ?? newest?.incident_id);
  const permits = usePermits(incident.data?.incident_id);
  const cameras = useIncidentCameras(incident.data?.incident_id);
  const connected = useConnected();
  const view = useWallView();
  const data = incident.data;
  const situation = useMemo(
    () =>
      data && {
        code: data.code,
        trigger: data.trigger,
        open: data.state !== "closed",
        subject: data.subject,
        victim: data.victim,
        units: data.units,
        next: data.next,
      },
    [data],
  );
  // only the city that gives turns its cameras; bookmarks stand on recordings: who presses the key is told so
  useKeys([
    { code: "KeyP", run: () => toast(ptz.turnElse, { icon: "lock" }) },
    { code: "KeyS", run: () => toast(t.markThere, { icon: "lock" }) },
  ]);
  if (!data || !situation)
    return (
      <NoWall>
        <Empty icon="wall" title={text.wall.none} body={text.wall.follow} />
      </NoWall>
    );
  const mine = (permits.data?.permits ?? data.permits).filter((p) => p.state === "in_use" || p.state === "ending");
  return (
    <WallDesk
      view={view}
      title={data.code}
      trigger={text.trigger[data.trigger] ?? data.trigger}
      given={cameras.data ?? data.provision ?? null}
      closed={data.state === "closed"}
      situation={situation}
      watermark={`${data.code} · ${account.display} · ${day(nowMs())}`}
      right={mine.slice(0, 2).map((p) => <PermitBadge key={p.permit_id} permit={p} connected={connected} />)}
    />
  );
}
