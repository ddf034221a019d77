import type { TimelineEntry } from "../../api/types";
import { useNow } from "../../kit/clock";
import { clock } from "../../kit/format";
import { Hint, PanelHead } from "../../kit/parts";
import { useText } from "../../text";
import { fold } from "./rules";

const cls = { alarm: "key", ours: "u", safe: "s", info: "", doubt: "d" } as const;
const color = {
  alarm: "var(--p1)",
  ours: "var(--ours)",
  safe: "var(--safe)",
  info: "var(--tx-3)",
  doubt: "var(--doubt)",
} as const;

/** The whole incident on one line, with the present at the right. */
export function TimeAxis({ entries, nowMs }: { entries: readonly TimelineEntry[]; nowMs: number }) {
  const times = entries.map((e) => Date.parse(e.at));
  const first = Math.min(...times);
  if (!Number.isFinite(first)) return null;
  const span = Math.max(60_000, nowMs - first);
  const x = (at: number) => 36 + ((at - first) / span) * 900;
  const from = (icon: TimelineEntry["icon"]) => {
    const at = entries.filter((e) => e.icon === icon).map((e) => Date.parse(e.at));
    return at.length ? Math.min(...at) : undefined;
  };
  const bands = (
    [
      ["alarm", 6],
      ["ours", 14],
      ["safe", 22],
    ] as const
  ).flatMap(([icon, y]) => {
    const at = from(icon);
    return at === undefined ? [] : [{ icon, y, at }];
  });
  return (
    <svg viewBox="0 0 970 60" className="axis" aria-hidden="true">
      <path d="M36 40H940" stroke="var(--line-3)" />
      {Array.from({ length: 8 }, (_, i) => first + (span * i) / 7).map((at) => (
        <g key={at}>
          <path d={`M${x(at)} 37v6`} stroke="var(--line-3)" />
          <text x={x(at)} y="55" textAnchor="middle" className="ax">
            {clock(at)}
          </text>
        </g>
      ))}
      {bands.map((b) => (
        <path
          key={b.icon}
          d={`M${x(b.at)} ${b.y}H${x(nowMs)}`}
          stroke={b.icon === "alarm" ? "var(--tx-3)" : color[b.icon]}
          strokeWidth="3"
        />
      ))}
      {entries.map((e) =>
        e.icon === "alarm" ? (
          <path
            key={`${e.at}${e.kind}`}
            d="M0 -5 5 0 0 5 -5 0z"
            transform={`translate(${x(Date.parse(e.at))} 40)`}
            fill={color.alarm}
          />
        ) : (
          <circle
            key={`${e.at}${e.kind}`}
            cx={x(Date.parse(e.at))}
            cy="40"
            r="4"
            fill={e.icon === "doubt" ? "var(--bg-2)" : color[e.icon]}
            stroke={color[e.icon]}
          />
        ),
      )}
      <path d={`M${x(nowMs)} 2V46`} stroke="var(--tx-1)" />
    </svg>
  );
}

/** Newest first. Nothing can be erased; the filter only hides. */
export function Timeline({
  entries,
  filter,
  closed,
}: {
  entries: readonly TimelineEntry[];
  filter: TimelineEntry["icon"] | undefined;
  closed: boolean;
}) {
  const text = useText();
  const now = Math.floor(useNow() / 1000) * 1000;
  const end = closed ? Math.max(...entries.map((e) => Date.parse(e.at)), 0) : now;
  const shown = entries
    .filter((e) => !filter || e.icon === filter)
    .sort((a, b) => b.at.localeCompare(a.at) || (b.seq ?? 0) - (a.seq ?? 0));
  return (
    <div className="sec timeline">
      <PanelHead
        title={text.incident.timeline}
        sub={text.incident.timelineNote}
        right={
          <>
            <Hint cap="F">{filter ? `${text.incident.filter} ·` : text.incident.filter}</Hint>
            <Hint cap="N">{text.incident.note}</Hint>
          </>
        }
      />
      <div className="axis-row">
        <TimeAxis entries={entries} nowMs={end} />
      </div>
      <div className="tl scroll">
        {fold(shown).map((e) => (
          <div className={`ev ${cls[e.icon] ?? ""}`} key={`${e.at}${e.kind}${e.text_ko}`}>
            <time>{clock(e.at)}</time>
            <span className="dot" />
            <p>
              {text.locale === "ko" ? e.text_ko : e.text_en}
              {e.times > 1 ? <span className="t3"> × {e.times}</span> : null}
            </p>
          </div>
        ))}
      </div>
    </div>
  );
}
