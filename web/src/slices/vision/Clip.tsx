/** The seconds around one alarm, masked, again and again. */
import { useRef, useState } from "react";
import type { VisionAlarm } from "../../api/vision";
import { vision } from "../../api/vision";
import { clock } from "../../kit/format";
import { MaskIcon } from "../../kit/Icon";
import { useKeys } from "../../kit/keys";
import { Refused } from "../../kit/states";
import { useText } from "../../text";
import { useVisionText } from "../../text/vision";
import { brackets, place } from "../../wall/boxes";
import { TileFrame, TileReason, Watermark } from "../../wall/Tile";
import { usePlayback } from "../../wall/usePlayback";

/** The frame stays this long after the last sign, milliseconds: what alarmed has not gone far. */
const AFTER_MS = 1000;

export function Clip({ alarm: a }: { alarm: VisionAlarm }) {
  const text = useText();
  const t = useVisionText();
  const video = useRef<HTMLVideoElement>(null);
  const [permit, setPermit] = useState<string>();
  const [shown, hands] = usePlayback(
    video,
    a.alarm_id,
    () =>
      vision.clip(a.alarm_id).then((ticket) => {
        setPermit(ticket.permit_id);
        return ticket;
      }),
    Date.parse(a.clip_from_at),
    true,
  );
  useKeys([{ code: "Space", cap: "Space", hint: t.play, run: hands.toggle }]);
  const picture = shown.state === "live" || shown.state === "reconnecting";
  const near = shown.atMs >= Date.parse(a.began_at) && shown.atMs <= Date.parse(a.last_at) + AFTER_MS;
  return (
    <div className="vision-clip">
      <TileFrame
        number={String(a.priority)}
        code={a.camera_code}
        name={a.camera_name}
        small={false}
        tone={picture ? "" : "void"}
        badges={
          picture ? (
            <>
              <span className="bd">{t.loop}</span>
              <span className="bd">
                <MaskIcon size={12} />
                {shown.init?.masking === "original" ? text.wall.original : t.masked}
              </span>
            </>
          ) : null
        }
        caption={picture ? clock(shown.atMs) : ""}
      >
        <video
          ref={video}
          className="scene"
          muted
          playsInline
          disablePictureInPicture
          style={{ display: picture ? undefined : "none" }}
          data-camera={a.camera_code}
          data-state={shown.state}
        />
        {picture && permit ? <Watermark words={permit.slice(-6).toUpperCase()} /> : null}
        {picture && near ? <Seen box={a.box} of={shown.init} /> : null}
        {picture ? null : shown.refusal && shown.refusal.status !== 404 ? (
          <div className="stage-refused">
            <Refused refusal={shown.refusal} what={t.clip} />
          </div>
        ) : shown.state === "no_source" || shown.refusal ? (
          <div className="mid">
            <b>{t.noClip}</b>
            <span>{t.noClipBody}</span>
          </div>
        ) : (
          <TileReason state={shown.state as "connecting"} />
        )}
      </TileFrame>
    </div>
  );
}

/** Corner brackets around what alarmed. */
function Seen({ box, of }: { box: VisionAlarm["box"]; of: { width: number; height: number } | undefined }) {
  const size = { width: of?.width ?? 640, height: of?.height ?? 360 };
  return (
    <svg
      className="scene"
      viewBox={`0 0 ${size.width} ${size.height}`}
      preserveAspectRatio="xMidYMin slice"
      aria-hidden="true"
    >
      <path d={brackets(place(box, size, size))} fill="none" stroke="#fff" strokeWidth={size.width / 320} />
    </svg>
  );
}
