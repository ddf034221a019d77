/** What waits to be judged, by rank; what the shift's budget held back; what was judged last. */
import type { AlarmsShown, VisionAlarm } from "../../api/vision";
import { clockMinutes } from "../../kit/format";
import { Glyph } from "../../kit/Icon";
import { Elapsed, Hint, Panel } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { useLocale } from "../../text";
import { useVisionText } from "../../text/vision";
import { hourOf, percent } from "./rules";

export function AlarmList({
  shown,
  open,
  held,
  judged,
  chosen,
  showHeld,
  onHeld,
  onPick,
  error,
  retry,
}: {
  shown: AlarmsShown | undefined;
  open: readonly VisionAlarm[];
  held: readonly VisionAlarm[];
  judged: readonly VisionAlarm[];
  chosen: string | undefined;
  showHeld: boolean;
  onHeld: () => void;
  onPick: (alarm: VisionAlarm) => void;
  error: Error | null;
  retry: () => void;
}) {
  const t = useVisionText();
  const row = (a: VisionAlarm) => (
    <Row key={a.alarm_id} alarm={a} selected={a.alarm_id === chosen} onPick={() => onPick(a)} />
  );
  return (
    <Panel title={t.list} sub={shown ? t.open(shown.open) : ""}>
      {shown ? <Load shown={shown} /> : <Answer error={error} retry={retry} what={t.list} />}
      <div className="scroll">
        <div role="listbox" aria-label={t.list} tabIndex={0} aria-activedescendant={chosen && `va-${chosen}`}>
          {open.map(row)}
        </div>
        {shown && open.length === 0 ? <Empty icon="check" title={t.quiet} body={t.quietBody} /> : null}
        {held.length ? (
          <>
            <button type="button" className="grp bare held-h" aria-expanded={showHeld} onClick={onHeld}>
              {t.held(shown?.held ?? held.length)}
              <span className="sp" />
              <Hint cap="H" />
            </button>
            <p className="pb xs t3">{t.heldWhy}</p>
            {showHeld ? held.map(row) : null}
          </>
        ) : null}
        {judged.length ? (
          <>
            <div className="grp">{t.judged}</div>
            {judged.map((a) => (
              <Judged key={a.alarm_id} alarm={a} selected={a.alarm_id === chosen} onPick={() => onPick(a)} />
            ))}
          </>
        ) : null}
      </div>
      <Announce alarms={open} />
    </Panel>
  );
}

/** How much of the shift's attention is left, and how long one alarm takes. */
function Load({ shown: { budget, handling_median_s } }: { shown: AlarmsShown }) {
  const t = useVisionText();
  const { used, most } = hourOf(budget);
  return (
    <div className="vision-load">
      <div className="fx sm">
        <span className="t3">{t.budget}</span>
        <span className="sp" />
        <b className={`num ${budget.left < 1 ? "c2" : "t1"}`}>{t.left(Math.max(0, Math.floor(budget.left)))}</b>
      </div>
      <div className="bar">
        <i style={{ width: `${(100 * used) / most}%` }} />
      </div>
      <span className="xs t3">{t.budgetHint(budget.per_shift, budget.shift_hours, Math.max(1, budget.operators))}</span>
      <div className="fx sm">
        <span className="t3">{t.median}</span>
        <span className="sp" />
        {handling_median_s === null ? (
          <span className="t3">{t.noMedian}</span>
        ) : (
          <b className="num t1">{t.seconds(handling_median_s.toFixed(1))}</b>
        )}
      </div>
    </div>
  );
}

function Row({ alarm: a, selected, onPick }: { alarm: VisionAlarm; selected: boolean; onPick: () => void }) {
  const t = useVisionText();
  const { locale } = useLocale();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the listbox around it hears the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the listbox holds the focus (aria-activedescendant)
    <div
      id={`va-${a.alarm_id}`}
      role="option"
      aria-selected={selected}
      className={`al p${a.priority} new${selected ? " sel" : ""}`}
      onClick={onPick}
    >
      <Glyph priority={a.priority} state="new" />
      <span className="tt two">{t.behaviours[a.behaviour] ?? a.behaviour}</span>
      <span className="el num">
        <Elapsed since={a.raised_at} />
      </span>
      <span className="why cut" title={a.camera_name}>
        <b>{a.camera_code}</b> · {a.camera_name}
      </span>
      <span className="why two xs">{locale === "en" ? a.reason_en : a.reason_ko}</span>
      <span className="mt">
        <Likely of={a.probability} />
        {a.held_why ? <span className="bd o">{t.heldFor[a.held_why]}</span> : null}
        {a.simulated ? <span className="bd o">{t.simulated}</span> : null}
      </span>
    </div>
  );
}

/** A probability, or that nothing says one yet. */
export function Likely({ of }: { of: number | null }) {
  const t = useVisionText();
  return <span className="bd doubt num">{of === null ? t.uncalibrated : percent(of)}</span>;
}

function Judged({ alarm: a, selected, onPick }: { alarm: VisionAlarm; selected: boolean; onPick: () => void }) {
  const t = useVisionText();
  const said = a.verdict === "true" ? t.isTrue : `${t.isFalse} · ${t.whys[a.why ?? "other"]}`;
  return (
    <button type="button" className={`al ack dim thin judged${selected ? " sel" : ""}`} onClick={onPick}>
      <Glyph priority={a.priority} state="over" size={18} />
      <span className="tt cut">
        {t.behaviours[a.behaviour]} · {a.camera_code}
      </span>
      <span className="xs t3 num">{clockMinutes(a.judged_at)}</span>
      <span className="why xs cut t3">{said}</span>
    </button>
  );
}

/** The gravest two interrupt a screen reader, the rest wait. */
function Announce({ alarms }: { alarms: readonly VisionAlarm[] }) {
  const t = useVisionText();
  const say = (list: readonly VisionAlarm[]) =>
    list.map((a) => `${t.behaviours[a.behaviour]} ${a.camera_code}`).join(". ");
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
