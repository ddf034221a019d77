/** What lists and panels of exports share: the row, the four steps, the facts. */
import type { ReactNode } from "react";
import type { Export } from "../../api/footage";
import { clock, day, dayMinutes } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { Facts } from "../../kit/parts";
import { useFootageText } from "../../text/footage";
import { stepsDone } from "./review";

export function ExportRows({
  list,
  chosen,
  onPick,
  sub,
}: {
  list: readonly Export[];
  chosen: Export | undefined;
  onPick: (id: string) => void;
  /** The second line of a row. */
  sub: (of: Export) => ReactNode;
}) {
  return list.map((e) => (
    <button
      type="button"
      key={e.export_id}
      className={`bare-row ex-row${e === chosen ? " sel" : ""}`}
      aria-pressed={e === chosen}
      onClick={() => onPick(e.export_id)}
    >
      <b className="cut">{e.case_no ?? "–"}</b>
      <span className="num xs t3">{dayMinutes(e.asked_at)}</span>
      <span className="cut t3 xs">{sub(e)}</span>
    </button>
  ));
}

export function Steps({ export: e }: { export: Export }) {
  const t = useFootageText();
  const done = stepsDone(e);
  const times = [e.asked_at, null, e.reviewed_at, e.sealed_at];
  return (
    <ol className="ex-steps">
      {t.steps.map((name, i) => (
        <li key={name} className={i < done ? "done" : i === done && e.state !== "ended" ? "now" : ""}>
          <span className="no">{i < done ? <Icon name="check" size={12} /> : i + 1}</span>
          <b>{name}</b>
          <span className="num t3">{times[i] ? dayMinutes(times[i] as string) : ""}</span>
        </li>
      ))}
    </ol>
  );
}

export function ExportFacts({ export: e }: { export: Export }) {
  const t = useFootageText();
  const span = t.scopeOf(e.cameras.length, clock(e.from_at), clock(e.until_at));
  return (
    <Facts
      rows={[
        [t.recipient, e.recipient ?? "–"],
        [t.caseNo, e.case_no ?? "–"],
        [t.why, e.reason ?? "–"],
        [t.day, day(e.from_at)],
        [t.scope, span],
        [t.track, e.track === "main" ? t.trackMain : t.trackSub],
        [t.which, e.original ? t.withOriginal : t.maskedOnly],
        [t.copies, t.copiesOf(e.downloads, e.most_downloads, day(e.download_until))],
      ]}
    />
  );
}
