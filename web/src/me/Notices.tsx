/** What a neighbour is told under a court's order: the words, roughly where, when, by whom, and until when. */
import type { ResidentNotice } from "../api/phone.ts";
import { day, dayMinutes } from "../kit/format.ts";
import type { MeWords } from "./text.ts";

export function Notices({ list, w }: { list: readonly ResidentNotice[] | "off"; w: MeWords["notices"] }) {
  const shown = list === "off" ? [] : list;
  return (
    <>
      <h2 className="mid">{w.title}</h2>
      {shown.length ? null : <p className="small">{list === "off" ? w.off : w.none}</p>}
      {shown.map((n) => (
        <section className="card" key={n.notice_id} data-notice={n.notice_id}>
          <p className="t">{n.text}</p>
          <p className="small num">{w.around(Math.round(n.radius_m), n.lat, n.lon)}</p>
          <p className="small num">{w.when(dayMinutes(n.from_at), dayMinutes(n.until_at))}</p>
          <p className="small">{w.by(n.author, n.ground)}</p>
          <p className="small num">{w.ends(day(n.ends_at))}</p>
        </section>
      ))}
      {shown.length ? <p className="small">{w.logged}</p> : null}
    </>
  );
}
