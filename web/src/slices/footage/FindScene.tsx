/** The left column: which incident, which camera, what is missing of it and why, what is kept. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { CameraTimeline } from "../../api/footage";
import type { Hold } from "../../api/keeping";
import { nowMs } from "../../kit/clock";
import { clock, day } from "../../kit/format";
import { Glyph, Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { PermitBadge } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { useConnected } from "../../live/store";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import type { Scene, SceneRow } from "./scenes";
import { causeWords } from "./Timelines";
import { covered, instantOf, spansOf, type View } from "./timeline";

export function FindScene({
  rows,
  known,
  error,
  chosen,
  scene,
  sceneError,
  camera,
  timelines,
  holds,
  view,
  onScene,
  onCamera,
  onInstant,
  children,
}: {
  rows: readonly SceneRow[];
  known: boolean;
  error: Error | null;
  chosen: string | undefined;
  scene: Scene | undefined;
  sceneError: Error | null;
  camera: string | undefined;
  timelines: ReadonlyMap<string, CameraTimeline>;
  holds: readonly Hold[];
  view: View | undefined;
  onScene: (id: string) => void;
  onCamera: (id: string) => void;
  onInstant: (ms: number) => void;
  children?: ReactNode;
}) {
  const text = useText();
  const t = useFootageText();
  const connected = useConnected();
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  useKeys([{ code: "Slash", shift: false, cap: "/", hint: t.search, run: () => field.current?.focus() }]);
  const instant = instantOf(typed, view?.fromMs ?? nowMs());
  const fits = (words: string) => instant !== undefined || words.toLowerCase().includes(typed.trim().toLowerCase());
  const scenes = rows.filter((r) => r.id === chosen || fits(`${r.code} ${r.words}`));
  const cameras = (scene?.cameras ?? []).filter((c) => c.camera_id === camera || fits(`${c.code} ${c.name}`));
  const take = () => {
    if (instant !== undefined) onInstant(instant);
    else if (typed) {
      const hit = (scene?.cameras ?? []).find((c) => fits(`${c.code} ${c.name}`));
      const row = rows.find((r) => fits(`${r.code} ${r.words}`));
      if (hit) onCamera(hit.camera_id);
      else if (row) onScene(row.id);
    }
    field.current?.blur();
  };
  return (
    <section className="panel find-scene" aria-label={t.find}>
      <div className="ph">
        <h2>{t.find}</h2>
        <span className="sp" />
        <kbd>/</kbd>
      </div>
      <div className="pb find-box">
        <input
          ref={field}
          className="in"
          value={typed}
          placeholder={t.findHint}
          aria-label={t.find}
          autoComplete="off"
          onChange={(e) => setTyped(e.target.value)}
          onKeyDown={(e) => {
            if (e.nativeEvent.isComposing) return;
            if (e.key === "Enter") take();
            else if (e.key === "Escape") {
              setTyped("");
              field.current?.blur();
            }
          }}
        />
        {scene?.permit ? <PermitBadge permit={scene.permit} connected={connected} /> : null}
      </div>
      <div className="scroll find-lists">
        <div className="scenes" role="listbox" aria-label={t.incidents(rows.length)}>
          {scenes.map((r) => (
            <button
              type="button"
              key={r.id}
              role="option"
              aria-selected={r.id === chosen}
              className={`bare-row scene-row${r.id === chosen ? " sel" : ""}`}
              onClick={() => onScene(r.id)}
            >
              {scene?.own ? (
                <Icon name="ledger" size={16} />
              ) : (
                <Glyph priority={1} state={r.open ? "ack" : "over"} size={16} />
              )}
              <b className="cut">{r.code}</b>
              <span className="cut t3 sp">{r.words}</span>
            </button>
          ))}
        </div>
        {children}
        {!known ? <Answer error={error} what={t.find} /> : null}
        {known && rows.length === 0 ? <Empty icon="film" title={t.noIncidents} body={t.noIncidentsBody} /> : null}
        {known && rows.length > 0 && typed && instant === undefined && scenes.length + cameras.length === 0 ? (
          <p className="pb sm t3">{t.findNone}</p>
        ) : null}
        {sceneError && !scene ? <Answer error={sceneError} what={t.find} /> : null}
        {scene ? (
          scene.state === "given" ? (
            <Cameras
              cameras={cameras}
              chosen={camera}
              all={scene.cameras}
              own={Boolean(scene.own)}
              onCamera={onCamera}
            />
          ) : (
            <p className="pb sm t2">
              {text.incident.notGiven[scene.state] ?? ""} {scene.reason ?? ""}
            </p>
          )
        ) : null}
        {camera && view ? (
          <KeptAndMissing
            camera={camera}
            timeline={timelines.get(camera)}
            holds={holds}
            view={view}
            onInstant={onInstant}
          />
        ) : null}
      </div>
    </section>
  );
}

function Cameras({
  cameras,
  all,
  chosen,
  own,
  onCamera,
}: {
  cameras: Scene["cameras"];
  all: Scene["cameras"];
  chosen: string | undefined;
  own: boolean;
  onCamera: (id: string) => void;
}) {
  const t = useFootageText();
  const row = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    row.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <>
      <div className="grp">{own ? t.ownCameras(all.length) : all.length ? t.cameras(all.length) : t.noCameras}</div>
      {cameras.map((c) => {
        const n = all.indexOf(c);
        return (
          <button
            type="button"
            key={c.camera_id}
            ref={c.camera_id === chosen ? row : undefined}
            className={`bare-row cam-row${c.camera_id === chosen ? " sel" : ""}`}
            aria-pressed={c.camera_id === chosen}
            onClick={() => onCamera(c.camera_id)}
          >
            {n < 9 ? <kbd>{n + 1}</kbd> : <i className="no-key" />}
            <b>{c.code}</b>
            <span className="num r t1">{c.recorded_s > 0 ? t.minutes(c.recorded_s) : "–"}</span>
            <span className="cut t3 xs">{c.name}</span>
            <span className={`xs r ${c.missing_s >= 1 ? "cd" : "t3"}`}>
              {c.recorded_s <= 0 ? t.nothing : c.missing_s >= 1 ? t.gapFor(t.minutes(c.missing_s)) : t.whole}
            </span>
          </button>
        );
      })}
    </>
  );
}

function KeptAndMissing({
  camera,
  timeline,
  holds,
  view,
  onInstant,
}: {
  camera: string;
  timeline: CameraTimeline | undefined;
  holds: readonly Hold[];
  view: View;
  onInstant: (ms: number) => void;
}) {
  const t = useFootageText();
  if (!timeline) return null;
  const gaps = covered(spansOf(timeline.stretches), [view.fromMs, view.untilMs]).gaps.filter(
    (g) => g.cause !== "being-written",
  );
  const held = holds.filter((h) => h.stands && h.resources.includes(camera));
  return (
    <>
      <div className="grp">{t.keptHead}</div>
      <dl className="kv pb">
        <dt>{t.keptUntil}</dt>
        <dd className="num">{day(timeline.kept_until)}</dd>
        <dt>{t.hold}</dt>
        <dd>
          {held.length ? `${held.map((h) => h.case_no ?? "").join(", ")} · ${day(held[0]?.until_at ?? 0)}` : t.noHold}
        </dd>
      </dl>
      <div className="grp">{t.gapsHead}</div>
      {gaps.length === 0 ? <p className="pb sm t3">{t.noGaps}</p> : null}
      {gaps.map((g) => (
        <button type="button" key={g.fromMs} className="bare-row gap-row" onClick={() => onInstant(g.fromMs + 1)}>
          <b className="num">
            {clock(g.fromMs)} <span className="t2">{t.minutes((g.untilMs - g.fromMs) / 1000)}</span>
          </b>
          <span className="cd xs">{causeWords(t, g)}</span>
        </button>
      ))}
    </>
  );
}
