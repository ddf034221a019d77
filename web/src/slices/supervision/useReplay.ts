import { useEffect, useState } from "react";
import type { Fix } from "../../api/types";
import { useQueryWord } from "../../kit/route";
import { fixIndexAt } from "./wearerRules";

const SPEEDS = [1, 4, 16, 60] as const;

/** Where the replay stands, and the keys that move it. */
export function useReplay(fixes: readonly Fix[]) {
  const [atWord, setAtWord] = useQueryWord("at");
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(4);
  const first = Date.parse(fixes[0]?.seen_at ?? "");
  const last = Date.parse(fixes.at(-1)?.seen_at ?? "");
  const [at, setAt] = useState<number | undefined>(atWord ? Date.parse(atWord) : undefined);
  const shown = Math.min(last, Math.max(first, at ?? last));
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      setAt((now) => {
        const next = (now ?? first) + 200 * speed;
        if (next >= last) setPlaying(false);
        return Math.min(last, next);
      });
    }, 200);
    return () => clearInterval(timer);
  }, [playing, speed, first, last]);
  useEffect(() => {
    if (at !== undefined && !playing) setAtWord(new Date(at).toISOString());
  }, [at, playing, setAtWord]);
  const index = fixIndexAt(fixes, shown);
  const step = (by: number) => {
    setPlaying(false);
    const fix = fixes[Math.max(0, Math.min(fixes.length - 1, index + by))];
    if (fix) setAt(Date.parse(fix.seen_at));
  };
  const faster = (by: number) =>
    setSpeed((s) => SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(s as 4) + by))] ?? 4);
  const toggle = () => {
    if (!playing && shown >= last) setAt(first);
    setPlaying(!playing);
  };
  return { at: shown, index, playing, speed, seek: (ms: number) => setAt(ms), step, faster, toggle };
}
