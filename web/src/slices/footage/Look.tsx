/** The worst frame of a doubtful span as the export would show it; a rectangle drawn on it is hidden too. */
import { type CSSProperties, type PointerEvent, useEffect, useState } from "react";
import { Icon } from "../../kit/Icon";
import { useFootageText } from "../../text/footage";
import { type Box, drawn, inLook, lookOf } from "./review";

type Corner = readonly [number, number];

function Frame({ box, className }: { box: Box; className: string }) {
  const [x1, y1, x2, y2] = box;
  return (
    <rect className={className} x={x1} y={y1} width={x2 - x1} height={y2 - y1} vectorEffect="non-scaling-stroke" />
  );
}

export function Look({
  src,
  place,
  hidden,
  onDraw,
}: {
  src: string;
  /** The doubtful place, in parts of the picture. */
  place: Box;
  /** What is hidden besides. */
  hidden: Box | null;
  onDraw: (box: Box) => void;
}) {
  const t = useFootageText();
  const [size, setSize] = useState<{ width: number; height: number }>();
  const [gone, setGone] = useState(false);
  const [from, setFrom] = useState<Corner>();
  const [to, setTo] = useState<Corner>();
  const look = lookOf(place);
  useEffect(() => {
    setGone(false);
    setFrom(undefined);
  }, [src]);
  const at = (e: PointerEvent): Corner => {
    const box = e.currentTarget.getBoundingClientRect();
    return [(e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height];
  };
  const end = () => {
    const box = from && to ? drawn(look, from, to) : undefined;
    setFrom(undefined);
    if (box) onDraw(box);
  };
  const drawing = from && to ? drawn(look, from, to) : undefined;
  return (
    <div className="tile look">
      {gone ? (
        <div className="mid">
          <Icon name="camera" size={24} />
          <b>{t.lookGone}</b>
        </div>
      ) : (
        <div
          className="look-frame"
          style={size && ({ "--aspect": size.width / size.height } as CSSProperties)}
          onPointerDown={(e) => {
            e.currentTarget.setPointerCapture(e.pointerId);
            setFrom(at(e));
            setTo(at(e));
          }}
          onPointerMove={(e) => from && setTo(at(e))}
          onPointerUp={end}
          onPointerCancel={() => setFrom(undefined)}
        >
          <img
            src={src}
            alt={t.lookNote}
            draggable={false}
            onLoad={(e) => setSize({ width: e.currentTarget.naturalWidth, height: e.currentTarget.naturalHeight })}
            onError={() => setGone(true)}
          />
          <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
            <Frame box={inLook(look, place)} className="look-place" />
            {hidden ? <Frame box={inLook(look, hidden)} className="look-hidden" /> : null}
            {drawing ? <Frame box={inLook(look, drawing)} className="look-drawing" /> : null}
          </svg>
        </div>
      )}
      {gone ? null : <span className="look-note xs">{t.lookNote}</span>}
    </div>
  );
}
