/** The large picture of the past, or the reason there is none. */
import type { RefObject } from "react";
import type { Coverage } from "../../api/footage";
import { clock, day } from "../../kit/format";
import { Icon, MaskIcon } from "../../kit/Icon";
import { Button } from "../../kit/parts";
import { Refused } from "../../kit/states";
import { useText } from "../../text";
import { useFootageText } from "../../text/footage";
import { TileReason, Watermark } from "../../wall/Tile";
import type { Hands, Shown } from "../../wall/usePlayback";
import { causeWords } from "./Timelines";
import type { Span } from "./timeline";

export function Stage({
  video,
  camera,
  open,
  shown,
  hands,
  gap,
  watermark,
  onOpen,
  onAfterGap,
}: {
  video: RefObject<HTMLVideoElement | null>;
  camera: Pick<Coverage, "code" | "name"> | undefined;
  /** A reason was given. */
  open: boolean;
  shown: Shown;
  hands: Hands;
  /** The gap one stands in. */
  gap: Span | undefined;
  watermark: string;
  onOpen: () => void;
  onAfterGap: () => void;
}) {
  const text = useText();
  const t = useFootageText();
  const standing = shown.state === "live" || shown.state === "reconnecting";
  const picture = open && standing && !gap;
  return (
    <div className={`tile stage${picture ? "" : " void"}${gap ? " hatch" : ""}`}>
      <video
        ref={video}
        className="scene"
        muted
        playsInline
        disablePictureInPicture
        style={{ display: picture ? undefined : "none" }}
        data-camera={camera?.code}
        data-state={open ? shown.state : "closed"}
      />
      {picture ? <Watermark words={watermark} /> : null}
      <span className="st">
        {picture && shown.init ? (
          <>
            <span className="bd num">{t.recorded(`${shown.init.width} × ${shown.init.height}`)}</span>
            <span className="bd">
              <MaskIcon size={12} />
              {shown.init.masking === "original" ? t.original : shown.init.masking === "marked" ? t.marked : t.masked}
            </span>
          </>
        ) : null}
      </span>
      {!camera ? null : !open && !gap ? (
        <div className="mid">
          <Icon name="lock" size={26} />
          <b>{t.locked}</b>
          <span>{t.lockedBody}</span>
          <Button tone="pri" cap="Space" className="over" onClick={onOpen}>
            {t.reasonTitle}
          </Button>
        </div>
      ) : gap ? (
        <div className="mid" role="status">
          <Icon name="film" size={26} />
          <b>{t.atGap}</b>
          <span className="cd" data-gap={gap.cause}>
            {causeWords(t, gap)}
          </span>
          <span className="num t3">
            {t.gapSpan(clock(gap.fromMs), clock(gap.untilMs), t.minutes((gap.untilMs - gap.fromMs) / 1000))}
          </span>
          <Button cap="Space" className="over" onClick={onAfterGap}>
            {t.toEnd}
          </Button>
        </div>
      ) : shown.state === "refused" && shown.refusal ? (
        <div className="stage-refused">
          <Refused refusal={shown.refusal} what={camera.code} />
        </div>
      ) : !standing ? (
        <TileReason
          state={shown.state as "connecting"}
          detail={shown.state === "ended" ? text.wall.endedBody : ""}
          onAsk={shown.state === "ended" ? hands.askAgain : undefined}
        />
      ) : null}
      {picture && shown.leapt ? (
        <span className="leapt cd" role="status">
          <Icon name="film" size={14} />
          {t.gapSpan(
            clock(shown.leapt.fromMs),
            clock(shown.leapt.untilMs),
            t.minutes((shown.leapt.untilMs - shown.leapt.fromMs) / 1000),
          )}
          {" · "}
          {causeWords(t, shown.leapt)}
        </span>
      ) : null}
      {picture && shown.ended ? (
        <span className="leapt" role="status">
          {t.ended}. {t.endedBody}
        </span>
      ) : null}
      {camera ? (
        <div className="cap">
          <b>{camera.code}</b>
          <span className="cut sp">{camera.name}</span>
          {picture ? (
            <span className="num nw">
              {day(shown.atMs)} {clock(shown.atMs)} · {t.speed(shown.speed)}
            </span>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
