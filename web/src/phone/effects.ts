import { useEffect, useRef } from "react";
import { Problem, phone, session } from "../api/phone.ts";
import type { Actions, Ctx } from "./kit/ctx.ts";
import { spokenDistance, whereWords } from "./kit/ctx.ts";
import { Live, type News } from "./live.ts";
import { placeOf, waysOf } from "./screens/Way.tsx";
import { Alarm, ARRIVED, buzz, LEFT, RIGHT, speak, WRONG } from "./sound.ts";
import { LOCK_AFTER_MS, ringing, type Screen as ScreenName, type step } from "./state.ts";
import type { Vault } from "./vault.ts";
import { callsDue, guide } from "./way.ts";

/** `/me` beside the socket: soon during an alarm, so that a lost fact costs seconds, seldom when calm. */
const ASK_ALARM_MS = 5000;
const ASK_CALM_MS = 20_000;

export const alarm = new Alarm();

type Tell = (event: Parameters<typeof step>[1]) => void;

/** Ask `/me`; a second call while one runs is answered by one more run after it. */
export function asker(tell: Tell): () => void {
  let busy = false;
  let again = false;
  const run = async (): Promise<void> => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      tell({ is: "me", me: await phone.me(), at: Date.now() });
    } catch (why) {
      const status = why instanceof Problem ? why.status : 0;
      if (status === 401) tell({ is: "enrolled", yes: false });
      else if (status === 0) tell({ is: "line", up: false });
    }
    busy = false;
    if (again) {
      again = false;
      void run();
    }
  };
  return () => void run();
}

/** Try until the server has it: 0.5 s, 1 s, 2 s … for about a minute. A refusal is an answer. */
export async function untilHeard(send: () => Promise<unknown>): Promise<void> {
  for (let wait = 500; wait < 40_000; wait *= 2) {
    try {
      await send();
      return;
    } catch (why) {
      if (why instanceof Problem && why.status >= 400 && why.status < 500 && why.status !== 429) return;
    }
    await new Promise((done) => window.setTimeout(done, wait));
  }
}

