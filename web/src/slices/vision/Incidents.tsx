/** Incidents of the city: opened by a verdict, closed by a person who said whom he called. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  type Agency,
  type CityIncident,
  cityIncidents,
  OUTCOMES,
  type Outcome,
  useCityIncident,
  useCityIncidents,
} from "../../api/cityIncidents";
import { FormSheet } from "../../kit/FormSheet";
import { clock, clockMinutes } from "../../kit/format";
import { Glyph } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Elapsed, Facts, Panel } from "../../kit/parts";
import { go, useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useLocale } from "../../text";
import { useCityIncidentsText } from "../../text/cityIncidents";
import { useVisionText } from "../../text/vision";
import { PlaceMap } from "./AlarmMap";

const AGENCIES: readonly Agency[] = ["112", "119", "nobody"];

export function Incidents() {
  const t = useCityIncidentsText();
  const open = useCityIncidents("open");
  const over = useCityIncidents("over");
  const [word, choose] = useQueryWord("incident");
  const list = open.data?.incidents ?? [];
  const past = over.data?.incidents ?? [];
  const chosen = [...list, ...past].find((i) => i.incident_id === word) ?? list[0];
  const pick = (i: CityIncident) => choose(i.incident_id);
  useKeys(useMoves([...list, ...past], (i) => i === chosen, pick));
  const row = (i: CityIncident) => (
    <Row key={i.incident_id} incident={i} selected={i === chosen} onPick={() => pick(i)} />
  );
  return (
    <main className="main vision-alarms">
      <Panel title={t.list} sub={list.length ? String(list.length) : ""}>
        <div className="scroll">
          {open.data ? null : <Answer error={open.error} retry={() => void open.refetch()} what={t.list} />}
          {open.data && list.length === 0 ? <Empty icon="incident" title={t.none} body={t.noneBody} /> : null}
          {list.map(row)}
          {past.length ? <div className="grp">{t.over}</div> : null}
          {past.map(row)}
        </div>
      </Panel>
      {chosen ? (
        <>
          <div className="vision-mid one">
            <PlaceMap
              key={chosen.incident_id}
              at={chosen}
              label={chosen.code}
              words={`${chosen.camera_code} ${chosen.camera_name}`}
              exact
              focus={0}
            />
          </div>
          <Sheet key={chosen.incident_id} incident={chosen} />
        </>
      ) : (
        <section className="panel vision-none" aria-label={t.choose}>
          <Empty icon="incident" title={t.choose} />
        </section>
      )}
    </main>
  );
}

function Row({ incident: i, selected, onPick }: { incident: CityIncident; selected: boolean; onPick: () => void }) {
  const t = useCityIncidentsText();
  const words = useVisionText();
  const running = i.state === "open";
  return (
    <button
      type="button"
      className={`al ack judged${running ? "" : " dim thin"}${selected ? " sel" : ""}`}
      onClick={onPick}
    >
      <Glyph priority={i.priority} state={running ? (i.called ? "ack" : "new") : "over"} />
      <span className="tt cut">{words.behaviours[i.behaviour]}</span>
      <span className="el num">{running ? <Elapsed since={i.opened_at} /> : clockMinutes(i.opened_at)}</span>
      <span className="why cut">
        <b>{i.camera_code}</b> · {i.camera_name}
      </span>
      <span className="mt">
        <span className="bd o">{i.code}</span>
        {i.called ? <span className="bd">{t.agencies[i.called]}</span> : null}
        {i.state === "taken_back" ? <span className="bd doubt">{t.takenBack}</span> : null}
        {i.outcome ? <span className="bd">{t.outcomes[i.outcome]}</span> : null}
        {i.simulated ? <span className="bd o">{words.simulated}</span> : null}
      </span>
    </button>
  );
}

function Sheet({ incident: i }: { incident: CityIncident }) {
  const t = useCityIncidentsText();
  const words = useVisionText();
  const { locale } = useLocale();
  const client = useQueryClient();
  const sheet = useCityIncident(i.incident_id);
  const [doing, setDoing] = useState<"note" | "close">();
  const again = () => void client.invalidateQueries({ queryKey: ["city-incidents"] });
  const call = useMutation({
    mutationFn: (agency: Agency) => cityIncidents.called(i.incident_id, agency),
    onSuccess: (_, agency) => toast(t.didCall(t.agencies[agency])),
    onSettled: again,
  });
  const running = i.state === "open";
  const alarm = i.alarm_ids[0];
  useKeys([
    ...(running
      ? [
          ...AGENCIES.map((a, n) => ({
            code: `Digit${n + 1}`,
            hint: t.agencies[a],
            run: () => !call.isPending && call.mutate(a),
          })),
          { code: "KeyN", hint: t.note, run: () => setDoing("note") },
          { code: "KeyE", ctrl: true, hint: t.close, run: () => i.called && setDoing("close") },
        ]
      : []),
    ...(alarm ? [{ code: "Enter", hint: t.toAlarm, run: () => go("vision", undefined, { alarm }) }] : []),
  ]);
  return (
    <section className="panel vision-side" aria-label={i.code}>
      <div className="ph">
        <Glyph priority={i.priority} state={running ? "ack" : "over"} size={18} />
        <h2>{words.behaviours[i.behaviour]}</h2>
        <span className="cut">{i.code}</span>
      </div>
      <div className="scroll">
        <Facts
          rows={[
            [words.camera, `${i.camera_code} · ${i.camera_name}`],
            [words.began, clock(i.opened_at)],
            [t.called, i.called ? `${t.agencies[i.called]} ${clock(i.called_at)}` : ""],
            [t.outcome, i.outcome ? t.outcomes[i.outcome] : ""],
            [words.list, t.alarms(i.alarm_ids.length)],
          ]}
        />
        <div className="grp">{t.timeline}</div>
        <div className="tl">
          {(sheet.data?.timeline ?? []).map((e) => (
            <div className="ev u" key={`${e.at}${e.kind}${e.note}`}>
              <time>{clock(e.at)}</time>
              <span className="dot" />
              <p>
                {locale === "en" ? e.text_en : e.text_ko} {e.note ? <b>{e.note}</b> : null}
              </p>
            </div>
          ))}
        </div>
      </div>
      {running ? (
        <div className="vision-verdict">
          {call.error ? <Answer error={call.error} what={t.call} /> : null}
          <span className="xs t3">
            {t.call} · {i.called ? t.agencies[i.called] : `${t.asks(t.agencies[i.asks])} · ${t.first}`}
          </span>
          <div className="three-up">
            {AGENCIES.map((a, n) => (
              <Button
                key={a}
                tone={a === i.asks && !i.called ? "pri" : "line"}
                aria-pressed={a === i.called}
                disabled={call.isPending}
                onClick={() => call.mutate(a)}
              >
                {t.agencies[a]} <kbd>{n + 1}</kbd>
              </Button>
            ))}
          </div>
          <div className="two-up">
            <Button cap="N" onClick={() => setDoing("note")}>
              {t.noteTitle}
            </Button>
            <Button cap="Ctrl E" disabled={!i.called} onClick={() => setDoing("close")}>
              {t.close}
            </Button>
          </div>
        </div>
      ) : null}
      {doing === "note" ? (
        <FormSheet
          title={t.noteTitle}
          fields={[{ name: "text", label: t.noteTitle, kind: "area", most: 2000 }]}
          verb={t.noteTitle}
          send={(v) => cityIncidents.note(i.incident_id, (v.text ?? "").trim())}
          done={() => t.noted}
          onDone={again}
          onClose={() => setDoing(undefined)}
        />
      ) : null}
      {doing === "close" ? (
        <FormSheet
          title={t.closeTitle}
          hint={t.closeHint}
          fields={[
            {
              name: "outcome",
              label: t.outcome,
              kind: "select",
              wide: true,
              options: OUTCOMES.map((o) => [o, t.outcomes[o]] as const),
            },
          ]}
          verb={t.close}
          send={(v) => cityIncidents.close(i.incident_id, v.outcome as Outcome)}
          done={() => t.closed}
          onDone={again}
          onClose={() => setDoing(undefined)}
        />
      ) : null}
    </section>
  );
}
