/** Marks and labels that stand on the map as elements: person, home, unit, camera number. Each carries its age. */
import type { ReactNode } from "react";
import { ageS, FIX_INTERVAL_S, freshness, useNow } from "../kit/clock";
import { useText } from "../text";

export interface Chip {
  id: string;
  lat: number;
  lon: number;
  kind: "wearer" | "victim" | "unit" | "camera" | "forecast" | "text" | "silent";
  /** A code, a name or a number. */
  code: string;
  /** What is said after the code; its age is added when `seen_at` is given. */
  words?: string;
  seen_at?: string | null;
  standing?: "alarm" | "calm" | "stale";
  course_deg?: number | null;
  /** Where the label stands relative to the mark. */
  side?: "left" | "right" | "above" | "below";
  chosen?: boolean;
  onPick?: () => void;
}

function Mark({ chip, standing }: { chip: Chip; standing: "alarm" | "calm" | "stale" }) {
  switch (chip.kind) {
    case "wearer": {
      const color = standing === "alarm" ? "var(--p1)" : standing === "stale" ? "var(--doubt)" : "var(--tx-1)";
      return (
        <svg className="mk" viewBox="-22 -22 44 44" width="44" height="44" aria-hidden="true">
          {chip.course_deg === null || chip.course_deg === undefined ? null : (
            <path
              d="M0 -20 L5.5 -10.5 A11 11 0 0 0 -5.5 -10.5Z"
              fill={color}
              transform={`rotate(${chip.course_deg})`}
            />
          )}
          <circle r="9" fill="var(--bg-0)" stroke={color} strokeWidth="2.4" />
          <circle r="4" fill={color} />
        </svg>
      );
    }
    case "victim":
      return (
        <svg className="mk" viewBox="-13 -13 26 26" width="26" height="26" aria-hidden="true">
          <circle r="11" fill="var(--safe-bg)" stroke="var(--safe)" strokeWidth="2" />
          <path d="M0 -5.5 -5 -1v6H5v-6z" fill="var(--safe)" />
        </svg>
      );
    case "unit":
      return (
        <svg className="mk" viewBox="-9 -9 18 18" width="18" height="18" aria-hidden="true">
          <rect x="-9" y="-9" width="18" height="18" rx="4" fill="var(--ours)" />
          <path
            d="M0 -5 4.500 4.500 0 2.200 -4.500 4.500z"
            fill="var(--ours-ink)"
            transform={`rotate(${chip.course_deg ?? 0})`}
          />
        </svg>
      );
    case "silent":
      return (
        <svg className="mk" viewBox="-8 -8 16 16" width="16" height="16" aria-hidden="true">
          <circle r="6" fill="none" stroke="var(--doubt)" strokeWidth="1.6" strokeDasharray="3 2" />
        </svg>
      );
    default:
      return null;
  }
}

export function ChipView({ chip }: { chip: Chip }): ReactNode {
  const now = useNow();
  const text = useText();
  if (chip.kind === "camera") {
    return (
      <button type="button" className={`chip-cam${chip.chosen ? " on" : ""}`} onClick={chip.onPick} title={chip.words}>
        {chip.code}
      </button>
    );
  }
  const age = chip.seen_at ? ageS(chip.seen_at, now) : undefined;
  const stale = age !== undefined && freshness(age, FIX_INTERVAL_S) === "stale";
  const standing = stale ? "stale" : (chip.standing ?? "calm");
  const words = [age === undefined ? "" : stale ? text.ago(age) : text.age(age), chip.words]
    .filter(Boolean)
    .join(" · ");
  return (
    <div className={`chip ${chip.kind} ${standing} ${chip.side ?? "right"}`}>
      <Mark chip={chip} standing={standing} />
      <span className="lb">
        <b>{chip.code}</b>
        {words ? <span>{words}</span> : null}
      </span>
    </div>
  );
}
