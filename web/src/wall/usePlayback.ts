/** Playback of one camera under one reason: what the stage shows, where it stands, and what the hands may do. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { Refusal } from "../api/client";
import type { Ticket } from "../api/types";
import { shownAt } from "./edge";
import { type At, type Gap, Playback, type RelayFile, SPEEDS } from "./playback";
import type { Init, PlayerState, Track } from "./player";

/** How often the shown instant is read off the player, milliseconds: the clock of the bar shows tenths. */
const READ_MS = 100;
/** How long a gap that was leapt over stays named, milliseconds. */
const TOLD_MS = 6000;

export interface Hands {
  toggle: () => void;
  play: (playing: boolean) => void;
  step: (by: 1 | -1) => void;
  seek: (ms: number) => void;
  faster: () => void;
  file: (message: Record<string, unknown>) => Promise<RelayFile | undefined>;
  askAgain: () => void;
}
export interface Shown {
  state: PlayerState;
  atMs: number;
  playing: boolean;
  speed: number;
  init: Init | undefined;
  tracks: readonly Track[];
  /** A gap that playback leapt over a moment ago. */
  leapt: Gap | undefined;
  ended: boolean;
  refusal: Refusal | undefined;
}

export function usePlayback(
  video: RefObject<HTMLVideoElement | null>,
  /** Changes with camera, right and reach: another one is another socket. Undefined: nothing is open. */
  key: string | undefined,
  ask: () => Promise<Ticket>,
  startMs: number,
  /** Begin again at the end. */
  loops = false,
): [Shown, Hands] {
  const player = useRef<Playback | undefined>(undefined);
  const anchors = useRef<readonly At[]>([]);
  const asked = useRef(ask);
  asked.current = ask;
  const [state, setState] = useState<PlayerState>("connecting");
  const [atMs, setAt] = useState(startMs);
  const [playing, setPlaying] = useState(true);
  const [speed, setSpeed] = useState(1);
  const [init, setInit] = useState<Init>();
  const [tracks, setTracks] = useState<readonly Track[]>([]);
  const [leapt, setLeapt] = useState<Gap>();
  const [ended, setEnded] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const now = useRef({ atMs, playing, speed });
  now.current = { atMs, playing, speed };

  useEffect(() => {
    if (!key || !video.current) return undefined;
    setState("connecting");
    setRefusal(undefined);
    setInit(undefined);
    anchors.current = [];
    const made = new Playback(
      video.current,
      async () => {
        try {
          return await asked.current();
        } catch (error) {
          if (error instanceof Refusal) setRefusal(error);
          throw error;
        }
      },
      {
        state: setState,
        init: setInit,
        boxes: setTracks,
        at: (list) => {
          anchors.current = list;
          setEnded(false);
        },
        gap: setLeapt,
        end: () => {
          if (loops) {
            anchors.current = [];
            made.seek(startMs);
            made.play(true);
            return;
          }
          setEnded(true);
          setPlaying(false);
        },
        refused: () => undefined,
      },
      now.current,
    );
    player.current = made;
    made.start();
    const reading = setInterval(() => {
      const ms = shownAt(anchors.current, made.time);
      if (ms !== undefined) setAt(ms);
    }, READ_MS);
    return () => {
      clearInterval(reading);
      player.current = undefined;
      made.stop();
    };
  }, [key]);

  useEffect(() => {
    if (!leapt) return undefined;
    const timer = setTimeout(() => setLeapt(undefined), TOLD_MS);
    return () => clearTimeout(timer);
  }, [leapt]);

  const play = useCallback((on: boolean) => {
    setPlaying(on);
    setEnded(false);
    player.current?.play(on);
  }, []);
  const hands: Hands = {
    play,
    toggle: () => play(!now.current.playing),
    step: (by) => {
      setPlaying(false);
      player.current?.step(by);
    },
    seek: (ms) => {
      // what was said before belongs to another place
      anchors.current = [];
      setAt(ms);
      setEnded(false);
      setLeapt(undefined);
      player.current?.seek(ms);
    },
    faster: () => {
      const next = SPEEDS[(SPEEDS.indexOf(now.current.speed as 1) + 1) % SPEEDS.length] ?? 1;
      setSpeed(next);
      player.current?.run(next);
    },
    file: (message) => player.current?.file(message) ?? Promise.resolve(undefined),
    askAgain: () => player.current?.askAgain(),
  };
  return [{ state, atMs, playing, speed, init, tracks, leapt, ended, refusal }, hands];
}
