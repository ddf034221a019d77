/** The public's page: months by agency, purpose, ground and answer, and how to check them. */
import { useEffect, useState } from "react";
import {
  type Centre,
  hashOfRelease,
  type Month,
  readTransparency,
  releaseUrl,
  type Table,
  type Transparency,
} from "../api/open";
import { type Language, PublicPage, useLanguage } from "./Page";
import { type OpenWords, openWords } from "./text";

const number = (n: number): string => n.toLocaleString("en-US");
const day = (at: string, language: Language): string =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ko-KR", { dateStyle: "long", timeZone: "Asia/Seoul" }).format(
    new Date(at),
  );

export function App() {
  const [language, turn] = useLanguage(openWords);
  const [data, setData] = useState<Transparency | "loading" | "failed">("loading");
  const w = openWords[language];
  useEffect(() => {
    readTransparency().then(setData, () => setData("failed"));
  }, []);
  return (
    <PublicPage words={w} language={language} onTurn={turn} foot={w.law}>
      {data === "failed" ? <p role="alert">{w.failed}</p> : null}
      {typeof data === "string"
        ? null
        : data.centres.map((centre) => (
            <CentreView key={centre.centre_id} centre={centre} data={data} w={w} language={language} />
          ))}
    </PublicPage>
  );
}

interface Shown {
  centre: Centre;
  data: Transparency;
  w: OpenWords;
  language: Language;
}

function CentreView(p: Shown) {
  const { centre, w } = p;
  const [chosen, setChosen] = useState<string>();
  const month = centre.months.find((m) => m.month === chosen) ?? centre.months[0];
  return (
    <section className="centre" aria-label={w.centre[centre.kind]}>
      <div className="centre-head">
        <h2>{w.centre[centre.kind]}</h2>
        {month ? (
          <label>
            {w.month}{" "}
            <select value={month.month} onChange={(e) => setChosen(e.target.value)}>
              {centre.months.map((m) => (
                <option key={m.month}>{m.month}</option>
              ))}
            </select>
          </label>
        ) : null}
        {month ? <span className="as-of">{w.asOf(day(month.as_of, p.language))}</span> : null}
      </div>
      {month ? (
        <>
          <Figures {...p} month={month} />
          <Decisions {...p} month={month} />
          <Provisions {...p} />
          <Check key={month.month} {...p} month={month} />
        </>
      ) : (
        <p>{w.none}</p>
      )}
    </section>
  );
}

function Figures({ month, w, data }: Shown & { month: Month }) {
  const say = (n: number | null): string => (n === null ? w.few(data.below) : number(n));
  return (
    <dl className="figures">
      <div>
        <dt>{w.decisions}</dt>
        <dd>{say(month.total)}</dd>
      </div>
      <div>
        <dt>{w.provisions}</dt>
        <dd>{month.provisions ? number(month.provisions.row_totals.reduce((a, b) => a + b, 0)) : w.few(data.below)}</dd>
      </div>
      <div>
        <dt>{w.glass}</dt>
        <dd>{say(month.break_glass)}</dd>
      </div>
    </dl>
  );
}

const blanks = (tables: readonly (Table | null)[]): boolean => tables.some((t) => t?.cells.flat().includes(null));
const cell = (n: number | null): string => (n === null ? "＊" : number(n));

/** Lines are purpose, ground and answer; columns are agencies. */
function Decisions({ month, w, data, language }: Shown & { month: Month }) {
  const t = month.decisions;
  if (!t?.columns.length) return null;
  const lines = t.columns
    .map((key, c) => {
      const [purpose = "", clause = "", answer = ""] = key.split("|");
      return { key, c, purpose, clause, answer };
    })
    .sort(
      (a, b) =>
        Number(a.key === "rest") - Number(b.key === "rest") ||
        (t.column_totals[b.c] ?? 0) - (t.column_totals[a.c] ?? 0),
    );
  return (
    <div className="block">
      <h3>{w.decisions}</h3>
      <p>{w.decisionsHow}</p>
      <div className="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">{w.purpose}</th>
              <th scope="col">{w.ground}</th>
              <th scope="col">{w.answer}</th>
              {t.rows.map((row) => (
                <th scope="col" className="n" key={row}>
                  {w.agency[row] ?? row}
                </th>
              ))}
              <th scope="col" className="n">
                {w.total}
              </th>
            </tr>
          </thead>
          <tbody>
            {lines.map(({ key, c, purpose, clause, answer }) => (
              <tr key={key} className={answer === "refused" ? "refused" : ""}>
                {key === "rest" ? (
                  <th scope="row" colSpan={3}>
                    {w.all}
                  </th>
                ) : (
                  <>
                    <th scope="row">{data.words.purposes[purpose]?.[language] ?? purpose}</th>
                    <td>{clause === "none" ? w.noGround : (data.words.clauses[clause]?.[language] ?? clause)}</td>
                    <td>{answer === "refused" ? w.refused : w.allowed}</td>
                  </>
                )}
                {t.rows.map((row, r) => (
                  <td className="n" key={row}>
                    {cell(t.cells[r]?.[c] ?? null)}
                  </td>
                ))}
                <td className="n sum">{number(t.column_totals[c] ?? 0)}</td>
              </tr>
            ))}
            <tr className="sums">
              <th scope="row" colSpan={3}>
                {w.total}
              </th>
              {t.rows.map((row, r) => (
                <td className="n" key={row}>
                  {number(t.row_totals[r] ?? 0)}
                </td>
              ))}
              <td className="n">{number(t.row_totals.reduce((a, b) => a + b, 0))}</td>
            </tr>
          </tbody>
        </table>
      </div>
      {blanks([t]) ? <p className="legend">{w.blank(data.below)}</p> : null}
    </div>
  );
}

