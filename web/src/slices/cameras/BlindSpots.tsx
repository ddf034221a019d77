/** Which streets no camera covers, by sense, and what would help most. For the facility manager alone. */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { get } from "../../api/client";
import { inspection as api, type BlindMap, type Sense } from "../../api/inspection";
import { useKeys } from "../../kit/keys";
import { Button, PanelHead } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { useInspection } from "../../text/inspection";
import { at, frameOf, placeAt } from "./inspectionRules";
import { Restrict } from "./Restrict";

const SENSES: readonly Sense[] = ["day", "night", "sound", "heat"];
type Streets = { streets: GeoJSON.FeatureCollection<GeoJSON.LineString> };
const metres = (m: number) => Math.round(m).toLocaleString();

export function BlindSpots({ toggle }: { toggle: ReactNode }) {
  const t = useInspection();
  const [sense, setSense] = useState<Sense>("day");
  const [chosen, setChosen] = useState(0);
  const [restricting, restrict] = useState<{ at?: { lat: number; lon: number } }>();
  const map = useQuery({ queryKey: ["blind-spots", sense], queryFn: () => api.blind(sense), staleTime: 60_000 });
  const streets = useQuery({ queryKey: ["style"], queryFn: () => get<Streets>("/map/style-data"), staleTime: 3.6e6 });
  const next = () => setSense(SENSES[(SENSES.indexOf(sense) + 1) % SENSES.length] ?? "day");
  const many = map.data?.places.length ?? 0;
  useKeys([
    { code: "KeyS", hint: t.nextSense, run: next },
    { code: "KeyN", hint: t.restrict, run: () => restrict({}) },
    { code: "KeyJ", hint: t.places, run: () => setChosen((n) => Math.min(many - 1, n + 1)) },
    { code: "KeyK", hint: t.places, run: () => setChosen((n) => Math.max(0, n - 1)) },
  ]);
  return (
    <main className="main inspection wide">
      <section className="panel" aria-label={t.map}>
        <PanelHead
          title={t.map}
          sub={map.data ? <Sums map={map.data} /> : ""}
          right={
            <>
              <fieldset className="senses" aria-label={t.nextSense}>
                {SENSES.map((s) => (
                  <button type="button" key={s} aria-pressed={s === sense} onClick={() => setSense(s)}>
                    {t.senses[s]}
                  </button>
                ))}
                <kbd>S</kbd>
              </fieldset>
              <Button small cap="N" onClick={() => restrict({})}>
                {t.restrict}
              </Button>
              {toggle}
            </>
          }
        />
        {map.data ? (
          <Drawing map={map.data} streets={streets.data?.streets} chosen={chosen} onPlace={(at) => restrict({ at })} />
        ) : (
          <Answer error={map.error} retry={() => void map.refetch()} what={t.map} />
        )}
      </section>
      <section className="panel scroll" aria-label={t.turns}>
        {map.data ? <Proposals map={map.data} chosen={chosen} pick={setChosen} /> : null}
      </section>
      {restricting ? <Restrict at={restricting.at} onClose={() => restrict(undefined)} /> : null}
    </main>
  );
}

function Sums({ map }: { map: BlindMap }) {
  const t = useInspection();
  return (
    <>
      {t.street} {metres(map.street_m)} m ·{" "}
      <b className="bad">
        {t.blind} {metres(map.blind_m)} m
      </b>{" "}
      · {t.unsure} {metres(map.unsure_m)} m
    </>
  );
}

