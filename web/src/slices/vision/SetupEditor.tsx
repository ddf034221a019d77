/** One camera's set-up on the screen: drawn on the picture, fitted to the map, saved as a new version. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { type Pair, type Setup, type SetupShown, type VisionCamera, vision, type Zone } from "../../api/vision";
import { useKeys } from "../../kit/keys";
import { type DrawnShape, PictureEditor, type Tool } from "../../kit/PictureEditor";
import { Button, PanelHead } from "../../kit/parts";
import type { ShapeKind, Spot } from "../../kit/picture";
import { toast } from "../../kit/Toasts";
import { useVisionText } from "../../text/vision";
import { useVisionSetup } from "../../text/visionSetup";
import { CameraPicture } from "./CameraPicture";
import { grid, groundOf, MOST_POINTS } from "./calibration";
import { GroundMap } from "./GroundMap";
import { SetupSide } from "./SetupSide";
import { MOST_ZONES, newZone, problemOf, same, setupOf, withoutZone, withZone } from "./setup";

/** A step of the grid that is drawn on the picture, metres. */
export const GRID_M = 5;

export function SetupEditor({
  camera,
  kept,
  watermark,
}: {
  camera: VisionCamera;
  kept: SetupShown;
  watermark: string;
}) {
  const t = useVisionSetup();
  const words = useVisionText();
  const client = useQueryClient();
  const [setup, setSetup] = useState<Setup>(() => setupOf(kept));
  const [chosen, choose] = useState<string>();
  const [tool, setTool] = useState<Exclude<Tool, "box">>();
  const [opened, setOpened] = useState(false);
  const [aspect, setAspect] = useState(16 / 9);
  const [pending, setPending] = useState<Spot>();
  const [point, setPoint] = useState(0);
  const changed = !same(setup, setupOf(kept));
  const calibrating = tool === "point";
  const fitted = useMemo(() => groundOf(setup.pairs), [setup.pairs]);
  const lines = useMemo(() => (fitted && calibrating ? grid(fitted, setup.pairs, GRID_M) : []), [fitted, calibrating]);
  const zone = setup.zones.find((z) => z.id === chosen);
  const put = (next: Zone) => setSetup((old) => withZone(old, next));
  const setPairs = (pairs: Pair[]) => setSetup((old) => ({ ...old, pairs }));

  const save = useMutation({
    mutationFn: () => vision.setUp(camera.camera_id, kept.version, setup),
    onSuccess: (now) => {
      toast(t.saved(now.version));
      void client.invalidateQueries({ queryKey: ["vision"] });
    },
  });
  const broken = setup.zones.some((z) => problemOf(z.kind, z.points));
  const maySave = changed && !broken && !save.isPending && (setup.pairs.length === 0 || fitted !== undefined);
  const drop = () => {
    if (!zone) return;
    setSetup((old) => withoutZone(old, zone.id));
    choose(undefined);
    toast(t.dropped(zone.name), { undo: () => put(zone) });
  };
  const draw = (next: Exclude<Tool, "box">) => {
    setTool((now) => (now === next ? undefined : next));
    setPending(undefined);
    if (next) choose(undefined);
  };
  const finished = (kind: ShapeKind, points: Spot[]) => {
    const made = newZone(kind, points, setup.zones, crypto.randomUUID());
    put(made);
    setTool(undefined);
    choose(made.id);
  };
  const onMap = (lat: number, lon: number) => {
    if (!pending) return;
    setPairs([...setup.pairs, { x: pending[0], y: pending[1], lat, lon }]);
    setPoint(setup.pairs.length);
    setPending(undefined);
  };
  const full = setup.zones.length >= MOST_ZONES;
  useKeys([
    { code: "KeyZ", hint: t.zone, run: () => full || draw("zone") },
    { code: "KeyL", hint: t.line, run: () => full || draw("line") },
    { code: "KeyC", hint: calibrating ? t.finish : t.calibrate, run: () => draw("point") },
    { code: "KeyP", hint: t.picture, run: () => setOpened((on) => !on) },
    ...(zone ? [{ code: "KeyX", hint: t.drop, run: drop }] : []),
    { code: "Enter", ctrl: true, inField: true, hint: t.save, cap: "↵", run: () => maySave && save.mutate() },
  ]);

  const shapes: DrawnShape[] = setup.zones.map((z) => ({
    id: z.id,
    kind: z.kind,
    points: z.points,
    label: `${z.name} ${words.behaviours[z.purpose]}`,
    tone: problemOf(z.kind, z.points) ? "bad" : setup.shadow.includes(z.purpose) ? "shadow" : "",
    both: z.limits.both === 1,
  }));
  const marks = calibrating
    ? [
        ...setup.pairs.map((p, i) => ({ x: p.x, y: p.y, label: String(i + 1), chosen: i === point })),
        ...(pending ? [{ x: pending[0], y: pending[1], label: `${setup.pairs.length + 1} ?`, chosen: true }] : []),
      ]
    : [];
  return (
    <>
      <section className="panel zone-mid" aria-label={camera.code}>
        <PanelHead
          title={camera.code}
          sub={camera.name}
          right={
            <span className="fx">
              <Button
                small
                cap="Z"
                tone={tool === "zone" ? "pri" : "line"}
                disabled={full}
                onClick={() => draw("zone")}
              >
                {t.zone}
              </Button>
              <Button
                small
                cap="L"
                tone={tool === "line" ? "pri" : "line"}
                disabled={full}
                onClick={() => draw("line")}
              >
                {t.line}
              </Button>
              <Button small cap="C" tone={calibrating ? "pri" : "line"} onClick={() => draw("point")}>
                {calibrating ? t.finish : t.calibrate}
              </Button>
            </span>
          }
        />
        <p className={`zone-hint sm ${tool ? "t1" : "t3"}`} role="status">
          {pending ? t.pendingMap(setup.pairs.length + 1) : tool ? t.drawing[tool] : changed ? t.changed : ""}
        </p>
        <div className={`zone-stage${calibrating ? " two" : ""}`}>
          <PictureEditor
            label={`${t.picture} ${camera.code}`}
            aspect={aspect}
            shapes={shapes}
            chosen={chosen}
            tool={tool}
            marks={marks}
            grid={lines}
            onChoose={choose}
            onShape={finished}
            onChange={(id, points) => {
              const old = setup.zones.find((z) => z.id === id);
              if (old) put({ ...old, points: points.map(([x, y]) => [x, y]) });
            }}
            onPoint={(spot) => setup.pairs.length < MOST_POINTS && setPending(spot)}
            onMark={(i, [x, y]) => {
              if (i >= setup.pairs.length) setPending([x, y]);
              else {
                setPoint(i);
                setPairs(setup.pairs.map((p, k) => (k === i ? { ...p, x, y } : p)));
              }
            }}
            onCancel={() => (pending ? setPending(undefined) : setTool(undefined))}
          >
            <CameraPicture
              camera={camera}
              open={opened}
              watermark={watermark}
              onOpen={() => setOpened(true)}
              onSize={(p) => setAspect(p.width / p.height)}
            />
          </PictureEditor>
          {calibrating ? (
            <GroundMap
              camera={camera}
              pairs={setup.pairs}
              chosen={point}
              fitted={fitted}
              zones={setup.zones}
              onPoint={pending ? onMap : undefined}
            />
          ) : null}
        </div>
      </section>
      <SetupSide
        setup={setup}
        kept={kept}
        camera={camera}
        zone={zone}
        fitted={fitted}
        calibrating={calibrating}
        pending={pending}
        point={point}
        changed={changed}
        maySave={maySave}
        saving={save.isPending}
        error={save.error}
        onSetup={setSetup}
        onChoose={choose}
        onZone={put}
        onDrop={drop}
        onPoint={setPoint}
        onPlace={onMap}
        onSave={() => save.mutate()}
        onDiscard={() => setSetup(setupOf(kept))}
      />
    </>
  );
}
