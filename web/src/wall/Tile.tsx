/** One tile of the wall: a picture, or the reason there is none. */
import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Refusal } from "../api/client";
import type { Camera, Masking, StyleData, Ticket } from "../api/types";
import { nowMs, useNow } from "../kit/clock";
import { elapsed } from "../kit/format";
import { Icon, MaskIcon } from "../kit/Icon";
import { useText } from "../text";
import { useFootageText } from "../text/footage";
import { brackets, place } from "./boxes";
import { DRAWING, outline } from "./outline";
import { type Init, Player, type PlayerState, type Said, type Track } from "./player";

export interface TileCamera {
  camera_id: string;
  code: string;
  name: string;
  arrives_in_s: number | null;
  sees: boolean;
}

/** The frame every tile shares: number, state badges, caption. Pure, so the fixtures can show each state. */
export function TileFrame({
  number,
  code,
  name,
  badges,
  caption,
  tone = "",
  small = true,
  children,
}: {
  number: string;
  code: string;
  name: string;
  badges?: ReactNode;
  caption?: ReactNode;
  tone?: string;
  small?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className={`tile${small ? " small" : ""} ${tone}`}>
      {children}
      <span className="k">
        <kbd>{number}</kbd>
      </span>
      <span className="st">{badges}</span>
      <div className="cap">
        <b>{code}</b>
        <span className="cut sp">{name}</span>
        <span className="num nw">{caption}</span>
      </div>
    </div>
  );
}

/** What stands in a tile that has no picture. */
export function TileReason({
  state,
  detail,
  onAsk,
}: {
  state: Exclude<PlayerState, "live" | "reconnecting">;
  detail?: string;
  /** Ask for the right again; the machine never does it by itself. */
  onAsk?: (() => void) | undefined;
}) {
  const text = useText();
  const words: Record<typeof state, [string, string]> = {
    connecting: [text.wall.connecting, detail ?? ""],
    ended: [text.wall.ended, detail ?? text.wall.endedBody],
    no_source: [text.wall.noSource, detail || text.wall.noSourceBody],
    refused: [text.wall.refused, detail ?? ""],
    unsupported: [text.wall.unsupported, ""],
  };
  return (
    <div className="mid">
      <Icon name={state === "ended" || state === "refused" ? "lock" : "camera"} size={24} />
      <b>{words[state][0]}</b>
      {words[state][1] ? <span>{words[state][1]}</span> : null}
      {onAsk ? (
        <button type="button" className="btn s over" onClick={onAsk}>
          {text.wall.askAgain}
        </button>
      ) : null}
    </div>
  );
}

