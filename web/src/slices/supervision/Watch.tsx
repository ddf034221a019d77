/** Screens 01 and 02: the queue, and in the middle the quiet district or the alarm. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { api, type Refusal } from "../../api/client";
import {
  useAlarm,
  useAlarms,
  useIncident,
  useIncidentCameras,
  useIncidents,
  useNotices,
  useOpenPermits,
  usePermits,
  useSeeing,
  useStatus,
  useStyleData,
  useWearer,
  useWearers,
} from "../../api/hooks";
import type { Account, Alarm, Camera, Condition } from "../../api/types";
import { useKeys } from "../../kit/keys";
import { NoteDialog } from "../../kit/NoteDialog";
import { PanelHead } from "../../kit/parts";
import { go, useQueryWord } from "../../kit/route";
import { Answer } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useLink } from "../../live/store";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { DoneByMachine, nextUnit, PreparedCameras, ToDo } from "./AlarmSide";
import { AlarmStage } from "./AlarmStage";
import { subjectOf } from "./alarmScene";
import { FindingDialog } from "./Finding";
import { may } from "./Procedure";
import { Proof, Queue } from "./Queue";
import { DueColumn, QuietProof, RestingMap, Vitals } from "./Quiet";
import { doubts, neighbour, triage } from "./triage";
import { useVerdict } from "./useVerdict";

const NONE: readonly Alarm[] = [];
const NO_CAMERAS: readonly Camera[] = [];

export function Watch({ account }: { account: Pick<Account, "role"> }) {
  const text = useText();
  const client = useQueryClient();
  const open = useAlarms("open");
  const all = useAlarms("all");
  const notices = useNotices();
  const status = useStatus();
  const { link } = useLink();
  const [chosenWord, choose] = useQueryWord("alarm");
  const [view, setView] = useQueryWord("map");
  const [past, setPast] = useQueryWord("past");
  const [layers, setLayers] = useQueryWord("layers");
  const [focus, setFocus] = useState(0);

  const list = open.data?.alarms ?? NONE;
  const sorted = useMemo(() => {
    const live = triage(list);
    return { ...live, ended: triage(all.data?.alarms ?? NONE).ended };
  }, [list, all.data]);
  const doubtful = useMemo(() => doubts(notices.data?.notices ?? []), [notices.data]);
  const ids = useMemo(() => [...sorted.unacknowledged, ...sorted.handling].map((a) => a.alarm_id), [sorted]);
  const selected = list.find((a) => a.alarm_id === chosenWord) ?? list.find((a) => a.alarm_id === ids[0]);

  // the row shown first stays chosen: an arriving alarm enters above it and moves nothing
  useEffect(() => {
    if (selected && chosenWord !== selected.alarm_id) choose(selected.alarm_id);
    if (!selected && chosenWord && open.isSuccess) choose(undefined);
  }, [selected, chosenWord, choose, open.isSuccess]);

  const next = sorted.unacknowledged[0];
  const acknowledge = useMutation({
    mutationFn: (alarm: Alarm) => api.acknowledgeAlarm(alarm.alarm_id),
    onMutate: (alarm) => {
      client.setQueryData<{ alarms: Alarm[] }>(["alarms", "open"], (old) =>
        old
          ? {
              ...old,
              alarms: old.alarms.map((a) =>
                a.alarm_id === alarm.alarm_id ? { ...a, acknowledged_at: new Date().toISOString() } : a,
              ),
            }
          : old,
      );
    },
    onError: (error: Refusal) => toast(error.message, { icon: "warning", tone: "soon" }),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["alarms"] });
      void client.invalidateQueries({ queryKey: ["incident"] });
    },
  });
  const step = (by: 1 | -1) => choose(neighbour(ids, selected?.alarm_id, by));
  useKeys([
    ...(next ? [{ code: "Space", hint: text.watch.ack, run: () => acknowledge.mutate(next) }] : []),
    { code: "KeyJ", hint: text.keys.move, run: () => step(1) },
    { code: "KeyK", hint: text.keys.move, run: () => step(-1) },
    { code: "KeyH", hint: text.watch.pastKey, run: () => setPast(past ? undefined : "all") },
    { code: "KeyL", hint: text.watch.layers, run: () => setLayers(layers ? undefined : "bare") },
    { code: "KeyZ", hint: text.watch.focusMap, run: () => setFocus((n) => n + 1) },
  ]);

  const queue = (
    <Queue
      triage={sorted}
      doubts={doubtful}
      load={open.data?.load}
      selected={selected?.alarm_id}
      onPick={choose}
      all={Boolean(past)}
      quiet={
        open.data ? (
          <QuietProof status={status.data} linkLive={link === "live"} />
        ) : (
          <Answer error={open.error} retry={() => void open.refetch()} what={text.watch.alarms} />
        )
      }
      foot={<Proof alarms={all.data?.alarms ?? NONE} />}
    />
  );
  const shared = { view, onView: setView, focus, hideCameras: layers === "bare" };
  if (!selected) return <Resting queue={queue} shared={shared} status={status.data} statusAt={status.dataUpdatedAt} />;
  return (
    <main className="main watch">
      {queue}
      <Chosen
        key={selected.alarm_id}
        role={account.role}
        alarm={selected}
        next={next}
        acknowledge={() => next && acknowledge.mutate(next)}
        shared={shared}
      />
    </main>
  );
}

interface Shared {
  view: string | undefined;
  onView: (v: string) => void;
  focus: number;
  hideCameras: boolean;
}

/** A test alarm is back from the other centre well within this. */
const TEST_RETURNS_MS = 1500;

