/** What a phone showed since it began, as long as its bearer shows it: her consent carries both. */
import { useRef, useState } from "react";
import { api } from "../api/client";
import type { Scene } from "../api/types";
import { useNow } from "../kit/clock";
import { clock } from "../kit/format";
import { Button } from "../kit/parts";
import { useText } from "../text";
import { useFootageText } from "../text/footage";
import { permitCode, TileFrame, TileReason, Watermark } from "./Tile";
import { usePlayback } from "./usePlayback";

const JUMP_MS = 10_000;

export function PastScene({
  scene,
  number,
  name,
  reason,
  watermark,
  onLive,
}: {
  scene: Scene;
  number: string;
  name: string;
  reason: string;
  watermark: string;
  onLive: () => void;
}) {
  const text = useText();
  const t = useFootageText();
  const now = useNow();
  const video = useRef<HTMLVideoElement>(null);
  const [permit, setPermit] = useState<string>();
  const fromMs = Date.parse(scene.started_at);
  const untilMs = Math.max(fromMs + 1000, Math.min(now, Date.parse(scene.not_after)));
  const [shown, hands] = usePlayback(
    video,
    `${scene.uplink_id} ${reason}`,
    async () => {
      const span = { from_at: scene.started_at, until_at: scene.not_after, reason };
      const ticket = await api.sceneRecording(scene.uplink_id, span);
      setPermit(ticket.permit_id);
      return ticket;
    },
    fromMs,
  );
  const seek = (ms: number) => hands.seek(Math.min(Math.max(ms, fromMs), untilMs));
  const picture = shown.state === "live" || shown.state === "reconnecting";
  return (
    <div className="tile-box">
      <TileFrame
        number={number}
        code={scene.code}
        name={name}
        tone={picture ? "" : "void"}
        badges={
          <>
            <span className="bd">{text.wall.past}</span>
            {picture ? <span className="bd">{text.wall.original}</span> : null}
          </>
        }
        caption={<b data-at={shown.atMs}>{clock(shown.atMs)}</b>}
      >
        <video
          ref={video}
          className="scene"
          muted
          playsInline
          disablePictureInPicture
          style={{ display: picture ? undefined : "none" }}
          data-camera={scene.code}
          data-state={`past-${shown.state}`}
        />
        {picture ? <Watermark words={permit ? `${permitCode(permit)} · ${watermark}` : watermark} /> : null}
        {picture ? null : (
          <TileReason
            state={shown.state as "connecting"}
            detail={shown.refusal?.message ?? ""}
            onAsk={shown.state === "ended" ? hands.askAgain : undefined}
          />
        )}
      </TileFrame>
      <fieldset className="scene-bar fx" aria-label={text.wall.past}>
        <Button small onClick={hands.toggle}>
          {shown.playing ? t.pause : t.play}
        </Button>
        <Button small onClick={() => seek(shown.atMs - JUMP_MS)}>
          −{t.ten}
        </Button>
        <input
          type="range"
          aria-label={text.wall.past}
          min={fromMs}
          max={untilMs}
          step={1000}
          value={Math.min(Math.max(shown.atMs, fromMs), untilMs)}
          onChange={(e) => seek(Number(e.target.value))}
        />
        <Button small tone="pri" onClick={onLive}>
          {text.wall.toLive}
        </Button>
      </fieldset>
    </div>
  );
}