/** Months × agencies, and the average a month. */
function Provisions({ centre, w, data }: Shown) {
  const months = centre.months.filter((m) => m.provisions?.rows.length);
  if (!months.length) return null;
  const at = (m: Month, row: number, column: string): number | null => {
    const c = m.provisions?.columns.indexOf(column) ?? -1;
    return c < 0 ? 0 : (m.provisions?.cells[row]?.[c] ?? null);
  };
  return (
    <div className="block">
      <h3>{w.provisions}</h3>
      <p>{w.provisionsHow}</p>
      <div className="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">{w.month}</th>
              <th scope="col" />
              <th scope="col" className="n">
                {w.asked}
              </th>
              <th scope="col" className="n">
                {w.given}
              </th>
              <th scope="col" className="n">
                {w.refused}
              </th>
              <th scope="col" className="n">
                {w.open}
              </th>
            </tr>
          </thead>
          <tbody>
            {months.flatMap((m) =>
              (m.provisions?.rows ?? []).map((row, r) => (
                <tr key={m.month + row}>
                  <th scope="row">{m.month}</th>
                  <td>{w.agency[row] ?? row}</td>
                  <td className="n">{number(m.provisions?.row_totals[r] ?? 0)}</td>
                  <td className="n">{cell(at(m, r, "given"))}</td>
                  <td className="n">{cell(at(m, r, "refused"))}</td>
                  <td className="n">{cell(at(m, r, "open"))}</td>
                </tr>
              )),
            )}
            {Object.entries(centre.averages).map(([agency, a]) => (
              <tr className="sums" key={agency}>
                <th scope="row">{w.average}</th>
                <td>{w.agency[agency] ?? agency}</td>
                <td className="n">{a.per_month.toFixed(1)}</td>
                <td colSpan={3}>{w.averageOf(a.months)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {blanks(months.map((m) => m.provisions)) ? <p className="legend">{w.blank(data.below)}</p> : null}
    </div>
  );
}

function Check({ centre, month, w, language }: Shown & { month: Month }) {
  const [found, setFound] = useState<"none" | "asking" | "right" | "wrong" | "cannot">("none");
  const check = () => {
    setFound("asking");
    hashOfRelease(centre.kind, month.month).then(
      (hash) => setFound(hash === month.sha256 ? "right" : "wrong"),
      () => setFound("cannot"),
    );
  };
  const signed = month.checkpoint ?? centre.checkpoint;
  return (
    <div className="block check">
      <h3>{w.check}</h3>
      <p>{w.checkHow}</p>
      <ol>
        {w.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <dl>
        {signed ? (
          <div>
            <dt>
              {w.root} · {w.size(number(signed.size))}
              {signed.signed_at ? ` · ${day(signed.signed_at, language)}` : ""}
            </dt>
            <dd className="hash">{signed.root}</dd>
          </div>
        ) : null}
        <div>
          <dt>
            {w.fileHash} · <a href={releaseUrl(centre.kind, month.month)}>{w.document}</a>
          </dt>
          <dd className="hash">{month.sha256}</dd>
        </div>
      </dl>
      <div className="check-now">
        <button type="button" onClick={check} disabled={found === "asking"}>
          {w.checkNow}
        </button>
        <span role="status" className={found}>
          {found === "none" ? "" : found === "asking" ? w.checking : w[found]}
        </span>
      </div>
    </div>
  );
}
