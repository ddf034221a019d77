/** Screen 03: one incident until it closes. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { api, type Refusal } from "../../api/client";
import { useIncident, useIncidentCameras, usePermits } from "../../api/hooks";
import { viewersOf } from "../../api/shape";
import type { Account, ChecklistItem, Incident as IncidentData, Order, TimelineEntry } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { day } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { NoteDialog } from "../../kit/NoteDialog";
import { Button, Hint } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { inTiles, type Situation, SituationMap } from "../../map/SituationMap";
import { useText } from "../../text";
import { LiveWall } from "../../wall/LiveWall";
import { AskScene } from "./AskScene";
import { CloseBar } from "./CloseBar";
import { ExtendDialog, HandOverDialog, OrderDialog } from "./Dialogs";
import { IncidentHead } from "./Head";
import { Checklist, OrderCard, Permits, UnitTable } from "./Lists";
import { idle, nextLine, unitsInOrder } from "./rules";
import { Timeline } from "./Timeline";
import { useDistances, VictimPanel } from "./Victim";

const icons: TimelineEntry["icon"][] = ["alarm", "ours", "safe", "info", "doubt"];
type Open = "ask" | "note" | "wearer" | "victim" | "handover" | "extend" | { order: Order };

export function Incident({ id, account }: { id: string; account: Account }) {
  const text = useText();
  const incident = useIncident(id);
  if (!incident.data) {
    return (
      <main className="main single">
        <section className="panel">
          <Answer error={incident.error} retry={() => void incident.refetch()} what={text.incident.list} />
        </section>
      </main>
    );
  }
  return <Complete incident={incident.data} account={account} />;
}

/** The incident with its cameras and its permits, each from the slice that owns them. */
function Complete({ incident, account }: { incident: IncidentData; account: Account }) {
  const cameras = useIncidentCameras(incident.incident_id);
  const permits = usePermits(incident.incident_id);
  const whole = useMemo(() => {
    const rows = permits.data?.permits ?? incident.permits;
    return {
      ...incident,
      provision: cameras.data ?? incident.provision,
      permits: rows,
      viewers: incident.viewers.length ? incident.viewers : viewersOf(rows),
    };
  }, [incident, cameras.data, permits.data]);
  return <Shown incident={whole} account={account} />;
}

/** Ticking a line can be taken back for ten seconds; the ledger keeps both. */
function useTick(incident: IncidentData) {
  const text = useText();
  const client = useQueryClient();
  const key = ["incident", incident.incident_id];
  const tick = useMutation({
    mutationFn: ({ item, done }: { item: ChecklistItem; done: boolean }) =>
      api.tick(incident.incident_id, item.item, done),
    onMutate: ({ item, done }) => {
      client.setQueryData<IncidentData>(key, (old) =>
        old
          ? {
              ...old,
              checklist: old.checklist.map((c) =>
                c.item === item.item ? { ...c, done_at: done ? new Date(nowMs()).toISOString() : null } : c,
              ),
            }
          : old,
      );
    },
    onError: (error: Refusal) => toast(`${error.message} ${error.todo ?? ""}`, { icon: "warning", tone: "soon" }),
    onSettled: () => void client.invalidateQueries({ queryKey: key }),
  });
  return (item: ChecklistItem) => {
    const done = !item.done_at;
    tick.mutate(
      { item, done },
      {
        onSuccess: () => {
          if (done)
            toast(text.incident.ticked(text.locale === "ko" ? item.label_ko : item.label_en), {
              undo: () => tick.mutate({ item, done: false }),
            });
        },
      },
    );
  };
}

