/** What is kept and until when: disks, cameras, holds, certificates of destruction. */
import { useMemo, useState } from "react";
import { type FootageDisk, type KeptCamera, useKept, useRetention } from "../../api/footage";
import { type Hold, useHolds } from "../../api/keeping";
import { ageS, useNow } from "../../kit/clock";
import { count, day, dayMinutes, shortHash } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Panel, PanelHead } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";

/** 1.2 TB, 640 MB: as disks are sold. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let at = 0;
  let left = value;
  while (left >= 1000 && at < units.length - 1) {
    left /= 1000;
    at += 1;
  }
  return `${left >= 100 || at === 0 ? Math.round(left) : left.toFixed(1)} ${units[at]}`;
}

const holdsOf = (holds: readonly Hold[], camera: string) =>
  holds.filter((h) => h.stands && h.resources.includes(camera));

export function Kept() {
  const t = useFootageText();
  const retention = useRetention();
  const kept = useKept();
  const holds = useHolds(true);
  const [chosen, choose] = useState<string>();
  const cameras = kept.data?.cameras ?? [];
  const standing = (holds.data?.holds ?? []).filter((h) => h.stands);
  const codes = useMemo(() => new Map(cameras.map((c) => [c.camera_id, c.code ?? ""])), [cameras]);
  const camera = cameras.find((c) => c.camera_id === chosen) ?? cameras[0];
  const moves = useMoves(
    cameras,
    (c) => c === camera,
    (c) => choose(c.camera_id),
  );
  useKeys(moves);
  return (
    <main className="main kept-grid">
      <section className="panel" aria-label={t.disk}>
        <PanelHead title={t.disk} />
        {retention.data ? (
          retention.data.disks.length ? (
            retention.data.disks.map((d) => <DiskBox key={d.archive} disk={d} />)
          ) : (
            <p className="pb sm t3">{t.noDisk}</p>
          )
        ) : (
          <Answer error={retention.error} retry={() => void retention.refetch()} what={t.disk} />
        )}
        <PanelHead title={t.certificates} sub={String(retention.data?.certificates.length ?? "")} />
        <div className="scroll-y">
          {retention.data && retention.data.certificates.length === 0 ? (
            <Empty icon="seal" title={t.noCertificates} />
          ) : null}
          {retention.data?.certificates.map((c) => (
            <div className="cert-row" key={c.certificate_id}>
              <Icon name="seal" size={14} />
              <b className="num">{dayMinutes(c.destroyed_at)}</b>
              <span>{t.whyGone[c.why] ?? c.why}</span>
              <span className="num r">{t.keysGone(count(c.keys))}</span>
              <span className="num r t3">{bytes(c.bytes)}</span>
              <span className="mono xs t3" title={c.root}>
                {t.root} {shortHash(c.root)}
              </span>
            </div>
          ))}
        </div>
      </section>
      <Panel title={t.oldest} sub={t.cameras(cameras.length).replace(/^.*?(\d+)$/, "$1")}>
        <div className="scroll-y">
          {kept.data ? (
            cameras.length ? (
              <table className="tbl d">
                <thead>
                  <tr>
                    <th>{t.camera}</th>
                    <th>{t.place}</th>
                    <th className="r">{t.oldest}</th>
                    <th className="r">{t.next}</th>
                    <th className="r">{t.period}</th>
                    <th>{t.hold}</th>
                  </tr>
                </thead>
                <tbody>
                  {cameras.map((c) => (
                    <KeptRow
                      key={c.camera_id}
                      camera={c}
                      held={holdsOf(standing, c.camera_id)}
                      chosen={c === camera}
                      onPick={() => choose(c.camera_id)}
                    />
                  ))}
                </tbody>
              </table>
            ) : (
              <Empty icon="film" title={t.noneRecorded} />
            )
          ) : (
            <Answer error={kept.error} retry={() => void kept.refetch()} what={t.oldest} />
          )}
        </div>
      </Panel>
      <Panel title={t.holdsHead} sub={String(standing.length)}>
        <div className="scroll-y">
          {holds.data && standing.length === 0 ? <Empty icon="shield" title={t.noHolds} /> : null}
          {holds.data ? null : <Answer error={holds.error} retry={() => void holds.refetch()} what={t.holdsHead} />}
          {standing.map((h) => (
            <HoldCard key={h.hold_id} hold={h} codes={codes} chosen={camera?.camera_id} />
          ))}
        </div>
      </Panel>
    </main>
  );
}

function DiskBox({ disk }: { disk: FootageDisk }) {
  const text = useText();
  const t = useFootageText();
  const now = useNow();
  const used = disk.total_bytes - disk.free_bytes;
  return (
    <div className="pb disk">
      <div className="fx">
        <b className="cut">{disk.archive}</b>
        <span className="sp" />
        <span className="num t1 nw">{t.diskOf(bytes(used), bytes(disk.total_bytes))}</span>
      </div>
      <div className="meter" aria-hidden="true">
        <i style={{ width: `${(100 * used) / Math.max(1, disk.total_bytes)}%` }} />
      </div>
      <p className={`sm ${disk.full_at ? "c2" : "t2"}`}>
        {disk.full_at ? t.full(dayMinutes(disk.full_at)) : t.notFull}
      </p>
      {disk.clock_doubt ? (
        <p className="sm cd">
          <Icon name="clock" size={14} /> {t.clockDoubt}
        </p>
      ) : null}
      <dl className="kv">
        <dt>{t.oldest}</dt>
        <dd className="num">{disk.oldest_at ? dayMinutes(disk.oldest_at) : "–"}</dd>
        <dt>{t.next}</dt>
        <dd className="num">{disk.next_destruction_at ? dayMinutes(disk.next_destruction_at) : "–"}</dd>
      </dl>
      <p className="xs t3">{t.measured(text.ago(ageS(disk.noted_at, now)))}</p>
    </div>
  );
}

function KeptRow({
  camera,
  held,
  chosen,
  onPick,
}: {
  camera: KeptCamera;
  held: readonly Hold[];
  chosen: boolean;
  onPick: () => void;
}) {
  const t = useFootageText();
  return (
    <tr className={chosen ? "sel" : ""} onClick={onPick}>
      <td>
        <b className="t1">{camera.code ?? camera.camera_id.slice(-6).toUpperCase()}</b>
      </td>
      <td className="cut wide-cell">{camera.name}</td>
      <td className="r num">{dayMinutes(camera.oldest_at)}</td>
      <td className="r num t1">{dayMinutes(camera.next_at)}</td>
      <td className="r num">{t.daysOf(camera.days)}</td>
      <td>{held.length ? <span className="bd o">{t.heldMany(held.length)}</span> : <span className="t4">–</span>}</td>
    </tr>
  );
}

function HoldCard({
  hold,
  codes,
  chosen,
}: {
  hold: Hold;
  codes: ReadonlyMap<string, string>;
  chosen: string | undefined;
}) {
  const t = useFootageText();
  const named = hold.resources.map((r) => codes.get(r)).filter(Boolean);
  return (
    <div className={`hold-card${chosen && hold.resources.includes(chosen) ? " sel" : ""}`}>
      <div className="fx">
        <b className="t1 cut">{hold.case_no ?? "–"}</b>
        <span className="sp" />
        <span className="num nw">
          {t.end} {day(hold.until_at)}
        </span>
      </div>
      <dl className="kv">
        <dt>{t.ground}</dt>
        <dd>{hold.ground}</dd>
        <dt>{t.person}</dt>
        <dd>{hold.placed_by}</dd>
        <dt>{t.scope}</dt>
        <dd className="num">
          {named.slice(0, 3).map((code) => (
            <span className="nw" key={code}>
              {code}{" "}
            </span>
          ))}
          {named.length > 3 ? `+${named.length - 3}` : named.length ? "" : t.overWhat(hold.resources.length)}
        </dd>
        <dt>{t.holdRange}</dt>
        <dd className="num">
          {hold.covers_from_at && hold.covers_until_at
            ? `${dayMinutes(hold.covers_from_at)} – ${dayMinutes(hold.covers_until_at)}`
            : t.all}
        </dd>
      </dl>
      {hold.reason ? <p className="sm t2">{hold.reason}</p> : null}
    </div>
  );
}
