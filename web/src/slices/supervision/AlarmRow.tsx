import type { Alarm, Notice } from "../../api/types";
import { clockMinutes, probability } from "../../kit/format";
import { Glyph } from "../../kit/Icon";
import { Age, Elapsed } from "../../kit/parts";
import { formatRoute } from "../../kit/route";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";

/** The short name of what an alarm says. A probable one never claims what only a certain one may. */
export function useAlarmTitle(): (alarm: Pick<Alarm, "trigger" | "state">) => string {
  const text = useText();
  return (alarm) =>
    (alarm.state === "probable" ? text.triggerProbable[alarm.trigger] : text.trigger[alarm.trigger]) ?? alarm.trigger;
}

export function AlarmRow({ alarm, selected, onPick }: { alarm: Alarm; selected: boolean; onPick: () => void }) {
  const text = useText();
  const t = useProcedureText();
  const title = useAlarmTitle()(alarm);
  const fresh = !alarm.acknowledged_at;
  const urgent = fresh && alarm.priority <= 2;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it hears the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the listbox holds the focus (aria-activedescendant)
    <div
      id={`alarm-${alarm.alarm_id}`}
      role="option"
      aria-selected={selected}
      className={`al p${alarm.priority} ${fresh ? "new" : "ack"}${selected ? " sel" : ""}`}
      onClick={onPick}
    >
      <Glyph priority={alarm.priority} state={fresh ? "new" : "ack"} blink={urgent} />
      <span className={`tt${urgent ? " two" : " cut"}`} title={title}>
        {title}
      </span>
      <span className="el num">
        <Elapsed since={alarm.raised_at} />
      </span>
      <span className={`why${urgent ? " two" : " cut"}`}>
        <b>{alarm.wearer_code}</b>
        {alarm.protected_code ? (
          <>
            {" → "}
            <b>{alarm.protected_code}</b>
          </>
        ) : null}
        {alarm.place ? ` · ${alarm.place}` : ""}
      </span>
      <span className="mt">
        {alarm.state === "certain" ? (
          <span className="bd p1">
            {text.reason[alarm.trigger]} {text.watch.caughtAt(clockMinutes(alarm.confirmed_at))}
          </span>
        ) : (
          <span className="bd doubt num">
            {text.watch.probableOpen} {probability(alarm.probability)}
          </span>
        )}
        {alarm.verdict ? <span className="bd o">{alarm.verdict === "true" ? t.real : t.notReal}</span> : null}
        {alarm.medical !== "none" ? (
          <span className="bd o">{`${text.wearer.medical} · ${text.medical[alarm.medical] ?? ""}`}</span>
        ) : null}
        <Age at={alarm.seen_at} label={text.watch.locationAge} />
        {fresh && alarm.state === "probable" ? <span className="xs t2 row-note">{text.watch.notYet}</span> : null}
      </span>
    </div>
  );
}

export function EndedRow({ alarm }: { alarm: Alarm }) {
  const text = useText();
  const t = useProcedureText();
  const title = useAlarmTitle()(alarm);
  return (
    <a className="al ack dim thin" href={formatRoute("replay", alarm.alarm_id)}>
      <Glyph priority={alarm.priority} state="over" size={18} />
      <span className="tt cut">{title}</span>
      <span className="xs t3 num">{clockMinutes(alarm.raised_at)}</span>
      <span className="why xs cut t3">
        {alarm.wearer_code} · {text.wearer.state[alarm.state] ?? alarm.state}
        {alarm.verdict ? ` · ${alarm.verdict === "true" ? t.real : t.notReal}` : ""}
      </span>
    </a>
  );
}

export function DoubtRow({ notice }: { notice: Notice }) {
  const text = useText();
  return (
    <div className="al ack">
      <Glyph priority="doubt" />
      <span className="tt cut">{text.notice[notice.notice] ?? notice.notice}</span>
      <span className="el num">
        <Elapsed since={notice.since_at} />
      </span>
      <span className="why cut">{notice.wearer_code}</span>
      <span className="mt">
        <Age at={notice.since_at} intervalS={1} />
        <span className="bd doubt">{text.watch.cannotVouch}</span>
      </span>
    </div>
  );
}
