import { useEffect, useMemo, useRef, useState } from "react";
import type { LatLon } from "../../api/phone.ts";
import { toPlane, type Xy } from "../geo.ts";

export interface MapPicture {
  streets: LatLon[][];
  /** Green, with arrows; drawn over everything else. */
  way: LatLon[];
  /** Hatched red: streets he can reach first. */
  red: LatLon[][];
  /** Amber dashes: the way he is likely to take (the unit's page). */
  likely?: LatLon[];
  me: { at: LatLon; error_m: number; heading: number | null } | null;
  him: { at: LatLon; error_m: number; label: string } | null;
  goal: { at: LatLon; label: string } | null;
  /** Names along the way, each at a place of its line. */
  names?: { at: LatLon; text: string }[];
}

export interface Fit {
  scale: number;
  origin: LatLon;
  shift: Xy;
}

/** Nothing closer than this many metres across: below it the errors fill the picture. */
const LEAST_SPAN_M = 260;

/** Choose scale and shift so that her, the way's rest, its goal and (when near) he are in the picture. */
export function frameOf(
  points: LatLon[],
  width: number,
  height: number,
  inset: { x: number; top: number; bottom: number },
): Fit {
  const origin = points[0] ?? [0, 0];
  const xy = points.map((p) => toPlane(origin, p));
  const xs = xy.map((p) => p.x);
  const ys = xy.map((p) => p.y);
  const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
  const [y0, y1] = [Math.min(...ys), Math.max(...ys)];
  const w = Math.max(40, width - 2 * inset.x);
  const h = Math.max(40, height - inset.top - inset.bottom);
  const scale = Math.min(
    w / Math.max(x1 - x0, LEAST_SPAN_M * 0.6),
    h / Math.max(y1 - y0, LEAST_SPAN_M * 0.6),
    width / LEAST_SPAN_M,
  );
  const mid = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
  return { scale, origin, shift: { x: width / 2 - mid.x * scale, y: inset.top + h / 2 - mid.y * scale } };
}

export function path(line: readonly LatLon[], f: Fit): string {
  return line
    .map((p, i) => {
      const q = place(p, f);
      return `${i === 0 ? "M" : "L"}${q.x.toFixed(1)} ${q.y.toFixed(1)}`;
    })
    .join("");
}

/** Where a place falls in the picture. */
export function place(p: LatLon, f: Fit): Xy {
  const q = toPlane(f.origin, p);
  return { x: q.x * f.scale + f.shift.x, y: q.y * f.scale + f.shift.y };
}

/** Points every `gap` pixels along a line, with its direction there: the arrows on the way. */
export function arrows(line: readonly Xy[], gap: number): { x: number; y: number; deg: number }[] {
  const found: { x: number; y: number; deg: number }[] = [];
  let left = gap * 0.6;
  for (let i = 0; i + 1 < line.length; i++) {
    const a = line[i]!;
    const b = line[i + 1]!;
    const len = Math.hypot(b.x - a.x, b.y - a.y);
    const deg = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
    for (; left < len; left += gap) {
      found.push({ x: a.x + ((b.x - a.x) * left) / len, y: a.y + ((b.y - a.y) * left) / len, deg });
    }
    left -= len;
  }
  return found;
}

/** Our own map: streets from the message itself, no tiles, no request. North is up. */
export function WayMap({ picture, label, top = 64 }: { picture: MapPicture; label: string; top?: number }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ w: 0, h: 0 });
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const look = new ResizeObserver(() => setSize({ w: node.clientWidth, h: node.clientHeight }));
    look.observe(node);
    setSize({ w: node.clientWidth, h: node.clientHeight });
    return () => look.disconnect();
  }, []);
  return (
    <div ref={box} style={{ position: "absolute", inset: 0 }} role="img" aria-label={label}>
      {size.w > 0 && <Drawing picture={picture} w={size.w} h={size.h} top={top} />}
    </div>
  );
}

