/** By an order: the cameras it names, on a day and between hours of one's choice. */
import { useMemo, useState } from "react";
import type { CameraTimeline, Coverage, OwnTimeline } from "../../api/footage";
import { type Order, useOrders } from "../../api/keeping";
import type { Account } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { day, shortId } from "../../kit/format";
import { useQueryWord } from "../../kit/route";
import { useFootageText } from "../../text/footage";
import { Desk } from "./Footage";
import { type Scene, type SceneList, useTimelines } from "./scenes";
import { covered, lastHour, spansOf } from "./timeline";

const instant = (date: string, time: string) => Date.parse(`${date}T${time}:00+09:00`);

function sceneOf(order: Order, fromMs: number, untilMs: number): Scene {
  const cameras = order.resources.map((r) => ({
    camera_id: r,
    code: shortId(r),
    name: "",
    listed: true,
    from_at: new Date(fromMs).toISOString(),
    until_at: new Date(untilMs).toISOString(),
    recorded_s: 0,
    missing_s: 0,
    causes: [],
  }));
  return {
    provision: order.order_id,
    state: "given",
    reason: null,
    cameras,
    permit: undefined,
    ground: order.number ?? shortId(order.order_id),
    fromMs,
    earliestMs: fromMs,
    untilMs,
    own: true,
  };
}

/** A camera with what its timeline says of it: an order knows its cameras by their ids alone. */
function told(camera: Coverage, line: CameraTimeline | undefined): Coverage {
  if (!line) return camera;
  const { code, name } = line as OwnTimeline;
  const { recordedMs, gaps } = covered(spansOf(line.stretches), [
    Date.parse(camera.from_at),
    Date.parse(camera.until_at),
  ]);
  const missing_s = gaps.reduce((sum, g) => sum + (g.untilMs - g.fromMs) / 1000, 0);
  return { ...camera, code: code || camera.code, name, recorded_s: recordedMs / 1000, missing_s };
}

export function OwnFootage({ account }: { account: Account }) {
  const t = useFootageText();
  const orders = useOrders();
  const [chosen, choose] = useQueryWord("scene");
  const [first] = useState(() => lastHour(nowMs()));
  const [date = first.date, setDate] = useQueryWord("day");
  const [from = first.from, setFrom] = useQueryWord("from");
  const [until = first.until, setUntil] = useQueryWord("until");
  const found = (orders.data?.orders ?? []).filter((o) => o.state === "in_force" && o.opens.includes("read_footage"));
  const order = found.find((o) => o.order_id === chosen) ?? found[0];
  const list: SceneList = {
    rows: found.map((o) => ({
      id: o.order_id,
      code: o.number ?? shortId(o.order_id),
      words: `${o.statute} · ${day(o.until_at)}`,
      at: o.from_at,
      open: true,
    })),
    error: orders.error,
    known: Boolean(orders.data),
  };
  const [fromMs, untilMs] = [instant(date, from), instant(date, until)];
  const right = Number.isFinite(fromMs) && untilMs > fromMs;
  const asked = useMemo<Scene | undefined>(
    () => (order && right ? sceneOf(order, fromMs, untilMs) : undefined),
    [order?.order_id, fromMs, untilMs, right],
  );
  const lines = useTimelines(asked, fromMs);
  const scene = useMemo(
    () => asked && { ...asked, cameras: asked.cameras.map((c) => told(c, lines.get(c.camera_id))) },
    [asked, lines],
  );
  return (
    <Desk
      key={`${order?.order_id} ${fromMs} ${untilMs}`}
      account={account}
      list={list}
      id={order?.order_id}
      onScene={choose}
      scene={scene}
      error={null}
    >
      <div className="pb own-hours">
        <p className="sm t2">{list.known && !order ? t.noOrdersBody : t.ownBody}</p>
        <label>
          <span className="xs t3">{t.day}</span>
          <input className="in" type="date" value={date} onChange={(e) => setDate(e.target.value || undefined)} />
        </label>
        <label>
          <span className="xs t3">{t.from}</span>
          <input className="in" type="time" value={from} onChange={(e) => setFrom(e.target.value || undefined)} />
        </label>
        <label>
          <span className="xs t3">{t.until}</span>
          <input className="in" type="time" value={until} onChange={(e) => setUntil(e.target.value || undefined)} />
        </label>
      </div>
    </Desk>
  );
}