/** The line drawing of a camera's view. */
export const Drawing = memo(function Drawing({
  camera,
  style,
}: {
  camera: Pick<Camera, "lat" | "lon" | "azimuth_deg" | "fov_deg" | "range_m">;
  style: StyleData | undefined;
}) {
  const strokes = useMemo(
    () => outline(camera, style?.buildings.features ?? [], style?.streets.features ?? []),
    [camera.lat, camera.lon, camera.azimuth_deg, camera.fov_deg, camera.range_m, style],
  );
  return (
    <svg
      className="scene"
      viewBox={`0 0 ${DRAWING.width} ${DRAWING.height}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      {strokes.map((s) => (
        <path key={s.d} d={s.d} stroke="#4b5862" strokeOpacity={s.opacity} fill="none" />
      ))}
    </svg>
  );
});

/** A prepared camera: no line is open, nobody is visible. */
export function PreparedTile({
  number,
  camera,
  style,
  chosen,
}: {
  number: string;
  camera: Camera;
  style: StyleData | undefined;
  chosen?: boolean;
}) {
  const text = useText();
  const arrival = camera.arrives_in_s;
  return (
    <TileFrame
      number={number}
      code={camera.code}
      name={camera.name}
      tone={`void armed${chosen ? " sel" : ""}`}
      badges={<span className="bd">{text.watch.standby}</span>}
      caption={<b>{arrival === null ? "" : arrival < 0 ? text.watch.passed : elapsed(arrival)}</b>}
    >
      <Drawing camera={camera} style={style} />
    </TileFrame>
  );
}

/** The permit, the seat and the day over a picture, cut with it. */
export function Watermark({ words }: { words: string }) {
  const places = [-30, 60, 150, 240, 330].flatMap((y, row) =>
    [0, 1, 2].map((i) => ({ x: i * 300 - (row % 2) * 110, y })),
  );
  return (
    <svg className="scene s-wm" viewBox="0 0 640 360" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <g transform="rotate(-18 320 180)">
        {places.map((p) => (
          <text key={`${p.x},${p.y}`} x={p.x} y={p.y}>
            {words}
          </text>
        ))}
      </g>
    </svg>
  );
}

export function Overlay({
  tracks,
  picture,
  tile,
  marked,
  chosen,
  onMark,
}: {
  tracks: readonly Track[];
  picture: { width: number; height: number };
  tile: { width: number; height: number };
  marked: string | undefined;
  chosen: string | undefined;
  onMark?: ((track: string) => void) | undefined;
}) {
  const text = useText();
  return (
    <>
      <svg className="boxes" width={tile.width} height={tile.height} aria-hidden="true">
        {tracks
          .filter((t) => t.id === marked || t.id === chosen)
          .map((t) => (
            <path
              key={t.id}
              d={brackets(place(t.box, picture, tile))}
              fill="none"
              stroke={t.id === marked ? "#fff" : "var(--ours)"}
              strokeWidth="2"
            />
          ))}
      </svg>
      {onMark
        ? tracks
            .filter((t) => t.class === "person")
            .map((t) => {
              const r = place(t.box, picture, tile);
              return (
                <button
                  key={t.id}
                  type="button"
                  className="trk"
                  style={{ left: r.left, top: r.top, width: Math.max(r.width, 26), height: Math.max(r.height, 26) }}
                  aria-label={`${text.wall.track(t.id)} ${text.wall.mark}`}
                  aria-pressed={t.id === marked}
                  onClick={(event) => {
                    event.stopPropagation();
                    onMark(t.id);
                  }}
                />
              );
            })
        : null}
    </>
  );
}

/** A live tile. `ended` blanks it at once, before the relay says so. */
export function LiveTile({
  number,
  camera,
  ask,
  ended,
  endedWords,
  watermark,
  best,
  selected,
  large,
  caption,
  word,
  badge,
  said,
  sized,
}: {
  number: string;
  camera: TileCamera;
  ask: (camera: string, masking: Masking) => Promise<Ticket>;
  ended: boolean;
  endedWords?: string;
  watermark: string;
  best: boolean;
  selected: boolean;
  large: boolean;
  caption?: ReactNode;
  /** What kind of source this is, where it is no camera of the city. */
  word?: string;
  badge?: ReactNode;
  said?: (message: Said) => void;
  /** How large the picture is, once that is known. */
  sized?: (picture: { width: number; height: number }) => void;
}) {
  const text = useText();
  const t = useFootageText();
  const video = useRef<HTMLVideoElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const player = useRef<Player | undefined>(undefined);
  const masking = useRef<Masking>("masked");
  const [state, setState] = useState<PlayerState>("connecting");
  const [init, setInit] = useState<Init>();
  const [tracks, setTracks] = useState<readonly Track[]>([]);
  const [behind, setBehind] = useState(0);
  const [refusal, setRefusal] = useState<string>();
  const [thin, setThin] = useState<string>();
  const [why, setWhy] = useState<string>();
  const [permit, setPermit] = useState<Pick<Ticket, "permit_id" | "not_after">>();
  const [size, setSize] = useState({ width: 320, height: 180 });
  const lastFrame = useRef(nowMs());
  const asked = useRef(ask);
  asked.current = ask;
  const heard = useRef(said);
  heard.current = said;
  const measured = useRef(sized);
  measured.current = sized;

  useEffect(() => {
    if (ended || !video.current) return undefined;
    let lastTold = 0;
    const made = new Player(
      video.current,
      async () => {
        try {
          const ticket = await asked.current(camera.camera_id, masking.current);
          setPermit(ticket);
          setThin(undefined);
          setWhy(undefined);
          return ticket;
        } catch (error) {
          if (error instanceof Refusal) setRefusal(error.todo || error.message);
          throw error;
        }
      },
      {
        state: setState,
        init: (began) => {
          setInit(began);
          measured.current?.(began);
        },
        boxes: setTracks,
        refused: () => {
          masking.current = "masked";
        },
        said: (message) => {
          if (message.type === "quality")
            setThin(message.level === "key-frames" ? (message.reason ?? "busy") : undefined);
          if (message.type === "source" && message.reason) setWhy(message.reason);
          heard.current?.(message);
        },
        frame: () => {
          lastFrame.current = nowMs();
        },
        behind: (s) => {
          // the badge changes once a second at most: numbers do not flicker
          if (performance.now() - lastTold > 1000) {
            lastTold = performance.now();
            setBehind(s);
          }
        },
      },
    );
    player.current = made;
    made.start();
    return () => made.stop();
  }, [camera.camera_id, ended]);

  useEffect(() => {
    if (!frame.current) return undefined;
    const watch = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);

  const mark =
    init?.may_mark === false
      ? undefined
      : (track: string) => {
          if (player.current?.mark(track)) masking.current = "marked";
        };
  const marked = init?.marked ?? undefined;

  const shown = ended ? "ended" : state;
  const picture = shown === "live" || shown === "reconnecting";
  return (
    <div className="tile-box" ref={frame}>
      <TileFrame
        number={number}
        code={camera.code}
        name={camera.name}
        small={!large}
        tone={`${shown === "ended" ? "void hatch" : picture ? "" : "void"}${shown === "reconnecting" ? " stale" : ""}${best ? " best" : ""}${selected ? " sel" : ""}`}
        badges={
          <>
            {word ? <span className="bd">{word}</span> : null}
            {picture ? badge : null}
            {best && picture ? <span className="bd">{text.incident.best}</span> : null}
            {shown === "live" ? (
              <span className="bd num">{text.wall.live(Math.max(0.1, behind).toFixed(1))}</span>
            ) : null}
            {shown === "live" && thin ? (
              <span className="bd doubt">
                {t.keyFrames} · {t.keyFramesWhy[thin] ?? thin}
              </span>
            ) : null}
            {shown === "reconnecting" ? (
              <span className="bd doubt">
                <Icon name="link" size={12} /> {text.wall.reconnecting}
              </span>
            ) : null}
            {picture && init ? (
              <span className="bd">
                <MaskIcon size={12} />
                {init.masking === "masked"
                  ? text.wall.maskedAll
                  : init.masking === "marked"
                    ? text.wall.marked
                    : text.wall.original}
              </span>
            ) : null}
          </>
        }
        caption={shown === "reconnecting" ? <StoppedAge at={lastFrame.current} /> : caption}
      >
        <video
          ref={video}
          className="scene"
          muted
          playsInline
          disablePictureInPicture
          style={{ display: picture ? undefined : "none" }}
          data-camera={camera.code}
          data-state={shown}
        />
        {picture ? <Watermark words={permit ? `${permitCode(permit.permit_id)} · ${watermark}` : watermark} /> : null}
        {picture && permit ? <TilePermit id={permit.permit_id} notAfter={init?.not_after ?? permit.not_after} /> : null}
        {picture && init ? (
          <Overlay tracks={tracks} picture={init} tile={size} marked={marked} chosen={undefined} onMark={mark} />
        ) : null}
        {picture ? null : shown === "connecting" ? (
          <Waiting />
        ) : (
          <TileReason
            state={shown as "ended"}
            detail={
              shown === "ended"
                ? (endedWords ?? "")
                : shown === "no_source" && why
                  ? (t.reasonOf[why] ?? why)
                  : (refusal ?? "")
            }
            onAsk={shown === "ended" && !ended ? () => player.current?.askAgain() : undefined}
          />
        )}
      </TileFrame>
    </div>
  );
}

/** A permit as lists name it (server: short of a permit). */
export const permitCode = (id: string) => `PM-${id.slice(-4).toUpperCase()}`;

/** The right a picture stands on, and what is left of it: cut with the picture. */
function TilePermit({ id, notAfter }: { id: string; notAfter: string }) {
  const left = (Date.parse(notAfter) - useNow()) / 1000;
  return (
    <span className={`tile-permit num${left < 120 ? " soon" : ""}`}>
      <Icon name="lock" size={11} /> <b>{permitCode(id)}</b> {elapsed(left)}
    </span>
  );
}

function StoppedAge({ at }: { at: number }) {
  const now = useNow();
  const text = useText();
  return <>{text.wall.last(text.age(Math.max(0, (now - at) / 1000)))}</>;
}
/** The first picture comes in tenths of a second; after half a second say how long it has been. */
function Waiting() {
  const text = useText();
  const [since] = useState(() => performance.now());
  const [shown, setShown] = useState("");
  useEffect(() => {
    const timer = setInterval(() => setShown(((performance.now() - since) / 1000).toFixed(1)), 500);
    return () => clearInterval(timer);
  }, [since]);
  return <div className="mid num">{shown ? text.load.firstFrame(shown) : ""}</div>;
}
