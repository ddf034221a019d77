/** How every camera is, since when and why, in a list and on the map. */
import { useMemo, useState } from "react";
import { type CameraHealth, type DiskWarning, type Spell, useHealth, useSpells } from "../../api/footage";
import { useStyleData } from "../../api/hooks";
import { ageS, useNow } from "../../kit/clock";
import { clock, dayMinutes } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Panel, PanelHead } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { HealthMap } from "./HealthMap";

const DAY_MS = 86_400_000;
const share = (value: number | null, none: string) =>
  value === null ? none : `${(Math.floor(value * 1000) / 10).toFixed(1)}%`;

/** Lost ones first, the longest first; then by code. */
export function ranked(cameras: readonly CameraHealth[]): CameraHealth[] {
  return [...cameras].sort(
    (a, b) =>
      Number(a.live) - Number(b.live) ||
      (a.live ? 0 : (a.since ?? "").localeCompare(b.since ?? "")) ||
      a.code.localeCompare(b.code),
  );
}

export function Health() {
  const text = useText();
  const t = useFootageText();
  const now = useNow();
  const health = useHealth();
  const style = useStyleData();
  const [chosen, choose] = useState<string>();
  const [dead, setDead] = useState(false);
  const all = useMemo(() => ranked(health.data?.cameras ?? []), [health.data]);
  const rows = dead ? all.filter((c) => !c.live) : all;
  const camera = rows.find((c) => c.camera_id === chosen) ?? rows[0];
  const live = all.filter((c) => c.live).length;
  const moves = useMoves(
    rows,
    (c) => c === camera,
    (c) => {
      choose(c.camera_id);
      document.getElementById(`health-${c.camera_id}`)?.scrollIntoView({ block: "nearest" });
    },
  );
  useKeys([...moves, { code: "KeyF", hint: t.onlyDead, run: () => setDead(!dead) }]);
  return (
    <main className="main health-grid">
      <Panel
        title={t.state}
        sub={`${t.live(live)} · ${t.dead(all.length - live)}`}
        right={
          <Button small tone={dead ? "pri" : "line"} cap="F" aria-pressed={dead} onClick={() => setDead(!dead)}>
            {t.onlyDead}
          </Button>
        }
      >
        {health.data?.disks.map((disk) => (
          <DiskAlarm key={disk.archive} disk={disk} />
        ))}
        <div className="scroll-y">
          {health.data ? (
            rows.length ? (
              <table className="tbl d health-tbl">
                <thead>
                  <tr>
                    <th>{t.camera}</th>
                    <th>{t.state}</th>
                    <th className="r">{t.since}</th>
                    <th className="r">{t.uptime24}</th>
                    <th className="r">{t.uptime90}</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((c) => (
                    <tr
                      key={c.camera_id}
                      id={`health-${c.camera_id}`}
                      className={c === camera ? "sel" : ""}
                      onClick={() => choose(c.camera_id)}
                    >
                      <td>
                        <b className="t1">{c.code}</b>
                      </td>
                      <td className={`cut wide-cell ${c.live ? "t3" : "cd"}`}>
                        <i className={`dot${c.live ? "" : " lost"}`} /> {t.reasonOf[c.reason] ?? c.reason}
                      </td>
                      <td className="r num">{c.since ? text.age(ageS(c.since, now)) : "–"}</td>
                      <td className="r num">{share(c.uptime_24h, "–")}</td>
                      <td className="r num">{share(c.uptime_90d, "–")}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            ) : (
              <Empty icon="camera" title={t.healthNone} body={t.healthNoneBody} />
            )
          ) : (
            <Answer error={health.error} retry={() => void health.refetch()} what={t.state} />
          )}
        </div>
      </Panel>
      <section className="panel" aria-label={t.tabs.health}>
        <HealthMap style={style.data} cameras={all} chosen={camera?.camera_id} onPick={choose} />
        {camera ? <Detail camera={camera} now={now} /> : null}
      </section>
    </main>
  );
}

/** A day ahead: there is time yet to make room, or to hold what must not go. */
function DiskAlarm({ disk }: { disk: DiskWarning }) {
  const t = useFootageText();
  return (
    <p className="pb sm c2" role="alert">
      <b>{disk.archive}</b> {disk.full_at ? t.full(dayMinutes(disk.full_at)) : ""}
      {disk.clock_doubt ? ` ${t.clockDoubt}` : ""}
    </p>
  );
}

function Detail({ camera, now }: { camera: CameraHealth; now: number }) {
  const text = useText();
  const t = useFootageText();
  const spells = useSpells(camera.camera_id);
  return (
    <div className="health-detail">
      <PanelHead title={camera.code} sub={camera.name} plain right={<span className="t3 sm">{t.history}</span>} />
      <div className="pb">
        <div className="spell-bar">
          {(spells.data?.spells ?? []).map((s) => (
            <SpellBar key={s.from_at} spell={s} now={now} />
          ))}
        </div>
        <div className="fx xs t3 num spell-ends">
          <span>{clock(now - DAY_MS).slice(0, 5)}</span>
          <span className="sp" />
          <span>{clock(now).slice(0, 5)}</span>
        </div>
        <p className={`sm ${camera.live ? "t2" : "cd"}`}>
          {t.reasonOf[camera.reason] ?? camera.reason}
          {camera.since ? ` · ${dayMinutes(camera.since)} · ${text.ago(ageS(camera.since, now))}` : ""}
        </p>
        {spells.data?.spells.length === 0 ? <p className="xs t3">{t.noHistory}</p> : null}
      </div>
    </div>
  );
}

function SpellBar({ spell, now }: { spell: Spell; now: number }) {
  const t = useFootageText();
  const from = Math.max(0, (Date.parse(spell.from_at) - (now - DAY_MS)) / DAY_MS);
  const until = Math.min(1, ((spell.until_at ? Date.parse(spell.until_at) : now) - (now - DAY_MS)) / DAY_MS);
  if (until <= from) return null;
  return (
    <i
      className={spell.live ? "tr-bar" : "tr-gap"}
      title={`${clock(spell.from_at)} ${t.reasonOf[spell.reason] ?? spell.reason}`}
      style={{ left: `${from * 100}%`, width: `${(until - from) * 100}%` }}
    />
  );
}