function Resting({
  queue,
  shared,
  status,
  statusAt,
}: {
  queue: React.ReactNode;
  shared: Shared;
  status: Parameters<typeof Vitals>[0]["status"];
  statusAt: number;
}) {
  const text = useText();
  const notices = useNotices();
  const incidents = useIncidents("open");
  const open = incidents.data?.incidents ?? [];
  const permits = useOpenPermits(open.map((i) => i.incident_id));
  const client = useQueryClient();
  const test = useMutation({
    mutationFn: api.testAlarm,
    onSuccess: () => {
      toast(text.watch.testSent);
      window.setTimeout(() => void client.invalidateQueries({ queryKey: ["status"] }), TEST_RETURNS_MS);
    },
    onError: (error: Refusal) => toast(error.message, { icon: "warning", tone: "soon" }),
  });
  useKeys([
    { code: "KeyD", hint: text.watch.dueKey, run: () => document.querySelector<HTMLElement>(".due")?.focus() },
    { code: "KeyT", hint: text.watch.testKey, run: () => test.mutate() },
  ]);
  return (
    <main className="main quiet-grid">
      {queue}
      <RestingMap status={status} {...shared} />
      <DueColumn notices={notices.data?.notices ?? []} incidents={open} permits={permits} />
      <Vitals status={status} at={statusAt} />
    </main>
  );
}

/** The wearer of an alarm, for its zones: by id where the alarm names one, else by code. */
function useZones(alarm: Alarm, known: Condition | null | undefined) {
  const wearers = useWearers(!alarm.wearer_id && !known);
  const id = alarm.wearer_id ?? wearers.data?.wearers.find((w) => w.code === alarm.wearer_code)?.wearer_id;
  const wearer = useWearer(known ? undefined : id);
  return useMemo(
    () =>
      (known ? [known] : (wearer.data?.conditions ?? [])).filter(
        (c) => c.trigger === alarm.trigger && alarm.trigger === "exclusion_zone",
      ),
    [known, wearer.data, alarm.trigger],
  );
}

