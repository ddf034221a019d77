/** Line icons on a 24 grid; `f` parts are filled. Drawn for this design, no outside set. */
const paths = {
  danger: '<path d="M12 3L2 20.5h20z"/><path d="M12 10v4.5M12 17.5v.1"/>',
  aim: '<circle cx="12" cy="12" r="7"/><path d="M12 1.5V5M12 19v3.5M1.5 12H5M19 12h3.5M9.5 9.5l5 5M14.5 9.5l-5 5"/>',
  check: '<path d="M4.5 12.5l5 5 10-11"/>',
  cross: '<path d="M5 5l14 14M19 5L5 19"/>',
  phone:
    '<path class="f" d="M5 3h4l2 5-2.5 1.8a12 12 0 0 0 5.7 5.7L16 13l5 2v4a2 2 0 0 1-2.2 2A17 17 0 0 1 3 5.2 2 2 0 0 1 5 3z"/>',
  mute: '<path d="M4 9.5v5h3.5L12 19V5L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5"/>',
  sound: '<path d="M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>',
  leave: '<path d="M13 4h7v16h-7M3 12h11M10 7.5l4.5 4.5-4.5 4.5"/>',
  back: '<path d="M15 5l-7 7 7 7"/>',
  more: '<path d="M9 5l7 7-7 7"/>',
  shield: '<path d="M12 2.5l8 3v6c0 5-3.4 8.6-8 10-4.6-1.4-8-5-8-10v-6z"/><path d="M8.5 12l2.5 2.5 4.5-5"/>',
  watch:
    '<rect x="7" y="7" width="10" height="10" rx="3"/><path d="M8.5 7l.8-4.5h5.4l.8 4.5M8.5 17l.8 4.5h5.4l.8-4.5M12 10v2l1.5 1"/>',
  walk: '<circle cx="13" cy="4" r="1.8" class="f"/><path d="M13 8l-2 6 3.5 3 1 5M11 14l-2 4-3 3.5M13 8l-4 2-1 4M13 8l2.5 3.5L19 13"/>',
  home: '<path d="M3 11l9-8 9 8M5.5 9.5V20.5h13V9.5M10 20.5v-6h4v6"/>',
  camera: '<path d="M3 7l13-3 1.5 6-13 3zM8 12l1.5 6H4M17 6.5l4-1"/>',
  bell: '<path d="M6 10a6 6 0 0 1 12 0c0 6 2.5 7 2.5 7h-17S6 16 6 10zM10 20.5a2.2 2.2 0 0 0 4 0"/>',
  eye: '<path d="M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7S2 12 2 12z"/><circle cx="12" cy="12" r="3"/>',
  eyeOff:
    '<path d="M4 4l16 16M9.5 5.3A10 10 0 0 1 12 5c6.5 0 10 7 10 7a17 17 0 0 1-3 3.8M6 7.3A17 17 0 0 0 2 12s3.5 7 10 7a9.7 9.7 0 0 0 4.5-1.1M9.9 9.9a3 3 0 0 0 4.2 4.2"/>',
  help: '<circle cx="12" cy="12" r="9"/><circle cx="12" cy="12" r="4.5" class="f"/>',
  person: '<circle cx="12" cy="8" r="4"/><path d="M4 21c0-4.5 3.5-7 8-7s8 2.5 8 7"/>',
  gear: '<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.6"/><circle cx="8" cy="17" r="2.6"/>',
  clock: '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
  info: '<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.5v.1"/>',
  lock: '<rect x="4.5" y="10.5" width="15" height="10.5" rx="2"/><path d="M8 10.5V7a4 4 0 0 1 8 0v3.5"/>',
  key: '<circle cx="7.5" cy="15.5" r="4.5"/><path d="M11 12l9-9M16 7l3 3"/>',
  shop: '<path d="M4 10v10.5h16V10M2.5 9l2-5.5h15l2 5.5zM9 20.5V14h6v6.5"/>',
  noNet:
    '<path d="M4 4l16 16M2.5 9a14 14 0 0 1 5-3M21.5 9a14 14 0 0 0-9.5-4M6 13a9 9 0 0 1 4.5-2.4M18 13a9 9 0 0 0-2-1.5M9.5 16.5a4 4 0 0 1 5 0M12 20h.1"/>',
  noMic:
    '<path d="M4 4l16 16M9 9v2a3 3 0 0 0 4.5 2.6M15 10.5v-5a3 3 0 0 0-5.7-1.3M5.5 11a6.5 6.5 0 0 0 10.5 5.2M18.5 11c0 1-.2 1.9-.6 2.7M12 17.5v4"/>',
  text: '<path d="M3 4.5h18v12.5h-9l-5 4v-4H3zM7.5 9h9M7.5 12.5h6"/>',
  talk: '<path d="M4 5h16v11h-8l-5 4v-4H4zM8 10.5h.1M12 10.5h.1M16 10.5h.1"/>',
  pin: '<path d="M12 22s7.5-7 7.5-12.5a7.5 7.5 0 0 0-15 0C4.5 15 12 22 12 22z"/><circle cx="12" cy="9.5" r="2.5"/>',
  sun: '<circle cx="12" cy="12" r="4.5"/><path d="M12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M5 19l1.7-1.7M17.3 6.7L19 5"/>',
  moon: '<path d="M20 14.5A8.5 8.5 0 1 1 9.5 4 7 7 0 0 0 20 14.5z"/>',
  memo: '<path d="M5 2.5h10l4 4v15H5zM9 11h6M9 15h6M9 7h2"/>',
  calendar: '<rect x="3" y="5" width="18" height="16" rx="2.5"/><path d="M3 10h18M8 2.5v5M16 2.5v5"/>',
  vibrate: '<rect x="8" y="4" width="8" height="16" rx="2"/><path d="M4.5 8v8M1.5 10v4M19.5 8v8M22.5 10v4"/>',
  letter: '<path d="M4 6V4h16v2M12 4v16M9 20h6"/>',
  lamp: '<path d="M12 21V8M8 21h8M12 8c0-4 3-5 6-5v4z"/>',
  car: '<path d="M3 17v-4l2-6h14l2 6v4zM3 13h18M9 7l.8-3h4.4L15 7M6 17v2.5M18 17v2.5M6.5 15h.1M17.5 15h.1"/>',
  turnRight: '<path d="M6 20v-7a4 4 0 0 1 4-4h9M14 4l5 5-5 5"/>',
  turnLeft: '<path d="M18 20v-7a4 4 0 0 0-4-4H5M10 4L5 9l5 5"/>',
  straight: '<path d="M12 21V4M5 11l7-7 7 7"/>',
  flag: '<path d="M6 21.5V3.5M6 4h12l-3 4 3 4H6"/>',
  erase: '<path d="M8 5h13v14H8l-6-7zM12 9.5l5 5M17 9.5l-5 5"/>',
  stop: '<rect class="f" x="6" y="6" width="12" height="12" rx="2"/>',
} as const;

