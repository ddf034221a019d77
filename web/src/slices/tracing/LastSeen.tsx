/** Where somebody was last seen: clicked on the map, or two numbers for who has them; the circle is what is searched. */
import { useMemo } from "react";
import { useStyleData } from "../../api/hooks";
import { placeOf } from "../../kit/form";
import { CityMap } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import type { Scene } from "../../map/scene";
import { useTracingText } from "../../text/tracing";

/** Digits after the point: a metre. */
const DIGITS = 5;

export function LastSeen({
  value,
  set,
  says,
  radius,
}: {
  value: string;
  set: (value: string) => void;
  /** The line that says what is wrong, for readers of screens. */
  says: string | undefined;
  radius: string;
}) {
  const t = useTracingText();
  const style = useStyleData();
  const place = placeOf(value);
  const metres = Number(radius);
  const at = place ? `${place.lat},${place.lon}` : "";
  const scene: Scene = useMemo(
    () => ({
      zones:
        place && metres > 0 && metres <= 5000
          ? [{ ring: null, centre: [place.lat, place.lon], radius_m: metres, broken: false }]
          : [],
    }),
    [at, metres],
  );
  const chips: Chip[] = place ? [{ id: "seen", kind: "camera", ...place, code: t.form.seenHere, chosen: true }] : [];
  return (
    <>
      <div className="trace-seen">
        <CityMap
          style={style.data}
          scene={scene}
          chips={chips}
          onPoint={(lat, lon) => set(`${lat.toFixed(DIGITS)}, ${lon.toFixed(DIGITS)}`)}
          label={t.form.placeMap}
        />
      </div>
      <div className="fx">
        <input
          name="place"
          aria-label={t.form.place}
          className="in num"
          placeholder="37.49790, 127.02760"
          aria-describedby={says}
          value={value}
          onChange={(e) => set(e.target.value)}
        />
        <span className="xs t3">{t.form.placeHint}</span>
      </div>
    </>
  );
}
