/** The map beside the picture: where the points are, and where the drawn zones come to lie. */
import { useMemo } from "react";
import { useStyleData } from "../../api/hooks";
import type { Pair, VisionCamera, Zone } from "../../api/vision";
import { CityMap } from "../../map/CityMap";
import type { Chip } from "../../map/chips";
import { plane } from "../../map/geometry";
import type { Scene } from "../../map/scene";
import { useVisionSetup } from "../../text/visionSetup";
import { type Fit, onGround } from "./calibration";

export function GroundMap({
  camera,
  pairs,
  chosen,
  fitted,
  zones,
  onPoint,
}: {
  camera: VisionCamera;
  pairs: readonly Pair[];
  chosen: number;
  fitted: Fit | undefined;
  zones: readonly Zone[];
  onPoint: ((lat: number, lon: number) => void) | undefined;
}) {
  const t = useVisionSetup();
  const style = useStyleData();
  const view = useMemo(() => ({ lat: camera.lat, lon: camera.lon, zoom: 18.4 }), [camera.camera_id]);
  const chips: Chip[] = [
    { id: "camera", kind: "silent", lat: camera.lat, lon: camera.lon, code: camera.code, side: "above" },
    ...pairs.map(
      (p, i): Chip => ({
        id: `pair-${i}`,
        kind: "camera",
        lat: p.lat,
        lon: p.lon,
        code: String(i + 1),
        words: t.place(i + 1),
        chosen: i === chosen,
      }),
    ),
  ];
  const scene: Scene = useMemo(
    () => ({ zones: fitted ? zones.flatMap((z) => zoneOnMap(z, fitted)) : [] }),
    [fitted, zones],
  );
  return (
    <CityMap
      style={style.data}
      scene={scene}
      chips={chips}
      view={view}
      onPoint={onPoint}
      label={`${t.map} ${camera.code}`}
    />
  );
}

/** A zone as it lies on the ground; none that reaches beyond the horizon. */
function zoneOnMap(zone: Zone, fitted: Fit) {
  if (zone.kind === "line") return [];
  const at = plane(fitted.origin.lat, fitted.origin.lon);
  const ring = zone.points.map((p) => onGround(fitted.h, p));
  if (ring.some((p) => p === undefined)) return [];
  return [
    {
      ring: ring.map((p): [number, number] => {
        const [lon, lat] = at.toPosition(...(p as [number, number]));
        return [lat as number, lon as number];
      }),
      centre: null,
      radius_m: null,
      broken: false,
    },
  ];
}