export type IconName = keyof typeof paths;

/** `size` is a class of the 4-px scale in rem: 16, 18, 20, 24, 28, 32, 40. */
export function Icon({ name, size = 24, bold = false }: { name: IconName; size?: number; bold?: boolean }) {
  return (
    <svg
      className={`i i${size}${bold ? " bold" : ""}`}
      viewBox="0 0 24 24"
      aria-hidden="true"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: constants of this file, nothing from outside
      dangerouslySetInnerHTML={{ __html: paths[name] }}
    />
  );
}

/** The running figure of the exit sign: the way out, and nothing else. */
export function ExitMan({ className = "man" }: { className?: string }) {
  return (
    <svg className={className} viewBox="0 0 48 56" aria-hidden="true">
      <g fill="currentColor">
        <circle cx="30" cy="9" r="5.2" />
        <path d="M28 15l-11 3-6 9 4 2.6 4.8-7 4.4-1-4.6 11.6L26 39l-9 10.6 4 3.2 11.5-13-4-7.6 3-7.6 3.7 5.4 9.6-1.4-.7-4.6-6.7.9L33 17.5z" />
        <path d="M19.6 33l-4.4 6.4H4v5h14l5.5-8.2z" />
      </g>
    </svg>
  );
}

/** The block arrow of the large-text button; 0° points up. */
export function WayArrow({ deg }: { deg: number }) {
  return (
    <svg className="wayarrow" viewBox="0 0 100 100" aria-hidden="true">
      <g transform={`rotate(${Math.round(deg)} 50 50)`}>
        <path d="M50 4L92 50H66V96H34V50H8Z" fill="#000" stroke="#000" strokeWidth="5" strokeLinejoin="round" />
      </g>
    </svg>
  );
}
