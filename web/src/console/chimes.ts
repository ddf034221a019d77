/** Sound until acknowledged: the highest rank that nobody has taken yet decides. */
import { useEffect, useRef } from "react";
import { play, type Rank, REPEAT_S, wakeSound } from "../kit/sound";

export interface Unheard {
  id: string;
  rank: Rank;
}
/** The rank that sounds now. */
export function loudest(waiting: readonly Unheard[]): Rank | undefined {
  const order: Rank[] = [1, 2, "doubt", 3, 4];
  return order.find((rank) => waiting.some((w) => w.rank === rank));
}

export function useChimes(waiting: readonly Unheard[]): void {
  const heard = useRef(new Set<string>());
  useEffect(() => {
    const wake = () => wakeSound();
    window.addEventListener("pointerdown", wake);
    window.addEventListener("keydown", wake);
    return () => {
      window.removeEventListener("pointerdown", wake);
      window.removeEventListener("keydown", wake);
    };
  }, []);
  const rank = loudest(waiting);
  const ids = waiting.map((w) => w.id).join(",");
  useEffect(() => {
    const fresh = waiting.filter((w) => !heard.current.has(w.id));
    for (const each of fresh) heard.current.add(each.id);
    const first = loudest(fresh);
    if (first) play(first);
    if (!rank || REPEAT_S[rank] === 0) return undefined;
    const timer = setInterval(() => play(rank), REPEAT_S[rank] * 1000);
    return () => clearInterval(timer);
  }, [ids, rank]);
}
