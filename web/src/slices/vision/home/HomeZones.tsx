/** What a home camera guards and what it must not show, drawn over a photo that never leaves this screen. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { drawnOf, type Home, homes, type Polygon } from "../../../api/homes";
import { between } from "../../../kit/form";
import { useKeys } from "../../../kit/keys";
import { type DrawnShape, PictureEditor } from "../../../kit/PictureEditor";
import { Button } from "../../../kit/parts";
import { lay, type Photo } from "../../../kit/photo";
import { Answer } from "../../../kit/states";
import { toast } from "../../../kit/Toasts";
import { useHomesText } from "../../../text/homes";
import { problemOf } from "../setup";
import { type Drawn, partsOf, withPart } from "./steps";

const KEYS: readonly (readonly [part: Drawn, code: string, cap: string])[] = [
  ["guard", "KeyZ", "Z"],
  ["line", "KeyL", "L"],
  ["household", "KeyH", "H"],
  ["neighbour", "KeyB", "B"],
];
/** As the server checks them. */
const UNKNOWN = [1, 120] as const;
const LINGER = [3, 300] as const;

export function HomeZones({ home, onSaved }: { home: Home; onSaved: () => void }) {
  const t = useHomesText();
  const [setup, setSetup] = useState(() => drawnOf(home));
  const [drawing, setDrawing] = useState<Drawn>();
  const [chosen, choose] = useState<string>();
  const [photo, setPhoto] = useState<Photo>();
  const [unknown, setUnknown] = useState(String(setup.unknown_s));
  const [linger, setLinger] = useState(String(setup.linger_s));
  useEffect(() => () => URL.revokeObjectURL(photo?.url ?? ""), [photo]);
  const parts = partsOf(setup);
  const part = parts.find((p) => p.id === chosen);
  const kindOf = (p: Drawn) => (p === "line" ? ("line" as const) : ("zone" as const));
  const bad = {
    unknown: between(...UNKNOWN, t.seconds(...UNKNOWN))(unknown),
    linger: between(...LINGER, t.seconds(...LINGER))(linger),
  };
  const wrong = parts.some((p) => problemOf(kindOf(p.part), p.points));
  const maySave = !bad.unknown && !bad.linger && !wrong;
  const save = useMutation({
    mutationFn: () => homes.setUp(home.home_id, { ...setup, unknown_s: Number(unknown), linger_s: Number(linger) }),
    onSuccess: () => toast(t.saved),
    onSettled: onSaved,
  });
  const drop = () => {
    if (part) setSetup(withPart(setup, part.part, part.id, undefined));
    choose(undefined);
  };
  const draw = (p: Drawn) => {
    setDrawing((now) => (now === p ? undefined : p));
    choose(undefined);
  };
  useKeys([
    ...KEYS.map(([p, code]) => ({ code, hint: t.draw[p] as string, run: () => draw(p) })),
    ...(part ? [{ code: "KeyX", hint: t.drop, run: drop }] : []),
    {
      code: "Enter",
      ctrl: true,
      inField: true,
      cap: "↵",
      hint: t.save,
      run: () => maySave && !save.isPending && save.mutate(),
    },
  ]);
  const plain = (points: readonly (readonly [number, number])[]): Polygon => points.map(([x, y]) => [x, y]);
  const shapes: DrawnShape[] = parts.map((p) => ({
    id: p.id,
    kind: kindOf(p.part),
    points: p.points,
    label: t.draw[p.part] as string,
    tone: problemOf(kindOf(p.part), p.points) ? "bad" : p.part === "household" || p.part === "neighbour" ? "hide" : "",
  }));
  return (
    <div className="home-zones">
      <div className="fx wrap pb home-tools">
        {KEYS.map(([p, , cap]) => (
          <Button key={p} small tone={drawing === p ? "pri" : "line"} cap={cap} onClick={() => draw(p)}>
            {t.draw[p]}
          </Button>
        ))}
        <Button small tone="ghost" cap="X" disabled={!part} onClick={drop}>
          {t.drop}
        </Button>
        <span className="sp" />
        <label className="btn s">
          {t.backdrop}
          <input type="file" accept="image/*" className="sr" onChange={(e) => lay(e.target.files?.[0], setPhoto)} />
        </label>
      </div>
      <PictureEditor
        label={t.steps.zones as string}
        aspect={photo?.aspect ?? 16 / 9}
        shapes={shapes}
        chosen={chosen}
        tool={drawing && kindOf(drawing)}
        onChoose={choose}
        onShape={(_, points) => {
          if (drawing) setSetup(withPart(setup, drawing, undefined, plain(points)));
          setDrawing(undefined);
        }}
        onChange={(id, points) => {
          const old = parts.find((p) => p.id === id);
          if (old) setSetup(withPart(setup, old.part, id, plain(points)));
        }}
        onCancel={() => setDrawing(undefined)}
      >
        {photo ? (
          <img className="home-photo" src={photo.url} alt={t.backdrop} draggable={false} />
        ) : (
          <div className="home-blank" />
        )}
      </PictureEditor>
      <div className="pb home-foot">
        <p className="xs t3">
          {t.noPicture} {t.backdropHint}
        </p>
        <div className="fx wrap">
          <label className="fx sm">
            <input
              type="checkbox"
              checked={setup.no_neighbour}
              onChange={(e) => setSetup({ ...setup, no_neighbour: e.target.checked })}
            />
            {t.noNeighbour}
          </label>
          <span className="sp" />
          <Seconds label={t.linger} value={linger} bad={bad.linger} onValue={setLinger} />
          <Seconds label={t.unknown} value={unknown} bad={bad.unknown} onValue={setUnknown} />
          <Button tone="pri" cap="Ctrl ↵" disabled={!maySave || save.isPending} onClick={() => save.mutate()}>
            {t.save}
          </Button>
        </div>
        {save.error ? <Answer error={save.error} what={t.save} /> : null}
      </div>
    </div>
  );
}

function Seconds({
  label,
  value,
  bad,
  onValue,
}: {
  label: string;
  value: string;
  bad: string | undefined;
  onValue: (value: string) => void;
}) {
  return (
    <label className="fx sm home-s">
      {label}
      <input
        className="in num"
        inputMode="decimal"
        value={value}
        aria-invalid={bad ? true : undefined}
        onChange={(e) => onValue(e.target.value)}
      />
      {bad ? <span className="xs c2">{bad}</span> : null}
    </label>
  );
}
