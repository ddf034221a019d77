/** What is kept and until when: disks, cameras, holds, certificates of destruction. */
import { useMemo, useState } from "react";
import { type Certificate, type FootageDisk, type KeptCamera, useKept, useRetention } from "../../api/footage";
import { type Hold, useHolds } from "../../api/keeping";
import type { Account } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { count, dayMinutes, shortHash } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, Panel, PanelHead } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { useKeeping } from "../../text/keeping";
import { HoldAsking, HoldButtons, type Holding, lastDay, useHolding } from "../policy/Holding";
import { CertificateDialog } from "./CertificateDialog";

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

/** Rows drawn at once: what goes next comes first, and the rest is found by its name. */
const DRAWN = 300;
/** Cameras whose code or place holds these words. */
const found = (cameras: readonly KeptCamera[], typed: string) => {
  const words = typed.trim().toLowerCase();
  return words ? cameras.filter((c) => `${c.code ?? ""} ${c.name ?? ""}`.toLowerCase().includes(words)) : cameras;
};

/** What waits for an answer first, then what ends soonest. */
const inOrder = (a: Hold, b: Hold) =>
  Number(Boolean(b.asked)) - Number(Boolean(a.asked)) || a.until_at.localeCompare(b.until_at);

export function Kept({ account }: { account: Account }) {
  const t = useFootageText();
  const words = useKeeping();
  const holding = useHolding(account);
  const [opened, open] = useState<Certificate>();
  const [held, pickHold] = useState<string>();
  const retention = useRetention();
  const kept = useKept();
  const holds = useHolds(true);
  const [chosen, choose] = useState<string>();
  const [typed, setTyped] = useState("");
  const all = kept.data?.cameras ?? [];
  const cameras = useMemo(() => found(all, typed), [all, typed]);
  const standing = (holds.data?.holds ?? []).filter((h) => h.stands).sort(inOrder);
  const hold = standing.find((h) => h.hold_id === held) ?? standing[0];
  const codes = useMemo(() => new Map(all.map((c) => [c.camera_id, c.code ?? ""])), [all]);
  const camera = cameras.find((c) => c.camera_id === chosen) ?? cameras[0];
  const moves = useMoves(
    cameras,
    (c) => c === camera,
    (c) => choose(c.camera_id),
  );
  const move = (by: 1 | -1) => pickHold(standing[Math.max(0, standing.indexOf(hold as Hold) + by)]?.hold_id ?? held);
  useKeys([
    ...moves,
    {
      code: "Slash",
      shift: false,
      cap: "/",
      hint: t.findCamera,
      run: () => document.getElementById("kept-find")?.focus(),
    },
    { code: "KeyB", hint: words.newHold, run: holding.place },
    { code: "BracketLeft", hint: t.chosenHold, run: () => move(-1) },
    { code: "BracketRight", hint: t.chosenHold, run: () => move(1) },
    ...(hold && !hold.asked
      ? [
          { code: "KeyE", hint: words.renew, run: () => holding.renew(hold) },
          { code: "KeyX", hint: words.askRelease, run: () => holding.release(hold) },
        ]
      : []),
    ...(hold?.asked && !hold.asked.mine
      ? [{ code: "KeyY", hint: words.confirm, run: () => holding.confirm(hold) }]
      : []),
    ...(hold?.asked
      ? [{ code: "KeyW", hint: hold.asked.mine ? words.takeBack : words.letStand, run: () => holding.leave(hold) }]
      : []),
  ]);
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
            <button type="button" className="bare-row cert-row" key={c.certificate_id} onClick={() => open(c)}>
              <Icon name="seal" size={14} />
              <b className="num">{dayMinutes(c.destroyed_at)}</b>
              <span>{t.whyGone[c.why] ?? c.why}</span>
              <span className="num r">{t.keysGone(count(c.keys))}</span>
              <span className="num r t3">{bytes(c.bytes)}</span>
              <span className="mono xs t3" title={c.root}>
                {t.root} {shortHash(c.root)}
              </span>
            </button>
          ))}
        </div>
      </section>
      <Panel
        title={t.oldest}
        sub={all.length ? String(all.length) : ""}
        right={
          <input
            id="kept-find"
            className="in kept-find"
            value={typed}
            placeholder={t.findCamera}
            aria-label={t.findCamera}
            autoComplete="off"
            onChange={(e) => setTyped(e.target.value)}
          />
        }
      >
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
                  {cameras.slice(0, DRAWN).map((c) => (
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
              <Empty icon="film" title={all.length ? t.noCameraFound : t.noneRecorded} />
            )
          ) : (
            <Answer error={kept.error} retry={() => void kept.refetch()} what={t.oldest} />
          )}
          {cameras.length > DRAWN ? <p className="pb xs t3">{t.moreCameras(count(cameras.length - DRAWN))}</p> : null}
        </div>
      </Panel>
      <Panel
        title={t.holdsHead}
        sub={String(standing.length || "")}
        right={
          <Button small cap="B" onClick={holding.place}>
            {words.newHold}
          </Button>
        }
      >
        {holding.refused}
        <div className="scroll-y">
          {holds.data && standing.length === 0 ? <Empty icon="shield" title={t.noHolds} /> : null}
          {holds.data ? null : <Answer error={holds.error} retry={() => void holds.refetch()} what={t.holdsHead} />}
          {standing.map((h) => (
            <HoldCard
              key={h.hold_id}
              hold={h}
              codes={codes}
              camera={camera?.camera_id}
              chosen={h === hold}
              holding={holding}
              onPick={() => pickHold(h.hold_id)}
            />
          ))}
        </div>
      </Panel>
      {holding.sheet}
      {opened ? <CertificateDialog certificate={opened} codes={codes} onClose={() => open(undefined)} /> : null}
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
  camera,
  chosen,
  holding,
  onPick,
}: {
  hold: Hold;
  codes: ReadonlyMap<string, string>;
  /** The chosen camera: a bar marks what keeps something of it. */
  camera: string | undefined;
  chosen: boolean;
  holding: Holding;
  onPick: () => void;
}) {
  const t = useFootageText();
  const named = hold.resources.map((r) => codes.get(r)).filter(Boolean);
  const marks = [chosen ? " sel" : "", camera && hold.resources.includes(camera) ? " of" : ""].join("");
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: [ and ] choose
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons within are the control
    <div className={`hold-card${marks}`} data-hold={hold.hold_id} onClick={onPick}>
      <div className="fx">
        <b className="t1 cut">{hold.case_no ?? "–"}</b>
        <span className="sp" />
        <span className="num nw">
          {t.end} {lastDay(hold.until_at)}
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
      <HoldAsking hold={hold} />
      <div className="fx wrap">
        <HoldButtons hold={hold} holding={holding} caps={chosen} />
      </div>
    </div>
  );
}