function Drawing({
  map,
  streets,
  chosen,
  onPlace,
}: {
  map: BlindMap;
  streets: Streets["streets"] | undefined;
  chosen: number;
  onPlace: (at: { lat: number; lon: number }) => void;
}) {
  const t = useInspection();
  const lines = streets?.features.map((f) => f.geometry.coordinates) ?? [];
  const frame = frameOf(
    map,
    lines.flatMap((l) => l.map((p): [number, number] => [p[1] ?? 0, p[0] ?? 0])),
  );
  if (!frame) return <Empty title={t.noPlaces} icon="camera" />;
  const path = (points: readonly (readonly [number, number])[]) =>
    points
      .map(
        ([lat, lon], i) =>
          `${i ? "L" : "M"}${at(frame, lat, lon)
            .map((v) => v.toFixed(3))
            .join(" ")}`,
      )
      .join("");
  return (
    <div className="blind">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the key N opens the same form, its place typed. */}
      <svg
        viewBox={`0 0 ${frame.wide * 1000} ${frame.tall * 1000}`}
        role="img"
        aria-label={t.map}
        onClick={(e) => {
          const to = e.currentTarget.getScreenCTM()?.inverse();
          if (!to) return;
          const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(to);
          onPlace(placeAt(frame, p.x, p.y));
        }}
      >
        <path className="st" d={lines.map((l) => path(l.map((p) => [p[1] ?? 0, p[0] ?? 0]))).join("")} />
        <path
          className="bl"
          d={map.lines
            .map(([a, b, c, d]) =>
              path([
                [a, b],
                [c, a === c && b === d ? d + 1e-5 : d],
              ]),
            )
            .join("")}
        />
        {map.gaps.map((g) => {
          const [x, y] = at(frame, g.restriction.lat, g.restriction.lon);
          return (
            <circle key={g.restriction.restriction_id} className="no" cx={x} cy={y} r={g.restriction.radius_m / 111} />
          );
        })}
        {map.places.map((p, i) => {
          const [x, y] = at(frame, p.lat, p.lon);
          return (
            <g key={`${p.lat}${p.lon}`} className={i === chosen ? "pl on" : "pl"} transform={`translate(${x} ${y})`}>
              <path transform={`rotate(${p.azimuth_deg})`} d="M0 0L-0.25 -0.45L0.25 -0.45Z" />
              <circle r={0.14} />
              <text y={0.06} textAnchor="middle">
                {i + 1}
              </text>
            </g>
          );
        })}
      </svg>
      <div className="legend xs t2">
        {(["st", "bl", "pl", "no"] as const).map((key, i) => (
          <span key={key}>
            <i className={key} /> {t.legend[i]}
          </span>
        ))}
      </div>
      {map.without ? <p className="pb xs t3">{t.without(map.without, t.senses[map.sense])}</p> : null}
    </div>
  );
}

function Proposals({ map, chosen, pick }: { map: BlindMap; chosen: number; pick: (n: number) => void }) {
  const t = useInspection();
  const code = new Map(map.named.map((c) => [c.camera_id, c]));
  return (
    <>
      <div className="grp">{t.gaps}</div>
      {map.gaps.length ? null : <p className="pb sm t3">{t.noGaps}</p>}
      {map.gaps.map((g) => (
        <div className="prop" key={g.restriction.restriction_id}>
          <b className="t1">{g.restriction.name}</b> <span className="xs t3">{g.restriction.clause}</span>
          {g.substitutes.length ? (
            <span className="xs">
              {t.substitute} {g.substitutes.map(([c, m]) => `${code.get(c)?.code ?? ""} ${metres(m)} m`).join(" · ")}
            </span>
          ) : null}
          {g.open ? (
            <span className="xs bad">{t.gap(metres(g.blind_m), g.restriction.owner, g.restriction.close_by)}</span>
          ) : null}
        </div>
      ))}
      <div className="grp">{t.places}</div>
      {map.places.length ? null : <p className="pb sm t3">{t.noPlaces}</p>}
      {map.places.map((p, i) => (
        <button
          type="button"
          className={`prop${i === chosen ? " on" : ""}`}
          key={`${p.lat}${p.lon}`}
          aria-pressed={i === chosen}
          onClick={() => pick(i)}
        >
          <b className="t1">{t.place(i + 1, Math.round(p.azimuth_deg))}</b>
          <span className="num">{t.gain(metres(p.gained_m))}</span>
        </button>
      ))}
      <div className="grp">{t.turns}</div>
      {map.turns.length ? null : <p className="pb sm t3">{t.noTurns}</p>}
      {map.turns.map((turn) => (
        <div className="prop" key={turn.camera_id}>
          <b className="t1">{code.get(turn.camera_id)?.code}</b>
          <span className="xs t3 cut">{code.get(turn.camera_id)?.address}</span>
          <span className="num">{t.look(Math.round(turn.from_deg), Math.round(turn.to_deg))}</span>
          <span className="num">
            {t.gain(metres(turn.gained_m))} {turn.lost_m ? t.lose(metres(turn.lost_m)) : ""}
          </span>
        </div>
      ))}
    </>
  );
}
