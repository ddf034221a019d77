/** The wearer's own map: his zones, where he must be, where he was last, and what an alarm was about. No tiles, no
 * request to another server; of a person whom he must not go near nothing at all. */
import { useEffect, useRef, useState } from "react";
import type { LatLon, Mine } from "../api/phone.ts";
import { dayMinutes } from "../kit/format.ts";
import { type Fit, frameOf, path, place } from "../phone/kit/WayMap.tsx";
import { barOf, type Focus, framed, type OwnZone, zonesOf } from "./ownMap.ts";
import type { MeWords } from "./text.ts";

type Words = MeWords["mine"]["map"];
export type Streets = LatLon[][] | "asking" | "failed";

export function OwnMap({
  mine,
  streets,
  focus,
  look,
  again,
  w,
}: {
  mine: Mine;
  streets: Streets;
  focus: Focus;
  look: (focus: Focus) => void;
  again: () => void;
  w: Words;
}) {
  const zones = zonesOf(mine);
  const keeps = framed(mine, focus);
  const away = mine.conditions.some((c) => c.trigger === "approach");
  const choices: { focus: Focus; word: string }[] = [
    ...(mine.place ? [{ focus: { on: "me" } as const, word: w.me }] : []),
    ...zones.map((z) => ({ focus: { on: "zone", id: z.id } as const, word: z.label || w.kinds[z.kind] })),
    ...(zones.length + (mine.place ? 1 : 0) > 1 ? [{ focus: { on: "all" } as const, word: w.all }] : []),
  ];
  const wider = zones.some((z) => z.wider);
  const alarm = focus.on === "alarm" ? mine.alarms.find((a) => a.alarm_id === focus.id) : undefined;
  return (
    <section className="card flush own-map" aria-label={w.title} data-map={streets === "asking" ? "asking" : "ready"}>
      {keeps.length ? (
        <Picture mine={mine} zones={zones} keeps={keeps} streets={streets} alarm={alarm} w={w} />
      ) : (
        <p className="small own-map-none">{w.empty}</p>
      )}
      {choices.length > 1 ? (
        <div className="own-map-picks">
          {choices.map((c) => (
            <button
              type="button"
              key={c.focus.on === "zone" ? c.focus.id : c.focus.on}
              aria-pressed={same(c.focus, focus)}
              onClick={() => look(c.focus)}
            >
              {c.word}
            </button>
          ))}
        </div>
      ) : null}
      <div className="own-map-says">
        {streets === "failed" ? (
          <p className="small" role="alert">
            {w.noStreets}{" "}
            <button type="button" className="own-map-again" onClick={again}>
              {w.again}
            </button>
          </p>
        ) : null}
        {streets === "asking" ? (
          <p className="small" role="status">
            {w.loading}
          </p>
        ) : null}
        {keeps.length ? (
          <ul className="own-map-key">
            <li data-key="me">
              {mine.place ? w.lastSeen(dayMinutes(mine.place.seen_at), Math.round(mine.place.error_m)) : w.never}
            </li>
            {alarm?.place ? <li data-key="alarm">{w.alarmAt(dayMinutes(alarm.raised_at))}</li> : null}
            {(["exclusion_zone", "curfew"] as const)
              .filter((kind) => zones.some((z) => z.kind === kind))
              .map((kind) => (
                <li key={kind} data-key={kind}>
                  {w.kinds[kind]}
                </li>
              ))}
          </ul>
        ) : null}
        {wider ? <p className="small">{w.wider}</p> : null}
        {away ? <p className="small">{w.nobody}</p> : null}
      </div>
    </section>
  );
}

const same = (a: Focus, b: Focus) => a.on === b.on && ("id" in a ? a.id : "") === ("id" in b ? b.id : "");

function Picture({
  mine,
  zones,
  keeps,
  streets,
  alarm,
  w,
}: {
  mine: Mine;
  zones: OwnZone[];
  keeps: LatLon[];
  streets: Streets;
  alarm: Mine["alarms"][number] | undefined;
  w: Words;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ w: 0, h: 0 });
  useEffect(() => {
    const node = box.current;
    if (!node) return;
    const look = new ResizeObserver(() => setSize({ w: node.clientWidth, h: node.clientHeight }));
    look.observe(node);
    return () => look.disconnect();
  }, []);
  const fit = frameOf(keeps, size.w, size.h, { x: 28, top: 28, bottom: 40 });
  return (
    <div ref={box} className="own-map-picture" role="img" aria-label={w.label}>
      {size.w > 0 ? (
        <svg width={size.w} height={size.h} viewBox={`0 0 ${size.w} ${size.h}`} aria-hidden="true">
          <defs>
            <pattern id="keep-out" width="9" height="9" patternTransform="rotate(45)" patternUnits="userSpaceOnUse">
              <rect width="9" height="9" fill="var(--danger-50)" fillOpacity=".1" />
              <rect width="2.5" height="9" fill="var(--danger-50)" fillOpacity=".35" />
            </pattern>
          </defs>
          <rect width={size.w} height={size.h} fill="var(--m-ground)" />
          {Array.isArray(streets) ? <Ground streets={streets} fit={fit} /> : null}
          {zones.map((z) => (
            <Zone key={z.id} zone={z} fit={fit} />
          ))}
          {alarm?.place ? (
            <Alarm at={[alarm.place.lat, alarm.place.lon]} error_m={alarm.place.error_m} fit={fit} />
          ) : null}
          {mine.place ? <Me at={[mine.place.lat, mine.place.lon]} error_m={mine.place.error_m} fit={fit} /> : null}
          {zones.map((z) => (
            <Name key={z.id} zone={z} fit={fit} width={size.w} height={size.h} word={z.label || w.kinds[z.kind]} />
          ))}
          <Scale fit={fit} width={size.w} height={size.h} w={w} />
        </svg>
      ) : null}
    </div>
  );
}

