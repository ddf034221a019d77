import { useEffect, useState } from "react";
import type { Incident, Victim } from "../../api/types";
import { ageS } from "../../kit/clock";
import { clock, metres } from "../../kit/format";
import { Age, Elapsed } from "../../kit/parts";
import { useText } from "../../text";
import { trendMPerMin } from "./rules";

/** The distances this page has seen, newest last; five minutes of them. */
export function useDistances(victim: Victim | null): readonly { at: number; m: number }[] {
  const [list, setList] = useState<readonly { at: number; m: number }[]>([]);
  const at = victim?.seen_at;
  const m = victim?.distance_m;
  useEffect(() => {
    if (at && m !== null && m !== undefined) {
      const entry = { at: Date.parse(at), m };
      setList((old) => [...old.filter((o) => entry.at - o.at < 300_000 && o.at !== entry.at), entry]);
    }
  }, [at, m]);
  return list;
}

export function DistanceChart({
  values,
  limitM = 100,
}: {
  values: readonly { at: number; m: number }[];
  limitM?: number;
}) {
  const first = values[0];
  const last = values.at(-1);
  if (!first || !last || values.length < 2) return null;
  const top = Math.max(limitM, ...values.map((v) => v.m)) * 1.1;
  const x = (at: number) => ((at - first.at) / (last.at - first.at)) * 330;
  const y = (m: number) => 38 - (m / top) * 34;
  return (
    <svg width="100%" viewBox="0 0 384 44" aria-hidden="true" className="distance">
      <path
        d={`M${values.map((v) => `${x(v.at).toFixed(1)} ${y(v.m).toFixed(1)}`).join("L")}`}
        fill="none"
        stroke="var(--safe)"
        strokeWidth="2"
      />
      <path d={`M0 ${y(limitM)}H330`} stroke="var(--line-3)" strokeDasharray="2 3" />
      <circle cx="330" cy={y(last.m)} r="3.5" fill="var(--safe)" />
      <text x="338" y={y(last.m) + 4} className="ax" style={{ fill: "var(--tx-2)" }}>
        {metres(last.m)}
      </text>
      {Math.abs(y(limitM) - y(last.m)) > 10 ? (
        <text x="338" y={y(limitM) + 4} className="ax">
          {metres(limitM)}
        </text>
      ) : null}
    </svg>
  );
}

function House() {
  return (
    <svg className="i" viewBox="0 0 20 20" style={{ color: "var(--safe)" }} aria-hidden="true">
      <circle cx="10" cy="10" r="8" />
      <path d="M10 5.5 6 9v5h8V9z" fill="currentColor" stroke="none" />
    </svg>
  );
}

/** Was she reached, did she see it, does 112 know, is there a way out, how far is he. */
export function VictimPanel({
  incident,
  distances,
}: {
  incident: Pick<Incident, "victim" | "police">;
  distances: readonly { at: number; m: number }[];
}) {
  const text = useText();
  const t = text.incident;
  const { victim, police } = incident;
  if (!victim) {
    return (
      <div className="sec">
        <div className="ph">
          <House />
          <h2>{t.victim}</h2>
        </div>
        <p className="pb sm t3">{t.noVictim}</p>
      </div>
    );
  }
  const trend = trendMPerMin(distances);
  return (
    <div className="sec">
      <div className="ph">
        <House />
        <h2 className="nw">
          {t.victim} {victim.code}
        </h2>
        {victim.grade ? (
          <span className={`bd o${victim.grade === "very_high" ? " c2" : ""}`}>
            {text.grade[victim.grade] ?? victim.grade}
          </span>
        ) : null}
        <span className="sp" />
        <Age at={victim.seen_at} label={text.watch.locationAge} />
      </div>
      <div className="pb facts">
        <div>
          <span className="t3 xs">{t.warned}</span>
          <br />
          {victim.acknowledged_at ? (
            <>
              <b className="cs">{t.readWord}</b>{" "}
              <span className="num">
                {clock(victim.acknowledged_at)}
                {victim.warned_at ? ` · ${text.age(ageS(victim.warned_at, Date.parse(victim.acknowledged_at)))}` : ""}
              </span>
            </>
          ) : victim.warned_at ? (
            <>
              <b className="c2">{t.unread}</b> <span className="num">{clock(victim.warned_at)}</span>
            </>
          ) : (
            <b>{t.warnedNot}</b>
          )}
        </div>
        <div>
          <span className="t3 xs">{t.call112}</span>
          <br />
          {police?.acknowledged_at ? (
            <>
              <b>{t.receipt}</b> <span className="num">{police.receipt ?? clock(police.acknowledged_at)}</span>
            </>
          ) : police?.asked_at ? (
            <>
              <b className="c2">{t.waitingReceipt}</b>{" "}
              <span className="num">
                <Elapsed since={police.asked_at} />
              </span>
            </>
          ) : (
            <b>{t.notAsked}</b>
          )}
        </div>
        <div>
          <span className="t3 xs">{t.wayOut}</span>
          <br />
          {victim.way_out_m === null ? (
            <b>{victim.state ? t.wayOutNone : "–"}</b>
          ) : (
            <>
              <b className="cs">{t.victimState[victim.state] ?? victim.state}</b>{" "}
              <span className="num">{metres(victim.way_out_m)}</span>
            </>
          )}
        </div>
        <div>
          <span className="t3 xs">{t.distance}</span>
          <br />
          <b className="num">{victim.distance_m === null ? "–" : metres(victim.distance_m)}</b>{" "}
          {trend === undefined || Math.abs(trend) < 1 ? null : (
            <span className={trend < 0 ? "c1" : ""}>
              {trend < 0 ? t.closer : t.away} {trend > 0 ? "+" : "−"}
              {Math.abs(Math.round(trend))}
            </span>
          )}
        </div>
      </div>
      {distances.length > 1 ? (
        <div className="pb chart-row">
          <DistanceChart values={distances} />
        </div>
      ) : null}
    </div>
  );
}