function Chosen({
  role,
  alarm,
  next,
  acknowledge,
  shared,
}: {
  role: string;
  alarm: Alarm;
  next: Alarm | undefined;
  acknowledge: () => void;
  shared: Shared;
}) {
  const text = useText();
  const client = useQueryClient();
  const detail = useAlarm(alarm.alarm_id);
  const incident = useIncident(alarm.incident_id ?? undefined);
  const permits = usePermits(alarm.incident_id ?? undefined);
  const zones = useZones(alarm, detail.data?.condition);
  const style = useStyleData();
  const [camera, setCamera] = useQueryWord("camera");
  const [dialog, setDialog] = useState<"wearer" | "victim" | "medical">();
  const full = useMemo(() => (detail.data ? { ...detail.data, ...alarm } : alarm), [detail.data, alarm]);
  const subject = subjectOf(full, incident.data);
  const asked = useIncidentCameras(alarm.state === "certain" ? (alarm.incident_id ?? undefined) : undefined);
  const given = asked.data ?? incident.data?.provision;
  const seeing = useSeeing(subject?.lat, subject?.lon, !given?.cameras.length);
  const cameras = useMemo(
    () => (given?.cameras.length ? given.cameras : (seeing.data?.cameras ?? NO_CAMERAS)).slice(0, 6),
    [given, seeing.data],
  );
  const chosen = camera ? Number(camera) - 1 : undefined;
  const pick = useCallback(
    (index: number) => setCamera(chosen === index ? undefined : String(index + 1)),
    [chosen, setCamera],
  );
  const permit = (permits.data?.permits ?? incident.data?.permits ?? []).find(
    (p) => p.state === "in_use" || p.state === "ending",
  );

  const openIncident = () => alarm.incident_id && go("incidents", alarm.incident_id);
  const addUnit = useMutation({
    mutationFn: (unit: string) => api.addUnit(alarm.incident_id as string, unit),
    onSuccess: () => toast(text.incident.orderState.draft as string),
    onError: (error: Refusal) => toast(error.message, { icon: "warning", tone: "soon" }),
    onSettled: () => void client.invalidateQueries({ queryKey: ["incident"] }),
  });
  const words = useProcedureText();
  const verdict = useVerdict(alarm);
  const unit = nextUnit(incident.data?.units ?? []);
  useKeys([
    { code: "Enter", hint: text.watch.openIncident, run: openIncident },
    ...cameras.map((_, i) => ({ code: `Digit${i + 1}`, hint: text.watch.cameraKey, run: () => pick(i) })),
    ...(incident.data ? [{ code: "KeyC", hint: text.watch.callWearer, run: () => setDialog("wearer") }] : []),
    ...(incident.data?.victim ? [{ code: "KeyV", hint: text.watch.callVictim, run: () => setDialog("victim") }] : []),
    ...(unit ? [{ code: "KeyU", run: () => addUnit.mutate(unit.unit_id) }] : []),
    ...(may.find(role) ? [{ code: "KeyM", hint: text.watch.medicalCheck, run: () => setDialog("medical") }] : []),
    ...(may.verdict(role)
      ? [
          { code: "KeyY", hint: words.real, run: () => verdict.mutate("true") },
          { code: "KeyN", hint: words.notReal, run: () => verdict.mutate("false") },
        ]
      : []),
  ]);

  return (
    <>
      <AlarmStage
        alarm={full}
        incident={incident.data}
        zones={zones}
        cameras={cameras}
        chosen={chosen}
        onChoose={pick}
        permit={permit}
        {...shared}
      />
      <section className="panel scroll" aria-label={text.watch.todo}>
        <PreparedCameras
          cameras={cameras}
          style={style.data}
          chosen={chosen}
          onChoose={pick}
          trigger={alarm.trigger}
          open={given?.state === "given"}
        />
        <ToDo
          alarm={alarm}
          next={next}
          incident={incident.data}
          commands={{
            acknowledge,
            open: openIncident,
            callWearer: () => setDialog("wearer"),
            callVictim: () => setDialog("victim"),
            standBy: (u) => addUnit.mutate(u.unit_id),
            ...(may.find(role) && { medical: () => setDialog("medical") }),
            ...(may.verdict(role) && { verdict: verdict.mutate }),
          }}
        />
        <div className="sec grow">
          <PanelHead plain title={text.watch.done} right={<span>{text.watch.doneHint}</span>} />
          {incident.data ? (
            <DoneByMachine entries={incident.data.timeline} />
          ) : alarm.incident_id ? (
            <Answer error={incident.error} retry={() => void incident.refetch()} what={text.watch.done} />
          ) : null}
        </div>
      </section>
      {dialog === "medical" ? (
        <FindingDialog alarm={alarm} initial="medical" onClose={() => setDialog(undefined)} />
      ) : null}
      {(dialog === "wearer" || dialog === "victim") && alarm.incident_id ? (
        <NoteDialog
          incident={alarm.incident_id}
          start={text.incident.callLog[dialog] ?? ""}
          onClose={() => setDialog(undefined)}
        />
      ) : null}
    </>
  );
}