function Ground({ streets, fit }: { streets: LatLon[][]; fit: Fit }) {
  const ground = streets.map((s) => path(s, fit)).join("");
  const road = Math.max(1.5, Math.min(9, fit.scale * 8));
  return (
    <g fill="none" strokeLinecap="round" strokeLinejoin="round">
      <path d={ground} stroke="var(--m-case)" strokeWidth={road + 2} />
      <path d={ground} stroke="var(--m-road)" strokeWidth={road} />
    </g>
  );
}

function Zone({ zone, fit }: { zone: OwnZone; fit: Fit }) {
  const out = zone.kind === "exclusion_zone";
  const paint = {
    fill: out ? "url(#keep-out)" : "var(--success-50)",
    fillOpacity: out ? 1 : 0.16,
    stroke: out ? "var(--danger-60)" : "var(--success-60)",
    strokeWidth: 2,
    ...(zone.wider ? { strokeDasharray: "7 5" } : {}),
  };
  if (zone.ring) return <path data-zone={zone.kind} d={`${path(zone.ring, fit)}Z`} {...paint} />;
  const at = place(zone.centre as LatLon, fit);
  return <circle data-zone={zone.kind} cx={at.x} cy={at.y} r={zone.radius_m * fit.scale} {...paint} />;
}

/** The name stands in the middle of its zone, or where the picture's rim cuts that off, at the rim. */
function Name({
  zone,
  fit,
  width,
  height,
  word,
}: {
  zone: OwnZone;
  fit: Fit;
  width: number;
  height: number;
  word: string;
}) {
  const centre = zone.centre ?? (zone.ring ? middle(zone.ring) : null);
  if (!centre) return null;
  const at = place(centre, fit);
  const short = word.length > 14 ? `${word.slice(0, 13)}…` : word;
  // some 7.5 pixels to either side for each letter of Hangul
  const half = short.length * 7.5;
  if (at.x < -half || at.x > width + half || at.y < -20 || at.y > height + 20) return null;
  return (
    <text
      x={Math.min(width - half - 6, Math.max(half + 6, at.x))}
      y={Math.min(height - 44, Math.max(22, at.y - 16))}
      textAnchor="middle"
      fontSize="14"
      fontWeight="700"
      fill={zone.kind === "curfew" ? "var(--success-60)" : "var(--danger-60)"}
      stroke="#fff"
      strokeWidth="4"
      strokeLinejoin="round"
      paintOrder="stroke"
    >
      {short}
    </text>
  );
}

const middle = (ring: LatLon[]): LatLon => [
  ring.reduce((s, p) => s + p[0], 0) / ring.length,
  ring.reduce((s, p) => s + p[1], 0) / ring.length,
];

function Me({ at, error_m, fit }: { at: LatLon; error_m: number; fit: Fit }) {
  const { x, y } = place(at, fit);
  return (
    <g data-me="">
      <circle
        cx={x}
        cy={y}
        r={Math.max(14, error_m * fit.scale)}
        fill="var(--primary-50)"
        fillOpacity=".18"
        stroke="var(--primary-50)"
        strokeWidth="1.5"
      />
      <circle cx={x} cy={y} r="9" fill="#fff" />
      <circle cx={x} cy={y} r="6.5" fill="var(--primary-50)" />
    </g>
  );
}

function Alarm({ at, error_m, fit }: { at: LatLon; error_m: number; fit: Fit }) {
  const { x, y } = place(at, fit);
  return (
    <g data-alarm-place="">
      <circle
        cx={x}
        cy={y}
        r={Math.max(14, error_m * fit.scale)}
        fill="var(--warning-30)"
        fillOpacity=".25"
        stroke="var(--warning-60)"
        strokeWidth="1.5"
        strokeDasharray="3 3"
      />
      <path
        transform={`translate(${x} ${y})`}
        d="M0 -13L14 11H-14Z"
        fill="var(--warning-30)"
        stroke="var(--warning-90)"
        strokeWidth="2"
        strokeLinejoin="round"
      />
      <path
        transform={`translate(${x} ${y})`}
        d="M0 -4v7M0 7v.2"
        stroke="var(--warning-90)"
        strokeWidth="2.6"
        strokeLinecap="round"
      />
    </g>
  );
}

function Scale({ fit, width, height, w }: { fit: Fit; width: number; height: number; w: Words }) {
  const metres = barOf(fit.scale, width / 3);
  const long = metres * fit.scale;
  return (
    <g>
      <path d={`M14 ${height - 18}v6h${long.toFixed(1)}v-6`} fill="none" stroke="var(--gray-70)" strokeWidth="2" />
      <text
        x={14 + long / 2}
        y={height - 18}
        textAnchor="middle"
        fontSize="12"
        fontWeight="700"
        fill="var(--gray-80)"
        stroke="#fff"
        strokeWidth="3"
        paintOrder="stroke"
      >
        {w.metres(metres)}
      </text>
    </g>
  );
}
