import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { type Answer, looksIn, Problem, phone, type Settings, session } from "../api/phone.ts";
import { alarm, asker, untilHeard, useGuiding, useKept, useLock, useNotice, useRinging, useServer } from "./effects.ts";
import { type Identity, identityOf, wear } from "./identity.ts";
import type { Actions, Ctx, Sending } from "./kit/ctx.ts";
import { codeOf } from "./link.ts";
import { type PushState, pushState, registerWorker, subscribe, tellWorker } from "./push.ts";
import { Screen } from "./Screen.tsx";
import { Scene, type SceneState } from "./scene.ts";
import { askCompass, useHeading, useLarge, useNow, usePlace } from "./senses.ts";
import { prime, silence, speak } from "./sound.ts";
import { alarming, offline, type Screen as ScreenName, screenOf, start, step } from "./state.ts";
import { speaker } from "./text.ts";
import { Vault } from "./vault.ts";

const defaults: Settings = { siren: false, voice: false, discreet: true, words: "offender", language: "ko" };

const NO_PAGE = { next: null, sealedAt: null };

export function App() {
  const vault = useMemo(() => new Vault(localStorage, sessionStorage), []);
  const [s, tell] = useReducer(step, start, (first) => ({ ...first, hasCode: vault.hasCode, locked: vault.hasCode }));
  const [sending, setSending] = useState<Partial<Record<Answer, Sending>>>({});
  const [looks, setLooks] = useState<Ctx["looks"]>("loading");
  const [looksPage, setLooksPage] = useState<{ next: string | null; sealedAt: string | null }>(NO_PAGE);
  const [identity, setIdentity] = useState<Identity>(() => identityOf(location.search, localStorage));
  const [push, setPush] = useState<PushState>("none");
  const [testedAt, setTestedAt] = useState<string | null>(() => localStorage.getItem("tested"));
  const [failed, setFailed] = useState(false);
  const [wayIndex, setWayIndex] = useState(0);
  const [sent, setSent] = useState<SceneState>({ is: "off" });
  const scene = useMemo(() => new Scene(setSent), []);
  const [large, setBig] = useLarge();
  const own = useNow();
  const given = useRef(codeOf(location.hash));
  const alert = s.alert;
  const inAlarm = alarming(s) && !s.left;
  const heading = useHeading(inAlarm);
  const name: ScreenName = screenOf(s, own);
  const place = usePlace(inAlarm && (name === "way" || name === "offline" || name === "noPlace"));
  const settings = s.me?.settings ?? defaults;
  const voice = useMemo(() => speaker(settings), [settings.language, settings.words]);
  const latest = useRef(s);
  latest.current = s;

  const ask = useMemo(() => asker(tell), []);
  useServer(tell, ask, s.enrolled, alert !== null);
  useLock(tell, vault, s.left || s.locked);

  const readLooks = (before?: string): Promise<void> =>
    phone.looks(before).then(
      (got) => {
        const page = looksIn(got, settings.language);
        setLooks((now) => (before && typeof now !== "string" ? [...now, ...page] : page));
        setLooksPage({ next: got.next, sealedAt: got.sealed_at });
      },
      () => setLooks("failed"),
    );

  const act: Actions = {
    acknowledge: () => {
      if (!alert) return;
      silence();
      void askCompass();
      tell({ is: "acknowledged", warningId: alert.warning_id });
      void untilHeard(() => phone.acknowledge(alert.warning_id));
    },
    answer: (answer) => {
      setSending((now) => ({ ...now, [answer]: "sending" }));
      phone.help(answer).then(
        () => setSending((now) => ({ ...now, [answer]: { sentAt: new Date().toISOString() } })),
        () => setSending((now) => ({ ...now, [answer]: "failed" })),
      );
    },
    call: () => {
      silence();
      alarm.stop();
      void untilHeard(() => phone.help("call"));
    },
    homeAnswer: (answer) => {
      if (!alert?.home) return;
      const { alert_id } = alert.home;
      silence();
      alarm.stop();
      tell({ is: "acknowledged", warningId: alert.warning_id });
      void untilHeard(() => phone.acknowledge(alert.warning_id));
      void untilHeard(() => phone.homeAnswer(alert_id, answer)).then(ask);
    },
    quiet: (on) => {
      if (on) {
        alarm.stop();
        silence();
      }
      tell({ is: "quiet", on });
    },
    view: (view) => {
      if (view === "looks") {
        setLooks("loading");
        void readLooks();
      }
      setFailed(false);
      tell({ is: "view", view });
    },
    leave: () => {
      alarm.stop();
      silence();
      vault.lock();
      flushSync(() => tell({ is: "leave" }));
      history.replaceState(null, "", location.pathname + location.search);
    },
    comeBack: () => tell({ is: "return" }),
    fine: () => {
      if (alert) void untilHeard(() => phone.acknowledge(alert.warning_id));
      tell({ is: "fine" });
    },
    otherPlace: () => setWayIndex((k) => k + 1),
    enrol: async (code) => {
      try {
        await session.enrolPhone(code);
        history.replaceState(null, "", location.pathname + location.search);
        given.current = "";
        tell({ is: "enrolled", yes: true });
        ask();
        return "ok";
      } catch (why) {
        const status = why instanceof Problem ? why.status : 0;
        return status === 429 ? "many" : status >= 400 && status < 500 ? "wrong" : "away";
      }
    },
    tryCode: async (code) => {
      const right = await vault.unlock(code);
      if (right) tell({ is: "unlock" });
      return right;
    },
    setCode: async (code) => {
      if (code) await vault.setCode(code);
      tell({ is: "codeSet", yes: vault.hasCode });
    },
    settings: (next) => {
      const before = settings;
      tell({ is: "settings", settings: next });
      setFailed(false);
      phone.settings(next).catch(() => {
        tell({ is: "settings", settings: before });
        setFailed(true);
      });
    },
    identity: setIdentity,
    big: setBig,
    push: () => {
      subscribe().then(setPush, () => setFailed(true));
    },
    askAbout: (handle, words) =>
      phone.askAbout(handle, words).then(
        () => readLooks().then(() => true),
        () => false,
      ),
    olderLooks: () => {
      if (looksPage.next) void readLooks(looksPage.next);
    },
    showScene: () => {
      tell({ is: "view", view: "scene" });
      void scene.start();
    },
    endScene: () => {
      scene.stop();
      tell({ is: "view", view: "follow" });
    },
    turnCamera: () => void scene.turn(),
    test: () => {
      prime();
      void askCompass();
      alarm.ring(settings.siren);
      if (settings.voice) speak(voice.say(voice.w.voice.told), settings.language);
      window.setTimeout(() => alarm.stop(), 3000);
      const at = new Date().toISOString();
      localStorage.setItem("tested", at);
      setTestedAt(at);
      if (push === "off") subscribe().then(setPush, () => undefined);
    },
  };

  const c: Ctx = {
    ...voice,
    state: s,
    alert,
    now: own + s.aheadMs,
    settings,
    large,
    heading,
    place,
    offline: offline(s, own),
    wayIndex,
    sending,
    looks,
    moreLooks: looksPage.next !== null,
    looksSealedAt: looksPage.sealedAt,
    identity,
    push,
    testedAt,
    failed,
    scene: { state: sent, video: scene.video },
    act,
  };

  useEffect(() => wear(identity, voice.w.identity[identity]), [identity, voice]);
  useEffect(() => {
    if (!s.enrolled) return;
    void registerWorker(JSON.stringify(voice.w)).then(async () => {
      setPush(await pushState());
      await tellWorker({ identity, discreet: settings.discreet, language: settings.language, words: settings.words });
    });
  }, [s.enrolled, identity, settings.discreet, settings.language, settings.words]);
  useEffect(() => setSending({}), [alert === null]);
  useEffect(() => {
    if (!inAlarm && !s.left && sent.is !== "off") scene.stop();
  }, [inAlarm, s.left]);
  useEffect(() => setWayIndex(0), [alert?.warning_id]);
  useKept(s.enrolled === true, alert, vault, tell, s.locked, s.heardAt !== null);
  useRinging(c, name);
  useGuiding(c, name, tell);
  useNotice(act, latest);

  useEffect(() => {
    let last = 0;
    const key = (e: KeyboardEvent): void => {
      if (e.key !== "Escape") return;
      if (Date.now() - last < 600) act.leave();
      last = Date.now();
    };
    window.addEventListener("keydown", key);
    window.addEventListener("pointerdown", prime);
    return () => {
      window.removeEventListener("keydown", key);
      window.removeEventListener("pointerdown", prime);
    };
  });

  return <Screen name={name} c={c} own={own} given={given.current} />;
}
