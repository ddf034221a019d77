/** The joystick of the camera in the large tile: who holds it until when, where it looks, presets. */
import { type PointerEvent, useState } from "react";
import type { JoystickHold } from "../../../api/ptz";
import { useNow } from "../../../kit/clock";
import { elapsed } from "../../../kit/format";
import { Icon } from "../../../kit/Icon";
import { type Binding, useKeys } from "../../../kit/keys";
import { Button, PanelHead } from "../../../kit/parts";
import { Refused } from "../../../kit/states";
import { usePtzText } from "../../../text/ptz";
import { Dial } from "./Dial";
import { leftS, PUSHES, spanOf, times } from "./steering";
import type { Joystick } from "./useJoystick";

const MOST_KEYS = 9;

/** How one points at a place without a mouse: at the person, or by a cross that the arrows move over the map. */
export interface Pointing {
  subject: { lat: number; lon: number } | null | undefined;
  aiming: boolean;
  /** Undefined where no map stands beside the pictures. */
  aim: ((on: boolean) => void) | undefined;
}

/** The keys of a joystick: `P` for everybody who may turn, the rest only in the hand that holds it. */
export function usePtzKeys(j: Joystick | undefined, { subject, aiming, aim }: Pointing): void {
  const t = usePtzText();
  const says: Record<string, string> = { Equal: t.zoom, Minus: t.zoom };
  const pushes = Object.keys(PUSHES).filter((code) => !aiming || !code.startsWith("Arrow"));
  const steering: Binding[] = j?.mine
    ? [
        ...pushes.map((code) => ({
          code,
          hint: says[code] ?? t.turn,
          run: (event: KeyboardEvent) => j.press(code, event.shiftKey),
          up: () => j.lift(code),
        })),
        ...j.data.presets.slice(0, MOST_KEYS).map((p, i) => ({
          code: `Digit${i + 1}`,
          cap: `Shift ${i + 1}`,
          shift: true,
          hint: t.presets,
          run: () => j.recall(p),
        })),
        ...(subject ? [{ code: "KeyT", hint: t.seeSubject, run: () => j.point(subject.lat, subject.lon) }] : []),
        ...(aim ? [{ code: "KeyX", hint: t.aim, run: () => aim(!aiming) }] : []),
        ...(j.data.hold?.asked_by ? [{ code: "KeyY", hint: t.giveIt, run: j.toggle }] : []),
      ]
    : [];
  useKeys(
    j
      ? [{ code: "KeyP", hint: j.mine ? t.release : j.data.hold ? t.takeOver : t.take, run: j.toggle }, ...steering]
      : [],
  );
}

/** The badge on the tile: that it turns, or who turns it and for how long still. */
export function PtzBadge({ hold }: { hold: JoystickHold | null }) {
  const t = usePtzText();
  const now = useNow();
  return (
    <span className={`bd ptz-bd num${hold?.mine ? " mine" : ""}`}>
      {t.ptz}
      {hold ? ` ${hold.mine ? t.mine : hold.holder} ${elapsed(leftS(hold.until_at, now))}` : ""}
    </span>
  );
}

export function PtzPanel({ joystick: j, pointing }: { joystick: Joystick; pointing: Pointing }) {
  const t = usePtzText();
  const { data, mine } = j;
  return (
    <section className="ptz" aria-label={`${t.ptz} ${j.camera.code}`}>
      <PanelHead
        title={`${t.ptz} ${j.camera.code}`}
        right={
          <Button small tone={mine ? "line" : "pri"} cap="P" disabled={!data.pose && !mine} onClick={j.toggle}>
            {mine ? t.release : data.hold ? t.takeOver : t.take}
          </Button>
        }
      />
      <Holder hold={data.hold} onGive={j.toggle} />
      {j.refusal ? <Refused refusal={j.refusal} /> : null}
      <div className="ptz-mid">
        <Dial sector={data.sector} pose={data.pose} />
        <Numbers joystick={j} />
        {mine ? <Pad joystick={j} /> : null}
      </div>
      {data.pose ? null : (
        <p className="pb sm cd" role="status">
          {t.unknown}. {t.hiddenAll}
        </p>
      )}
      {mine ? <PointAt joystick={j} pointing={pointing} /> : null}
      {mine || data.presets.length ? <Presets joystick={j} /> : null}
    </section>
  );
}

function Holder({ hold, onGive }: { hold: JoystickHold | null; onGive: () => void }) {
  const t = usePtzText();
  const now = useNow();
  if (!hold) return <p className="pb sm t3 ptz-who">{t.free}</p>;
  return (
    <>
      <div className={`ptz-who pb sm${hold.mine ? " mine" : ""}`} role="status">
        <span className="fx">
          <Icon name={hold.mine ? "camera" : "lock"} size={16} />
          <b>{hold.mine ? t.mine : t.heldBy}</b>
          <span className="sp" />
          <span className="num t1">
            {elapsed(leftS(hold.until_at, now))} {t.left}
          </span>
        </span>
        <span className="t2">
          {hold.holder} · {t.priority[hold.priority] ?? hold.priority}
        </span>
        {hold.mine ? null : <span className="xs t3">{t.lower}</span>}
      </div>
      {hold.mine && hold.asked_by ? (
        <div className="ptz-asked fx sm" role="alert">
          <span className="sp">{t.wants(hold.asked_by)}</span>
          <Button small cap="Y" onClick={onGive}>
            {t.giveIt}
          </Button>
        </div>
      ) : null}
    </>
  );
}

