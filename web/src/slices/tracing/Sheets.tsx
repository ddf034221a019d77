/** What ends in another's hands: the place told to 112, the route as an evidence export, the search closed. */
import { footage } from "../../api/footage";
import { type Candidate, type Search, type Taken, tracing } from "../../api/tracing";
import { FormSheet } from "../../kit/FormSheet";
import { between } from "../../kit/form";
import { clock, elapsed } from "../../kit/format";
import { useTracingText } from "../../text/tracing";
import { called, exportOf, secondsOf } from "./rules";

interface Props {
  search: Search;
  route: readonly Candidate[];
  /** What copies of the route would take. */
  spans: readonly Taken[];
  onDone: () => void;
  onClose: () => void;
}

export function HandOverSheet({ search, route, onDone, onClose }: Props) {
  const t = useTracingText();
  const last = route.at(-1);
  return (
    <FormSheet
      title={t.handTitle}
      hint={last ? `${clock(last.until_at)} · ${called(last)}` : ""}
      verb={t.hand}
      done={() => t.handed}
      fields={[{ name: "words", label: t.handWords, kind: "area", wide: true, optional: true, most: 500 }]}
      send={(v) => tracing.handOver(search.search_id, (v.words ?? "").trim())}
      onDone={onDone}
      onClose={onClose}
    />
  );
}

export function ExportSheet({ search, route, spans, onDone, onClose }: Props) {
  const t = useTracingText();
  return (
    <FormSheet
      title={t.exportTitle}
      hint={t.exportHint(route.length)}
      verb={t.exportVerb}
      done={() => t.exported}
      initial={{ downloads: "1", days: "7" }}
      fields={[
        { name: "case_no", label: t.form.case_no, most: 60 },
        { name: "recipient", label: t.recipient, most: 200 },
        { name: "downloads", label: t.downloads, check: between(1, 20, t.form.number) },
        { name: "days", label: t.days, check: between(1, 14, t.form.number) },
        { name: "reason", label: t.why, kind: "area", wide: true, most: 200 },
      ]}
      send={(v) =>
        tracing.copies(search.search_id).then((asked) =>
          footage.askExport(
            exportOf(search.search_id, asked, {
              reason: (v.reason ?? "").trim(),
              case_no: (v.case_no ?? "").trim(),
              recipient: (v.recipient ?? "").trim(),
              downloads: Number(v.downloads),
              days: Number(v.days),
              nowMs: Date.now(),
            }),
          ),
        )
      }
      onDone={onDone}
      onClose={onClose}
    >
      <TakenList spans={spans} />
    </FormSheet>
  );
}

/** Which cameras for how long, before anybody asks: pictures of strangers are in them too. */
function TakenList({ spans }: { spans: readonly Taken[] }) {
  const t = useTracingText();
  const cameras = new Set(spans.map((s) => s.camera_id)).size;
  return (
    <section className="trace-taken" aria-label={t.takenTitle}>
      <b className="sm">{t.takenSum(cameras, elapsed(secondsOf(spans)))}</b>
      <ol>
        {spans.map((s) => (
          <li key={`${s.camera_id}${s.from_at}`} className="sm">
            <span className="cut">{called(s)}</span>
            <span className="num t2">
              {clock(s.from_at)} – {clock(s.until_at)}
            </span>
            <span className="num t3">{elapsed(secondsOf([s]))}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function CloseSheet({ search, onDone, onClose }: Props) {
  const t = useTracingText();
  return (
    <FormSheet
      title={t.closeTitle}
      hint={t.closeHint}
      verb={t.close}
      done={() => t.closed}
      fields={[{ name: "reason", label: t.why, kind: "area", wide: true, most: 500 }]}
      send={(v) => tracing.close(search.search_id, (v.reason ?? "").trim())}
      onDone={onDone}
      onClose={onClose}
    />
  );
}
