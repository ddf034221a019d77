import { useEffect, useRef, useState } from "react";
import { unit } from "../api/phone.ts";
import { Player, type PlayerState } from "../wall/player.ts";
import type { UnitWords } from "./text.ts";

/** The granted picture, masked. The player blanks it in the same task in which the right ends. */
export function Picture(p: { w: UnitWords; provisionId: string; cameraId: string; name: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<PlayerState>("connecting");
  useEffect(() => {
    if (!video.current) return;
    const player = new Player(video.current, () => unit.ticket(p.provisionId, p.cameraId), {
      state: setState,
      init: () => undefined,
      boxes: () => undefined,
      behind: () => undefined,
      frame: () => undefined,
    });
    player.start();
    return () => player.stop();
  }, [p.provisionId, p.cameraId]);
  return <PictureFrame w={p.w} name={p.name} state={state} video={video} />;
}

export function PictureFrame(p: {
  w: UnitWords;
  name: string;
  state: PlayerState;
  video?: React.RefObject<HTMLVideoElement | null>;
}) {
  return (
    <div className="pic">
      <video ref={p.video} muted playsInline autoPlay aria-label={p.name} />
      <span className="cap1">{p.name}</span>
      {p.state !== "live" && (
        <span className="cap2" role="status">
          {p.w.states[p.state]}
        </span>
      )}
    </div>
  );
}
