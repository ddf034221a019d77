/** Screen 02, middle: who, where, how sure, how long. */
import { useMemo } from "react";
import { usePoints, useStyleData } from "../../api/hooks";
import type { Alarm, AlarmDetail, Camera, Condition, Incident, Permit } from "../../api/types";
import { useNow } from "../../kit/clock";
import { elapsed, metres } from "../../kit/format";
import { Glyph } from "../../kit/Icon";
import { PermitBadge } from "../../kit/parts";
import { useConnected } from "../../live/store";
import { CityMap, formatView, parseView } from "../../map/CityMap";
import { useText } from "../../text";
import { useAlarmTitle } from "./AlarmRow";
import { alarmChips, alarmScene, subjectOf } from "./alarmScene";
import { ForecastPanel } from "./Forecast";
import { boundaryM, holdsInS } from "./triage";

interface Props {
  alarm: Alarm | AlarmDetail;
  incident: Incident | undefined;
  zones: readonly Condition[];
  cameras: readonly Camera[];
  chosen: number | undefined;
  onChoose: (index: number) => void;
  permit: Permit | undefined;
  view: string | undefined;
  onView: (view: string) => void;
  focus: number;
  hideCameras: boolean;
}

function Legend() {
  const text = useText();
  const l = text.watch.legend;
  return (
    <div className="fl col map-tr legend">
      <span className="fx">
        <svg width="22" height="10" aria-hidden="true">
          <ellipse cx="11" cy="5" rx="10" ry="4" fill="none" stroke="var(--p1)" strokeDasharray="3 2" />
        </svg>
        {l.error}
      </span>
      <span className="fx">
        <svg width="22" height="10" aria-hidden="true">
          <path d="M1 5H21" stroke="var(--doubt)" strokeWidth="6" strokeOpacity=".5" />
        </svg>
        {l.reach}
      </span>
      <span className="fx">
        <svg width="22" height="12" aria-hidden="true">
          <path d="M2 11 20 2V11z" fill="#fff" fillOpacity=".2" stroke="#fff" strokeOpacity=".5" />
        </svg>
        {l.sees}
      </span>
      <span className="fx">
        <svg width="22" height="12" aria-hidden="true">
          <path d="M11 1 15 10H7z" fill="#9fb2c2" />
        </svg>
        {l.other}
      </span>
    </div>
  );
}

/** The scene changes with the second only where age changes how it looks: once it is stale. */
function useSteadyNow(): number {
  return Math.floor(useNow() / 15_000) * 15_000;
}

const PADDING = { top: 120, right: 190, bottom: 190, left: 60 };

export function AlarmStage(props: Props) {
  const { alarm, incident, zones, cameras, chosen, onChoose, permit } = props;
  const text = useText();
  const title = useAlarmTitle()(alarm);
  const style = useStyleData();
  const points = usePoints();
  const connected = useConnected();
  const now = useSteadyNow();
  const picture = useMemo(
    () => ({ alarm, incident, zones, cameras, chosen }),
    [alarm, incident, zones, cameras, chosen],
  );
  const scene = useMemo(() => alarmScene(picture, now), [picture, now]);
  const chips = useMemo(() => alarmChips(picture, text, onChoose), [picture, text, onChoose]);
  const subject = subjectOf(alarm, incident);
  const zone = zones[0];
  const edge =
    zone && subject ? boundaryM(zone, subject.lat, subject.lon) : (incident?.victim?.distance_m ?? undefined);
  const forecast = "forecast" in alarm ? alarm.forecast : [];
  const holds = alarm.state === "probable" ? holdsInS(forecast) : undefined;
  return (
    <section className="panel" aria-label={title}>
      <CityMap
        style={style.data}
        points={points.data}
        scene={scene}
        chips={chips}
        view={parseView(props.view)}
        onView={(v) => props.onView(formatView(v))}
        focus={props.focus}
        hideCameras={props.hideCameras}
        padding={PADDING}
        label={title}
      >
        <div className="fl fx map-tl">
          <span className="fx">
            <Glyph priority={alarm.priority} state={alarm.acknowledged_at ? "ack" : "new"} size={18} />
            <b>{title}</b>
          </span>
          <span className="sm">
            {alarm.wearer_code}
            {alarm.protected_code ? ` → ${alarm.protected_code}` : ""}
          </span>
          {edge === undefined || edge === null ? null : (
            <b className="sm num">{edge >= 0 ? text.watch.boundary(metres(edge)) : text.watch.inside(metres(-edge))}</b>
          )}
          {holds === undefined ? null : (
            <span className="sm">
              <b className="c1 num">{elapsed(holds)}</b> {text.watch.arrival(holds)}
            </span>
          )}
        </div>
        {permit ? (
          <div className="fl map-permit">
            <PermitBadge permit={permit} connected={connected} />
          </div>
        ) : null}
        <Legend />
        <ForecastPanel
          trigger={alarm.trigger}
          now={alarm.probability}
          forecast={forecast}
          why={
            "why" in alarm && alarm.why
              ? alarm.why[text.locale]
              : text.watch.fixCount("fixes" in alarm ? alarm.fixes.length : 0)
          }
          rule={alarm.rule_version}
        />
      </CityMap>
    </section>
  );
}
