/** Screen 01: the resting state. Silence is proven, not assumed. */
import { useEffect, useState } from "react";
import { usePoints, useStyleData } from "../../api/hooks";
import type { IncidentSummary, Notice, Permit, Status } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { clock, clockMinutes, count, elapsed } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { Age, Hint, PanelHead, PermitBadge, Spark } from "../../kit/parts";
import { formatRoute } from "../../kit/route";
import { useConnected, useLink } from "../../live/store";
import { CityMap, formatView, parseView } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import { useText } from "../../text";

export function QuietProof({ status, linkLive }: { status: Status | undefined; linkLive: boolean }) {
  const text = useText();
  const test = status?.last_test_alarm;
  const proven = Boolean(test) && linkLive;
  return (
    <div className="quiet">
      <svg width="86" height="86" viewBox="0 0 86 86" fill="none" aria-hidden="true">
        <circle cx="43" cy="43" r="41" stroke="var(--line-2)" />
        <circle
          cx="43"
          cy="43"
          r="29"
          stroke={proven ? "var(--line-3)" : "var(--doubt)"}
          strokeDasharray={proven ? undefined : "4 3"}
        />
        {proven ? (
          <path
            d="m31 44 8 8 17-19"
            stroke="var(--tx-2)"
            strokeWidth="3"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        ) : (
          <text x="43" y="52" textAnchor="middle" fontSize="26" fontWeight="600" fill="var(--doubt)">
            ?
          </text>
        )}
      </svg>
      <b className="quiet-t">{proven ? text.watch.quietTitle : text.watch.unprovenTitle}</b>
      <span className="sm">
        {text.watch.quiet}{" "}
        {test ? text.watch.quietTest(clockMinutes(test.at), text.foot.sec(test.ms)) : text.watch.quietUnproven}
      </span>
      <span className="xs t3">{linkLive ? text.watch.quietLink : text.foot.off}</span>
    </div>
  );
}

const KEEP = 720;
/** What the status said since the page opened, newest last. */
export function useHistory(status: Status | undefined, at: number): readonly { at: number; status: Status }[] {
  const [list, setList] = useState<readonly { at: number; status: Status }[]>([]);
  useEffect(() => {
    if (status) setList((before) => [...before.slice(1 - KEEP), { at, status }]);
  }, [status, at]);
  return list;
}

function Vital({
  name,
  value,
  note,
  at,
  values,
  gaps,
  intervalS,
}: {
  name: string;
  value: string;
  note: string;
  at: string | null;
  values: readonly number[];
  gaps: string;
  intervalS: number;
}) {
  const text = useText();
  return (
    <div className="vital">
      <div className="fx">
        <span className="sm t1 w5 cut">{name}</span>
        <span className="sp" />
        <Age at={at} intervalS={intervalS} />
      </div>
      <div className="fx base">
        <b className="num vital-n">{value}</b>
        <span className="xs t3 cut">{note}</span>
      </div>
      <Spark values={values} />
      <div className="fx xs t3">
        <span>{text.watch.sinceOpen}</span>
        <span className="sp" />
        <span>{gaps}</span>
      </div>
    </div>
  );
}

/** Seven figures that say whether the watch itself is alive. */
export function Vitals({ status, at }: { status: Status | undefined; at: number }) {
  const text = useText();
  const history = useHistory(status, at);
  const { link, heardMs } = useLink();
  const r = text.watch.resting;
  const n = text.watch.restingNote;
  const asked = status ? new Date(at).toISOString() : null;
  const line = (pick: (s: Status) => number | null) => history.map((h) => pick(h.status) ?? 0);
  const gaps = (pick: (s: Status) => number | null) =>
    history.some((h) => pick(h.status) === null) ? text.watch.noValue : text.watch.noGap;
  const part = (a: number, b: number) => (b ? `${((100 * a) / b).toFixed(1)}%` : "–");
  const ms = (value: number | null | undefined) => (value === null || value === undefined ? "–" : text.foot.sec(value));
  const heard = (s: Status) => (s.devices.total ? s.devices.heard / s.devices.total : null);
  const live = (s: Status) => (s.cameras.total ? s.cameras.live / s.cameras.total : null);
  return (
    <section className="panel vitals" aria-label={text.foot.fresh}>
      <Vital
        name={r.link}
        value={ms(status?.link_ms)}
        note={n.link}
        at={asked}
        values={line((s) => s.link_ms)}
        gaps={gaps((s) => s.link_ms)}
        intervalS={5}
      />
      <Vital
        name={r.devices}
        value={status ? part(status.devices.heard, status.devices.total) : "–"}
        note={n.devices}
        at={asked}
        values={line(heard)}
        gaps={gaps(heard)}
        intervalS={5}
      />
      <Vital
        name={r.cameras}
        value={status ? part(status.cameras.live, status.cameras.total) : "–"}
        note={n.cameras}
        at={asked}
        values={line(live)}
        gaps={gaps(live)}
        intervalS={5}
      />
      <Vital
        name={r.seal}
        value={ms(status?.seal_ms)}
        note={n.seal}
        at={asked}
        values={line((s) => s.seal_ms)}
        gaps={gaps((s) => s.seal_ms)}
        intervalS={5}
      />
      <Vital
        name={r.skew}
        value={status?.clock_skew_ms === null || !status ? "–" : `±${Math.abs(Math.round(status.clock_skew_ms))}ms`}
        note={n.skew}
        at={asked}
        values={line((s) => Math.abs(s.clock_skew_ms ?? 0))}
        gaps={gaps((s) => s.clock_skew_ms)}
        intervalS={5}
      />
      <Vital
        name={r.test}
        value={ms(status?.last_test_alarm?.ms)}
        note={n.test}
        at={status?.last_test_alarm?.at ?? null}
        values={line((s) => s.last_test_alarm?.ms ?? null)}
        gaps={gaps((s) => s.last_test_alarm?.ms ?? null)}
        intervalS={3600}
      />
      <Vital
        name={r.socket}
        value={link === "live" ? "1 Hz" : "–"}
        note={n.socket}
        at={heardMs ? new Date(heardMs).toISOString() : null}
        values={[1, 1]}
        gaps={link === "live" ? text.watch.noGap : text.foot.off}
        intervalS={1}
      />
    </section>
  );
}

