/** Alarms of the cameras, judged by keyboard: the clip plays at once, one key judges, the next one comes by itself. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import {
  useVisionAlarm,
  useVisionAlarms,
  type Verdict,
  type VisionAlarm,
  vision,
  WHYS,
  type Why,
} from "../../api/vision";
import { useKeys } from "../../kit/keys";
import { useMoves } from "../../kit/moves";
import { useQueryWord } from "../../kit/route";
import { Answer, Empty } from "../../kit/states";
import { toast } from "../../kit/Toasts";
import { useVisionText } from "../../text/vision";
import { AlarmList } from "./AlarmList";
import { AlarmMap } from "./AlarmMap";
import { AlarmSide } from "./AlarmSide";
import { Clip } from "./Clip";
import { Miss } from "./Miss";
import { following, ranked } from "./rules";

interface Said {
  alarm: VisionAlarm;
  verdict: Verdict;
  why: Why | null;
}

export function Alarms() {
  const t = useVisionText();
  const client = useQueryClient();
  const lists = { open: useVisionAlarms("open"), held: useVisionAlarms("held"), judged: useVisionAlarms("judged") };
  const [word, choose] = useQueryWord("alarm");
  const [showHeld, setShowHeld] = useState(false);
  const [missing, setMissing] = useState(false);
  const [focus, setFocus] = useState(0);
  const open = ranked(lists.open.data?.alarms ?? []);
  const held = ranked(lists.held.data?.alarms ?? []);
  const judged = lists.judged.data?.alarms ?? [];
  const waiting = [...open, ...(showHeld ? held : [])];
  const listed = [...open, ...held, ...judged].find((a) => a.alarm_id === word) ?? waiting[0];
  // reading it starts the clock of its handling
  const read = useVisionAlarm(listed?.alarm_id).data;
  const chosen = read?.alarm_id === listed?.alarm_id ? (read ?? listed) : listed;
  const pick = (a: VisionAlarm | undefined) => choose(a?.alarm_id);
  // what is looked at stays, whatever arrives above it
  useEffect(() => {
    if (listed && listed.alarm_id !== word) choose(listed.alarm_id);
  }, [listed?.alarm_id, word]);

  const judge = useMutation({
    mutationFn: ({ alarm, verdict, why }: Said) => vision.judge(alarm.alarm_id, verdict, why),
    onSuccess: (_, { alarm, verdict, why }) => {
      const words = verdict === "true" ? t.trueDid(alarm.code) : t.falseDid(alarm.code, t.whys[why ?? "other"]);
      toast(words, { undo: () => pick(alarm) });
      pick(following(waiting, alarm.alarm_id));
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ["vision"] }),
  });
  const say = (verdict: Verdict, why: Why | null = null) => {
    if (chosen && !judge.isPending) judge.mutate({ alarm: chosen, verdict, why });
  };
  const moves = useMoves(waiting, (a) => a === listed, pick);
  useKeys([
    ...(chosen
      ? [
          { code: "KeyY", hint: t.isTrue, run: () => say("true") },
          { code: "KeyN", hint: t.isFalse, run: () => say("false", "other") },
          ...WHYS.map((why, i) => ({ code: `Digit${i + 1}`, hint: t.whyHead, run: () => say("false", why) })),
          { code: "KeyZ", hint: t.focus, run: () => setFocus((n) => n + 1) },
        ]
      : []),
    { code: "KeyM", hint: t.missed, run: () => setMissing(true) },
    ...moves,
    { code: "KeyH", hint: t.showHeld, run: () => setShowHeld((on) => !on) },
  ]);

  return (
    <main className="main vision-alarms">
      <AlarmList
        shown={lists.open.data}
        open={open}
        held={held}
        judged={judged}
        chosen={chosen?.alarm_id}
        showHeld={showHeld}
        onHeld={() => setShowHeld((on) => !on)}
        onPick={pick}
        error={lists.open.error}
        retry={() => void lists.open.refetch()}
      />
      {chosen ? (
        <>
          <div className="vision-mid">
            <Clip key={chosen.alarm_id} alarm={chosen} />
            <AlarmMap alarm={chosen} focus={focus} />
          </div>
          <AlarmSide
            alarm={chosen}
            busy={judge.isPending}
            error={judge.error}
            onJudge={say}
            onMiss={() => setMissing(true)}
          />
        </>
      ) : (
        <section className="panel vision-none" aria-label={t.clip}>
          {lists.open.data ? (
            <Empty icon="camera" title={t.choose} />
          ) : (
            <Answer error={lists.open.error} what={t.clip} />
          )}
        </section>
      )}
      {missing ? <Miss alarm={chosen} onClose={() => setMissing(false)} /> : null}
    </main>
  );
}
