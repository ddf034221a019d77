/** What lists and panels of exports share: the row, the four steps, the facts. */
import type { ReactNode } from "react";
import type { Export } from "../../api/footage";
import { clock, day, dayMinutes, elapsed } from "../../kit/format";
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
  const begins = e.spans.map((s) => s.from_at).sort();
  const ends = e.spans.map((s) => s.until_at).sort();
  const [from, until] = [begins[0] ?? e.asked_at, ends.at(-1) ?? e.asked_at];
  const seconds = e.spans.reduce((n, s) => n + (Date.parse(s.until_at) - Date.parse(s.from_at)) / 1000, 0);
  const cameras = new Set(e.spans.map((s) => s.camera_id)).size;
  return (
    <Facts
      rows={[
        [t.recipient, e.recipient ?? "–"],
        [t.caseNo, e.case_no ?? "–"],
        [t.why, e.reason ?? "–"],
        [t.day, day(from)],
        [t.scope, t.scopeOf(cameras, clock(from), clock(until), elapsed(seconds))],
        [t.track, e.track === "main" ? t.trackMain : t.trackSub],
        [t.which, e.original ? t.withOriginal : t.maskedOnly],
        [t.copies, t.copiesOf(e.downloads, e.most_downloads, day(e.download_until))],
      ]}
    />
  );
}
