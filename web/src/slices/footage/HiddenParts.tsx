/** What of a camera's picture nobody sees: drawn on it by hand or by key. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { footage, type HiddenParts as Hidden, useHidden, useHiddenCameras } from "../../api/footage";
import { usePoints } from "../../api/hooks";
import type { Account, CalledCamera } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { FindList } from "../../kit/FindList";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { type DrawnShape, PictureEditor, type Tool } from "../../kit/PictureEditor";
import { Button, Panel, PanelHead } from "../../kit/parts";
import { lay, type Photo } from "../../kit/photo";
import { area } from "../../kit/picture";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { type HiddenText, useHiddenText } from "../../text/hidden";
import { useNamed } from "../policy/Targets";
import { CameraPicture } from "../vision/CameraPicture";
import {
  broken,
  changed,
  type Hand,
  type HiddenZone,
  handOf,
  MOST_ZONES,
  mayChange,
  sentOf,
  zonesOf,
} from "./hiddenRules";
import "../../kit/picture.css";

type Listed = CalledCamera & { zones?: number };

export function HiddenParts({ account }: { account: Account }) {
  const t = useHiddenText();
  const list = useHiddenCameras();
  const [word, choose] = useQueryWord("camera");
  const [typed, setTyped] = useState("");
  const words = typed.trim();
  const named = useNamed(words);
  const hidden = list.data?.cameras ?? [];
  const cameras: Listed[] = words
    ? (named.data?.cameras ?? [])
    : hidden.map((c) => ({ camera_id: c.camera_id, code: c.code, address: c.name, zones: c.zones.length }));
  const chosen = word ?? cameras[0]?.camera_id;
  const one = useHidden(chosen);
  const hand = handOf(account.role);
  const moves = useMoves(
    cameras,
    (c) => c.camera_id === chosen,
    (c) => choose(c.camera_id),
  );
  return (
    <main className="main hidden-grid">
      <FindList
        id="hidden-find"
        title={words ? t.found : t.cameras}
        sub={words ? "" : String(hidden.length || "")}
        hint={t.find}
        typed={typed}
        onType={setTyped}
        keys={moves}
      >
        {list.data || words ? null : <Answer error={list.error} retry={() => void list.refetch()} what={t.cameras} />}
        {list.data && !words && hidden.length === 0 ? <Empty icon="eye" title={t.none} body={t.noneBody} /> : null}
        {words && named.data && cameras.length === 0 ? <p className="pb sm t3">{t.noHit}</p> : null}
        {words && named.error ? <Answer error={named.error} what={t.found} /> : null}
        {cameras.map((c) => (
          <button
            type="button"
            key={c.camera_id}
            className={`bare-row hidden-row${c.camera_id === chosen ? " sel" : ""}`}
            aria-pressed={c.camera_id === chosen}
            onClick={() => choose(c.camera_id)}
          >
            <b className="t1">{c.code}</b>
            <span className="xs t3 nw num">{c.zones === undefined ? "" : t.zones(c.zones)}</span>
            <span className="xs t3 cut">{c.address}</span>
          </button>
        ))}
      </FindList>
      {one.data ? (
        <Editor
          // what somebody else drew meanwhile is drawn upon, never over
          key={JSON.stringify([one.data.camera_id, one.data.zones])}
          kept={one.data}
          hand={hand}
          opens={account.role === "shift_lead"}
          watermark={`${account.display} · ${day(nowMs())}`}
        />
      ) : (
        <section className="panel hidden-none" aria-label={t.title}>
          {chosen ? (
            <Answer error={one.error} retry={() => void one.refetch()} what={t.title} />
          ) : (
            <Empty icon="camera" title={t.choose} body={t.noneBody} />
          )}
        </section>
      )}
    </main>
  );
}

function Editor({
  kept,
  hand,
  opens,
  watermark,
}: {
  kept: Hidden;
  hand: Hand;
  /** Whether this seat may open the masked picture to draw on. */
  opens: boolean;
  watermark: string;
}) {
  const t = useHiddenText();
  const client = useQueryClient();
  const [zones, setZones] = useState(() => zonesOf(kept.zones));
  const [chosen, choose] = useState<string>();
  const [tool, setTool] = useState<Tool>();
  const [opened, setOpened] = useState(false);
  const [photo, setPhoto] = useState<Photo>();
  const [aspect, setAspect] = useState(16 / 9);
  useEffect(() => () => URL.revokeObjectURL(photo?.url ?? ""), [photo]);
  const zone = zones.find((z) => z.id === chosen);
  const draws = hand !== "reads";
  const full = zones.length >= MOST_ZONES;
  const dirty = changed(kept.zones, zones);
  const save = useMutation({
    mutationFn: () => (hand === "keeps" ? footage.hide : footage.hideMore)(kept.camera_id, sentOf(hand, zones)),
    onSuccess: (now) => {
      client.setQueryData(["hidden-parts", kept.camera_id], now);
      void client.invalidateQueries({ queryKey: ["hidden-parts"] });
      toast(t.saved(kept.code));
    },
  });
  const maySave = draws && dirty && !zones.some(broken) && !save.isPending;
  const send = () => maySave && save.mutate();
  const draw = (next: Tool) => {
    if (!draws || full) return;
    setTool((now) => (now === next ? undefined : next));
    choose(undefined);
  };
  const drop = (gone: HiddenZone | undefined) => {
    if (!gone || !mayChange(hand, gone)) return;
    setZones((old) => old.filter((z) => z.id !== gone.id));
    choose(undefined);
  };
  useKeys([
    ...(draws
      ? [
          { code: "KeyZ", hint: t.box, run: () => draw("box") },
          { code: "KeyL", hint: t.shape, run: () => draw("zone") },
          {
            code: "Enter",
            ctrl: true,
            inField: true,
            hint: t.save,
            cap: "↵",
            run: send,
          },
        ]
      : []),
    ...(zone && mayChange(hand, zone) ? [{ code: "KeyX", hint: t.drop, run: () => drop(zone) }] : []),
    ...(opens ? [{ code: "KeyP", hint: t.picture, run: () => setOpened((on) => !on) }] : []),
  ]);
  const shapes: DrawnShape[] = zones.map((z, i) => ({
    id: z.id,
    kind: "zone",
    points: z.points,
    label: t.zone(i + 1),
    tone: broken(z) ? "bad" : "hide",
  }));
  return (
    <>
      <section className="panel zone-mid" aria-label={`${t.title} ${kept.code}`}>
        <PanelHead
          title={kept.code}
          sub={kept.name}
          right={
            draws ? (
              <span className="fx">
                <label className="btn s">
                  {t.photo}
                  <input
                    type="file"
                    accept="image/*"
                    className="sr"
                    onChange={(e) => lay(e.target.files?.[0], setPhoto)}
                  />
                </label>
                <Button
                  small
                  cap="Z"
                  tone={tool === "box" ? "pri" : "line"}
                  disabled={full}
                  onClick={() => draw("box")}
                >
                  {t.box}
                </Button>
                <Button
                  small
                  cap="L"
                  tone={tool === "zone" ? "pri" : "line"}
                  disabled={full}
                  onClick={() => draw("zone")}
                >
                  {t.shape}
                </Button>
              </span>
            ) : null
          }
        />
        <p className={`zone-hint sm ${tool ? "t1" : "t3"}`} role="status">
          {tool ? t.drawing[tool] : full ? t.full(MOST_ZONES) : dirty ? t.changed : ""}
        </p>
        <PictureEditor
          label={`${t.title} ${kept.code}`}
          aspect={photo?.aspect ?? aspect}
          shapes={shapes}
          chosen={chosen}
          tool={tool}
          still={Boolean(zone && !mayChange(hand, zone))}
          onChoose={choose}
          onShape={(_, points) => {
            const made = { id: crypto.randomUUID(), points, standing: false };
            setZones((old) => [...old, made]);
            if (tool !== "box" || zones.length + 1 >= MOST_ZONES) {
              setTool(undefined);
              choose(made.id);
            }
          }}
          onChange={(id, points) => setZones((old) => old.map((z) => (z.id === id ? { ...z, points } : z)))}
          onCancel={() => setTool(undefined)}
        >
          {photo ? (
            <img className="under-photo" src={photo.url} alt={t.photo} draggable={false} />
          ) : (
            <Under
              kept={kept}
              open={opened}
              may={opens}
              watermark={watermark}
              onOpen={() => setOpened(true)}
              onAspect={setAspect}
            />
          )}
        </PictureEditor>
      </section>
      <Side
        t={t}
        hand={hand}
        zones={zones}
        chosen={chosen}
        error={save.error}
        maySave={maySave}
        onChoose={choose}
        onDrop={drop}
        onSave={send}
      />
    </>
  );
}

