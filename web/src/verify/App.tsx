/** Drop an export: it is judged here, in the reader's own browser. */
import { useEffect, useRef, useState } from "react";
import { readKeyIds } from "../api/open";
import { type Language, PublicPage, useLanguage } from "../open/Page";
import { decode } from "./pictures";
import { type VerifyWords, verifyWords } from "./text";
import { type Finding, type Report, verify } from "./verify";

type Outcome = "none" | "reading" | "no-signatures" | Report;
const SHOWN = 8;

const clock = (instant: string | number, language: Language): string =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ko-KR", {
    dateStyle: "medium",
    timeStyle: "medium",
    timeZone: "Asia/Seoul",
  }).format(typeof instant === "number" ? instant / 1000 : new Date(instant));

export function App() {
  const [language, turn] = useLanguage(verifyWords);
  const [outcome, setOutcome] = useState<Outcome>("none");
  const w = verifyWords[language];
  const judge = async (file: File | undefined) => {
    if (!file) return;
    setOutcome("reading");
    try {
      setOutcome(await verify(new Uint8Array(await file.arrayBuffer()), decode));
    } catch {
      setOutcome("no-signatures");
    }
  };
  return (
    <PublicPage words={w} language={language} onTurn={turn}>
      <Drop w={w} onFile={judge} />
      <div aria-live="polite">
        {outcome === "reading" ? <p className="verdict">{w.reading}</p> : null}
        {outcome === "no-signatures" ? <p className="verdict wrong">{w.noSignatures}</p> : null}
        {typeof outcome === "string" ? null : <Verdict report={outcome} w={w} language={language} />}
      </div>
      <section className="block">
        <h2>{w.limits}</h2>
        <ul className="limits">
          {w.limit.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
    </PublicPage>
  );
}

function Drop({ w, onFile }: { w: VerifyWords; onFile: (file: File | undefined) => void }) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section
      className={`drop${over ? " over" : ""}`}
      aria-label={w.drop}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        onFile(e.dataTransfer.files[0]);
      }}
    >
      <p>{w.drop}</p>
      <button type="button" onClick={() => input.current?.click()}>
        {w.choose}
      </button>
      <input
        ref={input}
        type="file"
        accept=".zip,application/zip"
        hidden
        onChange={(e) => {
          onFile(e.target.files?.[0]);
          e.target.value = "";
        }}
      />
    </section>
  );
}

interface Shown {
  report: Report;
  w: VerifyWords;
  language: Language;
}

/** The findings that say most: those with a place first, each place and kind once. */
function told(findings: Finding[]): Finding[] {
  const seen = new Map<string, Finding>();
  for (const f of findings) {
    const key = `${f.what} ${f.camera ?? ""} ${f.group ?? ""}`;
    if (!seen.has(key)) seen.set(key, f);
  }
  return [...seen.values()].sort((a, b) => Number(a.group === undefined) - Number(b.group === undefined));
}

function Verdict(p: Shown) {
  const { report, w, language } = p;
  const lines = told(report.findings);
  return (
    <>
      <p className={`verdict ${report.verified ? "right" : "wrong"}`} role={report.verified ? "status" : "alert"}>
        {report.verified ? w.good : w.bad}
      </p>
      <ul className="findings">
        {lines.slice(0, SHOWN).map((f) => (
          <li key={`${f.what}${f.camera}${f.group}`}>
            <b>{w.what[f.what] ?? f.what}</b>
            {f.camera ? (
              <span>
                {f.group === undefined || f.at === undefined
                  ? w.camera(f.camera)
                  : w.group(f.camera, f.group, clock(f.at, language))}
              </span>
            ) : null}
          </li>
        ))}
        {lines.length > SHOWN ? <li>{w.more(lines.length - SHOWN)}</li> : null}
      </ul>
      {report.verified ? <Proven {...p} /> : null}
      {report.manifest && report.verified ? <Told {...p} /> : null}
    </>
  );
}

function Proven({ report, w }: Shown) {
  const [known, setKnown] = useState<"asking" | "same" | "other" | "unknown">("asking");
  useEffect(() => {
    readKeyIds().then(
      (ids) => setKnown(ids.includes(report.ledgerKey ?? "") ? "same" : "other"),
      () => setKnown("unknown"),
    );
  }, [report]);
  const says = { asking: "", same: w.keySame, other: w.keyOther, unknown: w.keyUnknown };
  return (
    <section className="block check">
      <h2>{w.proven}</h2>
      <ol>
        <li>{w.checks.bytes}</li>
        <li>
          {report.pictures === undefined
            ? w.checks.noPictures
            : w.checks.pictures(report.pictures, `${(report.hiddenShare * 100).toFixed(1)} %`)}
        </li>
        <li>{w.checks.ledger}</li>
        {report.stamped ? <li>{w.stamped}</li> : null}
      </ol>
      <p>
        <span className="hash">{w.key(report.ledgerKey ?? "")}</span> {says[known]}
      </p>
    </section>
  );
}

function Told({ report, w, language }: Shown) {
  const manifest = report.manifest!;
  const told: Record<string, unknown> = { ...manifest.request, reviewed_by: manifest.masking.reviewed_by };
  const say = (name: string): string => {
    const value = String(told[name] ?? "");
    return name.endsWith("_at") ? clock(value, language) : value;
  };
  return (
    <>
      <section className="block">
        <h2>{w.request}</h2>
        <dl className="told">
          {Object.keys(w.fields).map((name) =>
            told[name] ? (
              <div key={name}>
                <dt>{w.fields[name]}</dt>
                <dd>{say(name)}</dd>
              </div>
            ) : null,
          )}
        </dl>
      </section>
      <section className="block">
        <h2>{w.cameras}</h2>
        {manifest.cameras.map((c) => (
          <div key={`${c.camera_id}${c.from_at}`}>
            <p>
              <b>{c.code}</b> {c.name} · {w.span(clock(c.from_at, language), clock(c.until_at, language))}
            </p>
            <ul className="limits">
              {c.gaps.map((g) => (
                <li key={g.from_at}>
                  {w.gap(clock(g.from_at, language), clock(g.until_at, language), w.causes[g.cause] ?? g.cause)}
                </li>
              ))}
              {c.gaps.length ? null : <li>{w.noGap}</li>}
            </ul>
          </div>
        ))}
      </section>
      <section className="block">
        <h2>{w.seen}</h2>
        <p>{w.seenHow}</p>
        <div className="wide">
          <table>
            <tbody>
              {report.seen.map((s) => (
                <tr key={s.id}>
                  <td>{clock(s.at, language)}</td>
                  <td>{w.kinds[s.kind] ?? s.kind}</td>
                  <td>{s.step ? (w.steps[s.step] ?? s.step) : (s.viewer ?? s.role ?? "")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}
