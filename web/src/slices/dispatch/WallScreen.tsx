/** The second screen: follows the newest open incident, or stands as a person placed it. */
import { useMemo, useState } from "react";
import { useIncident, useIncidentCameras, useIncidents, usePermits } from "../../api/hooks";
import type { Account } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { Button, PermitBadge } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useConnected } from "../../live/store";
import { inTiles, type Situation, SituationMap } from "../../map/SituationMap";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { LiveWall } from "../../wall/LiveWall";
import { numbered, put, type Slots, swapped } from "../../wall/layout";
import { MAP } from "../../wall/Wall";
import { PutCamera, WallLayouts } from "./WallDialogs";
import "../footage/footage.css";

const TILES = 12;
const CODES = [...Array.from({ length: 9 }, (_, i) => `Digit${i + 1}`), "Digit0", "Minus"];

export function WallScreen({ id, account }: { id: string | undefined; account: Account }) {
  const text = useText();
  const t = useFootageText();
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
  const [only, setOnly] = useQueryWord("only");
  const [view, setView] = useQueryWord("map");
  const [fixed, fix] = useState<Slots>();
  const [slots, setSlots] = useState<Slots>([]);
  const [chosen, choose] = useState(0);
  const [sheet, setSheet] = useState<"put" | "layouts">();
  const large = cam ? Number(cam) - 1 : 0;
  const pick = (i: number) => {
    choose(i);
    setCam(i === 0 ? undefined : String(i + 1));
  };
  const full = (of: Slots): Slots => Array.from({ length: TILES }, (_, i) => of[i] ?? null);
  const placed = fixed ?? slots;
  const move = (from: number, to: number) => {
    fix(swapped(full(placed), from, to));
    choose(to);
  };
  const popOut = () => {
    const opened = window.open(
      `${window.location.pathname}#/wall?only=1`,
      "ansimnet-wall",
      "popup,width=1600,height=900",
    );
    if (!opened) toast(t.blocked, { icon: "lock", tone: "soon" });
  };
  const last = Math.max(0, (fixed ? TILES : slots.length) - 1);
  const mapTile = () => {
    const now = full(placed);
    const at = now.indexOf(MAP);
    const empty = now.indexOf(null);
    fix(at >= 0 ? now.map((c) => (c === MAP ? null : c)) : put(now, MAP, empty >= 0 ? empty : TILES - 1));
  };
  useKeys([
    ...CODES.map((code, i) => ({ code, ...(i < 9 ? { hint: text.incident.enlarge } : {}), run: () => pick(i) })),
    { code: "ArrowRight", shift: false, hint: t.nextTile, run: () => choose(Math.min(last, chosen + 1)) },
    { code: "ArrowLeft", shift: false, hint: t.nextTile, run: () => choose(Math.max(0, chosen - 1)) },
    { code: "ArrowRight", shift: true, run: () => move(chosen, Math.min(TILES - 1, chosen + 1)) },
    { code: "ArrowLeft", shift: true, run: () => move(chosen, Math.max(0, chosen - 1)) },
    { code: "Equal", cap: "=", hint: t.put, run: () => setSheet("put") },
    { code: "KeyL", hint: t.layout, run: () => setSheet("layouts") },
    { code: "KeyF", hint: t.following, run: () => fix(undefined) },
    { code: "KeyM", hint: t.mapTile, run: mapTile },
    ...(only
      ? [{ code: "Escape", hint: t.firstScreen, run: () => setOnly(undefined) }]
      : [{ code: "KeyO", hint: t.popOut, run: popOut }]),
  ]);
  const data = incident.data;
  const given = cameras.data ?? data?.provision ?? null;
  const situation = useMemo<Situation | undefined>(
    () =>
      data && {
        code: data.code,
        trigger: data.trigger,
        open: data.state !== "closed",
        subject: data.subject,
        victim: data.victim,
        units: data.units,
        next: data.next,
        cameras: given?.state === "given" ? inTiles(given.cameras, placed) : [],
        chosen: large,
      },
    [data, given, placed, large],
  );
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
    <main className={`main wall-screen${only ? " only" : ""}`}>
      <section className="panel wall-head fx">
        <b>{data.code}</b>
        <span>{text.trigger[data.trigger]}</span>
        <span className="t3">{fixed ? t.fixed : text.wall.follow}</span>
        <span className="sp" />
        {mine.slice(0, 2).map((p) => (
          <PermitBadge key={p.permit_id} permit={p} connected={connected} />
        ))}
        <Button small tone="line" cap="L" onClick={() => setSheet("layouts")}>
          {t.layout}
        </Button>
        {only ? null : (
          <Button small tone="line" cap="O" onClick={popOut}>
            {t.popOut}
          </Button>
        )}
      </section>
      <section className="panel">
        <LiveWall
          provision={given}
          closed={data.state === "closed"}
          size={TILES}
          watermark={`${data.code} · ${account.display} · ${day(nowMs())}`}
          large={large}
          onLarge={pick}
          onSlots={setSlots}
          fixed={fixed}
          chosen={chosen}
          onMove={move}
          map={
            situation ? (
              <div className="map-slot">
                <SituationMap situation={situation} view={view} onView={setView} focus={0} onPick={pick} />
              </div>
            ) : null
          }
        />
      </section>
      {sheet === "put" ? (
        <PutCamera
          onClose={() => setSheet(undefined)}
          onPut={(digits) => {
            const camera = numbered(given?.cameras ?? [], digits);
            if (!camera) return false;
            fix(put(full(placed), camera.camera_id, chosen));
            return true;
          }}
        />
      ) : null}
      {sheet === "layouts" ? (
        <WallLayouts tiles={full(placed)} onUse={(tiles) => fix(full(tiles))} onClose={() => setSheet(undefined)} />
      ) : null}
    </main>
  );
}
