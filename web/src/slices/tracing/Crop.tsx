/** A candidate large: his picture with him alone clear, or the seconds around him with everybody hidden. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { type Candidate, tracing } from "../../api/tracing";
import { clock } from "../../kit/format";
import { Icon, MaskIcon } from "../../kit/Icon";
import { useTracingText } from "../../text/tracing";
import { portraitOf } from "../../wall/still";
import { TileReason } from "../../wall/Tile";
import { usePlayback } from "../../wall/usePlayback";

/** A picture that is not there yet is asked for again, so often and after so long, milliseconds. */
const TRIES = 4;
const AGAIN_MS = 3000;

export function Crop({ search, candidate: c, plays }: { search: string; candidate: Candidate; plays: boolean }) {
  return (
    <div className="trace-crop" data-candidate={c.candidate_id}>
      {plays ? <Seconds search={search} candidate={c} /> : <Still search={search} candidate={c} />}
      <span className="bd num trace-crop-at">{clock(c.from_at)}</span>
    </div>
  );
}

function Still({ search, candidate: c }: { search: string; candidate: Candidate }) {
  const t = useTracingText();
  const got = useQuery({
    // outside what judging refreshes: each picture is a step on the ledger, and is asked for once
    queryKey: ["portrait", search, c.candidate_id],
    queryFn: async () => (await portraitOf(() => tracing.portrait(search, c.candidate_id))) ?? null,
    enabled: c.pictured,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    // what was seen a moment ago is still being recorded
    refetchInterval: ({ state }) => (state.data === null && state.dataUpdateCount < TRIES ? AGAIN_MS : false),
  });
  const url = useMemo(() => got.data && URL.createObjectURL(got.data.content), [got.data]);
  useEffect(() => (url ? () => URL.revokeObjectURL(url) : undefined), [url]);
  if (!got.data || !url)
    return (
      <div className="trace-crop-none t3 xs">
        <Icon name={got.isError ? "lock" : "camera"} size={20} />
        {got.isFetching ? t.opening : got.isError ? t.refusedPicture : t.noPicture}
      </div>
    );
  const [x1, y1, x2, y2] = got.data.box.map((v) => 100 * v) as [number, number, number, number];
  return (
    <div className="trace-figure">
      <img src={url} alt={t.pictureOf(c.camera_code)} data-state="shown" />
      <i
        className="trace-crop-box"
        style={{ left: `${x1}%`, top: `${y1}%`, width: `${x2 - x1}%`, height: `${y2 - y1}%` }}
      />
      <span className="bd trace-crop-mask">
        <MaskIcon size={11} /> {t.alone}
      </span>
    </div>
  );
}

function Seconds({ search, candidate: c }: { search: string; candidate: Candidate }) {
  const t = useTracingText();
  const video = useRef<HTMLVideoElement>(null);
  const [shown] = usePlayback(
    video,
    `clip ${c.candidate_id}`,
    () => tracing.clip(search, c.candidate_id),
    Date.parse(c.from_at),
    true,
  );
  const picture = shown.state === "live" || shown.state === "reconnecting";
  return (
    <>
      <video
        ref={video}
        muted
        playsInline
        disablePictureInPicture
        style={{ display: picture ? undefined : "none" }}
        data-state={shown.state}
      />
      {picture ? (
        <span className="bd trace-crop-mask">
          <MaskIcon size={11} /> {t.hidden}
        </span>
      ) : (
        <TileReason state={shown.state as "connecting"} />
      )}
    </>
  );
}
