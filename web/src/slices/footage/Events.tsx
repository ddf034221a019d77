/** Bookmarks and what else happened, of every camera, in order. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type CameraTimeline, footage } from "../../api/footage";
import { clock } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { PanelHead } from "../../kit/parts";
import { Empty } from "../../kit/states";
import { useFootageText } from "../../text/footage";
import type { Scene } from "./scenes";

export function Events({
  scene,
  timelines,
  may,
  onGo,
}: {
  scene: Scene | undefined;
  timelines: ReadonlyMap<string, CameraTimeline>;
  /** Desks that see the footage of a provision set bookmarks; each removes its own. */
  may: boolean;
  onGo: (camera: string, ms: number) => void;
}) {
  const t = useFootageText();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (mark: string) => footage.unmark(scene?.provision ?? "", mark),
    onSettled: () => void client.invalidateQueries({ queryKey: ["timeline", scene?.provision] }),
  });
  const codes = new Map(scene?.cameras.map((c) => [c.camera_id, c.code]));
  const seen = new Set<string>();
  const events = [...timelines.values()]
    .flatMap((line) => line.events.map((e) => ({ ...e, camera: line.camera_id })))
    .filter((e) => {
      // what happened to the provision stands on every camera's line: once is enough
      const key = e.kind === "bookmark" ? e.id : e.kind;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => a.at.localeCompare(b.at));
  return (
    <>
      <PanelHead title={t.events} sub={events.length ? String(events.length) : ""} right={may ? <kbd>N</kbd> : null} />
      {events.length === 0 ? (
        <Empty icon="film" title={t.noEvents} body={may ? t.noEventsBody : t.markElse} />
      ) : (
        <div className="events scroll">
          {events.map((e) => (
            <div className="ev-row" key={`${e.kind}${e.id}`}>
              <button type="button" className="bare-row" onClick={() => onGo(e.camera, Date.parse(e.at))}>
                <i className={`tr-ev ${e.kind}`} />
                <time className="num">{clock(e.at)}</time>
                <span className="cut t1">{e.kind === "bookmark" ? e.words : (t.kind[e.kind] ?? e.kind)}</span>
                <span className="t3 xs">{e.kind === "bookmark" ? codes.get(e.camera) : ""}</span>
              </button>
              {e.own && may ? (
                <button
                  type="button"
                  className="bare t3"
                  aria-label={`${t.unmark} ${e.words}`}
                  onClick={() => remove.mutate(e.id)}
                >
                  <Icon name="out" size={14} />
                </button>
              ) : null}
            </div>
          ))}
        </div>
      )}
    </>
  );
}
