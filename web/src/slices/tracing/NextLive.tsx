/** The cameras about to see him, side by side: dark until his window begins, live as long as it lasts. */
import { useMemo } from "react";
import { useStyleData } from "../../api/hooks";
import { type NextCamera, tracing } from "../../api/tracing";
import { useNow } from "../../kit/clock";
import { clock, elapsed } from "../../kit/format";
import { useTracingText } from "../../text/tracing";
import { Drawing, LiveTile, TileFrame } from "../../wall/Tile";
import { due, LETTERS } from "./rules";

export function NextLive({
  search,
  next,
  held,
  onHold,
}: {
  search: string;
  next: readonly NextCamera[];
  /** Opened by hand, before the window or after it. */
  held: ReadonlySet<string>;
  onHold: (camera: string) => void;
}) {
  const now = useNow();
  const shown = chosenOf(next, held);
  return (
    <div className="trace-live">
      {shown.map((n) => (
        <div key={n.camera_id} className="trace-cell">
          <Next
            search={search}
            next={n}
            letter={LETTERS[next.indexOf(n)] ?? ""}
            open={held.has(n.camera_id) || due(n, now)}
            inS={Math.round((Date.parse(n.from_at) - now) / 1000)}
            onHold={() => onHold(n.camera_id)}
          />
        </div>
      ))}
    </div>
  );
}

/** The two likeliest, unless a hand chose others. */
function chosenOf(next: readonly NextCamera[], held: ReadonlySet<string>): NextCamera[] {
  const first = next.slice(0, LETTERS.length);
  const byHand = first.filter((n) => held.has(n.camera_id));
  return [...byHand, ...first.filter((n) => !held.has(n.camera_id))].slice(0, 2);
}

function Next({
  search,
  next: n,
  letter,
  open,
  inS,
  onHold,
}: {
  search: string;
  next: NextCamera;
  letter: string;
  open: boolean;
  inS: number;
  onHold: () => void;
}) {
  const t = useTracingText();
  const style = useStyleData();
  const tile = useMemo(
    () => ({ camera_id: n.camera_id, code: n.camera_code, name: n.camera_address, arrives_in_s: null, sees: true }),
    [n.camera_id, n.camera_code, n.camera_address],
  );
  if (open)
    return (
      <LiveTile
        number={letter}
        camera={tile}
        ask={(camera) => tracing.live(search, camera)}
        ended={false}
        watermark={search.slice(-6).toUpperCase()}
        best={false}
        selected={false}
        large={false}
        caption={clock(n.likely_at)}
      />
    );
  const eye =
    n.camera_lat === null || n.camera_lon === null
      ? undefined
      : {
          lat: n.camera_lat,
          lon: n.camera_lon,
          azimuth_deg: n.azimuth_deg,
          fov_deg: n.fov_deg ?? 60,
          range_m: n.range_m ?? 50,
        };
  return (
    <TileFrame
      number={letter}
      code={n.camera_code}
      name={n.camera_address}
      tone="void armed"
      badges={<span className="bd">{t.armed}</span>}
      caption={<b>{t.opensIn(elapsed(Math.max(0, inS)))}</b>}
    >
      {eye ? <Drawing camera={eye} style={style.data} /> : null}
      <button type="button" className="btn s over trace-now" onClick={onHold}>
        {t.openNow}
      </button>
    </TileFrame>
  );
}
