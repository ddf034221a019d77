/** Under the picture: play, step, speed, the range; and what the colours of the timeline mean. */
import { clock, day } from "../../kit/format";
import { Button } from "../../kit/parts";
import type { FootageText } from "../../text/footage";
import type { Hands, Shown } from "../../wall/usePlayback";
import type { Range } from "./timeline";

export function Bar({
  t,
  shown,
  hands,
  open,
  atMs,
  range,
  onToggle,
  onClear,
  early,
  onEarly,
}: {
  t: FootageText;
  shown: Shown;
  hands: Hands;
  open: boolean;
  atMs: number | undefined;
  range: Range | undefined;
  onToggle: () => void;
  onClear: () => void;
  early: boolean | undefined;
  onEarly: () => void;
}) {
  return (
    <div className="foot-bar fx">
      <Button small cap="Space" onClick={onToggle}>
        {shown.playing && open ? t.pause : t.play}
      </Button>
      <Button small cap="," disabled={!open} onClick={() => hands.step(-1)}>
        {t.back}
      </Button>
      <Button small cap="." disabled={!open} onClick={() => hands.step(1)}>
        {t.forward}
      </Button>
      <b className="bar-clock num" data-at={atMs}>
        {atMs === undefined ? "--:--:--" : `${clock(atMs)}.${Math.floor((atMs % 1000) / 100)}`}
      </b>
      <Button small tone="line" cap="V" disabled={!open} onClick={hands.faster}>
        {t.speed(shown.speed)}
      </Button>
      {early === undefined ? null : (
        <Button small tone={early ? "pri" : "line"} onClick={onEarly} aria-pressed={early}>
          {t.lookBack}
        </Button>
      )}
      <span className="sp" />
      {range ? (
        <>
          <span className="sm t2 num cut">
            {t.rangeOf(clock(range[0]), clock(range[1]), t.minutes((range[1] - range[0]) / 1000))}
          </span>
          <Button small tone="line" onClick={onClear}>
            {t.clear}
          </Button>
        </>
      ) : (
        <span className="sm t3 cut">{t.noRange}</span>
      )}
      <kbd>I</kbd>
      <kbd>O</kbd>
    </div>
  );
}

export function Legend({ t, kept }: { t: FootageText; kept: string | undefined }) {
  return (
    <div className="tr-legend fx xs t3">
      <span className="fx">
        <i className="tr-bar" /> {t.legend.recorded}
      </span>
      <span className="fx">
        <i className="tr-gap" /> {t.legend.gap}
      </span>
      <span className="fx">
        <i className="tr-hold" /> {t.legend.hold}
      </span>
      <span className="fx">
        <i className="tr-range" /> {t.legend.range}
      </span>
      <span className="fx">
        <i className="tr-ev bookmark" /> {t.legend.mark}
      </span>
      <span className="sp" />
      {kept ? (
        <span>
          {t.keptElse(day(kept))} · {t.days30}
        </span>
      ) : null}
    </div>
  );
}
