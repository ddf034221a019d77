/** The live wall of one provision. Tile 1 is the camera that sees best; the rest stand by predicted arrival. */
import { type DragEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Camera, CameraProvision, Masking, Ticket } from "../api/types";
import { elapsed } from "../kit/format";
import { useText } from "../text";
import { useFootageText } from "../text/footage";
import { arrange, byArrival, grid, RERANK_MS, type Remembered, remember, type Slots } from "./layout";
import { LiveTile } from "./Tile";

export interface WallProps {
  provision: CameraProvision;
  size: number;
  ask: (camera: string, masking: Masking) => Promise<Ticket>;
  watermark: string;
  /** Index of the tile that is large. */
  large: number;
  onLarge: (index: number) => void;
  endedWords?: string;
  /** Told which camera stands in which tile: the map writes the same numbers. */
  onSlots?: ((slots: Slots) => void) | undefined;
  /** Tiles that a person placed; without them the wall follows the ranking. `MAP` is the map. */
  fixed?: Slots | undefined;
  map?: ReactNode;
  /** One tile was put in another's place; `camera` where it came from elsewhere. */
  onMove?: ((from: number, to: number) => void) | undefined;
  chosen?: number | undefined;
  /** A camera that somebody works with: its tile stays where it is. */
  keep?: string | undefined;
  /** What else stands on a camera's tile. */
  badge?: ((camera: string) => ReactNode) | undefined;
}
export const MAP = "map";

/** Slots that follow the ranking, but not faster than eyes, and never move what a person is looking at. */
export function useSlots(
  listed: readonly Camera[],
  held: ReadonlySet<string>,
  size: number,
): { slots: Slots; cameras: readonly Camera[] } {
  const memory = useRef<Remembered<Camera>[]>([]);
  const state = useRef<{ slots: Slots; rankedMs: number }>({ slots: [], rankedMs: 0 });
  return useMemo(() => {
    const now = Date.now();
    memory.current = remember(memory.current, listed, now, held);
    const cameras = memory.current.map((r) => r.camera);
    const count = Math.min(size, Math.max(1, cameras.length));
    const known = new Set(cameras.map((c) => c.camera_id));
    const { slots, rankedMs } = state.current;
    // between two rankings every tile whose camera still exists is held; a new best view never waits
    const early = now - rankedMs < RERANK_MS;
    const best = byArrival(cameras)[0];
    const kept = early ? new Set([...held, ...slots.filter((c): c is string => Boolean(c && known.has(c)))]) : held;
    const next = arrange(slots, cameras, kept, count);
    const at = best ? next.indexOf(best) : -1;
    const shown = [...next];
    if (best && at !== 0 && !(shown[0] && held.has(shown[0])) && !held.has(best)) {
      if (at > 0) shown[at] = shown[0] ?? null;
      shown[0] = best;
    }
    state.current = { slots: shown, rankedMs: early ? rankedMs : now };
    return { slots: shown, cameras };
  }, [listed, held, size]);
}

export function Wall(props: WallProps) {
  const { provision, size, ask, watermark, large, onLarge, endedWords, onSlots, fixed, map, onMove } = props;
  const { chosen, keep, badge } = props;
  const text = useText();
  const t = useFootageText();
  const [pointer, setPointer] = useState<string>();
  const [focus, setFocus] = useState<string>();
  const held = useMemo(
    () => new Set([pointer, focus, keep].filter((c): c is string => Boolean(c))),
    [pointer, focus, keep],
  );
  const ranked = useSlots(provision.cameras, held, size);
  const { cameras } = ranked;
  const slots = fixed ?? ranked.slots;
  const count = slots.length;
  const order = slots.join(",");
  useEffect(() => onSlots?.(slots), [order]);
  const lay = grid(count, Math.min(large, count - 1));
  const byId = new Map(cameras.map((c) => [c.camera_id, c]));
  const ended = provision.state !== "given";
  return (
    <div
      className="wall"
      style={{ gridTemplateColumns: `repeat(${lay.columns}, 1fr)`, gridTemplateRows: `repeat(${lay.rows}, 1fr)` }}
    >
      {slots.map((id, index) => {
        const camera = id ? byId.get(id) : undefined;
        const cell = lay.cells[index];
        if (!cell) return null;
        const style = { gridArea: `${cell.row + 1}/${cell.column + 1}/span ${cell.rows}/span ${cell.columns}` };
        const drag = onMove
          ? {
              draggable: true,
              onDragStart: (e: DragEvent) => e.dataTransfer.setData("text/plain", String(index)),
              onDragOver: (e: DragEvent) => e.preventDefault(),
              onDrop: (e: DragEvent) => {
                e.preventDefault();
                const from = Number(e.dataTransfer.getData("text/plain"));
                if (Number.isInteger(from) && from !== index) onMove(from, index);
              },
            }
          : {};
        if (!camera) {
          return (
            <section
              className={`slot${index === chosen ? " picked" : ""}`}
              style={style}
              key={`empty-${cell.row}-${cell.column}`}
              aria-label={id === MAP ? t.mapTile : t.empty}
              {...drag}
            >
              {id === MAP ? (
                map
              ) : (
                <div className="tile void hatch">
                  <span className="k">
                    <kbd>{index + 1}</kbd>
                  </span>
                  <div className="mid t3">
                    <b>{fixed ? t.empty : text.wall.noCamera}</b>
                    {fixed ? <span>{t.emptyBody}</span> : null}
                  </div>
                </div>
              )}
            </section>
          );
        }
        const next = index === 0 ? byId.get(slots[1] ?? "") : undefined;
        const arrival = camera.arrives_in_s;
        const caption =
          next && next.arrives_in_s !== null && next.arrives_in_s >= 0
            ? text.incident.next(`2 ${next.code}`, elapsed(next.arrives_in_s))
            : arrival === null
              ? ""
              : arrival < 0
                ? text.wall.passed
                : index === 0
                  ? ""
                  : text.wall.arrives(elapsed(arrival));
        return (
          <section
            key={camera.camera_id}
            className={`slot${index === chosen ? " picked" : ""}`}
            style={style}
            {...drag}
            aria-label={text.wall.tile(index + 1, camera.code)}
            onPointerEnter={() => setPointer(camera.camera_id)}
            onPointerLeave={() => setPointer(undefined)}
            onFocus={() => setFocus(camera.camera_id)}
            onBlur={() => setFocus(undefined)}
          >
            <button
              type="button"
              className="slot-pick"
              aria-label={`${text.incident.enlarge} ${index + 1}`}
              onClick={() => onLarge(index)}
            />
            <LiveTile
              number={String(index + 1)}
              camera={camera}
              ask={ask}
              ended={ended}
              {...(endedWords ? { endedWords } : {})}
              watermark={watermark}
              best={index === 0}
              selected={index === large && large !== 0}
              large={cell.rows > 1}
              caption={caption}
              badge={badge?.(camera.camera_id)}
            />
          </section>
        );
      })}
    </div>
  );
}
