/** The timeline of every camera: what is recorded, what is missing and why, events, holds, the range, the playhead. */
import { memo, type PointerEvent, useEffect, useRef, useState } from "react";
import type { CameraTimeline, Coverage } from "../../api/footage";
import type { Hold } from "../../api/keeping";
import { clock, clockMinutes } from "../../kit/format";
import { type FootageText, useFootageText } from "../../text/footage";
import {
  gapAt,
  instantAt,
  moved,
  placeOf,
  type Range,
  type Span,
  spansOf,
  ticks,
  tileOf,
  type View,
  within,
  ZOOM,
  zoomed,
} from "./timeline";

export interface Strip {
  url: string;
  at: readonly number[];
  width: number;
}
export interface Row {
  camera: Pick<Coverage, "camera_id" | "code">;
  timeline: CameraTimeline | undefined;
}

const percent = (part: number) => `${(part * 100).toFixed(3)}%`;
const bar = (view: View, fromMs: number, untilMs: number) => {
  const left = Math.max(0, placeOf(view, fromMs));
  return { left: percent(left), width: percent(Math.max(0, Math.min(1, placeOf(view, untilMs)) - left)) };
};
const seen = (view: View, fromMs: number, untilMs: number) => untilMs > view.fromMs && fromMs < view.untilMs;

/** Why there is no picture, in words: the cause, and what was measured. */
export function causeWords(t: FootageText, gap: Pick<Span, "cause" | "detail">): string {
  const detail = t.detail[gap.detail] ?? t.reasonOf[gap.detail] ?? gap.detail;
  return [t.cause[gap.cause ?? ""] ?? gap.cause, detail].filter(Boolean).join(" · ");
}

const Track = memo(function Track({
  timeline,
  holds,
  view,
}: {
  timeline: CameraTimeline | undefined;
  holds: readonly Hold[];
  view: View;
}) {
  const t = useFootageText();
  if (!timeline) return <div className="tr-bar wait" />;
  const held = holds.filter((h) => h.resources.includes(timeline.camera_id));
  return (
    <>
      {spansOf(timeline.stretches)
        .filter((s) => seen(view, s.fromMs, s.untilMs))
        .map((s) => (
          <i
            key={s.fromMs}
            className={s.cause === null ? "tr-bar" : s.cause === "being-written" ? "tr-bar wait" : "tr-gap"}
            data-cause={s.cause ?? undefined}
            style={bar(view, s.fromMs, s.untilMs)}
          />
        ))}
      {held.map((h) => {
        const fromMs = h.covers_from_at ? Date.parse(h.covers_from_at) : view.fromMs;
        const untilMs = h.covers_until_at ? Date.parse(h.covers_until_at) : view.untilMs;
        return seen(view, fromMs, untilMs) ? (
          <i key={h.hold_id} className="tr-hold" style={bar(view, fromMs, untilMs)} />
        ) : null;
      })}
      {timeline.events
        .filter((e) => seen(view, Date.parse(e.at), Date.parse(e.at) + 1))
        .map((e) => (
          <i
            key={`${e.kind}${e.id}${e.at}`}
            className={`tr-ev ${e.kind}`}
            title={`${t.kind[e.kind] ?? e.kind} ${e.words}`}
            style={{ left: percent(placeOf(view, Date.parse(e.at))) }}
          />
        ))}
    </>
  );
});

/** What stands under the pointer: the time, the small picture, or why there is none. */
function Hover({
  ms,
  x,
  y,
  gap,
  strip,
}: {
  ms: number;
  x: number;
  y: number;
  gap: Span | undefined;
  strip: Strip | undefined;
}) {
  const t = useFootageText();
  const n = strip ? tileOf(strip.at, ms) : 0;
  return (
    <div className="tr-hover" style={{ left: x, top: y }}>
      {gap ? (
        <span className="cd xs">{causeWords(t, gap)}</span>
      ) : strip ? (
        <div
          className="tr-thumb"
          style={{
            backgroundImage: `url(${strip.url})`,
            backgroundSize: `${strip.at.length * 100}% 100%`,
            backgroundPosition: percent(strip.at.length > 1 ? n / (strip.at.length - 1) : 0),
          }}
        />
      ) : null}
      <b className="num">{clock(ms)}</b>
    </div>
  );
}

