/** Screen 02, right: prepared cameras, what to do now, what the machine did. */
import type { Alarm, Camera, Incident, StyleData, TimelineEntry, Unit } from "../../api/types";
import { clock } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { Button, PanelHead } from "../../kit/parts";
import { useText } from "../../text";
import { useProcedureText } from "../../text/procedure";
import { PreparedTile } from "../../wall/Tile";
import { useAlarmTitle } from "./AlarmRow";

export function PreparedCameras({
  cameras,
  style,
  chosen,
  onChoose,
  trigger,
  open,
}: {
  cameras: readonly Camera[];
  style: StyleData | undefined;
  chosen: number | undefined;
  onChoose: (index: number) => void;
  trigger: string;
  open: boolean;
}) {
  const text = useText();
  return (
    <>
      <PanelHead
        title={`${text.watch.prepared} ${cameras.length}`}
        sub={
          open ? undefined : (
            <span className="bd o">
              <Icon name="lock" size={12} />
              {text.watch.noPicture}
            </span>
          )
        }
        right={<span>{text.watch.byArrival}</span>}
      />
      <div className="prepared">
        {cameras.map((c, i) => (
          <button
            type="button"
            key={c.camera_id}
            className="bare prep"
            onClick={() => onChoose(i)}
            aria-pressed={chosen === i}
          >
            <PreparedTile number={String(i + 1)} camera={c} style={style} chosen={chosen === i} />
          </button>
        ))}
      </div>
      {cameras.length === 0 ? <p className="pb sm t3">{text.watch.noPrepared}</p> : null}
      <div className="pb nobody">
        <Icon name="eye" />
        <span>
          <b>{open ? text.watch.openTitle : text.watch.nobodyTitle}</b>{" "}
          {open ? text.watch.openBody : text.watch.nobody(text.reason[trigger] ?? "", text.trigger[trigger] ?? trigger)}
        </span>
      </div>
    </>
  );
}

export function DoneByMachine({ entries }: { entries: readonly TimelineEntry[] }) {
  const text = useText();
  const cls = { alarm: "key", ours: "u", safe: "s", info: "done", doubt: "d" } as const;
  return (
    <div className="tl">
      {entries.map((e) => (
        <div className={`ev ${cls[e.icon] ?? ""}`} key={`${e.at}${e.kind}${e.text_ko}`}>
          <time>{clock(e.at)}</time>
          <span className="dot" />
          <p>{text.locale === "ko" ? e.text_ko : e.text_en}</p>
        </div>
      ))}
    </div>
  );
}

/** The room's own verdict, by one key; it is kept, may be changed, and no violation follows from it. */
export function Verdicts({
  given,
  give,
}: {
  given: "true" | "false" | null;
  give: (verdict: "true" | "false") => void;
}) {
  const t = useProcedureText();
  return (
    <div className="verdicts-of" data-verdict={given ?? "none"}>
      <span className="xs t3">{given ? t.verdictKept : t.verdictAsk}</span>
      <div className="two-up">
        {(["true", "false"] as const).map((v) => (
          <Button
            key={v}
            cap={v === "true" ? "Y" : "N"}
            className={`left${given === v ? " focus" : ""}`}
            aria-pressed={given === v}
            onClick={() => give(v)}
          >
            {v === "true" ? t.real : t.notReal}
            <span className="sp" />
          </Button>
        ))}
      </div>
    </div>
  );
}

export interface Commands {
  acknowledge: () => void;
  open: () => void;
  callWearer: () => void;
  callVictim: () => void;
  standBy: (unit: Unit) => void;
  /** An officer's own finding. */
  medical?: () => void;
  /** Whether the room holds it for real. */
  verdict?: (verdict: "true" | "false") => void;
}

/** The nearest unit that is not on its way yet. */
export function nextUnit(units: readonly Unit[]): Unit | undefined {
  const idle = units.filter((u) => u.state === "free" || u.state === "proposed");
  return [...idle].sort((a, b) => (a.eta_s ?? 1e9) - (b.eta_s ?? 1e9))[0];
}

export function ToDo({
  alarm,
  next,
  incident,
  commands,
}: {
  alarm: Alarm;
  next: Alarm | undefined;
  incident: Incident | undefined;
  commands: Commands;
}) {
  const text = useText();
  const title = useAlarmTitle();
  const unit = nextUnit(incident?.units ?? []);
  return (
    <div className="sec">
      <PanelHead plain title={text.watch.todo} right={<span>{text.watch.todoHint}</span>} />
      <div className="col todo-keys">
        {next ? (
          <Button tone="act" large cap="Space" className="left" onClick={commands.acknowledge}>
            <Icon name="check" />
            <span className="cut">{text.watch.ackOf(`${next.wearer_code} ${title(next)}`)}</span>
            <span className="sp" />
          </Button>
        ) : null}
        <Button
          tone={next ? "line" : "pri"}
          large={!next}
          cap="Enter"
          className="left"
          disabled={!alarm.incident_id}
          onClick={commands.open}
        >
          <Icon name="incident" />
          {text.watch.openIncident}
          <span className="sp" />
        </Button>
        <div className="two-up">
          <Button cap="C" className="left" disabled={!incident} onClick={commands.callWearer}>
            <Icon name="phone" />
            {text.watch.callWearer}
            <span className="sp" />
          </Button>
          <Button cap="V" className="left" disabled={!incident?.victim} onClick={commands.callVictim}>
            <Icon name="phone" />
            {text.watch.callVictim}
            <span className="sp" />
          </Button>
          <Button cap="U" className="left" disabled={!unit} onClick={() => unit && commands.standBy(unit)}>
            <Icon name="car" />
            <span className="cut">{unit ? text.watch.standBy(unit.name) : text.watch.noUnit}</span>
            <span className="sp" />
          </Button>
          {commands.medical ? (
            <Button cap="M" className="left" onClick={commands.medical}>
              <Icon name="shield" />
              {text.watch.medicalCheck}
              <span className="sp" />
            </Button>
          ) : null}
        </div>
        {commands.verdict ? <Verdicts given={alarm.verdict ?? null} give={commands.verdict} /> : null}
      </div>
    </div>
  );
}