function Drawing({ picture, w, h, top }: { picture: MapPicture; w: number; h: number; top: number }) {
  const p = picture;
  const keep = [p.me?.at, ...p.way, p.goal?.at, p.him?.at].filter((x): x is LatLon => Boolean(x));
  const f = frameOf(keep.length ? keep : p.streets.flat(), w, h, {
    x: 56,
    top: Math.min(top, Math.max(92, h * 0.3)),
    bottom: 48,
  });
  const key = `${f.scale.toFixed(3)} ${f.shift.x.toFixed(0)} ${f.shift.y.toFixed(0)} ${f.origin.join()}`;
  const ground = useMemo(() => p.streets.map((s) => path(s, f)).join(""), [p.streets, key]);
  const red = useMemo(() => p.red.map((s) => path(s, f)).join(""), [p.red, key]);
  const way = path(p.way, f);
  const road = Math.max(5, Math.min(12, f.scale * 9));
  const wide = Math.max(9, Math.min(18, f.scale * 16));
  const goal = p.goal && place(p.goal.at, f);
  const him = p.him && place(p.him.at, f);
  const me = p.me && place(p.me.at, f);
  return (
    <svg width={w} height={h} viewBox={`0 0 ${w} ${h}`} aria-hidden="true">
      <defs>
        <pattern id="reach" width="8" height="8" patternTransform="rotate(45)" patternUnits="userSpaceOnUse">
          <rect width="8" height="8" fill="#de3412" fillOpacity=".62" />
          <rect width="3" height="8" fill="#f48771" fillOpacity=".7" />
        </pattern>
        <linearGradient id="look" x1="0" y1="1" x2="0" y2="0">
          <stop offset="0" stopColor="#4c87f6" stopOpacity=".7" />
          <stop offset="1" stopColor="#4c87f6" stopOpacity="0" />
        </linearGradient>
      </defs>
      <rect width={w} height={h} fill="var(--m-ground)" />
      <g fill="none" strokeLinecap="round" strokeLinejoin="round">
        <path d={ground} stroke="var(--m-case)" strokeWidth={road + 4} />
        <path d={ground} stroke="var(--m-road)" strokeWidth={road} />
        <path d={red} stroke="#bd2c0f" strokeOpacity=".3" strokeWidth={road + 26} />
        <path d={red} stroke="#3a0d06" strokeWidth={road + 1} />
        <path d={red} stroke="url(#reach)" strokeWidth={road + 1} />
        <path d={way} stroke="#000" strokeWidth={wide + 6} />
        <path d={way} stroke="#3fa654" strokeWidth={wide} />
        <g stroke="#000" strokeWidth="2.6">
          {arrows(
            p.way.map((q) => place(q, f)),
            20,
          ).map((a) => (
            <path
              key={`${a.x.toFixed(1)} ${a.y.toFixed(1)}`}
              transform={`translate(${a.x.toFixed(1)} ${a.y.toFixed(1)}) rotate(${a.deg.toFixed(0)})`}
              d="M-2.5 -4.2L2.5 0L-2.5 4.2"
            />
          ))}
        </g>
      </g>
      {p.likely && p.likely.length > 1 && (
        <g fill="none" strokeLinecap="round" strokeLinejoin="round">
          <path d={path(p.likely, f)} stroke="#000" strokeWidth="10" />
          <path d={path(p.likely, f)} stroke="#ffb114" strokeWidth="5" strokeDasharray="1 9" />
        </g>
      )}
      {him && p.him && <Him at={him} r={Math.min(p.him.error_m * f.scale, 120)} label={p.him.label} w={w} />}
      {me && p.me && <Me at={me} r={Math.min(p.me.error_m * f.scale, 80)} heading={p.me.heading} />}
      {goal && p.goal && <Goal at={goal} label={p.goal.label} w={w} />}
      <g
        fontWeight="700"
        fontSize="13"
        fill="#e6e8ea"
        textAnchor="middle"
        paintOrder="stroke"
        stroke="#000"
        strokeWidth="4"
      >
        {p.names?.map((n) => {
          const q = place(n.at, f);
          return (
            <text key={n.text} x={q.x} y={q.y + 28}>
              {n.text}
            </text>
          );
        })}
      </g>
    </svg>
  );
}

const outlined = {
  fontWeight: 800,
  fontSize: 15,
  paintOrder: "stroke",
  stroke: "#000",
  strokeWidth: 4.5,
  strokeLinejoin: "round",
} as const;

function Him({ at, r, label, w }: { at: Xy; r: number; label: string; w: number }) {
  const left = at.x > w - 130;
  return (
    <>
      <circle
        cx={at.x}
        cy={at.y}
        r={Math.max(24, r)}
        fill="#de3412"
        fillOpacity=".28"
        stroke="#f48771"
        strokeWidth="1.5"
        strokeDasharray="4 4"
      />
      <g transform={`translate(${at.x} ${at.y})`}>
        <path d="M0 -20L21 16H-21Z" fill="#fff" stroke="#000" strokeWidth="3" strokeLinejoin="round" />
        <path d="M0 -13.5L15.5 13H-15.5Z" fill="#de3412" />
        <path d="M0 -5v9M0 8.5v.2" stroke="#fff" strokeWidth="3.2" strokeLinecap="round" />
      </g>
      <text
        {...outlined}
        x={left ? at.x - 27 : at.x + 27}
        y={at.y + 9}
        textAnchor={left ? "end" : "start"}
        fill="#f7afa1"
      >
        {label}
      </text>
    </>
  );
}

function Me({ at, r, heading }: { at: Xy; r: number; heading: number | null }) {
  return (
    <>
      {heading !== null && (
        <path
          transform={`rotate(${heading.toFixed(0)} ${at.x} ${at.y})`}
          d={`M${at.x} ${at.y}L${at.x - 22} ${at.y - 46}A52 52 0 0 1 ${at.x + 22} ${at.y - 46}Z`}
          fill="url(#look)"
        />
      )}
      <circle cx={at.x} cy={at.y} r={Math.max(16, r)} fill="#256ef4" fillOpacity=".25" />
      <circle cx={at.x} cy={at.y} r="11" fill="#fff" />
      <circle cx={at.x} cy={at.y} r="7.5" fill="#256ef4" />
    </>
  );
}

function Goal({ at, label, w }: { at: Xy; label: string; w: number }) {
  const left = at.x > w / 2;
  return (
    <>
      <g transform={`translate(${at.x} ${at.y})`}>
        <path d="M0 4L-13 -12A24 24 0 1 1 13 -12Z" fill="#000" />
        <g transform="translate(0 -29)">
          <circle r="21" fill="#3fa654" stroke="#fff" strokeWidth="3" />
          <g
            transform="translate(-12 -12)"
            fill="none"
            stroke="#000"
            strokeWidth="2.3"
            strokeLinecap="round"
            strokeLinejoin="round"
          >
            <path d="M12 2.5l8 3v6c0 5-3.4 8.6-8 10-4.6-1.4-8-5-8-10v-6z" />
            <path d="M8.5 12l2.5 2.5 4.5-5" />
          </g>
        </g>
      </g>
      <text
        {...outlined}
        x={left ? at.x - 31 : at.x + 31}
        y={at.y - 24}
        textAnchor={left ? "end" : "start"}
        fill="#a9dab4"
      >
        {label.length > 13 ? `${label.slice(0, 12)}…` : label}
      </text>
    </>
  );
}