export function Timelines({
  rows,
  holds,
  chosen,
  view,
  bounds,
  atMs,
  range,
  strip,
  onView,
  onPick,
  onSeek,
}: {
  rows: readonly Row[];
  holds: readonly Hold[];
  chosen: string | undefined;
  view: View;
  bounds: View;
  atMs: number | undefined;
  range: Range | undefined;
  strip: Strip | undefined;
  onView: (view: View) => void;
  onPick: (camera: string) => void;
  /** `done`: the hand let go. */
  onSeek: (ms: number, done: boolean) => void;
}) {
  const t = useFootageText();
  const lane = useRef<HTMLDivElement>(null);
  const [pointer, setPointer] = useState<{ part: number; row: number; x: number; y: number }>();
  const [scrubbing, setScrubbing] = useState(false);
  const partOf = (event: { clientX: number }) => {
    const box = lane.current?.getBoundingClientRect();
    return box?.width ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) : 0;
  };
  const rowOf = (event: { clientY: number }) => {
    const box = lane.current?.getBoundingClientRect();
    if (!box) return 0;
    return Math.min(rows.length - 1, Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * rows.length)));
  };
  const topOf = (event: { clientY: number }) => {
    const box = lane.current?.getBoundingClientRect();
    return box ? box.top + rowOf(event) * (box.height / Math.max(1, rows.length)) : event.clientY;
  };
  const seek = (event: { clientX: number }, done: boolean) =>
    onSeek(within(bounds, instantAt(view, partOf(event))), done);
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const row = rows[rowOf(event)];
    if (row && row.camera.camera_id !== chosen) onPick(row.camera.camera_id);
    setScrubbing(true);
    seek(event, false);
  };
  const wheel = useRef<(event: globalThis.WheelEvent) => void>(() => undefined);
  wheel.current = (event) => {
    event.preventDefault();
    const side = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    const length = view.untilMs - view.fromMs;
    if (side) onView(moved(view, ((event.deltaX || event.deltaY) / 800) * length, bounds));
    else onView(zoomed(view, event.deltaY < 0 ? ZOOM : 1 / ZOOM, instantAt(view, partOf(event)), bounds));
  };
  useEffect(() => {
    // React listens to the wheel passively; the page must not scroll under the hand
    const box = lane.current;
    const heard = (event: globalThis.WheelEvent) => wheel.current(event);
    box?.addEventListener("wheel", heard, { passive: false });
    return () => box?.removeEventListener("wheel", heard);
  }, []);
  const marks = ticks(view);
  const seconds = marks.some((ms) => ms % 60_000 !== 0);
  const hover = pointer ? rows[pointer.row] : undefined;
  const hoverMs = pointer ? instantAt(view, pointer.part) : 0;
  return (
    <section className="trs" aria-label={t.showTimeline}>
      <div className="tr-ticks" aria-hidden="true">
        <div>
          {marks.map((ms) => (
            <span key={ms} className="num" style={{ left: percent(placeOf(view, ms)) }}>
              {seconds ? clock(ms) : clockMinutes(ms)}
            </span>
          ))}
        </div>
      </div>
      <div className="tr-names">
        {rows.map((r, i) => (
          <button
            type="button"
            key={r.camera.camera_id}
            className={`bare${r.camera.camera_id === chosen ? " sel" : ""}`}
            aria-pressed={r.camera.camera_id === chosen}
            onClick={() => onPick(r.camera.camera_id)}
          >
            {i < 9 ? <kbd>{i + 1}</kbd> : <i className="no-key" />}
            <b>{r.camera.code}</b>
          </button>
        ))}
      </div>
      <div
        className="tr-lane"
        ref={lane}
        role="slider"
        tabIndex={0}
        aria-label={t.showTimeline}
        aria-valuemin={Math.round(bounds.fromMs / 1000)}
        aria-valuemax={Math.round(bounds.untilMs / 1000)}
        aria-valuenow={Math.round((atMs ?? bounds.fromMs) / 1000)}
        aria-valuetext={atMs === undefined ? "" : clock(atMs)}
        onPointerDown={down}
        onPointerMove={(event) => {
          setPointer({ part: partOf(event), row: rowOf(event), x: event.clientX, y: topOf(event) });
          if (scrubbing) seek(event, false);
        }}
        onPointerUp={(event) => {
          if (!scrubbing) return;
          setScrubbing(false);
          seek(event, true);
        }}
        onPointerLeave={() => setPointer(undefined)}
      >
        {marks.map((ms) => (
          <i key={ms} className="tr-grid" style={{ left: percent(placeOf(view, ms)) }} />
        ))}
        {range ? <i className="tr-range" style={bar(view, range[0], range[1])} /> : null}
        {rows.map((r) => (
          <div className={`tr-row${r.camera.camera_id === chosen ? " sel" : ""}`} key={r.camera.camera_id}>
            <Track timeline={r.timeline} holds={holds} view={view} />
          </div>
        ))}
        {atMs !== undefined && placeOf(view, atMs) >= 0 && placeOf(view, atMs) <= 1 ? (
          <i className="tr-head" style={{ left: percent(placeOf(view, atMs)) }} />
        ) : null}
        {pointer && hover ? (
          <Hover
            ms={hoverMs}
            x={pointer.x}
            y={pointer.y}
            gap={hover.timeline ? gapAt(spansOf(hover.timeline.stretches), hoverMs) : undefined}
            strip={hover.camera.camera_id === chosen ? strip : undefined}
          />
        ) : null}
      </div>
    </section>
  );
}
