/** A reference picture: chosen, pasted or dropped, read into words and an appearance, never kept. */
import { useMutation } from "@tanstack/react-query";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { type PictureBox, type Portrait, tracing } from "../../api/tracing";
import { Button } from "../../kit/parts";
import { Answer } from "../../kit/states";
import { useTracingText } from "../../text/tracing";
import { boxBetween, reduced } from "./pictured";

export interface Reference {
  /** Where the page shows it from; it stays in this page. */
  url: string;
  /** What is sent to be read: a JPEG of at most 1,600 pixels without the place and time that phones write into files. */
  data: string;
  portrait: Portrait | undefined;
}

const least = 0.02;

export function ReferencePicture({
  kept,
  onKept,
}: {
  kept: Reference | undefined;
  onKept: (kept: Reference | undefined) => void;
}) {
  const t = useTracingText();
  const file = useRef<HTMLInputElement>(null);
  const read = useMutation({
    mutationFn: async ({ of, box }: { of: Reference; box?: PictureBox }) => ({
      ...of,
      portrait: await tracing.read(of.data, box),
    }),
    onSuccess: onKept,
  });
  const load = useMutation({
    mutationFn: async (chosen: Blob) => ({ ...(await reduced(chosen)), portrait: undefined }),
    onSuccess: (of) => {
      onKept(of);
      read.mutate({ of });
    },
  });
  const take = load.mutate;
  useEffect(() => {
    const pasted = (e: ClipboardEvent) => {
      const image = [...(e.clipboardData?.files ?? [])].find((f) => f.type.startsWith("image/"));
      if (image) take(image);
    };
    window.addEventListener("paste", pasted);
    return () => window.removeEventListener("paste", pasted);
  }, [take]);
  const busy = load.isPending || read.isPending;
  return (
    <div className="trace-ref">
      <div className="fx wrap">
        <Button disabled={busy} onClick={() => file.current?.click()}>
          {kept ? t.picture.other : t.picture.choose}
        </Button>
        {kept ? (
          <Button disabled={busy} onClick={() => onKept(undefined)}>
            {t.picture.drop}
          </Button>
        ) : null}
        <span className="xs t3">{busy ? t.picture.reading : kept ? t.picture.which : t.picture.hint}</span>
        <input
          ref={file}
          type="file"
          accept="image/*"
          hidden
          aria-label={t.picture.choose}
          onChange={(e) => {
            const chosen = e.target.files?.[0];
            e.target.value = "";
            if (chosen) take(chosen);
          }}
        />
      </div>
      {load.error ? (
        <span className="sm c2" role="alert">
          {t.picture.bad}
        </span>
      ) : null}
      {read.error ? <Answer error={read.error} what={t.picture.choose} /> : null}
      {kept ? <Picture of={kept} busy={busy} onBox={(box) => read.mutate({ of: kept, box })} /> : null}
      {kept?.portrait && kept.portrait.chosen === null ? (
        <span className="sm c3" role="alert">
          {t.picture.nobody}
        </span>
      ) : null}
    </div>
  );
}

function Picture({ of, busy, onBox }: { of: Reference; busy: boolean; onBox: (box: PictureBox) => void }) {
  const t = useTracingText();
  const frame = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState<readonly [number, number]>();
  const [drawn, setDrawn] = useState<PictureBox>();
  const at = (e: PointerEvent): readonly [number, number] => {
    const r = (frame.current as HTMLDivElement).getBoundingClientRect();
    return [(e.clientX - r.left) / r.width, (e.clientY - r.top) / r.height];
  };
  const subjects = of.portrait?.subjects ?? [];
  return (
    <div
      ref={frame}
      className="trace-ref-frame"
      onPointerDown={(e) => {
        if (busy || e.button !== 0) return;
        e.currentTarget.setPointerCapture(e.pointerId);
        setFrom(at(e));
      }}
      onPointerMove={(e) => from && setDrawn(boxBetween(from, at(e)))}
      onPointerUp={() => {
        if (drawn && drawn.x2 - drawn.x1 > least && drawn.y2 - drawn.y1 > least) onBox(drawn);
        setFrom(undefined);
        setDrawn(undefined);
      }}
    >
      <img src={of.url} alt={t.picture.alt} draggable={false} />
      {subjects.map(({ box, kind }, n) => (
        <button
          // a picture's subjects have no names; their order does not change while it is shown
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          key={n}
          type="button"
          disabled={busy}
          aria-pressed={n === of.portrait?.chosen}
          aria-label={t.picture.subject(kind, n + 1)}
          className="trace-ref-box"
          style={placed(box)}
          onPointerDown={(e) => e.stopPropagation()}
          onClick={() => onBox(box)}
        >
          <span>{n + 1}</span>
        </button>
      ))}
      {drawn ? <i className="trace-ref-drawn" style={placed(drawn)} /> : null}
    </div>
  );
}

const percent = (part: number) => `${(100 * part).toFixed(2)}%`;
const placed = (b: PictureBox) => ({
  left: percent(b.x1),
  top: percent(b.y1),
  width: percent(b.x2 - b.x1),
  height: percent(b.y2 - b.y1),
});
