/** What a camera looks for: on, on trial, off; and why it does not cover what is on. */
import { BEHAVIOURS, type Covered, type Setup } from "../../api/vision";
import { useLocale } from "../../text";
import { useVisionText } from "../../text/vision";
import { useVisionSetup } from "../../text/visionSetup";
import { type Mode, modeOf, switched } from "./setup";

const MODES: readonly Mode[] = ["on", "shadow", "off"];

export function Behaviours({
  setup,
  coverage,
  onSetup,
}: {
  setup: Setup;
  coverage: readonly Covered[];
  onSetup: (setup: Setup) => void;
}) {
  const t = useVisionSetup();
  const words = useVisionText();
  const { locale } = useLocale();
  const why = new Map(coverage.map((c) => [c.behaviour, c]));
  return (
    <>
      <div className="grp">{t.behaviours}</div>
      {BEHAVIOURS.map((b) => {
        const mode = modeOf(setup, b);
        const said = why.get(b);
        return (
          <fieldset key={b} className="beh-row">
            <legend className="sr">{words.behaviours[b]}</legend>
            <span className={`cut sm ${mode === "off" ? "t3" : "t1"}`}>{words.behaviours[b]}</span>
            <span className="fx modes">
              {MODES.map((m) => (
                <button
                  key={m}
                  type="button"
                  className="bare"
                  aria-pressed={m === mode}
                  onClick={() => onSetup(switched(setup, b, m))}
                >
                  {t.modes[m]}
                </button>
              ))}
            </span>
            {mode !== "off" && said && !said.covered && said.reason !== "shadow" && said.reason !== "switched-off" ? (
              <span className="xs cd">{locale === "en" ? said.reason_en : said.reason_ko}</span>
            ) : null}
            {b === "cry" && mode !== "off" ? <span className="xs c2 beh-note">{t.cry}</span> : null}
          </fieldset>
        );
      })}
    </>
  );
}