/** The camera's line drawing, or its masked picture; a bare grid where the map does not know where it stands. */
function Under({
  kept,
  open,
  may,
  watermark,
  onOpen,
  onAspect,
}: {
  kept: Hidden;
  open: boolean;
  may: boolean;
  watermark: string;
  onOpen: () => void;
  onAspect: (aspect: number) => void;
}) {
  const points = usePoints().data?.cameras;
  const camera = useMemo(() => {
    const at = points?.id.indexOf(kept.camera_id) ?? -1;
    const [lat, lon] = [points?.lat[at], points?.lon[at]];
    return lat === undefined || lon === undefined ? undefined : { ...kept, lat, lon };
  }, [points, kept]);
  if (!camera) return <div className="under-blank" />;
  return (
    <CameraPicture
      camera={camera}
      open={open}
      may={may}
      watermark={watermark}
      onOpen={onOpen}
      onSize={(p) => onAspect(p.width / p.height)}
    />
  );
}

function Side({
  t,
  hand,
  zones,
  chosen,
  error,
  maySave,
  onChoose,
  onDrop,
  onSave,
}: {
  t: HiddenText;
  hand: Hand;
  zones: readonly HiddenZone[];
  chosen: string | undefined;
  error: Error | null;
  maySave: boolean;
  onChoose: (id: string) => void;
  onDrop: (zone: HiddenZone) => void;
  onSave: () => void;
}) {
  return (
    <Panel title={t.title} sub={zones.length ? `${zones.length} / ${MOST_ZONES}` : ""}>
      <div className="scroll-y">
        {zones.length ? null : <p className="pb sm t3">{t.nobody}</p>}
        {zones.map((z, i) => (
          <div className={`fx hidden-zone${z.id === chosen ? " sel" : ""}`} key={z.id}>
            <button type="button" className="bare sp" aria-pressed={z.id === chosen} onClick={() => onChoose(z.id)}>
              <b className="t1">{t.zone(i + 1)}</b>
              <span className={`xs ${broken(z) ? "c2" : "t3"}`}>
                {broken(z) ? t.bad : t.part((100 * area(z.points)).toFixed(1))}
                {z.standing && hand === "adds" ? ` · ${t.standing}` : ""}
              </span>
            </button>
            {mayChange(hand, z) ? (
              <button type="button" className="bare t3" aria-label={t.remove(i + 1)} onClick={() => onDrop(z)}>
                ×
              </button>
            ) : null}
          </div>
        ))}
      </div>
      <div className="pb hidden-foot">
        <p className="xs t3">{t.about}</p>
        <p className="xs t3">{hand === "keeps" ? `${t.keeps} ${t.photoHint}` : hand === "adds" ? t.adds : t.reads}</p>
        {error ? <Answer error={error} what={t.save} /> : null}
        {hand === "reads" ? null : (
          <Button tone="pri" cap="Ctrl ↵" disabled={!maySave} onClick={onSave}>
            {t.save}
          </Button>
        )}
      </div>
    </Panel>
  );
}