function Shown({ incident, account }: { incident: IncidentData; account: Account }) {
  const text = useText();
  const client = useQueryClient();
  const [view, setView] = useQueryWord("map");
  const [cam, setCam] = useQueryWord("camera");
  const [line, setLine] = useQueryWord("line");
  const [filterWord, setFilter] = useQueryWord("show");
  const [focus, setFocus] = useState(0);
  const [slots, setSlots] = useState<readonly (string | null)[]>([]);
  const [open, setOpen] = useState<Open>();
  const distances = useDistances(incident.victim);
  const tick = useTick(incident);
  const large = cam ? Math.max(0, Number(cam) - 1) : 0;
  const closed = incident.state === "closed" || incident.state === "taken_back";
  const filter = icons.find((i) => i === filterWord);
  const pick = useCallback((index: number) => setCam(index === 0 ? undefined : String(index + 1)), [setCam]);

  const situation = useMemo<Situation>(
    () => ({
      code: incident.wearer_code ?? "",
      trigger: incident.trigger,
      open: !closed,
      subject: incident.subject,
      victim: incident.victim,
      units: incident.units,
      next: incident.next,
      cameras: incident.provision?.state === "given" ? inTiles(incident.provision.cameras, slots) : [],
      chosen: cam ? large : undefined,
    }),
    [incident, closed, cam, large, slots],
  );
  const rows = incident.permits;
  const short = rows.find((p) => p.state === "in_use")?.short ?? incident.code;
  const drafts = incident.orders.filter((o) => o.state === "draft");
  const reserve = unitsInOrder(incident.units).find((u) => idle(u));
  const chosenLine = nextLine(incident.checklist, line);
  const addUnit = useMutation({
    mutationFn: (unit: string) => api.addUnit(incident.incident_id, unit),
    onError: (error: Refusal) => toast(error.message, { icon: "warning", tone: "soon" }),
    onSettled: () => void client.invalidateQueries({ queryKey: ["incident", incident.incident_id] }),
  });
  const acknowledge = useMutation({
    mutationFn: () => api.acknowledgeIncident(incident.incident_id),
    onSettled: () => void client.invalidateQueries({ queryKey: ["incident", incident.incident_id] }),
  });
  const moves = useMoves(
    incident.checklist,
    (c) => c.item === chosenLine?.item,
    (c) => setLine(c.item),
  );
  useKeys([
    ...(incident.acknowledged_at || closed
      ? []
      : [{ code: "Space", hint: text.watch.ack, run: () => acknowledge.mutate() }]),
    ...Array.from({ length: 6 }, (_, i) => ({
      code: `Digit${i + 1}`,
      hint: text.incident.enlarge,
      run: () => pick(i),
    })),
    ...moves,
    ...(chosenLine && !closed ? [{ code: "KeyX", hint: text.incident.tickKey, run: () => tick(chosenLine) }] : []),
    ...(drafts[0] && !closed
      ? [{ code: "KeyO", hint: text.incident.newOrder, run: () => setOpen({ order: drafts[0] as Order }) }]
      : []),
    ...(closed ? [] : [{ code: "KeyC", hint: text.watch.callWearer, run: () => setOpen("wearer") }]),
    ...(incident.victim && !closed
      ? [{ code: "KeyV", hint: text.watch.callVictim, run: () => setOpen("victim") }]
      : []),
    ...(reserve && !closed
      ? [{ code: "KeyU", hint: text.incident.addUnit(reserve.name), run: () => addUnit.mutate(reserve.unit_id) }]
      : []),
    ...(closed ? [] : [{ code: "KeyA", hint: text.incident.ask.verb, run: () => setOpen("ask") }]),
    { code: "KeyN", hint: text.incident.note, run: () => setOpen("note") },
    { code: "KeyF", hint: text.incident.filter, run: () => setFilter(icons[filter ? icons.indexOf(filter) + 1 : 0]) },
    ...(incident.provision?.state === "given" ? [{ code: "KeyG", shift: true, run: () => setOpen("extend") }] : []),
    { code: "KeyZ", hint: text.watch.focusMap, run: () => setFocus((n) => n + 1) },
  ]);
  const order = typeof open === "object" ? open.order : undefined;
  return (
    <main className="main incident">
      <IncidentHead incident={incident} />
      <section className="panel inc-left">
        <SituationMap situation={situation} view={view} onView={setView} focus={focus} onPick={pick} />
        <div className="scroll">
          <UnitTable units={incident.units} />
          <div className="sec pb orders">
            <div className="fx">
              <h2>{text.incident.orders}</h2>
              <span className="sp" />
              {drafts.length ? <Hint cap="O">{text.incident.newOrder}</Hint> : null}
            </div>
            {incident.orders.map((o) => (
              <OrderCard key={o.order_id} order={o} onOpen={() => setOpen({ order: o })} />
            ))}
            {incident.orders.length === 0 ? <p className="sm t3">{text.incident.noOrders}</p> : null}
            {closed ? null : (
              <div className="fx">
                <Button cap="C" className="sp left" onClick={() => setOpen("wearer")}>
                  <Icon name="phone" />
                  {text.incident.callWearer}
                  <span className="sp" />
                </Button>
                {reserve ? (
                  <Button cap="U" onClick={() => addUnit.mutate(reserve.unit_id)}>
                    {text.incident.addUnit(reserve.name)}
                  </Button>
                ) : null}
              </div>
            )}
            {closed ? null : (
              <Button cap="A" className="left" onClick={() => setOpen("ask")}>
                <Icon name="camera" />
                {text.incident.ask.verb}
                <span className="sp" />
              </Button>
            )}
          </div>
        </div>
      </section>
      <section className="panel inc-mid">
        <LiveWall
          incident={incident.incident_id}
          provision={incident.provision}
          closed={closed}
          size={6}
          watermark={`${short} · ${account.display} · ${day(nowMs())}`}
          large={large}
          onLarge={pick}
          onSlots={setSlots}
        />
        <Timeline entries={incident.timeline} filter={filter} closed={closed} />
      </section>
      <section className="panel inc-right">
        <div className="scroll">
          <VictimPanel incident={incident} distances={distances} />
          <Checklist
            incident={incident}
            chosen={closed ? undefined : chosenLine?.item}
            onTick={(c) => (closed ? undefined : tick(c))}
          />
          <Permits permits={rows} viewers={incident.viewers} />
        </div>
        <CloseBar incident={incident} account={account} onHandOver={() => setOpen("handover")} />
      </section>
      {order ? <OrderDialog incident={incident.incident_id} order={order} onClose={() => setOpen(undefined)} /> : null}
      {open === "handover" ? (
        <HandOverDialog incident={incident.incident_id} onClose={() => setOpen(undefined)} />
      ) : null}
      {open === "extend" && incident.provision ? (
        <ExtendDialog provision={incident.provision.provision_id} onClose={() => setOpen(undefined)} />
      ) : null}
      {open === "ask" ? <AskScene incident={incident.incident_id} onClose={() => setOpen(undefined)} /> : null}
      {open === "note" || open === "wearer" || open === "victim" ? (
        <NoteDialog
          incident={incident.incident_id}
          start={open === "note" ? "" : (text.incident.callLog[open] ?? "")}
          onClose={() => setOpen(undefined)}
        />
      ) : null}
    </main>
  );
}
