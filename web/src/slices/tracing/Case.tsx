/** One search: the case map, candidates to judge by one key, who comes where next, and the way into others' hands. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import {
  type Candidate,
  type HimOrNot,
  type Search,
  type Taken,
  tracing,
  useBelief,
  useCandidates,
  useSought,
} from "../../api/tracing";
import { useKeys } from "../../kit/keys";
import { beside } from "../../kit/moves";
import { Button, Panel } from "../../kit/parts";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useTracingText } from "../../text/tracing";
import { NextCameras } from "./NextCameras";
import { NextLive } from "./NextLive";
import { afterJudging, LETTERS, routeOf, stripOf } from "./rules";
import { CloseSheet, ExportSheet, HandOverSheet } from "./Sheets";
import { SoughtPanel } from "./SoughtPanel";
import { Strip } from "./Strip";
import { Timeline } from "./Timeline";
import { TraceMap } from "./TraceMap";

const NOBODY: readonly Candidate[] = [];
const NOTHING: readonly Taken[] = [];
/** How often a live search looks again, milliseconds: workers tell of a track ten seconds after it began at the latest. */
const AGAIN_MS = 5000;
const SHEETS = { hand: HandOverSheet, export: ExportSheet, close: CloseSheet };

export function Case({ search: s }: { search: Search }) {
  const t = useTracingText();
  const client = useQueryClient();
  const open = s.state === "open";
  const found = useCandidates(s);
  const sought = useSought(s);
  const candidates = found.data?.candidates ?? NOBODY;
  const spans = found.data?.spans ?? NOTHING;
  const strip = stripOf(candidates);
  const route = routeOf(candidates);
  const [backwards, setBackwards] = useState(false);
  const belief = useBelief(s, route.length > 0, backwards);
  const next = belief.data?.cameras ?? [];
  const [word, choose] = useState<string>();
  const [plays, setPlays] = useState(false);
  const [step, setStep] = useState(0);
  const [focus, setFocus] = useState(0);
  const [held, setHeld] = useState<ReadonlySet<string>>(new Set());
  const [live, setLive] = useState(false);
  const [sheet, setSheet] = useState<keyof typeof SHEETS>();
  const chosen = strip.find((c) => c.candidate_id === word) ?? strip[0];
  const pick = useCallback((c: Candidate | undefined) => {
    choose(c?.candidate_id);
    setPlays(false);
  }, []);
  const refresh = () => void client.invalidateQueries({ queryKey: ["tracing"] });

  const look = useMutation({
    mutationFn: () => tracing.look(s.search_id),
    onSuccess: ({ candidates: c }) => (live ? undefined : toast(t.looked(c.length))),
    onError: () => setLive(false),
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
  const again = look.mutate;
  useEffect(() => {
    if (!live || !open) return undefined;
    const timer = setInterval(() => again(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [live, open, again]);
  const move = (by: 1 | -1) => pick(beside(strip, (c) => c === chosen, by));
  const hold = useCallback((camera: string) => {
    setHeld((before) => {
      const after = new Set(before);
      if (!after.delete(camera)) after.add(camera);
      return after;
    });
  }, []);
  const heat = belief.data?.heat ?? [];
  const later = (by: 1 | -1) => setStep((n) => Math.min(Math.max(0, heat.length - 1), Math.max(0, n + by)));
  useKeys(
    open
      ? [
          ...(chosen
            ? [
                { code: "KeyY", hint: t.him, run: () => say("him") },
                { code: "KeyN", hint: t.notHim, run: () => say("not_him") },
                { code: "KeyM", hint: t.unsure, run: () => say(null) },
                { code: "ArrowLeft", run: () => move(-1) },
                { code: "ArrowRight", hint: t.candidates, run: () => move(1) },
                { code: "Space", cap: "Space", hint: t.seconds, run: () => setPlays((on) => !on) },
                { code: "KeyZ", run: () => setFocus((n) => n + 1) },
              ]
            : []),
          ...(route.length
            ? [
                ...[...LETTERS].flatMap((letter, i) => {
                  const n = next[i];
                  return n && !backwards ? [{ code: `Key${letter}`, run: () => hold(n.camera_id) }] : [];
                }),
                { code: "KeyT", hint: backwards ? t.forwards : t.backwards, run: () => setBackwards((on) => !on) },
                { code: "Comma", run: () => later(-1) },
                { code: "Period", hint: t.later, run: () => later(1) },
                { code: "KeyU", hint: t.hand, run: () => setSheet("hand") },
                ...(sought.data?.may_export
                  ? [{ code: "KeyX", hint: t.exportVerb, run: () => setSheet("export") }]
                  : []),
              ]
            : []),
          { code: "KeyF", hint: t.look, run: () => look.mutate() },
          { code: "KeyL", hint: t.live, run: () => setLive((on) => !on) },
          { code: "KeyE", ctrl: true, hint: t.close, run: () => setSheet("close") },
        ]
      : [],
  );
  const Sheet = sheet ? SHEETS[sheet] : undefined;
  return (
    <>
      <div className="trace-case">
        <SoughtPanel
          search={s}
          sought={sought.data}
          route={route}
          belief={belief.data}
          onPick={pick}
          onHand={() => setSheet("hand")}
          onExport={() => setSheet("export")}
          onCloseCase={() => setSheet("close")}
        />
      </div>
      <div className="trace-mid">
        <TraceMap
          route={route}
          chosen={chosen}
          next={next}
          likely={heat[Math.min(step, heat.length - 1)]}
          focus={focus + route.length}
          onPick={pick}
          onCamera={hold}
        />
        {open ? (
          <Timeline
            sought={sought.data}
            candidates={candidates}
            route={route}
            next={next}
            chosen={chosen}
            backwards={backwards}
            onTurn={() => setBackwards((on) => !on)}
            onPick={pick}
          />
        ) : null}
        <section className="panel" aria-label={t.candidates}>
          <div className="ph">
            <h2>{t.candidates}</h2>
            <span className="t3 sm">{candidates.length || ""}</span>
            <span className="xs t3 cut">{t.rule}</span>
            <span className="sp" />
            {open ? (
              <span className="fx">
                <Button small cap="L" aria-pressed={live} tone={live ? "act" : "line"} onClick={() => setLive(!live)}>
                  {live ? t.liveOn : t.live}
                </Button>
                <Button small cap="F" disabled={look.isPending} onClick={() => look.mutate()}>
                  {look.isPending && !live ? t.looking : t.look}
                </Button>
              </span>
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
            <Strip
              search={s.search_id}
              strip={strip}
              chosen={chosen}
              busy={judge.isPending}
              plays={plays}
              onPick={pick}
              onSay={say}
            />
          ) : look.isSuccess ? (
            <Empty icon="search" title={t.noCandidates} body={t.noCandidatesBody} />
          ) : (
            <Empty icon="search" title={t.notLooked} body={t.rule} />
          )}
        </section>
      </div>
      <div className="trace-right">
        <Panel title={backwards ? t.before : t.next} sub={t.nextSub}>
          <div className="scroll">
            {!route.length || !open ? (
              <Empty icon="camera" title={t.noNext} />
            ) : !belief.data ? (
              <Answer error={belief.error} retry={() => void belief.refetch()} what={t.next} />
            ) : next.length ? (
              <NextCameras next={next} />
            ) : (
              <Empty icon="camera" title={belief.data.stopped === "lost" ? t.lost : t.nobodyNext} />
            )}
          </div>
        </Panel>
        {open && next.length > 0 && !backwards ? (
          <Panel title={t.screens} sub={t.screensSub}>
            <NextLive search={s.search_id} next={next} held={held} onHold={hold} />
          </Panel>
        ) : (
          <Panel title={t.screens} sub={t.screensSub}>
            <Empty icon="camera" title={backwards ? t.noScreensBack : t.noNext} />
          </Panel>
        )}
      </div>
      {Sheet ? (
        <Sheet search={s} route={route} spans={spans} onDone={refresh} onClose={() => setSheet(undefined)} />
      ) : null}
    </>
  );
}
