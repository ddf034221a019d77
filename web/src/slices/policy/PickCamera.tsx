/** One camera, by what people call it: typed, listed, chosen with the arrows and Enter. */
import { useState } from "react";
import type { CalledCamera } from "../../api/types";
import { Answer } from "../../kit/states";
import { useKeeping } from "../../text/keeping";
import { useSecondText } from "../../text/second";
import { called, useNamed } from "./Targets";

const OFFERED = 6;
type Pick = (camera: CalledCamera | undefined) => void;

export function PickCamera({
  chosen,
  onPick,
  label,
}: {
  chosen: CalledCamera | undefined;
  onPick: Pick;
  /** null: what it is in says so already. */
  label?: null;
}) {
  const t = useSecondText();
  const words = useKeeping();
  const [typed, setTyped] = useState(() => (chosen ? called(chosen) : ""));
  const [at, setAt] = useState(0);
  const found = useNamed(typed);
  const offered = (found.data?.cameras ?? []).slice(0, OFFERED);
  const take = (camera: CalledCamera | undefined) => {
    onPick(camera);
    if (camera) setTyped(called(camera));
  };
  return (
    <div className="field">
      {label === null ? null : (
        <label htmlFor="glass-camera">
          <span className="t3">{t.glass.camera}</span>
        </label>
      )}
      <input
        id="glass-camera"
        className="in"
        name="camera"
        aria-label={t.glass.camera}
        role="combobox"
        autoComplete="off"
        aria-expanded={!chosen && offered.length > 0}
        aria-controls="glass-cameras"
        aria-activedescendant={chosen ? undefined : offered[at]?.camera_id}
        placeholder={t.glass.cameraHint}
        value={typed}
        onChange={(e) => {
          setTyped(e.target.value);
          setAt(0);
          onPick(undefined);
        }}
        onKeyDown={(e) => {
          if (e.nativeEvent.isComposing || chosen) return;
          if (e.key === "ArrowDown") setAt(Math.min(offered.length - 1, at + 1));
          else if (e.key === "ArrowUp") setAt(Math.max(0, at - 1));
          else if (e.key === "Enter") take(offered[at]);
          else return;
          e.preventDefault();
        }}
      />
      {chosen ? null : found.data ? (
        <div className="offers-box" id="glass-cameras" role="listbox" aria-label={t.glass.camera}>
          {offered.map((c, i) => (
            <button
              type="button"
              key={c.camera_id}
              id={c.camera_id}
              role="option"
              aria-selected={i === at}
              className={i === at ? "on" : ""}
              tabIndex={-1}
              onClick={() => take(c)}
            >
              <b>{c.code}</b>
              <span className="cut sp t3">{c.address}</span>
            </button>
          ))}
          {offered.length === 0 ? <p className="xs t3 none">{words.noCamera}</p> : null}
        </div>
      ) : found.error ? (
        <Answer error={found.error} retry={() => void found.refetch()} what={t.glass.camera} />
      ) : null}
    </div>
  );
}
