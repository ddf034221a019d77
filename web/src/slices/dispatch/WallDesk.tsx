/** The second screen itself: tiles that follow or stand as somebody placed them, layouts, a window of its own. */
import { type ReactNode, useMemo, useState } from "react";
import type { CameraProvision } from "../../api/types";
import { useKeys } from "../../kit/keys";
import { Button } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { toast } from "../../kit/Toasts";
import { inTiles, type Situation, SituationMap, type Tiled } from "../../map/SituationMap";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { LiveWall } from "../../wall/LiveWall";
import { numbered, put, type Slots, swapped } from "../../wall/layout";
import { MAP } from "../../wall/Wall";
import { PutCamera, WallLayouts } from "./WallDialogs";
import "../footage/footage.css";

const TILES = 12;
const CODES = [...Array.from({ length: 9 }, (_, i) => `Digit${i + 1}`), "Digit0", "Minus"];
const full = (of: Slots): Slots => Array.from({ length: TILES }, (_, i) => of[i] ?? null);

export interface WallView {
  slots: Slots;
  /** The tile that is large; the first one where none was picked. */
  large: number;
  fixed: Slots | undefined;
  fix: (slots: Slots | undefined) => void;
  setSlots: (slots: Slots) => void;
  pick: (index: number) => void;
  /** It stands in a window of its own. */
  only: boolean;
  leave: () => void;
}

/** Which camera stands in which tile. */
export function useWallView(): WallView {
  const [cam, setCam] = useQueryWord("camera");
  const [only, setOnly] = useQueryWord("only");
  const [fixed, fix] = useState<Slots>();
  const [ranked, setSlots] = useState<Slots>([]);
  return {
    slots: fixed ?? ranked,
    large: cam ? Number(cam) - 1 : 0,
    fixed,
    fix,
    setSlots,
    pick: (i) => setCam(i === 0 ? undefined : String(i + 1)),
    only: Boolean(only),
    leave: () => setOnly(undefined),
  };
}

export function WallDesk({
  view,
  title,
  trigger,
  given,
  closed,
  situation,
  watermark,
  right,
  keep,
  badge,
  turned = (cameras) => cameras,
  onPoint,
  side,
}: {
  view: WallView;
  title: string;
  trigger: string;
  given: CameraProvision | null;
  closed: boolean;
  /** Its cameras are filled in from the tiles. */
  situation: Omit<Situation, "cameras" | "chosen">;
  watermark: string;
  /** The grounds and the time left. */
  right: ReactNode;
  keep?: string | undefined;
  badge?: ((camera: string) => ReactNode) | undefined;
  /** Cameras that look elsewhere than the register says. */
  turned?: (cameras: Tiled[]) => Tiled[];
  onPoint?: ((lat: number, lon: number) => void) | undefined;
  side?: ReactNode;
}) {
  const text = useText();
  const t = useFootageText();
  const [map, setMap] = useQueryWord("map");
  const [chosen, choose] = useState(0);
  const [sheet, setSheet] = useState<"put" | "layouts">();
  const { slots, fixed, fix, large } = view;
  const pick = (i: number) => {
    choose(i);
    view.pick(i);
  };
  const move = (from: number, to: number) => {
    fix(swapped(full(slots), from, to));
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
    const now = full(slots);
    const at = now.indexOf(MAP);
    const empty = now.indexOf(null);
    fix(at >= 0 ? now.map((c) => (c === MAP ? null : c)) : put(now, MAP, empty >= 0 ? empty : TILES - 1));
  };
  useKeys([
    ...CODES.map((code, i) => ({
      code,
      shift: false,
      ...(i < 9 ? { hint: text.incident.enlarge } : {}),
      run: () => pick(i),
    })),
    { code: "ArrowRight", shift: false, hint: t.nextTile, run: () => choose(Math.min(last, chosen + 1)) },
    { code: "ArrowLeft", shift: false, hint: t.nextTile, run: () => choose(Math.max(0, chosen - 1)) },
    { code: "ArrowRight", shift: true, run: () => move(chosen, Math.min(TILES - 1, chosen + 1)) },
    { code: "ArrowLeft", shift: true, run: () => move(chosen, Math.max(0, chosen - 1)) },
    { code: "Equal", cap: "=", hint: t.put, run: () => setSheet("put") },
    { code: "KeyL", hint: t.layout, run: () => setSheet("layouts") },
    { code: "KeyF", hint: t.following, run: () => fix(undefined) },
    { code: "KeyM", hint: t.mapTile, run: mapTile },
    ...(view.only
      ? [{ code: "Escape", hint: t.firstScreen, run: view.leave }]
      : [{ code: "KeyO", hint: t.popOut, run: popOut }]),
  ]);
  const shown = useMemo<Situation>(
    () => ({
      ...situation,
      cameras: given?.state === "given" ? turned(inTiles(given.cameras, slots)) : [],
      chosen: large,
    }),
    [situation, given, slots, large, turned],
  );
  return (
    <main className={`main wall-screen${view.only ? " only" : ""}${side ? " sided" : ""}`}>
      <section className="panel wall-head fx">
        <b>{title}</b>
        <span>{trigger}</span>
        <span className="t3">{fixed ? t.fixed : text.wall.follow}</span>
        <span className="sp" />
        {right}
        <Button small tone="line" cap="L" onClick={() => setSheet("layouts")}>
          {t.layout}
        </Button>
        {view.only ? null : (
          <Button small tone="line" cap="O" onClick={popOut}>
            {t.popOut}
          </Button>
        )}
      </section>
      <section className="panel">
        <LiveWall
          provision={given}
          closed={closed}
          size={TILES}
          watermark={watermark}
          large={large}
          onLarge={pick}
          onSlots={view.setSlots}
          fixed={fixed}
          chosen={chosen}
          onMove={move}
          keep={keep}
          badge={badge}
          map={
            <div className="map-slot">
              <SituationMap situation={shown} view={map} onView={setMap} focus={0} onPick={pick} onPoint={onPoint} />
            </div>
          }
        />
      </section>
      {side}
      {sheet === "put" ? (
        <PutCamera
          onClose={() => setSheet(undefined)}
          onPut={(digits) => {
            const camera = numbered(given?.cameras ?? [], digits);
            if (!camera) return false;
            fix(put(full(slots), camera.camera_id, chosen));
            return true;
          }}
        />
      ) : null}
      {sheet === "layouts" ? (
        <WallLayouts tiles={full(slots)} onUse={(tiles) => fix(full(tiles))} onClose={() => setSheet(undefined)} />
      ) : null}
    </main>
  );
}

/** Nothing to follow: no incident is open, nothing is given. */
export function NoWall({ children }: { children: ReactNode }) {
  return (
    <main className="main single">
      <section className="panel">{children}</section>
    </main>
  );
}