function DueRow({
  head,
  body,
  time,
  tone = "",
  href,
}: {
  head: string;
  body: string;
  time: string;
  tone?: string;
  href?: string;
}) {
  const inside = (
    <>
      <b className="cut">{head}</b>
      <span className={`num ${tone}`}>{time}</span>
      <span className="xs t3 cut">{body}</span>
    </>
  );
  return href ? (
    <a className="due" href={href}>
      {inside}
    </a>
  ) : (
    <div className="due">{inside}</div>
  );
}

/** What one should know of, what falls due, and who is looking at anybody. */
export function DueColumn({
  notices,
  incidents,
  permits,
}: {
  notices: readonly Notice[];
  incidents: readonly IncidentSummary[];
  permits: readonly Permit[];
}) {
  const text = useText();
  const now = useNow();
  const connected = useConnected();
  const standing = notices.filter((n) => !n.ended_at);
  const open = permits.filter((p) => p.state === "in_use" || p.state === "ending");
  return (
    <section className="panel scroll" aria-label={text.watch.due}>
      <PanelHead title={text.watch.inherited} sub={String(standing.length)} />
      {standing.slice(0, 8).map((n) => (
        <DueRow
          key={n.notice_id}
          head={`${n.wearer_code} ${text.notice[n.notice] ?? n.notice}`}
          body={`${clock(n.since_at)}`}
          time={text.watch.since(ageS(n.since_at, now))}
          tone={n.notice === "low_battery" ? "" : "cd"}
        />
      ))}
      {standing.length === 0 ? <p className="pb sm t3">{text.watch.inheritedNone}</p> : null}
      <PanelHead title={text.watch.due} right={<Hint cap="D" />} />
      {incidents.map((i) => (
        <DueRow
          key={i.incident_id}
          head={i.state === "resolved" ? text.watch.dueOrder(i.code) : text.watch.dueOpen(i.code)}
          body={text.watch.dueOpenHint(i.step)}
          time={elapsed(ageS(i.opened_at, now))}
          tone={i.state === "resolved" ? "c3" : ""}
          href={formatRoute("incidents", i.incident_id)}
        />
      ))}
      {open.map((p) => (
        <DueRow
          key={p.permit_id}
          head={text.watch.duePermit(p.short)}
          body={`${p.ground} · ${p.scope}`}
          time={elapsed((Date.parse(p.not_after) - now) / 1000)}
        />
      ))}
      {incidents.length + open.length === 0 ? <p className="pb sm t3">{text.watch.dueNone}</p> : null}
      <PanelHead title={text.permit.open} sub={String(open.length)} />
      <div className="pb col permits">
        {open.map((p) => (
          <PermitBadge key={p.permit_id} permit={p} connected={connected} />
        ))}
        {open.length === 0 ? <p className="sm t3">{text.permit.none}</p> : null}
      </div>
    </section>
  );
}

const NOTHING: Scene = {};
const NO_CHIPS: readonly Chip[] = [];

/** The map of ordinary times: streets, cameras, safe places; no person. */
export function RestingMap({
  status,
  view,
  onView,
  hideCameras,
  focus,
}: {
  status: Status | undefined;
  view: string | undefined;
  onView: (v: string) => void;
  hideCameras: boolean;
  focus: number;
}) {
  const text = useText();
  const style = useStyleData();
  const points = usePoints();
  return (
    <section className="panel" aria-label={text.watch.whole}>
      <CityMap
        style={style.data}
        points={points.data}
        scene={NOTHING}
        chips={NO_CHIPS}
        view={parseView(view)}
        onView={(v) => onView(formatView(v))}
        hideCameras={hideCameras}
        focus={focus}
        label={text.watch.whole}
      >
        <div className="fl fx map-tl">
          <b>{text.watch.whole}</b>
          {status ? (
            <span>
              {text.foot.cameras} <b className="num">{count(status.cameras.live)}</b>/{count(status.cameras.total)}
            </span>
          ) : null}
        </div>
        <div className="fl fx map-tr">
          <Icon name="lock" />
          <span>{text.watch.lock}</span>
        </div>
        <div className="fl fx map-br">
          {points.data ? (
            <span className="fx">
              <svg width="12" height="12" aria-hidden="true">
                <path d="M6 1 10.500 11 6 9 1.500 11z" fill="var(--p4)" />
              </svg>
              {text.watch.camera}
            </span>
          ) : (
            <span>{text.watch.camerasUnknown}</span>
          )}
          <span className="fx">
            <svg width="14" height="14" aria-hidden="true">
              <path d="M7 2 12 6.500V12H2V6.500z" fill="none" stroke="var(--safe)" strokeWidth="1.4" />
            </svg>
            {text.watch.staffed}
          </span>
        </div>
      </CityMap>
    </section>
  );
}
