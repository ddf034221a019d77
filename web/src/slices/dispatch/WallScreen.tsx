/** The second screen: follows the newest open incident. Twelve pictures, the map, ground and time left. */
import { useMemo } from "react";
import { useIncident, useIncidentCameras, useIncidents, usePermits } from "../../api/hooks";
import type { Account } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { PermitBadge } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Empty } from "../../kit/states";
import { useConnected } from "../../live/store";
import { useText } from "../../text";
import { LiveWall } from "../../wall/LiveWall";

const TILES = 12;
const CODES = [...Array.from({ length: 9 }, (_, i) => `Digit${i + 1}`), "Digit0", "Minus", "Equal"];

export function WallScreen({ id, account }: { id: string | undefined; account: Account }) {
  const text = useText();
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
  const [cam, setCam] = useQueryWord("camera");
  const large = cam ? Number(cam) - 1 : 0;
  const pick = (i: number) => setCam(i === 0 ? undefined : String(i + 1));
  useKeys(CODES.map((code, i) => ({ code, ...(i < 9 ? { hint: text.incident.enlarge } : {}), run: () => pick(i) })));
  const data = incident.data;
  if (!data) {
    return (
      <main className="main single">
        <section className="panel">
          <Empty icon="wall" title={text.wall.none} body={text.wall.follow} />
        </section>
      </main>
    );
  }
  const mine = (permits.data?.permits ?? data.permits).filter((p) => p.state === "in_use" || p.state === "ending");
  return (
    <main className="main wall-screen">
      <section className="panel wall-head fx">
        <b>{data.code}</b>
        <span>{text.trigger[data.trigger]}</span>
        <span className="t3">{text.wall.follow}</span>
        <span className="sp" />
        {mine.slice(0, 2).map((p) => (
          <PermitBadge key={p.permit_id} permit={p} connected={connected} />
        ))}
      </section>
      <section className="panel">
        <LiveWall
          incident={data.incident_id}
          provision={cameras.data ?? data.provision}
          closed={data.state === "closed"}
          size={TILES}
          watermark={`${data.code} · ${account.display} · ${day(nowMs())}`}
          large={large}
          onLarge={pick}
        />
      </section>
    </main>
  );
}
