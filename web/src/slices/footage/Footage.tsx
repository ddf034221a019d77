/** Recorded pictures: find the scene, see what exists and what is missing, play, choose a range. */
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useHolds } from "../../api/keeping";
import type { Account } from "../../api/types";
import { useNow } from "../../kit/clock";
import { clock, day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { ReasonDialog } from "../../kit/ReasonDialog";
import { useQueryWord } from "../../kit/route";
import { toast } from "../../kit/Toasts";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { fileUnder } from "../../wall/playback";
import { type Hands, usePlayback } from "../../wall/usePlayback";
import { PlaceHold } from "../policy/OrderForms";
import { Bar, Legend } from "./Bar";
import { Events } from "./Events";
import { AskExport, Exports } from "./Exports";
import { FindScene } from "./FindScene";
import { BookmarkDialog, FileDialog, MergeDialog } from "./FootageDialogs";
import { Stage } from "./Stage";
import { type Scene, type SceneList, ticketOf, useScene, useSceneRows, useTimelines } from "./scenes";
import { type Row, type Strip, Timelines } from "./Timelines";
import { asksExports, HOLDS } from "./tabs";
import {
  following,
  gapAt,
  moved,
  type Range,
  ranged,
  spansOf,
  stopFrom,
  stops,
  type View,
  within,
  ZOOM,
  zoomed,
} from "./timeline";
import { Verify } from "./Verify";

/** Desks of the asking centre that mark what was provided to it. */
const MARKS: readonly string[] = ["tracking_controller", "shift_lead"];
const JUMP_MS = 10_000;
/** Small pictures over the width: what one answer of the relay holds (server: MOST_TILES). */
const TILES = 24;
const TILE_PX = 160;
const CLIP_MS = 10_000;
/** A file lasts a minute at most (server: clips, MOST_S). */
const MOST_MS = 60_000;
type Sheet = "reason" | "mark" | "clip" | "still" | "merge" | "hold" | "export";

const around = (atMs: number): Range => [atMs - CLIP_MS, atMs + CLIP_MS];
/** What stands side by side: the chosen range as far as a file goes, or the seconds around the instant. */
const merged = (atMs: number, range: Range | undefined): Range =>
  range ? [range[0], Math.min(range[1], range[0] + MOST_MS)] : around(atMs);
const isoSpan = ([from, until]: Range) => ({
  from: new Date(from).toISOString(),
  until: new Date(until).toISOString(),
});

export function Footage({ account }: { account: Account }) {
  const text = useText();
  const [chosen, choose] = useQueryWord("scene");
  const list = useSceneRows(account, text);
  const id = chosen ?? list.rows.find((r) => r.open)?.id ?? list.rows[0]?.id;
  const { scene, error } = useScene(account, id);
  return (
    <Desk
      // another scene is another right: nothing is carried over
      key={scene?.provision ?? "none"}
      account={account}
      list={list}
      id={id}
      onScene={choose}
      scene={scene}
      error={error}
    />
  );
}

/** The small pictures of the visible part, asked for once the view rests. */
function useStrip(hands: Hands, open: boolean, camera: string | undefined, view: View | undefined): Strip | undefined {
  const [strip, setStrip] = useState<Strip>();
  const [from, until] = [Math.round((view?.fromMs ?? 0) / 5000), Math.round((view?.untilMs ?? 0) / 5000)];
  useEffect(() => {
    setStrip(undefined);
    if (!open || !camera || until <= from) return undefined;
    let gone = false;
    const timer = setTimeout(() => {
      const iso = (n: number) => new Date(n * 5000).toISOString();
      void hands
        .file({ type: "thumbnails", from: iso(from), until: iso(until), count: TILES, width: TILE_PX })
        .then((file) => {
          if (!file || gone) return;
          const at = (file.said.at as string[]).map((a) => Date.parse(a));
          setStrip({ url: URL.createObjectURL(file.content), at, width: TILE_PX });
        });
    }, 700);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
    // a longer recording alone is no reason to draw all of it anew: every half minute is enough
  }, [open, camera, from, Math.round(until / 6)]);
  useEffect(() => () => (strip ? URL.revokeObjectURL(strip.url) : undefined), [strip]);
  return strip;
}

export function Desk({
  account,
  list,
  id,
  onScene,
  scene,
  error,
  children,
}: {
  account: Account;
  list: SceneList;
  id: string | undefined;
  onScene: (id: string) => void;
  scene: Scene | undefined;
  error: Error | null;
  /** What else stands above the cameras: the day and hours of an order. */
  children?: ReactNode;
}) {
  const t = useFootageText();
  const now = useNow();
  const city = account.centre_kind === "city";
  const [word, setWord] = useQueryWord("camera");
  const [reason, setReason] = useState<string>();
  const [early, setEarly] = useState(false);
  const [seen, setView] = useState<View>();
  const [range, setRange] = useState<Range>();
  const [sheet, setSheet] = useState<Sheet>();
  /** Where a hand stands that found a gap: there is nothing to play, and the place is kept. */
  const [pinned, pin] = useState<number>();
  const video = useRef<HTMLVideoElement>(null);
  const cameras = scene?.state === "given" ? scene.cameras : [];
  const camera = cameras.find((c) => c.camera_id === word) ?? cameras[0];
  const fromMs = early && scene ? scene.earliestMs : (scene?.fromMs ?? 0);
  const timelines = useTimelines(scene, fromMs);
  const holds = useHolds(HOLDS.includes(account.role)).data?.holds ?? [];
  const bounds = useMemo<View | undefined>(
    () => (scene && cameras.length ? { fromMs, untilMs: scene.untilMs ?? Math.max(now, fromMs + 60_000) } : undefined),
    [scene, cameras.length, fromMs, now],
  );
  const view = seen ?? bounds;
  const key = reason && camera && scene ? `${camera.camera_id} ${fromMs}` : undefined;
  const [shown, hands] = usePlayback(
    video,
    key,
    () => ticketOf(scene as Scene, [camera?.camera_id ?? ""], fromMs, reason ?? ""),
    scene?.fromMs ?? 0,
  );
  const spans = useMemo(
    () => spansOf((camera && timelines.get(camera.camera_id)?.stretches) ?? []),
    [camera, timelines],
  );
  const atMs = pinned ?? (reason ? shown.atMs : undefined);
  const gap = pinned === undefined ? undefined : gapAt(spans, pinned);
  const strip = useStrip(hands, shown.state === "live", camera?.camera_id, view);

  useEffect(() => {
    if (seen && bounds && atMs !== undefined && shown.playing) setView(following(seen, atMs, bounds));
  }, [Math.round((atMs ?? 0) / 500)]);

  const seek = (ms: number, done = true) => {
    if (!bounds) return;
    const at = within(bounds, ms);
    const missing = gapAt(spans, at);
    if (missing && missing.cause !== "being-written") {
      pin(at);
      if (done && reason) hands.play(false);
      return;
    }
    pin(undefined);
    if (reason) hands.seek(at);
    else if (done) pin(at);
    if (seen) setView(following(seen, at, bounds));
  };
  const afterGap = () => {
    if (!gap) return;
    if (!reason) {
      setSheet("reason");
      return;
    }
    pin(undefined);
    hands.seek(gap.untilMs + 1);
    hands.play(true);
  };
  const toggle = () => {
    if (!camera) return;
    if (!reason) setSheet("reason");
    else if (gap) afterGap();
    else hands.toggle();
  };
  const pick = (next: string | undefined) => {
    if (!next || next === camera?.camera_id) return;
    pin(undefined);
    setWord(next);
  };
  const all = useMemo(
    () => stops((camera && timelines.get(camera.camera_id)?.events) ?? [], spans),
    [camera, timelines, spans],
  );
  const jump = (direction: 1 | -1) => {
    const next = stopFrom(all, atMs ?? fromMs, direction);
    if (next !== undefined) seek(next + 1);
  };
  const limit = (end: "in" | "out") => {
    if (bounds && atMs !== undefined) setRange(ranged(range, end, atMs, bounds));
  };
  const zoom = (by: number) => {
    if (view && bounds) setView(zoomed(view, by, within(view, atMs ?? view.untilMs), bounds));
  };
  const leave = (may: boolean, otherwise: string, sheet: Sheet) => {
    if (!may) toast(otherwise, { icon: "lock" });
    else if (!range) toast(t.needRange, { icon: "lock" });
    else setSheet(sheet);
  };
  const holds_ = HOLDS.includes(account.role);
  const exports = asksExports(account);
  const marks = (city || MARKS.includes(account.role)) && !scene?.own;
  useKeys([
    { code: "Space", hint: shown.playing && reason ? t.pause : t.play, run: toggle },
    { code: "Comma", hint: t.frame, run: () => hands.step(-1) },
    { code: "Period", hint: t.frame, run: () => hands.step(1) },
    { code: "KeyJ", hint: t.ten, run: () => seek((atMs ?? fromMs) - JUMP_MS) },
    { code: "KeyL", hint: t.ten, run: () => seek((atMs ?? fromMs) + JUMP_MS) },
    { code: "KeyI", hint: t.range, run: () => limit("in") },
    { code: "KeyO", hint: t.range, run: () => limit("out") },
    ...Array.from({ length: Math.min(9, cameras.length) }, (_, i) => ({
      code: `Digit${i + 1}`,
      hint: t.camera,
      run: () => pick(cameras[i]?.camera_id),
    })),
    { code: "BracketLeft", hint: t.event, run: () => jump(-1) },
    { code: "BracketRight", hint: t.event, run: () => jump(1) },
    { code: "KeyB", hint: t.hold, run: () => leave(holds_, t.holdElse, "hold") },
    { code: "KeyX", hint: t.export, run: () => leave(exports, t.exportElse, "export") },
    { code: "KeyC", hint: t.clip, run: () => reason && !gap && setSheet("clip") },
    { code: "KeyS", hint: t.still, run: () => reason && !gap && setSheet("still") },
    ...(cameras.length > 1 ? [{ code: "KeyM", hint: t.merge, run: () => reason && setSheet("merge") }] : []),
    ...(marks ? [{ code: "KeyN", hint: t.note, run: () => atMs !== undefined && camera && setSheet("mark") }] : []),
    { code: "Equal", hint: t.zoom, run: () => zoom(ZOOM) },
    { code: "Minus", hint: t.zoom, run: () => zoom(1 / ZOOM) },
    { code: "KeyV", hint: t.faster, run: hands.faster },
    { code: "ArrowLeft", run: () => view && bounds && setView(moved(view, (view.fromMs - view.untilMs) / 4, bounds)) },
    { code: "ArrowRight", run: () => view && bounds && setView(moved(view, (view.untilMs - view.fromMs) / 4, bounds)) },
    { code: "Escape", run: () => (range ? setRange(undefined) : setView(undefined)) },
  ]);
  const rows: Row[] = cameras.map((c) => ({ camera: c, timeline: timelines.get(c.camera_id) }));
  const close = () => setSheet(undefined);
  return (
    <main className="main footage">
      <FindScene
        rows={list.rows}
        known={list.known}
        error={list.error}
        chosen={id}
        scene={scene}
        sceneError={error}
        camera={camera?.camera_id}
        timelines={timelines}
        holds={holds}
        view={view}
        onScene={onScene}
        onCamera={pick}
        onInstant={seek}
      >
        {children}
      </FindScene>
      <section className="panel footage-mid" aria-label={t.nav}>
        <Stage
          video={video}
          camera={camera}
          open={Boolean(reason)}
          shown={shown}
          hands={hands}
          gap={gap}
          watermark={[scene?.ground, account.display, day(now)].filter(Boolean).join(" · ")}
          onOpen={() => setSheet("reason")}
          onAfterGap={afterGap}
        />
        <Bar
          t={t}
          shown={shown}
          hands={hands}
          open={Boolean(reason)}
          atMs={atMs}
          range={range}
          onToggle={toggle}
          onClear={() => setRange(undefined)}
          early={city && scene && !scene.own ? early : undefined}
          onEarly={() => setEarly(!early)}
        />
        {view && bounds ? (
          <Timelines
            rows={rows}
            holds={holds}
            chosen={camera?.camera_id}
            view={view}
            bounds={bounds}
            atMs={atMs}
            range={range}
            strip={strip}
            onView={(v) => setView(v.untilMs - v.fromMs >= bounds.untilMs - bounds.fromMs ? undefined : v)}
            onPick={pick}
            onSeek={seek}
          />
        ) : null}
        {view ? <Legend t={t} kept={camera ? timelines.get(camera.camera_id)?.kept_until : undefined} /> : null}
      </section>
      <section className="panel footage-right" aria-label={t.events}>
        {scene?.own ? null : (
          <Events
            scene={scene}
            timelines={timelines}
            may={marks}
            onGo={(c, ms) => {
              pick(c);
              seek(ms);
            }}
          />
        )}
        {exports ? <Exports enabled /> : <p className="pb sm t3 export-else">{t.exportElse}</p>}
        <Verify />
      </section>
      {sheet === "reason" ? (
        <ReasonDialog
          permit={scene?.permit}
          hint={scene?.own ? t.reasonHintOwn : t.reasonHint}
          reasons={scene?.own ? t.reasonsOwn : t.reasons}
          onClose={close}
          onReason={(r) => {
            setReason(r);
            if (pinned !== undefined && !gap) pin(undefined);
            close();
          }}
        />
      ) : null}
      {sheet === "mark" && scene && camera && atMs !== undefined ? (
        <BookmarkDialog
          provision={scene.provision}
          camera={camera.camera_id}
          code={camera.code}
          atMs={atMs}
          onClose={close}
        />
      ) : null}
      {sheet === "clip" && camera && atMs !== undefined ? (
        <FileDialog
          title={t.clipTitle(camera.code)}
          hint={clock(atMs)}
          name={`${camera.code}-${clock(atMs).replaceAll(":", "")}`}
          body={t.clipBody}
          none={t.clipNone}
          make={() => hands.file({ type: "clip", ...isoSpan(around(atMs)) })}
          onClose={close}
        />
      ) : null}
      {sheet === "still" && camera && atMs !== undefined ? (
        <FileDialog
          title={t.stillTitle(camera.code)}
          hint={clock(atMs)}
          name={`${camera.code}-${clock(atMs).replaceAll(":", "")}`}
          body={t.stillBody}
          none={t.stillNone}
          make={() => hands.file({ type: "snapshot", at: new Date(atMs).toISOString() })}
          onClose={close}
        />
      ) : null}
      {sheet === "merge" && scene && reason && atMs !== undefined ? (
        <MergeDialog
          cameras={[...cameras].sort((a, b) => Number(b === camera) - Number(a === camera))}
          span={merged(atMs, range)}
          make={(ids) =>
            fileUnder(
              () => ticketOf(scene, ids, fromMs, reason),
              { type: "merge", ...isoSpan(merged(atMs, range)) },
              merged(atMs, range)[0],
            )
          }
          onClose={close}
        />
      ) : null}
      {sheet === "export" && range ? <AskExport cameras={cameras} range={range} onClose={close} /> : null}
      {sheet === "hold" && range ? (
        <PlaceHold part={{ cameras, fromMs: range[0], untilMs: range[1] }} account={account} onClose={close} />
      ) : null}
    </main>
  );
}
