/** Zones and lines on each camera's picture, and where that picture lies on the map. */
import { useEffect, useState } from "react";
import { useSetup, useVisionCameras, type VisionCamera } from "../../api/vision";
import { FindList } from "../../kit/FindList";
import { useMoves } from "../../kit/moves";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useVisionSetup } from "../../text/visionSetup";
import { SetupEditor } from "./SetupEditor";
import "../../kit/picture.css";

export function Zones({ watermark }: { watermark: string }) {
  const t = useVisionSetup();
  const list = useVisionCameras();
  const [word, choose] = useQueryWord("camera");
  const [typed, setTyped] = useState("");
  const all = list.data?.cameras ?? [];
  const fits = (c: VisionCamera) => `${c.code} ${c.name}`.toLowerCase().includes(typed.trim().toLowerCase());
  const cameras = all.filter((c) => fits(c) || c.camera_id === word);
  const chosen = all.find((c) => c.camera_id === word) ?? cameras[0];
  const setup = useSetup(chosen?.camera_id);
  useEffect(() => {
    if (chosen && chosen.camera_id !== word) choose(chosen.camera_id);
  }, [chosen?.camera_id, word]);
  const moves = useMoves(
    cameras,
    (c) => c === chosen,
    (c) => choose(c.camera_id),
  );
  return (
    <main className="main vision-zones">
      <FindList
        id="zone-find"
        title={t.cameras}
        sub={all.length ? String(all.length) : ""}
        hint={t.find}
        typed={typed}
        onType={setTyped}
        keys={moves}
      >
        {list.data ? null : <Answer error={list.error} retry={() => void list.refetch()} what={t.cameras} />}
        {list.data && all.length === 0 ? <Empty icon="camera" title={t.none} body={t.noneBody} /> : null}
        {all.length && cameras.length === 0 ? <p className="pb sm t3">{t.noHit}</p> : null}
        {cameras.map((c) => (
          <CameraRow key={c.camera_id} camera={c} selected={c === chosen} onPick={() => choose(c.camera_id)} />
        ))}
      </FindList>
      {chosen && setup.data ? (
        <SetupEditor
          key={`${chosen.camera_id}-${setup.data.version}`}
          camera={chosen}
          kept={setup.data}
          watermark={watermark}
        />
      ) : (
        <section className="panel vision-none" aria-label={t.picture}>
          {chosen ? (
            <Answer error={setup.error} retry={() => void setup.refetch()} what={chosen.code} />
          ) : (
            <Empty icon="camera" title={t.choose} />
          )}
        </section>
      )}
    </main>
  );
}

function CameraRow({ camera: c, selected, onPick }: { camera: VisionCamera; selected: boolean; onPick: () => void }) {
  const t = useVisionSetup();
  const open = c.gaps.length;
  return (
    <button
      type="button"
      className={`bare-row zone-cam${selected ? " sel" : ""}`}
      aria-pressed={selected}
      onClick={onPick}
    >
      <b className="t1">{c.code}</b>
      <span className={`xs r ${open ? "cd" : "t3"}`}>{open ? t.uncovered(open) : ""}</span>
      <span className="xs t3 cut">{c.name}</span>
      <span className="xs t3 nw r">
        {t.zonesCount(c.zones)} · {c.calibrated ? t.calibrated : t.notCalibrated}
      </span>
    </button>
  );
}