function Numbers({ joystick: { data, clipped } }: { joystick: Joystick }) {
  const t = usePtzText();
  const { pose, sector } = data;
  return (
    <div className="ptz-numbers">
      <dl className="kv num">
        <dt>{t.sector}</dt>
        <dd>
          {spanOf(sector) === 360 ? t.allRound : `${Math.round(sector.from_deg)}°–${Math.round(sector.until_deg)}°`}
        </dd>
        <dt>{t.azimuth}</dt>
        <dd>{pose ? `${Math.round(pose.azimuth_deg)}°` : "–"}</dd>
        <dt>{t.height}</dt>
        <dd>{pose ? `${Math.round(pose.tilt_deg)}°` : "–"}</dd>
        <dt>{t.zoom}</dt>
        <dd>{pose ? t.times(times(pose, data.optics.fov_wide_deg).toFixed(1)) : "–"}</dd>
      </dl>
      <span className={`xs ${clipped ? "c2" : "t3"}`} role="status">
        {clipped ? t.clipped : data.moving ? t.moving : ""}
      </span>
    </div>
  );
}

const PAD: readonly [code: string, sign: string, word: "up" | "down" | "leftward" | "right" | "nearer" | "wider"][] = [
  ["Minus", "−", "wider"],
  ["ArrowUp", "↑", "up"],
  ["Equal", "+", "nearer"],
  ["ArrowLeft", "←", "leftward"],
  ["ArrowDown", "↓", "down"],
  ["ArrowRight", "→", "right"],
];

function Pad({ joystick: j }: { joystick: Joystick }) {
  const t = usePtzText();
  return (
    <div className="ptz-pad">
      {PAD.map(([code, sign, word]) => (
        <button
          key={code}
          type="button"
          className="btn"
          aria-label={t[word]}
          title={t[word]}
          onPointerDown={(e: PointerEvent) => {
            e.currentTarget.setPointerCapture(e.pointerId);
            j.press(code, e.shiftKey);
          }}
          onPointerUp={() => j.lift(code)}
          onPointerCancel={() => j.lift(code)}
          onKeyDown={(e) => (e.key === "Enter" || e.key === " ") && !e.repeat && j.press(code, e.shiftKey)}
          onKeyUp={() => j.lift(code)}
          onBlur={() => j.lift(code)}
        >
          {sign}
        </button>
      ))}
    </div>
  );
}

function PointAt({ joystick: j, pointing: { subject, aiming, aim } }: { joystick: Joystick; pointing: Pointing }) {
  const t = usePtzText();
  return (
    <div className="pb ptz-hint">
      <div className="fx">
        <Button small cap="T" disabled={!subject} onClick={() => subject && j.point(subject.lat, subject.lon)}>
          {t.seeSubject}
        </Button>
        {aim ? (
          <Button small tone={aiming ? "pri" : "line"} cap="X" onClick={() => aim(!aiming)}>
            {t.aim}
          </Button>
        ) : null}
      </div>
      <span className="xs t3">{t.point}</span>
    </div>
  );
}

function Presets({ joystick: j }: { joystick: Joystick }) {
  const t = usePtzText();
  const [name, setName] = useState("");
  const [home, setHome] = useState(false);
  const keep = () => {
    if (!name.trim()) return;
    j.keep(name.trim(), home);
    setName("");
    setHome(false);
  };
  return (
    <>
      <div className="grp">{t.presets}</div>
      {j.data.presets.length === 0 ? <p className="pb sm t3 ptz-who">{t.noPresets}</p> : null}
      {j.data.presets.map((p, i) => (
        <div className="fx ptz-preset" key={p.preset_id}>
          {i < MOST_KEYS && j.mine ? <kbd>⇧{i + 1}</kbd> : <i className="no-key" />}
          <button type="button" className="bare cut sp" disabled={!j.mine} onClick={() => j.recall(p)}>
            {p.name}
          </button>
          {p.home ? <span className="bd">{t.home}</span> : null}
          <span className="num t3 xs">{Math.round(p.azimuth_deg)}°</span>
          {j.mine ? (
            <button type="button" className="bare t3" aria-label={t.drop(p.name)} onClick={() => j.drop(p)}>
              ×
            </button>
          ) : null}
        </div>
      ))}
      {j.mine ? (
        <div className="ptz-keep pb">
          <input
            className="in"
            maxLength={40}
            placeholder={t.presetName}
            aria-label={t.presetName}
            value={name}
            onChange={(e) => setName(e.target.value)}
            onKeyDown={(e) => e.key === "Enter" && !e.nativeEvent.isComposing && keep()}
          />
          <label className="fx xs" title={t.homeHint}>
            <input type="checkbox" checked={home} onChange={(e) => setHome(e.target.checked)} />
            {t.home}
          </label>
          <Button small disabled={!name.trim()} onClick={keep}>
            {t.keep}
          </Button>
        </div>
      ) : null}
    </>
  );
}
