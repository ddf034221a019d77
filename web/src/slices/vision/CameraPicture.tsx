/** A camera's picture to draw on: its line drawing until somebody opens the masked picture, for a few minutes. */

import { useMemo } from "react";
import { usePoints, useStyleData } from "../../api/hooks";
import { type VisionCamera, vision } from "../../api/vision";
import { Icon } from "../../kit/Icon";
import { Button } from "../../kit/parts";
import { useVisionSetup } from "../../text/visionSetup";
import { Drawing, LiveTile } from "../../wall/Tile";

/** What a fixed street camera sees where the register does not say: the drawing is a help to find one's way, no more. */
const USUAL = { fov_deg: 60, range_m: 60 };

export function CameraPicture({
  camera,
  open,
  may = true,
  watermark,
  onOpen,
  onSize,
}: {
  camera: Pick<VisionCamera, "camera_id" | "code" | "name"> & { lat: number; lon: number };
  open: boolean;
  /** Whether this seat may open the picture at all. */
  may?: boolean;
  watermark: string;
  onOpen: () => void;
  onSize: (picture: { width: number; height: number }) => void;
}) {
  const t = useVisionSetup();
  const style = useStyleData();
  const points = usePoints().data?.cameras;
  const azimuth = points?.azimuth[points.id.indexOf(camera.camera_id)] ?? null;
  const eye = useMemo(
    () => ({ lat: camera.lat, lon: camera.lon, azimuth_deg: azimuth, ...USUAL }),
    [camera.lat, camera.lon, azimuth],
  );
  const tile = useMemo(
    () => ({ camera_id: camera.camera_id, code: camera.code, name: camera.name, arrives_in_s: null, sees: true }),
    [camera.camera_id],
  );
  if (open)
    return (
      <LiveTile
        number="P"
        camera={tile}
        ask={(id) => vision.picture(id)}
        ended={false}
        watermark={watermark}
        best={false}
        selected={false}
        large
        sized={onSize}
      />
    );
  return (
    <div className="tile void armed">
      <Drawing camera={eye} style={style.data} />
      <span className="st">
        <span className="bd">{t.drawingOnly}</span>
      </span>
      {may ? (
        <div className="pic-open">
          <Icon name="lock" size={16} />
          <span>{t.openHint}</span>
          <Button small tone="pri" cap="P" onPointerDown={(e) => e.stopPropagation()} onClick={onOpen}>
            {t.openPicture}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
