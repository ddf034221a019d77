/** Line icons on a 20-pixel grid, and the priority glyphs. */
import { useText } from "../text";

const lines = {
  list: "M3 4h14M3 10h14M3 16h9",
  incident: "M10 2.5 17.5 10 10 17.5 2.5 10zM10 7v4M10 13.2v.1",
  person: "M10 3a3.5 3.5 0 1 0 .01 0zM3.5 17.5c.5-4 3-6 6.5-6s6 2 6.5 6",
  film: "M4 4h12a1.5 1.5 0 0 1 1.500 1.500v9A1.500 1.500 0 0 1 16 16H4a1.500 1.500 0 0 1-1.500-1.500v-9A1.500 1.500 0 0 1 4 4zM2.5 12.5h15M7 16v-3.5M13 16v-3.5",
  wall: "M2.5 3.5h15v13h-15zM2.5 10h15M7.5 3.5v13M12.5 3.5v13",
  ledger: "M4 2.5h12v15H4zM7 6.5h6M7 10h6M7 13.5h3.5",
  keyboard:
    "M3.5 5h13A1.5 1.5 0 0 1 18 6.500v7.500a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 2 14V6.500A1.500 1.500 0 0 1 3.500 5zM5.5 8.500h.01M8.500 8.500h.01M11.500 8.500h.01M14.500 8.500h.01M6.500 12h7",
  search: "M9 3.5a5.5 5.5 0 1 0 .01 0zM13 13l4 4",
  key: "M6.500 6.500a3.500 3.500 0 1 0 .01 0zM10 10h7.500v3M14 10v2.500",
  lock: "M5.5 9h9A1.5 1.500 0 0 1 16 10.500v5a1.500 1.500 0 0 1-1.500 1.500h-9A1.500 1.500 0 0 1 4 15.500v-5A1.500 1.500 0 0 1 5.500 9zM6.500 9V6.500a3.500 3.500 0 0 1 7 0V9",
  check: "m4 10.5 4 4 8-9",
  phone: "M4 3.5h3l1.5 4-2 1.5c1 2.2 2.3 3.5 4.5 4.5l1.5-2 4 1.5v3c-7 1.5-14-5.5-12.5-12.5z",
  car: "M3 12.5 4.5 8h11l1.5 4.5V15H3zM5.5 15v1.5M14.5 15v1.5",
  shield: "M10 2.5 16.5 5v5c0 4-2.5 6.3-6.5 7.5C6 16.3 3.5 14 3.5 10V5z",
  eye: "M2 10s3-5.5 8-5.5S18 10 18 10s-3 5.5-8 5.5S2 10 2 10zM10 7.7a2.3 2.3 0 1 0 .01 0z",
  link: "M8 12 12 8M7 9 5 11a2.8 2.8 0 0 0 4 4l2-2M13 11l2-2a2.8 2.8 0 0 0-4-4L9 7",
  camera: "M3 6.5h9v7H3zM12 9l5-2.5v7L12 11",
  scan: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M10 7.500a2.500 2.500 0 1 0 .01 0z",
  warning: "M10 3 18 17H2zM10 8v4M10 14.5v.1",
  clock: "M10 2.500a7.500 7.500 0 1 0 .01 0zM10 6v4l3 2",
  play: "M6 4l10 6-10 6z",
  pause: "M6 4h3v12H6zM11 4h3v12h-3z",
  home: "M3 9.500 10 3.500l7 6V17H3zM8 17v-4.500h4V17",
  seal: "M10 2.5a4.500 4.500 0 1 0 .01 0zM7.500 11 6.500 17.500l3.500-2 3.500 2-1-6.500",
  out: "M8 3.5H4v13h4M12 6.500 15.500 10 12 13.500M15.500 10H8",
} as const;
export type IconName = keyof typeof lines;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const filled = name === "play" || name === "pause";
  return (
    <svg className="i" viewBox="0 0 20 20" style={{ width: size, height: size }} aria-hidden="true">
      <path d={lines[name]} {...(filled ? { fill: "currentColor" } : {})} />
    </svg>
  );
}

/** The five squares that mean masking. */
export function MaskIcon({ size = 14 }: { size?: number }) {
  return (
    <svg className="i" viewBox="0 0 20 20" style={{ width: size, height: size }} aria-hidden="true">
      <path d="M3 3h5v5H3zM12 3h5v5h-5zM8 8h4v4H8zM3 12h5v5H3zM12 12h5v5h-5z" fill="currentColor" stroke="none" />
    </svg>
  );
}

export function Logo() {
  return (
    <svg
      viewBox="0 0 28 28"
      width="26"
      height="26"
      fill="none"
      stroke="var(--tx-1)"
      strokeWidth="1.8"
      aria-hidden="true"
    >
      <circle cx="14" cy="14" r="3.2" fill="var(--tx-1)" stroke="none" />
      <path d="M14 2.5 24 7v7.5c0 5.5-4 9-10 11-6-2-10-5.5-10-11V7z" />
      <path d="M8.5 14a5.500 5.500 0 0 1 11 0" opacity=".6" />
    </svg>
  );
}

export type Priority = 1 | 2 | 3 | 4 | "doubt";
export type GlyphState = "new" | "ack" | "over";
const shapes: Record<Priority, { d: string; y: number; tone: string; dash?: string }> = {
  1: { d: "M12 1.5 22.5 12 12 22.5 1.5 12z", y: 16.4, tone: "var(--p1)" },
  2: { d: "M12 2 23 21.5H1z", y: 18.6, tone: "var(--p2)" },
  3: { d: "M3 3h18v18H3z", y: 16.4, tone: "var(--p3)" },
  4: { d: "M12 2a10 10 0 1 0 .01 0z", y: 16.4, tone: "var(--p4)" },
  doubt: { d: "M12 2a10 10 0 1 0 .01 0z", y: 16.4, tone: "var(--doubt)", dash: "4 3" },
};

/** Shape carries the rank, colour repeats it, the numeral settles it. Filled: not acknowledged. */
export function Glyph({
  priority,
  state = "ack",
  size = 24,
  blink = false,
}: {
  priority: Priority;
  state?: GlyphState;
  size?: number;
  blink?: boolean;
}) {
  const text = useText();
  const shape = shapes[priority];
  const filled = state === "new" && priority !== "doubt" && priority !== 4;
  return (
    <svg
      className={`g${blink ? " unack" : ""}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      style={state === "over" ? { opacity: 0.7 } : undefined}
      role="img"
      aria-label={`${text.priorityLabel(text.priority[priority] ?? "")} ${text.glyph[state] ?? ""}`}
    >
      <path
        d={shape.d}
        fill={filled ? shape.tone : "none"}
        stroke={shape.tone}
        strokeWidth="2"
        strokeLinejoin="round"
        strokeDasharray={shape.dash}
      />
      <text
        x="12"
        y={shape.y}
        textAnchor="middle"
        fontSize="12"
        fontWeight="700"
        fill={filled ? "var(--bg-1)" : shape.tone}
        fontFamily="var(--sans)"
      >
        {priority === "doubt" ? "?" : priority}
      </text>
    </svg>
  );
}
