/** The facility manager's screen: every camera's last report, what is due, what is in repair; and the blind spots. */
import { useQuery } from "@tanstack/react-query";
import { inspection as api, type Line, type Lines } from "../../api/inspection";
import { useNow } from "../../kit/clock";
import { day } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { Button, PanelHead } from "../../kit/parts";
import { go, useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { useLocale } from "../../text";
import { useInspection } from "../../text/inspection";
import { BlindSpots } from "./BlindSpots";
import { CameraSheet } from "./CameraSheet";
import "./inspection.css";

export function Inspection({ id }: { id: string | undefined }) {
  const t = useInspection();
  const [view, setView] = useQueryWord("view");
  const list = useQuery({ queryKey: ["inspections"], queryFn: api.lines, refetchInterval: 15_000 });
  const lines = list.data?.cameras ?? [];
  const map = view === "map";
  const moves = useMoves(
    map ? [] : lines,
    (l) => l.camera_id === id,
    (l) => go("inspection", l.camera_id),
  );
  useKeys([...moves, { code: "KeyM", hint: map ? t.toList : t.toMap, run: () => setView(map ? undefined : "map") }]);
  const toggle = (
    <Button small cap="M" onClick={() => setView(map ? undefined : "map")}>
      {map ? t.toList : t.toMap}
    </Button>
  );
  if (map) return <BlindSpots toggle={toggle} />;
  return (
    <main className="main inspection">
      <section className="panel" aria-label={t.list}>
        <PanelHead title={t.list} sub={list.data ? <Sums of={list.data} /> : ""} right={toggle} />
        {list.data ? (
          lines.length ? (
            <div className="scroll">
              <CameraTable lines={lines} chosen={id} />
            </div>
          ) : (
            <Empty title={t.none} body={t.noneBody} icon="camera" />
          )
        ) : (
          <Answer error={list.error} retry={() => void list.refetch()} what={t.list} />
        )}
      </section>
      {id ? (
        <CameraSheet key={id} id={id} />
      ) : (
        <section className="panel" aria-label={t.report}>
          <Empty title={t.choose} icon="camera" />
        </section>
      )}
    </main>
  );
}

function Sums({ of }: { of: Lines }) {
  const t = useInspection();
  return (
    <>
      {t.cameras(of.cameras.length)} · <span className={of.tickets ? "bad" : ""}>{t.open(of.tickets)}</span> ·{" "}
      <span className={of.overdue ? "bad" : ""}>{t.overdue(of.overdue)}</span>
    </>
  );
}

function CameraTable({ lines, chosen }: { lines: readonly Line[]; chosen: string | undefined }) {
  const t = useInspection();
  return (
    <table className="tbl">
      <thead>
        <tr>
          <th>{t.camera}</th>
          <th>{t.state}</th>
          <th>{t.report}</th>
          <th>{t.due}</th>
          <th>{t.tickets}</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <CameraRow key={line.camera_id} line={line} chosen={line.camera_id === chosen} />
        ))}
      </tbody>
    </table>
  );
}

function CameraRow({ line, chosen }: { line: Line; chosen: boolean }) {
  const t = useInspection();
  const { locale } = useLocale();
  const now = useNow();
  const late = line.due_at !== null && Date.parse(line.due_at) <= now;
  const open = () => go("inspection", line.camera_id);
  return (
    <tr className={chosen ? "sel" : ""} aria-current={chosen || undefined} onClick={open}>
      <td className="who">
        <button type="button" className="plain" onClick={open}>
          <b className="t1">{line.code}</b>
        </button>
        <span className="xs t3 cut">{line.address}</span>
      </td>
      <td className="how">
        <span className={line.live ? "" : "bad"}>
          {line.live ? t.live : locale === "en" ? line.reason_en : line.reason_ko}
        </span>
        <span className="xs t3">{line.senses.map((s) => t.senses[s]).join(" · ")}</span>
      </td>
      <td className="num">
        <Outcome passed={line.reported_at ? line.passed : undefined} />
        <span className="xs t3">{line.reported_at ? day(line.reported_at) : ""}</span>
      </td>
      <td className={`num${late ? " bad" : ""}`}>{line.due_at ? day(line.due_at) : "–"}</td>
      <td>
        {line.tickets.map((ticket) => (
          <span className="bd p2" key={ticket.ticket_id}>
            {t.defects[ticket.defect]}
          </span>
        ))}
      </td>
    </tr>
  );
}

/** Passed, failed, not measured, or (undefined) nothing there yet: never by colour alone. */
export function Outcome({ passed }: { passed: boolean | null | undefined }) {
  const t = useInspection();
  if (passed === undefined) return <span className="t3">{t.noReport}</span>;
  if (passed === null) return <span className="t3">{t.unmeasured}</span>;
  return passed ? <span>✓ {t.passed}</span> : <span className="bad">✕ {t.failed}</span>;
}
