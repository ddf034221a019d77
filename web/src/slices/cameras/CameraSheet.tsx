/** One camera: the report with its measured values, two weeks in plots, and its repairs. Nothing here can be typed in. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { inspection as api, type Done, type Report, type Sheet, type Ticket } from "../../api/inspection";
import { day, dayMinutes } from "../../kit/format";
import { Button, PanelHead } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useInspection } from "../../text/inspection";
import { Outcome } from "./Inspection";
import { dots, limitY, type Measure, shown } from "./inspectionRules";
import { SoundGround } from "./SoundGround";

const ACTIONS: readonly Done[] = ["visited", "cleaned", "aimed", "cleared", "mended", "replaced"];
const PLOTS: readonly (readonly [Measure, number | undefined])[] = [
  ["sharp", 0.8],
  ["alike", 0.63],
  ["noise", 18],
  ["brightness", 26],
];

export function CameraSheet({ id }: { id: string }) {
  const t = useInspection();
  const sheet = useQuery({ queryKey: ["inspection", id], queryFn: () => api.sheet(id), refetchInterval: 30_000 });
  if (!sheet.data) {
    return (
      <section className="panel" aria-label={t.report}>
        <Answer error={sheet.error} retry={() => void sheet.refetch()} what={t.report} />
      </section>
    );
  }
  const { camera, reports } = sheet.data;
  return (
    <section className="panel" aria-label={`${camera.code} ${t.report}`}>
      <PanelHead title={camera.code} sub={camera.address} />
      <div className="scroll">
        {sheet.data.tickets.length ? <Tickets sheet={sheet.data} /> : <p className="pb sm t3">{t.noTickets}</p>}
        <ReportTable report={reports[0]} />
        {camera.senses.includes("sound") ? <SoundGround camera={camera} /> : null}
        <div className="grp">{t.week}</div>
        <div className="plots">
          {PLOTS.map(([measure, limit]) => (
            <Plot key={measure} sheet={sheet.data} measure={measure} limit={limit} />
          ))}
        </div>
      </div>
    </section>
  );
}

function ReportTable({ report }: { report: Report | undefined }) {
  const t = useInspection();
  if (!report) return <p className="pb sm t3">{`${t.report}: ${t.noReport}`}</p>;
  return (
    <>
      <div className="grp">
        {t.report} · {day(report.from_at)} – {day(report.until_at)} · <Outcome passed={report.passed} />
      </div>
      <table className="tbl d">
        <thead>
          <tr>
            <th>{t.item}</th>
            <th className="r">{t.measured}</th>
            <th className="r">{t.limit}</th>
            <th className="r">{t.samples}</th>
            <th>{t.result}</th>
          </tr>
        </thead>
        <tbody>
          {report.checks.map((c) => (
            <tr key={c.name}>
              <td>{t.checks[c.name] ?? c.name}</td>
              <td className="r num t1">{shown(c, c.value)}</td>
              <td className="r num t3">
                {shown(c, c.limit)} {c.at_least ? t.atLeast : t.atMost}
              </td>
              <td className="r num t3">{c.samples}</td>
              <td>
                <Outcome passed={c.passed} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="pb xs t3">{t.byMachine}</p>
    </>
  );
}

function Tickets({ sheet }: { sheet: Sheet }) {
  const t = useInspection();
  const client = useQueryClient();
  const act = useMutation({
    mutationFn: ({ ticket, action }: { ticket: Ticket; action: Done }) => api.act(ticket.ticket_id, action),
    onSuccess: (_, { action }) => toast(t.actions[action]),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["inspection"] });
      void client.invalidateQueries({ queryKey: ["inspections"] });
    },
  });
  return (
    <>
      <div className="grp">{t.tickets}</div>
      {sheet.tickets.map((ticket) => (
        <div className="ticket" key={ticket.ticket_id}>
          <div className="fx">
            <b className={ticket.closed_at ? "t2" : "bad"}>{t.defects[ticket.defect]}</b>
            <span className="num sm">
              {ticket.value || ticket.allowed ? (
                <>
                  {ticket.value.toFixed(2)} <span className="t3">/ {ticket.allowed.toFixed(2)}</span>
                </>
              ) : null}
            </span>
            <span className="sp" />
            <span className="num xs t3">
              {t.since} {dayMinutes(ticket.seen_at)}
              {ticket.closed_at ? ` · ${t.closed} ${dayMinutes(ticket.closed_at)}` : ""}
            </span>
          </div>
          {ticket.actions.length ? (
            <p className="xs t2">
              {ticket.actions.map((a) => `${dayMinutes(a.at)} ${t.actions[a.action]}`).join(" · ")}
            </p>
          ) : null}
          {ticket.closed_at ? null : (
            <fieldset className="acts">
              <legend className="xs t3">
                {t.did} — {t.ticketHow}
              </legend>
              {[...ACTIONS, ...(ticket.defect === "moved" ? (["new_view"] as const) : [])].map((action) => (
                <Button key={action} small disabled={act.isPending} onClick={() => act.mutate({ ticket, action })}>
                  {t.actions[action]}
                </Button>
              ))}
              {act.error ? (
                <p className="sm bad" role="alert">
                  {act.error.message}
                </p>
              ) : null}
            </fieldset>
          )}
        </div>
      ))}
    </>
  );
}

function Plot({ sheet, measure, limit }: { sheet: Sheet; measure: Measure; limit: number | undefined }) {
  const t = useInspection();
  const points = dots(sheet.hours, measure);
  return (
    <figure>
      <figcaption className="xs t2">{t.plots[measure]}</figcaption>
      <svg viewBox="0 0 200 60" preserveAspectRatio="none" role="img" aria-label={t.plots[measure]}>
        {limit === undefined ? null : (
          <line className="lim" x1={0} x2={200} y1={60 * limitY(measure, limit)} y2={60 * limitY(measure, limit)} />
        )}
        {points.map((p) => (
          <rect
            key={`${p.x}${p.night}`}
            className={p.night ? "nt" : "dy"}
            x={197 * p.x}
            y={58 * p.y}
            width={2}
            height={2}
          />
        ))}
      </svg>
      {points.length ? null : <span className="xs t3">{t.unmeasured}</span>}
    </figure>
  );
}
