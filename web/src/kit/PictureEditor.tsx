/** Zones, lines and points drawn on a picture, by hand or by key. What lies under it is the caller's. */
import { type CSSProperties, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { usePictureText } from "../text/picture";
import { type Binding, useKeys } from "./keys";
import {
  boxed,
  cornerAt,
  crossing,
  FEWEST,
  hits,
  inside,
  replaced,
  type ShapeKind,
  type Size,
  type Spot,
  shifted,
  stretches,
  withCorner,
  withoutCorner,
} from "./picture";

export interface DrawnShape {
  id: string;
  kind: ShapeKind;
  points: readonly Spot[];
  label: string;
  tone?: string;
  /** A line crossed either way. */
  both?: boolean;
}
export interface Mark {
  x: number;
  y: number;
  label: string;
  chosen?: boolean;
}
/** What a click or Enter means now: a corner of a new shape, an end of a box, a point, or nothing but choosing. */
export type Tool = ShapeKind | "box" | "point" | undefined;

/** Targets reach 13 px around a corner: 26 across. */
const REACH_PX = 13;
/** One step of the cursor, in parts of the picture; five with Shift. */
const STEP = 0.005;
const MIDDLE: Spot = [0.5, 0.5];
const px = (s: Spot, size: Size): Spot => [s[0] * size.width, s[1] * size.height];
const path = (points: readonly Spot[], size: Size) =>
  points
    .map((p) =>
      px(p, size)
        .map((v) => v.toFixed(1))
        .join(","),
    )
    .join(" ");

export interface EditorProps {
  label: string;
  aspect: number;
  shapes: readonly DrawnShape[];
  chosen?: string | undefined;
  tool?: Tool;
  marks?: readonly Mark[];
  grid?: readonly (readonly [Spot, Spot])[];
  /** Nothing can be drawn or moved. */
  still?: boolean;
  onChoose?: (id: string | undefined) => void;
  onShape?: (kind: ShapeKind, points: Spot[]) => void;
  onChange?: (id: string, points: Spot[]) => void;
  onPoint?: (spot: Spot) => void;
  onMark?: (index: number, spot: Spot) => void;
  onCancel?: () => void;
  children?: ReactNode;
}

export function PictureEditor(props: EditorProps) {
  const { aspect, shapes, tool, still = false } = props;
  const t = usePictureText();
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 640, height: 640 / aspect });
  const [draft, setDraft] = useState<Spot[]>([]);
  const [cursor, setCursor] = useState<Spot>();
  const [corner, setCorner] = useState(0);
  const [drag, setDrag] = useState<{ corner: number } | { mark: number } | { box: true }>();
  const chosen = shapes.find((s) => s.id === props.chosen);
  useEffect(() => {
    setDraft([]);
    // a button that has the focus would take Enter for itself
    if (tool) frame.current?.focus({ preventScroll: true });
  }, [tool]);
  useEffect(() => setCorner(0), [props.chosen]);
  useEffect(() => {
    if (!frame.current) return undefined;
    const watch = new ResizeObserver(([e]) => {
      if (e) setSize({ width: e.contentRect.width, height: e.contentRect.height });
    });
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);

  const finish = (points: Spot[]) => {
    setDraft([]);
    if ((tool === "zone" || tool === "line") && points.length >= FEWEST[tool]) props.onShape?.(tool, points);
  };
  const finishBox = (spot: Spot) => {
    const box = draft[0] && boxed(draft[0], spot);
    setDraft([]);
    if (box) props.onShape?.("zone", box);
  };
  const put = (spot: Spot) => {
    if (tool === "point") props.onPoint?.(inside(spot));
    else if (tool === "box") draft.length ? finishBox(spot) : setDraft([inside(spot)]);
    else if (tool) {
      const onFirst = tool === "zone" && draft.length > 2 && cornerAt(draft.slice(0, 1), spot, size, REACH_PX) === 0;
      const again = cornerAt(draft.slice(-1), spot, size, 2) === 0;
      if (onFirst || again) finish(draft);
      else setDraft([...draft, inside(spot)]);
    }
  };
  const nudge = (dx: number, dy: number) => (event: KeyboardEvent) => {
    const by = STEP * (event.shiftKey ? 5 : 1);
    if (tool) setCursor(shifted(cursor ?? draft.at(-1) ?? MIDDLE, dx * by, dy * by * aspect));
    else if (chosen && !still) {
      const at = Math.min(corner, chosen.points.length - 1);
      const next = shifted(chosen.points[at] as Spot, dx * by, dy * by * aspect);
      props.onChange?.(chosen.id, replaced(chosen.points, at, next));
    }
  };
  const turn = (by: number) => () => chosen && setCorner((corner + by + chosen.points.length) % chosen.points.length);
  useKeys(still ? [] : keysOf());

  function keysOf(): Binding[] {
    const arrows: Binding[] =
      tool || chosen
        ? [
            { code: "ArrowLeft", hint: t.move, run: nudge(-1, 0) },
            { code: "ArrowRight", hint: t.move, run: nudge(1, 0) },
            { code: "ArrowUp", hint: t.move, run: nudge(0, -1) },
            { code: "ArrowDown", hint: t.move, run: nudge(0, 1) },
          ]
        : [];
    if (tool)
      return [
        ...arrows,
        { code: "Enter", hint: tool === "point" ? t.point : t.corner, run: () => put(cursor ?? MIDDLE) },
        ...(draft.length && tool !== "box"
          ? [
              { code: "Space", hint: t.finish, cap: "Space", run: () => finish(draft) },
              { code: "Backspace", hint: t.back, cap: "⌫", run: () => setDraft(draft.slice(0, -1)) },
            ]
          : []),
        { code: "Escape", hint: t.cancel, run: () => props.onCancel?.() },
      ];
    if (!chosen) return arrows;
    return [
      ...arrows,
      { code: "BracketLeft", hint: t.otherCorner, run: turn(-1) },
      { code: "BracketRight", hint: t.otherCorner, run: turn(1) },
      {
        code: "Backspace",
        hint: t.dropCorner,
        cap: "⌫",
        run: () => props.onChange?.(chosen.id, withoutCorner(chosen.kind, chosen.points, corner)),
      },
    ];
  }

  const spotOf = (e: PointerEvent): Spot => {
    const box = (frame.current as HTMLDivElement).getBoundingClientRect();
    return [(e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height];
  };
  const down = (e: PointerEvent) => {
    if (e.button) return;
    const spot = spotOf(e);
    const mark = cornerAt(
      (props.marks ?? []).map((m): Spot => [m.x, m.y]),
      spot,
      size,
      REACH_PX,
    );
    if (mark >= 0 && props.onMark && !still) setDrag({ mark });
    else if (tool === "box") {
      setDraft([inside(spot)]);
      setCursor(inside(spot));
      setDrag({ box: true });
    } else if (tool) return put(spot);
    else if (chosen && !still) {
      const at = cornerAt(chosen.points, spot, size, REACH_PX);
      const middles = stretches(chosen.kind, chosen.points).map(
        ([a, b]): Spot => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
      );
      const between = at < 0 ? cornerAt(middles, spot, size, REACH_PX - 3) : -1;
      if (between >= 0) props.onChange?.(chosen.id, withCorner(chosen.kind, chosen.points, spot, size));
      if (at >= 0 || between >= 0) {
        setCorner(at >= 0 ? at : between + 1);
        setDrag({ corner: at >= 0 ? at : between + 1 });
      } else choose(spot);
    } else choose(spot);
    e.currentTarget.setPointerCapture(e.pointerId);
  };
  const choose = (spot: Spot) =>
    props.onChoose?.([...shapes].reverse().find((s) => hits(s.kind, s.points, spot, size, 6))?.id);
  const moved = (e: PointerEvent) => {
    const spot = inside(spotOf(e));
    if (tool) setCursor(spot);
    if (!drag || "box" in drag) return;
    if ("mark" in drag) props.onMark?.(drag.mark, spot);
    else if (chosen) props.onChange?.(chosen.id, replaced(chosen.points, drag.corner, spot));
  };

  const lifted = (e: PointerEvent) => {
    if (drag && "box" in drag) finishBox(inside(spotOf(e)));
    setDrag(undefined);
  };
  const drawn = tool === "box" && draft[0] && cursor ? (boxed(draft[0], cursor) ?? []) : draft;

  return (
    <div className="pic-room">
      <section
        ref={frame}
        tabIndex={-1}
        className={`pic${tool ? " draws" : ""}`}
        style={{ "--aspect": aspect } as CSSProperties}
        aria-label={props.label}
        onPointerDown={down}
        onPointerMove={moved}
        onPointerUp={lifted}
        onPointerCancel={() => setDrag(undefined)}
        onDoubleClick={() => finish(draft)}
      >
        {props.children}
        <svg className="pic-draw" width={size.width} height={size.height} aria-hidden="true">
          {(props.grid ?? []).map(([a, b]) => {
            const [p, q] = [px(a, size), px(b, size)];
            return <path key={`${a}${b}`} className="pic-grid" d={`M${p[0]} ${p[1]}L${q[0]} ${q[1]}`} />;
          })}
          {shapes.map((s) => (
            <Shape key={s.id} shape={s} size={size} on={s === chosen} corner={s === chosen && !still ? corner : -1} />
          ))}
          {tool === "box" ? (
            <polygon className="pic-new" points={path(drawn, size)} />
          ) : draft.length ? (
            <polyline className="pic-new" points={path(cursor ? [...draft, cursor] : draft, size)} />
          ) : null}
          {drawn.map((p) => (
            <circle key={`${p}`} className="pic-corner on" cx={px(p, size)[0]} cy={px(p, size)[1]} r={4} />
          ))}
          {(props.marks ?? []).map((m) => (
            <Cross key={m.label} mark={m} size={size} />
          ))}
          {tool && cursor ? <Hair at={px(cursor, size)} size={size} /> : null}
        </svg>
      </section>
    </div>
  );
}

function Shape({ shape, size, on, corner }: { shape: DrawnShape; size: Size; on: boolean; corner: number }) {
  const way = shape.kind === "line" ? crossing(shape.points, size) : undefined;
  const first = px(shape.points[0] ?? MIDDLE, size);
  const name = `pic-${shape.kind} ${shape.tone ?? ""}${on ? " on" : ""}`;
  const middles = corner >= 0 ? stretches(shape.kind, shape.points) : [];
  return (
    <g>
      {shape.kind === "zone" ? (
        <polygon className={name} points={path(shape.points, size)} />
      ) : (
        <polyline className={name} points={path(shape.points, size)} />
      )}
      {way ? <Arrow way={way} size={size} both={shape.both ?? false} name={name} /> : null}
      {middles.map(([a, b]) => {
        const [x, y] = px([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], size);
        return <circle key={`${a}${b}`} className="pic-middle" cx={x} cy={y} r={3} />;
      })}
      {corner >= 0
        ? shape.points.map((p, i) => {
            const [x, y] = px(p, size);
            const key = `${p}-${i}`;
            return <circle key={key} className={`pic-corner${i === corner ? " on" : ""}`} cx={x} cy={y} r={5} />;
          })
        : null}
      <text className="pic-label" x={Math.min(first[0] + 6, size.width - 60)} y={Math.max(16, first[1] - 8)}>
        {shape.label}
      </text>
    </g>
  );
}

function Arrow({
  way,
  size,
  both,
  name,
}: {
  way: NonNullable<ReturnType<typeof crossing>>;
  size: Size;
  both: boolean;
  name: string;
}) {
  const [x, y] = px(way.at, size);
  const tip = (sign: 1 | -1) => {
    const [dx, dy] = [way.dx * sign, way.dy * sign];
    const [ex, ey] = [x + dx * 24, y + dy * 24];
    return `M${x} ${y}L${ex} ${ey}M${ex - dx * 8 - dy * 6} ${ey - dy * 8 + dx * 6}L${ex} ${ey}L${ex - dx * 8 + dy * 6} ${ey - dy * 8 - dx * 6}`;
  };
  return <path className={`${name} pic-way`} d={tip(1) + (both ? tip(-1) : "")} />;
}

function Cross({ mark, size }: { mark: Mark; size: Size }) {
  const [x, y] = px([mark.x, mark.y], size);
  return (
    <g className={`pic-mark${mark.chosen ? " on" : ""}`}>
      <path d={`M${x - 9} ${y}H${x + 9}M${x} ${y - 9}V${y + 9}`} />
      <circle cx={x} cy={y} r={9} />
      <text x={x + 13} y={y - 8}>
        {mark.label}
      </text>
    </g>
  );
}

function Hair({ at: [x, y], size }: { at: Spot; size: Size }) {
  return <path className="pic-hair" d={`M0 ${y}H${size.width}M${x} 0V${size.height}`} />;
}