export function useServer(tell: Tell, ask: () => void, enrolled: boolean | null, inAlarm: boolean): void {
  useEffect(() => {
    session.read().then(
      () => {
        tell({ is: "enrolled", yes: true });
        ask();
      },
      (why) => {
        if (why instanceof Problem && why.status === 401) tell({ is: "enrolled", yes: false });
        else {
          tell({ is: "enrolled", yes: true });
          tell({ is: "line", up: false });
        }
      },
    );
  }, []);
  useEffect(() => {
    if (!enrolled) return;
    let soon = 0;
    const live = new Live((news: News) => {
      if (news.is === "beat") tell({ is: "beat", now: news.now, at: Date.now() });
      else if (news.is === "alert") {
        tell({ is: "alert", alert: news.alert, at: Date.now() });
        if (news.alert.level === "over" || news.alert.level === "cleared") ask();
      } else if (news.is === "up") {
        void session.read().catch(() => undefined);
        ask();
      } else if (news.is === "changed") {
        window.clearTimeout(soon);
        soon = window.setTimeout(ask, 250);
      }
    });
    live.start();
    return () => live.stop();
  }, [enrolled]);
  useEffect(() => {
    if (!enrolled) return;
    const timer = window.setInterval(ask, inAlarm ? ASK_ALARM_MS : ASK_CALM_MS);
    const down = (): void => tell({ is: "line", up: false });
    const seen = (): void => {
      if (!document.hidden) ask();
    };
    window.addEventListener("offline", down);
    window.addEventListener("online", ask);
    document.addEventListener("visibilitychange", seen);
    return () => {
      window.clearInterval(timer);
      window.removeEventListener("offline", down);
      window.removeEventListener("online", ask);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [enrolled, inAlarm]);
}

/** A minute away locks; the browser may sleep meanwhile, so the time is compared on coming back too. */
export function useLock(tell: Tell, vault: Vault, away: boolean): void {
  useEffect(() => {
    let since = 0;
    let timer = 0;
    const lock = (): void => {
      vault.lock();
      tell({ is: "lock" });
    };
    const seen = (): void => {
      window.clearTimeout(timer);
      if (document.hidden) {
        since = Date.now();
        timer = window.setTimeout(lock, LOCK_AFTER_MS);
      } else if (since && Date.now() - since > LOCK_AFTER_MS && !away) lock();
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [away]);
}

/** Keep the last alert for the time without network; drop it when the danger is over. */
export function useKept(
  enrolled: boolean,
  alert: Ctx["alert"],
  vault: Vault,
  tell: Tell,
  locked: boolean,
  heard: boolean,
): void {
  useEffect(() => {
    if (!enrolled || locked || alert) return;
    void vault.kept(Date.now()).then((text) => {
      if (text) tell({ is: "restored", alert: JSON.parse(text) });
    });
  }, [enrolled, locked]);
  useEffect(() => {
    if (alert && (alert.level === "certain" || alert.level === "probable" || alert.level === "cannot_vouch")) {
      void vault.keep(JSON.stringify(alert), Date.now());
    } else if (heard) vault.forget();
  }, [alert, heard]);
}

/** Vibrate until she presses; siren and voice only by her setting. */
export function useRinging(c: Ctx, name: ScreenName): void {
  const on = ringing(c.state);
  useEffect(() => {
    if (!on) return;
    alarm.ring(c.settings.siren);
    return () => alarm.stop();
  }, [on, c.settings.siren]);
  useEffect(() => {
    const alert = c.alert;
    if (!on || !c.settings.voice || !alert) return;
    const say = c.say(alert.level === "certain" ? c.w.voice.danger : c.w.voice.maybe, {
      where: whereWords(c, alert),
      n: spokenDistance(c, alert),
    });
    speak(`${say} ${alert.told_112.state === "telling" ? "" : c.w.voice.told}`, c.settings.language);
  }, [on, c.alert?.warning_id, c.alert?.level]);
  const near = c.alert?.police?.distance_m ?? null;
  useEffect(() => {
    if (name === "hiding" && near !== null && near < 60) buzz(ARRIVED);
  }, [name, near !== null && near < 60]);
}

/** Speak and buzz each turn at 60, 20 and 5 m; wrong way; arrival. */
export function useGuiding(c: Ctx, name: ScreenName, tell: Tell): void {
  const said = useRef("");
  const alert = c.alert;
  const ways = alert ? waysOf(alert) : [];
  const way = ways.length ? ways[c.wayIndex % ways.length]! : null;
  const mine = alert ? placeOf(c, alert) : null;
  const g = way && mine?.known && name === "way" ? guide(way, mine.at) : null;
  useEffect(() => {
    if (!g || !way) return;
    const step = g.arrived
      ? "arrived"
      : g.off
        ? "off"
        : `${g.turn} ${Math.round(g.remaining_m - g.in_m)} ${callsDue(g.in_m)}`;
    if (said.current === step) return;
    said.current = step;
    if (g.arrived) tell({ is: "arrived", at: new Date(c.now).toISOString(), name: way.destination.name });
    if (c.state.quiet) return;
    buzz(g.arrived ? ARRIVED : g.off ? WRONG : g.turn === "right" ? RIGHT : g.turn === "left" ? LEFT : []);
    if (!c.settings.voice) return;
    const w = c.w.voice;
    const turn = c.say(w.turn, { n: Math.max(5, Math.round(g.in_m / 5) * 5), turn: c.turn(g.turn) });
    speak(g.arrived ? w.arrived : g.off ? w.off : turn, c.settings.language);
  });
}

/** A press on the system's notice: `#way` acknowledges and leads, `#call` opens the dialler. */
export function useNotice(act: Actions, state: { current: { alert: unknown } }): void {
  const wanted = useRef(location.hash === "#way");
  useEffect(() => {
    const hear = (e: MessageEvent): void => {
      if (e.data?.is === "acknowledge") wanted.current = true;
      if (e.data?.is === "call") location.href = "tel:112";
    };
    navigator.serviceWorker?.addEventListener("message", hear);
    if (location.hash === "#call") location.href = "tel:112";
    return () => navigator.serviceWorker?.removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    if (!wanted.current || !state.current.alert) return;
    wanted.current = false;
    history.replaceState(null, "", location.pathname + location.search);
    act.acknowledge();
  });
}
