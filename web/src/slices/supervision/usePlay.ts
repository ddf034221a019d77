import { useEffect, useState } from "react";
import { useQueryWord } from "../../kit/route";
import { lastBefore } from "./wearerRules";

const SPEEDS = [1, 4, 16, 60] as const;
const TICK_MS = 200;

/** Where a replay of some instants (ms, ascending) stands, and what moves it. It begins at `begin`, or at its end. */
export function usePlay(times: readonly number[], begin?: number) {
  const [atWord, setAtWord] = useQueryWord("at");
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(4);
  const first = times[0] ?? Number.NaN;
  const last = times.at(-1) ?? Number.NaN;
  const [at, setAt] = useState<number | undefined>(atWord ? Date.parse(atWord) : undefined);
  const shown = Math.min(last, Math.max(first, at ?? begin ?? last));
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      setAt((now) => {
        const next = (now ?? first) + TICK_MS * speed;
        if (next >= last) setPlaying(false);
        return Math.min(last, next);
      });
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [playing, speed, first, last]);
  useEffect(() => {
    if (at !== undefined && !playing) setAtWord(new Date(at).toISOString());
  }, [at, playing, setAtWord]);
  const index = lastBefore(times, shown);
  const step = (by: number) => {
    setPlaying(false);
    const to = times[Math.max(0, Math.min(times.length - 1, index + by))];
    if (to !== undefined) setAt(to);
  };
  const faster = (by: number) =>
    setSpeed((s) => SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(s as 4) + by))] ?? 4);
  const toggle = () => {
    if (!playing) setAt(shown >= last ? first : shown);
    setPlaying(!playing);
  };
  return { at: shown, index, playing, speed, seek: (ms: number) => setAt(ms), step, faster, toggle };
}
