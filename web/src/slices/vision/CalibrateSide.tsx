/** The points that lay a picture on the map, and how far off they are. Every place can be typed. */
import { useState } from "react";
import type { Pair, Setup } from "../../api/vision";
import { placeOf } from "../../kit/form";
import { useKeys } from "../../kit/keys";
import { Button, Facts } from "../../kit/parts";
import type { Spot } from "../../kit/picture";
import { useVisionSetup } from "../../text/visionSetup";
import { FEWEST_POINTS, type Fit } from "./calibration";
import { GRID_M } from "./SetupEditor";

export function CalibrateSide({
  setup,
  fitted,
  pending,
  point,
  onPoint,
  onPairs,
  onPlace,
}: {
  setup: Setup;
  fitted: Fit | undefined;
  pending: Spot | undefined;
  point: number;
  onPoint: (index: number) => void;
  onPairs: (pairs: Pair[]) => void;
  onPlace: (lat: number, lon: number) => void;
}) {
  const t = useVisionSetup();
  const { pairs } = setup;
  const left = FEWEST_POINTS - pairs.length;
  const drop = (i: number) => onPairs(pairs.filter((_, k) => k !== i));
  useKeys(pairs.length ? [{ code: "Delete", cap: "Del", hint: t.dropPair(point + 1), run: () => drop(point) }] : []);
  return (
    <>
      <div className="grp">
        {t.pairs} {pairs.length || ""}
        <span className="sp" />
        {left > 0 ? <span className="c2">{t.more(left)}</span> : null}
      </div>
      {pairs.length === 0 && !pending ? <p className="pb sm t3">{t.noPairs}</p> : null}
      {pairs.map((p, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: points have no identity but their number
        <div key={i} className={`pair-row${i === point ? " sel" : ""}`}>
          <button type="button" className="bare" aria-pressed={i === point} onClick={() => onPoint(i)}>
            <kbd>{i + 1}</kbd>
          </button>
          <PlaceField
            key={`${p.lat}${p.lon}`}
            label={t.place(i + 1)}
            at={p}
            onPlace={(lat, lon) => onPairs(pairs.map((o, k) => (k === i ? { ...o, lat, lon } : o)))}
          />
          <span className="num xs r">
            {fitted && fitted.restM !== null ? t.off((fitted.offM[i] ?? 0).toFixed(1)) : ""}
          </span>
          <Button small tone="ghost" aria-label={t.dropPair(i + 1)} onClick={() => drop(i)}>
            ×
          </Button>
        </div>
      ))}
      {pending ? (
        <div className="pair-row sel">
          <kbd>{pairs.length + 1}</kbd>
          <PlaceField label={t.place(pairs.length + 1)} at={undefined} onPlace={onPlace} />
        </div>
      ) : null}
      {fitted ? (
        <>
          <Facts
            rows={[
              [t.residual, fitted.restM === null ? "–" : t.off(fitted.restM.toFixed(2))],
              [t.slip, t.off(`± ${fitted.slipM.toFixed(2)}`)],
            ]}
          />
          <p className="pb xs t3">{fitted.restM === null ? t.exact : t.gridHint(GRID_M)}</p>
        </>
      ) : left <= 0 ? (
        <p className="pb sm c2" role="alert">
          {t.bad}
        </p>
      ) : null}
    </>
  );
}

function PlaceField({
  label,
  at,
  onPlace,
}: {
  label: string;
  at: { lat: number; lon: number } | undefined;
  onPlace: (lat: number, lon: number) => void;
}) {
  const [typed, setTyped] = useState(at ? `${at.lat.toFixed(6)}, ${at.lon.toFixed(6)}` : "");
  const place = placeOf(typed);
  const take = () => place && (place.lat !== at?.lat || place.lon !== at?.lon) && onPlace(place.lat, place.lon);
  return (
    <input
      className="in num"
      aria-label={label}
      placeholder={label}
      value={typed}
      aria-invalid={(typed.trim() && !place) || undefined}
      onChange={(e) => setTyped(e.target.value)}
      onBlur={take}
      onKeyDown={(e) => e.key === "Enter" && !e.nativeEvent.isComposing && take()}
    />
  );
}
