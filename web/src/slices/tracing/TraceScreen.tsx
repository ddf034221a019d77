/** One person across cameras: whom, under which approval, how he came, who may be him, which camera next. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { usePoints } from "../../api/hooks";
import {
  type Candidate,
  type HimOrNot,
  type Search,
  tracing,
  useCandidates,
  useNextCameras,
  useSearches,
} from "../../api/tracing";
import { useNow } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { clock, elapsed, shortId } from "../../kit/format";
import { useKeys } from "../../kit/keys";
import { beside, useMoves } from "../../kit/moves";
import { Button, Facts, Panel } from "../../kit/parts";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useTracingText } from "../../text/tracing";
import { AskSearch } from "./AskSearch";
import { NextCameras } from "./NextCameras";
import { afterJudging, called, routeOf, stripOf } from "./rules";
import { Strip } from "./Strip";
import { TraceMap } from "./TraceMap";
import "./tracing.css";

const NOBODY: readonly Candidate[] = [];

export function TraceScreen() {
  const t = useTracingText();
  const [word, choose] = useQueryWord("search");
  const [asking, setAsking] = useState(false);
  const all = useSearches();
  const list = all.data?.searches ?? [];
  const chosen = list.find((s) => s.search_id === word) ?? list[0];
  const pick = (s: Search) => choose(s.search_id);
  useKeys([{ code: "KeyO", hint: t.ask, run: () => setAsking(true) }, ...useMoves(list, (s) => s === chosen, pick)]);
  return (
    <main className="main trace">
      <Panel title={t.searches} sub={list.length ? String(list.length) : ""}>
        <div className="pb">
          <Button tone="act" cap="O" onClick={() => setAsking(true)}>
            {t.ask}
          </Button>
        </div>
        <div className="scroll">
          {all.data ? null : <Answer error={all.error} retry={() => void all.refetch()} what={t.searches} />}
          {all.data && list.length === 0 ? <Empty icon="search" title={t.none} body={t.noneBody} /> : null}
          {list.map((s) => (
            <Row key={s.search_id} search={s} selected={s === chosen} onPick={() => pick(s)} />
          ))}
        </div>
      </Panel>
      {chosen ? (
        <Case key={chosen.search_id} search={chosen} />
      ) : (
        <section className="panel trace-none" aria-label={t.choose}>
          <Empty icon="search" title={t.choose} />
        </section>
      )}
      {asking ? <AskSearch onClose={() => setAsking(false)} onAsked={pick} /> : null}
    </main>
  );
}

function Row({ search: s, selected, onPick }: { search: Search; selected: boolean; onPick: () => void }) {
  const t = useTracingText();
  return (
    <button
      type="button"
      className={`trace-row${selected ? " sel" : ""}${s.state === "ended" ? " dim" : ""}`}
      onClick={onPick}
    >
      <b className="num">T-{shortId(s.search_id)}</b>
      <span className="sm t2">{s.missing ? t.missing : t.crime}</span>
      <span className="xs t3">{clock(s.asked_at)}</span>
      <span className={`bd${s.state === "waiting" ? " doubt" : " o"}`}>
        {s.state === "ended" ? (t.ended[s.ended_why ?? ""] ?? t.states.ended) : t.states[s.state]}
      </span>
    </button>
  );
}

function Case({ search: s }: { search: Search }) {
  const t = useTracingText();
  const client = useQueryClient();
  const now = useNow();
  const points = usePoints();
  const found = useCandidates(s);
  const candidates = found.data?.candidates ?? NOBODY;
  const strip = stripOf(candidates);
  const route = routeOf(candidates);
  const ahead = useNextCameras(s, route.length > 0);
  const next = ahead.data?.cameras ?? [];
  const [word, choose] = useState<string>();
  const [focus, setFocus] = useState(0);
  const [closing, setClosing] = useState(false);
  const chosen = strip.find((c) => c.candidate_id === word) ?? strip[0];
  const pick = (c: Candidate | undefined) => choose(c?.candidate_id);
  const refresh = () => void client.invalidateQueries({ queryKey: ["tracing"] });

  const look = useMutation({
    mutationFn: () => tracing.look(s.search_id),
    onSuccess: ({ candidates: c }) => toast(t.looked(c.length)),
    onSettled: refresh,
  });
  const judge = useMutation({
    mutationFn: ({ of, verdict }: { of: Candidate; verdict: HimOrNot | null }) =>
      tracing.judge(s.search_id, of.candidate_id, verdict),
    onSuccess: (_, { of }) => pick(afterJudging(strip, of.candidate_id)),
    onSettled: refresh,
  });
  const say = (verdict: HimOrNot | null) => {
    if (chosen && !judge.isPending) judge.mutate({ of: chosen, verdict });
  };
  const open = s.state === "open";
  const step = (by: 1 | -1) => pick(beside(strip, (c) => c === chosen, by));
  useKeys(
    open
      ? [
          ...(chosen
            ? [
                { code: "KeyY", hint: t.him, run: () => say("him") },
                { code: "KeyN", hint: t.notHim, run: () => say("not_him") },
                { code: "KeyM", hint: t.unsure, run: () => say(null) },
                { code: "ArrowLeft", run: () => step(-1) },
                { code: "ArrowRight", hint: t.candidates, run: () => step(1) },
                { code: "KeyZ", run: () => setFocus((n) => n + 1) },
              ]
            : []),
          { code: "KeyF", hint: t.look, run: () => look.mutate() },
          { code: "KeyE", ctrl: true, hint: t.close, run: () => setClosing(true) },
        ]
      : [],
  );
  return (
    <>
      <div className="trace-mid">
        <TraceMap route={route} chosen={chosen} next={next} points={points.data} focus={focus} />
        <section className="panel" aria-label={t.candidates}>
          <div className="ph">
            <h2>{t.candidates}</h2>
            <span className="t3 sm">{candidates.length || ""}</span>
            <span className="xs t3 cut">{t.rule}</span>
            <span className="sp" />
            {open ? (
              <Button small cap="F" disabled={look.isPending} onClick={() => look.mutate()}>
                {look.isPending ? t.looking : t.look}
              </Button>
            ) : null}
          </div>
          {look.error || judge.error ? <Answer error={look.error ?? judge.error} what={t.candidates} /> : null}
          {!open ? (
            <Empty
              icon="lock"
              title={t.states[s.state] ?? ""}
              body={s.state === "waiting" ? t.waitingBody : t.endedBody}
            />
          ) : !found.data ? (
            <Answer error={found.error} retry={() => void found.refetch()} what={t.candidates} />
          ) : strip.length ? (
            <Strip strip={strip} chosen={chosen} busy={judge.isPending} onPick={pick} onSay={say} />
          ) : look.isSuccess ? (
            <Empty icon="search" title={t.noCandidates} body={t.noCandidatesBody} />
          ) : (
            <Empty icon="search" title={t.notLooked} body={t.rule} />
          )}
        </section>
      </div>
      <div className="trace-right">
        <Panel title={t.next} sub={t.nextSub}>
          <div className="scroll">
            {!route.length ? (
              <Empty icon="camera" title={t.noNext} />
            ) : !ahead.data ? (
              <Answer error={ahead.error} retry={() => void ahead.refetch()} what={t.next} />
            ) : next.length ? (
              <NextCameras next={next} />
            ) : (
              <Empty icon="camera" title={t.nobodyNext} />
            )}
          </div>
        </Panel>
        <Panel title={t.route} sub={route.length ? String(route.length) : ""}>
          <div className="scroll">
            {route.length ? (
              <ol className="trace-route">
                {route.map((c, i) => (
                  <li key={c.candidate_id}>
                    <button type="button" className="bare" onClick={() => pick(c)}>
                      <kbd>{i + 1}</kbd> <span className="num t2">{clock(c.from_at)}</span>{" "}
                      <b className="cut">{called(c)}</b>
                    </button>
                  </li>
                ))}
              </ol>
            ) : (
              <Empty icon="scan" title={t.noRoute} />
            )}
          </div>
          <Facts
            rows={[
              [t.searches, `T-${shortId(s.search_id)}`],
              [t.left, open ? elapsed(Math.max(0, (Date.parse(s.until_at) - now) / 1000)) : "–"],
            ]}
          />
          {s.state === "ended" ? null : (
            <div className="pb">
              <Button tone="line" cap="Ctrl E" onClick={() => setClosing(true)}>
                {t.close}
              </Button>
            </div>
          )}
        </Panel>
      </div>
      {closing ? (
        <FormSheet
          title={t.closeTitle}
          hint={t.closeHint}
          verb={t.close}
          done={() => t.closed}
          fields={[{ name: "reason", label: t.why, kind: "area", wide: true, most: 500 }]}
          send={(v) => tracing.close(s.search_id, (v.reason ?? "").trim())}
          onDone={refresh}
          onClose={() => setClosing(false)}
        />
      ) : null}
    </>
  );
}
