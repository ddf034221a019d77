import { useState } from "react";
import type { Look } from "../../api/phone.ts";
import { Icon } from "../kit/Icon.tsx";
import { clockTime, dayTime, type Language, type Words } from "../text.ts";

const WEEK_MS = 7 * 86_400_000;

/** 70 s → "1분 10초". How long the door stood open: nobody looked longer. */
export function howLong(seconds: number, language: Language): string {
  const s = Math.max(1, Math.round(seconds));
  const [h, m, rest] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60), s % 60];
  const en = language === "en";
  const parts = h
    ? [en ? `${h} h` : `${h}시간`, m ? (en ? `${m} min` : `${m}분`) : ""]
    : m
      ? [en ? `${m} min` : `${m}분`, rest && m < 10 ? (en ? `${rest} s` : `${rest}초`) : ""]
      : [en ? `${rest} s` : `${rest}초`];
  return parts.filter(Boolean).join(" ");
}

interface Props {
  w: Words["looks"];
  language: Language;
  now: number;
  looks: readonly Look[];
  asking: boolean;
  stop: () => void;
  ask: (handle: string, words: string) => Promise<boolean>;
  older?: () => void;
  sealedAt: string | null;
}

/** Who looked, in three figures and a line of time; while asking, each look can be chosen. */
export function LooksBody(p: Props) {
  const [chosen, setChosen] = useState<string>();
  const week = p.looks.filter((l) => Date.parse(l.at) > p.now - WEEK_MS);
  return (
    <>
      {p.asking ? <h2 className="mid">{p.w.askWhich}</h2> : null}
      {p.looks.length === 0 ? (
        <p className="small mid">{p.w.none}</p>
      ) : (
        <>
          <div className="two">
            <Figure n={week.filter((l) => l.granted).length} of={p.w.week} />
            <Figure n={week.filter((l) => l.granted && !l.ground).length} of={p.w.groundless} />
            <Figure n={week.filter((l) => !l.granted).length} of={p.w.refused} />
          </div>
          <div className="card">
            <ol className="tl">
              {p.looks.map((l) => (
                <Line
                  key={l.handle ?? l.at + l.organisation + l.what}
                  {...p}
                  look={l}
                  chosen={p.asking && chosen !== undefined && chosen === l.handle}
                  choose={() => setChosen(l.handle)}
                />
              ))}
            </ol>
            {p.older ? (
              <button type="button" className="btn gray" onClick={p.older}>
                {p.w.older}
              </button>
            ) : null}
          </div>
        </>
      )}
      <div className="note plain">
        <Icon name="lock" />
        <div>
          {p.w.fixed}{" "}
          {p.sealedAt ? (
            <span className="nowrap">
              {p.w.sealed} <b className="num">{`${dayTime(p.sealedAt, p.language)} ${clockTime(p.sealedAt)}`}</b>
            </span>
          ) : null}
        </div>
      </div>
    </>
  );
}

function Figure(p: { n: number; of: string }) {
  return (
    <div className="card st">
      <b className="num">{p.n}</b>
      {p.of}
    </div>
  );
}

function Line(p: Props & { look: Look; chosen: boolean; choose: () => void }) {
  const { look: l, w } = p;
  const open = p.asking && l.handle !== undefined && !l.asked_at;
  return (
    <li>
      <span className={`dot${l.granted ? "" : " bad"}`}>
        <Icon name={l.granted ? "eye" : "cross"} size={16} bold={!l.granted} />
      </span>
      <div className="t">
        {l.organisation} · {l.role} {!l.granted && <span className="badge bad">{w.refusedBadge}</span>}
      </div>
      <div className="d">
        {l.granted ? w.saw : w.tried}: {l.what}
      </div>
      <div className="d">
        {l.granted ? w.ground : w.reason}: {l.ground}
      </div>
      <div className="xs num">
        {dayTime(l.at, p.language)} {clockTime(l.at)}
        {l.duration_s === null ? "" : ` · ${howLong(l.duration_s, p.language)}`}
      </div>
      {l.answer ? (
        <div className="d asked">
          {w.answered}: {l.answer}
        </div>
      ) : l.asked_at ? (
        <div className="xs asked">{w.asked}</div>
      ) : null}
      {open && !p.chosen ? (
        <button type="button" className="btn out pick" onClick={p.choose}>
          {w.ask}
        </button>
      ) : null}
      {open && p.chosen ? <Ask {...p} handle={l.handle as string} /> : null}
    </li>
  );
}

function Ask(p: Props & { handle: string }) {
  const [words, setWords] = useState("");
  const [state, setState] = useState<"typing" | "sending" | "failed">("typing");
  const send = () => {
    setState("sending");
    void p.ask(p.handle, words.trim()).then((sent) => (sent ? p.stop() : setState("failed")));
  };
  return (
    <form
      className="ask"
      onSubmit={(e) => {
        e.preventDefault();
        if (words.trim()) send();
      }}
    >
      <label htmlFor="ask-words" className="small">
        {p.w.askHow}
      </label>
      <textarea
        id="ask-words"
        rows={3}
        maxLength={1000}
        placeholder={p.w.askWords}
        value={words}
        onChange={(e) => setWords(e.target.value)}
      />
      {state === "failed" ? <p role="alert">{p.w.askFailed}</p> : null}
      <div className="two">
        <button type="button" className="btn gray" onClick={p.stop}>
          {p.w.askBack}
        </button>
        <button type="submit" className="btn pri" disabled={state === "sending" || !words.trim()}>
          {p.w.askSend}
        </button>
      </div>
    </form>
  );
}
