/** How an alarm stands for the wearer it is about: pure. */
import type { Contest } from "../api/procedure.ts";

export type OwnStanding = "open" | "confirmed" | "medical" | "false" | "contested" | "upheld" | "dismissed";

export function standingOf(
  alarm: { finding: "confirmed" | "medical" | "false" | null },
  contest: Pick<Contest, "upheld"> | undefined,
): OwnStanding {
  if (contest) return contest.upheld === null ? "contested" : contest.upheld ? "upheld" : "dismissed";
  return alarm.finding ?? "open";
}
