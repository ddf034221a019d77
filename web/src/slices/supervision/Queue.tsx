import type { ReactNode } from "react";
import type { Alarm, AlarmList, Notice } from "../../api/types";
import { Hint, Panel } from "../../kit/parts";
import { useText } from "../../text";
import { AlarmRow, DoubtRow, EndedRow, useAlarmTitle } from "./AlarmRow";
import type { Triage } from "./triage";

interface Props {
  triage: Triage;
  doubts: readonly Notice[];
  load: AlarmList["load"] | undefined;
  selected: string | undefined;
  onPick: (id: string) => void;
  /** The finished ones are all listed. */
  all: boolean;
  /** What stands when nothing is open. */
  quiet: ReactNode;
  foot?: ReactNode;
}

/** The queue shows its own load against the target; each row has a next step. */
export function Queue({ triage, doubts, load, selected, onPick, all, quiet, foot }: Props) {
  const text = useText();
  const { unacknowledged, handling, ended } = triage;
  const rows = [...unacknowledged, ...handling];
  const inHand = handling.length + doubts.length;
  const row = (alarm: Alarm) => (
    <AlarmRow
      key={alarm.alarm_id}
      alarm={alarm}
      selected={alarm.alarm_id === selected}
      onPick={() => onPick(alarm.alarm_id)}
    />
  );
  return (
    <Panel
      title={text.watch.alarms}
      sub={
        <>
          {text.watch.unack} <b className={unacknowledged.length ? "c1" : ""}>{unacknowledged.length}</b> ·{" "}
          {text.watch.handling} {inHand}
        </>
      }
      right={
        load ? (
          <span className={load.per_10min > load.target ? "c2" : ""}>
            {text.watch.per10} <b className="t1">{load.per_10min.toFixed(1)}</b> / {text.watch.target(load.target)}
          </span>
        ) : undefined
      }
    >
      <div className="scroll">
        {rows.length + doubts.length === 0 ? quiet : null}
        <div
          role="listbox"
          aria-label={text.watch.alarms}
          tabIndex={0}
          aria-activedescendant={selected ? `alarm-${selected}` : undefined}
        >
          {unacknowledged.length ? (
            <div className="grp" role="presentation">
              {text.watch.unack} {unacknowledged.length}
              <span className="sp" />
              <Hint cap="Space">{text.watch.ack}</Hint>
            </div>
          ) : null}
          {unacknowledged.map(row)}
          {inHand ? (
            <div className="grp" role="presentation">
              {text.watch.handling} {inHand}
            </div>
          ) : null}
          {handling.map(row)}
        </div>
        {doubts.map((n) => (
          <DoubtRow key={n.notice_id} notice={n} />
        ))}
        {ended.length ? (
          <>
            <div className="grp">
              {text.watch.endedTonight(ended.length)}
              <span className="sp" />
              <Hint cap="H">{all ? text.watch.less : text.watch.all}</Hint>
            </div>
            {ended.slice(0, all ? 60 : 6).map((a) => (
              <EndedRow key={a.alarm_id} alarm={a} />
            ))}
          </>
        ) : null}
      </div>
      {foot}
      <Announce alarms={unacknowledged} />
    </Panel>
  );
}

/** P1 and P2 interrupt a screen reader, the rest wait; ages are not announced. */
function Announce({ alarms }: { alarms: readonly Alarm[] }) {
  const title = useAlarmTitle();
  const say = (list: readonly Alarm[]) =>
    list.map((a) => `${title(a)} ${a.wearer_code} ${a.protected_code ?? ""}`).join(". ");
  return (
    <>
      <div className="sr" aria-live="assertive">
        {say(alarms.filter((a) => a.priority <= 2))}
      </div>
      <div className="sr" aria-live="polite">
        {say(alarms.filter((a) => a.priority > 2))}
      </div>
    </>
  );
}

/** What the shift's alarms came to. */
export function Proof({ alarms }: { alarms: readonly Alarm[] }) {
  const text = useText();
  const certain = alarms.filter((a) => a.confirmed_at).length;
  const cleared = alarms.filter((a) => a.state === "cleared" && !a.confirmed_at).length;
  const rest = alarms.length - certain - cleared;
  if (alarms.length === 0) return null;
  return (
    <div className="pb proof">
      <div className="fx sm">
        <h3>{text.watch.proof}</h3>
        <span className="sp" />
        <span className="xs t3">{text.watch.proofCount(alarms.length)}</span>
      </div>
      <div className="proof-bar">
        <i style={{ flex: certain, background: "var(--tx-2)" }} />
        <i style={{ flex: cleared, background: "var(--bg-5)" }} />
        <i style={{ flex: rest, background: "var(--b-2)" }} />
      </div>
      <div className="fx xs">
        <span>
          {text.watch.certain} <b>{certain}</b>
        </span>
        <span className="t3">
          {text.watch.cleared} {cleared} · {text.watch.probableOpen} {rest}
        </span>
      </div>
    </div>
  );
}
