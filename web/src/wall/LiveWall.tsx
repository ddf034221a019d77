/** The wall of a provision, or the reason why nothing is shown. */
import { type ReactNode, useCallback } from "react";
import { api } from "../api/client";
import type { CameraProvision, Masking } from "../api/types";
import { clock } from "../kit/format";
import { Icon } from "../kit/Icon";
import { useText } from "../text";
import type { Slots } from "./layout";
import { Scenes, useScenes } from "./Scenes";
import { Wall } from "./Wall";

/** The pictures of an incident: what phones show first, then the cameras of its provision. */
export function LiveWall({ incident, ...rest }: Parameters<typeof Provided>[0] & { incident?: string | undefined }) {
  const scenes = useScenes(rest.closed ? undefined : incident).data?.scenes ?? [];
  return (
    <>
      {scenes.length ? <Scenes scenes={scenes} closed={rest.closed} watermark={rest.watermark} /> : null}
      <Provided {...rest} />
    </>
  );
}

function Provided({
  provision,
  closed,
  size,
  watermark,
  large,
  onLarge,
  onSlots,
  ...placed
}: {
  provision: CameraProvision | null;
  /** The incident is over: every tile goes dark at once, whatever the provision still says. */
  closed: boolean;
  size: number;
  watermark: string;
  large: number;
  onLarge: (index: number) => void;
  onSlots?: (slots: Slots) => void;
  fixed?: Slots | undefined;
  map?: ReactNode;
  onMove?: ((from: number, to: number) => void) | undefined;
  chosen?: number | undefined;
  keep?: string | undefined;
  badge?: ((camera: string) => ReactNode) | undefined;
}) {
  const text = useText();
  const id = provision?.provision_id ?? "";
  const ask = useCallback((camera: string, masking: Masking) => api.ticket(id, camera, masking), [id]);
  const shown =
    provision && (provision.state === "given" || provision.state === "ended") && provision.cameras.length > 0;
  if (!shown) {
    const why = text.incident.notGiven[provision?.state ?? "none"] ?? "";
    return (
      <div className="wall none">
        <div className="tile void hatch">
          <div className="mid">
            <Icon name="lock" size={26} />
            <b>{why}</b>
            {provision?.reason ? <span>{provision.reason}</span> : null}
          </div>
        </div>
      </div>
    );
  }
  const over = closed || provision.state === "ended";
  return (
    <Wall
      provision={over ? { ...provision, state: "ended" } : provision}
      size={size}
      ask={ask}
      watermark={watermark}
      large={large}
      onLarge={onLarge}
      onSlots={onSlots}
      {...placed}
      {...(over && provision.not_after ? { endedWords: `${clock(provision.not_after)} · ${text.wall.endedBody}` } : {})}
    />
  );
}
