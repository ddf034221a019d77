import type { Incident } from "../../api/types";
import { ageS, useNow } from "../../kit/clock";
import { clock, elapsed } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { useText } from "../../text";
import { stepLooks } from "./rules";

/** The four steps of the scenario, each with the time since the one before (EM-17). */
export function Steps({ incident }: { incident: Pick<Incident, "steps" | "state" | "opened_at"> }) {
  const text = useText();
  const now = useNow();
  const open = incident.state === "open";
  const looks = stepLooks(incident.steps, open, ageS(incident.opened_at, now) * 1000);
  return (
    <div className="steps">
      {incident.steps.map((step, i) => {
        const look = looks[i] ?? "todo";
        const before = incident.steps[i - 1];
        const since = i > 0 ? before?.at : incident.opened_at;
        const seconds =
          look === "now" && since
            ? ageS(step.at ?? since, now)
            : step.elapsed_ms === null
              ? undefined
              : step.elapsed_ms / 1000;
        const name = text.locale === "ko" ? step.label_ko : (step.label_en ?? text.incident.steps[i] ?? step.label_ko);
        return (
          <div className={`step ${look === "late" && step.at ? "done late" : look}`} key={step.step}>
            <span className="no">{step.at && look !== "now" ? <Icon name="check" size={13} /> : step.step}</span>
            <span className="nm cut">{name}</span>
            <span className="el num">{seconds === undefined ? "–" : elapsed(seconds)}</span>
            <span className="nt cut">
              {step.at
                ? `${clock(step.at)}${look === "now" ? ` · ${text.incident.stepLast}` : ""}`
                : text.incident.stepWaiting}
            </span>
          </div>
        );
      })}
    </div>
  );
}
