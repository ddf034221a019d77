/** One home camera from the box to the first alert: what is done, what is missing, and the next key. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Home, type HomeAlert, homes } from "../../../api/homes";
import { clock, day, shortId } from "../../../kit/format";
import { Icon } from "../../../kit/Icon";
import { useKeys } from "../../../kit/keys";
import { Button, Facts, PanelHead } from "../../../kit/parts";
import { Answer, Empty } from "../../../kit/states";
import { toast } from "../../../kit/Toasts";
import { useLocale } from "../../../text";
import { useHomesText } from "../../../text/homes";
import { Enrol, OnFile } from "./forms";
import { alertWords } from "./HomeGuards";
import { HomeZones } from "./HomeZones";
import { nextStep, proofOf, STEPS, type StepId, type StepShown, stepsOf } from "./steps";

type Doing = "grounds" | "enrol";

export function HomeSteps({ home, alerts }: { home: Home; alerts: readonly HomeAlert[] }) {
  const t = useHomesText();
  const client = useQueryClient();
  const steps = stepsOf(home, alerts);
  const [at, setAt] = useState<StepId>(() => nextStep(steps));
  const [doing, setDoing] = useState<Doing>();
  const again = () => void client.invalidateQueries({ queryKey: ["homes"] });
  const turn = useMutation({
    mutationFn: async () => (home.on ? homes.off(home.home_id) : homes.on(home.home_id)),
    onSuccess: () => toast(home.on ? t.turnedOff : t.turnedOn),
    onSettled: again,
  });
  const step = steps.find((s) => s.id === at) as StepShown;
  const act: Partial<Record<StepId, () => void>> = {
    grounds: () => setDoing("grounds"),
    people: () => setDoing("enrol"),
    on: () => !turn.isPending && turn.mutate(),
  };
  useKeys([
    ...STEPS.map((id, i) => ({ code: `Digit${i + 1}`, hint: t.steps[id] as string, run: () => setAt(id) })),
    { code: "BracketRight", hint: t.next, run: () => setAt(nextStep(steps)) },
    ...(act[at] ? [{ code: "KeyE", hint: t.steps[at] as string, run: () => act[at]?.() }] : []),
  ]);
  const close = () => {
    setDoing(undefined);
    again();
  };
  return (
    <section className="panel" aria-label={home.name}>
      <PanelHead title={home.name} sub={home.code ?? shortId(home.protected_person_id)} />
      <StepBar steps={steps} at={at} onPick={setAt} />
      <Missing step={step} />
      {at === "zones" ? (
        <HomeZones key={JSON.stringify(home.setup)} home={home} onSaved={again} />
      ) : (
        <div className="scroll">
          {at === "camera" ? <CameraFacts home={home} /> : null}
          {at === "grounds" ? <GroundsFacts home={home} onEdit={() => setDoing("grounds")} /> : null}
          {at === "people" ? <People home={home} onEnrol={() => setDoing("enrol")} /> : null}
          {at === "on" ? (
            <div className="pb home-act">
              <p className="sm t2">{home.lacks.length ? t.lacks(home.lacks.length) : t.nothingMissing}</p>
              {turn.error ? <Answer error={turn.error} what={t.steps.on as string} /> : null}
              <Button
                large
                tone={home.on ? "line" : "pri"}
                cap="E"
                disabled={turn.isPending}
                onClick={() => turn.mutate()}
              >
                {home.on ? t.turnOff : t.turnOn}
              </Button>
            </div>
          ) : null}
          {at === "test" ? <Test home={home} alerts={alerts} /> : null}
        </div>
      )}
      {doing === "grounds" ? <OnFile home={home} onClose={close} /> : null}
      {doing === "enrol" ? <Enrol home={home} onClose={close} /> : null}
    </section>
  );
}

function StepBar({ steps, at, onPick }: { steps: readonly StepShown[]; at: StepId; onPick: (id: StepId) => void }) {
  const t = useHomesText();
  return (
    <nav className="steps home-steps" aria-label={t.next}>
      {steps.map((s, i) => (
        <button
          key={s.id}
          type="button"
          className={`step ${s.id === at ? "now" : s.done ? "done" : s.lacks.length ? "late" : "todo"}`}
          aria-current={s.id === at ? "step" : undefined}
          onClick={() => onPick(s.id)}
        >
          <span className="no">{s.done ? <Icon name="check" size={14} /> : i + 1}</span>
          <span className="nm cut">{t.steps[s.id]}</span>
          {s.lacks.length ? <span className="xs">{t.lacks(s.lacks.length)}</span> : null}
          {s.done ? <span className="sr">{t.done}</span> : null}
          <span className="nt cut">{t.notes[s.id]}</span>
        </button>
      ))}
    </nav>
  );
}

function Missing({ step }: { step: StepShown }) {
  const t = useHomesText();
  const { locale } = useLocale();
  if (step.lacks.length === 0) return null;
  return (
    <div className="home-missing" role="status">
      <b className="sm c2">{t.missing}</b>
      {step.lacks.map((l) => (
        <span key={l.name} className="sm t1">
          {locale === "en" ? l.en : l.ko}
        </span>
      ))}
    </div>
  );
}

function CameraFacts({ home }: { home: Home }) {
  const t = useHomesText();
  return (
    <Facts
      rows={[
        [t.name, home.name],
        [t.person, home.code ?? shortId(home.protected_person_id)],
        [t.source, "••••••"],
        [t.steps.on as string, home.on ? (home.state === "live" ? t.on : t.blind) : t.off],
        [t.unfit, Object.keys(home.unfit).join(", ")],
      ]}
    />
  );
}

function GroundsFacts({ home, onEdit }: { home: Home; onEdit: () => void }) {
  const t = useHomesText();
  const { locale } = useLocale();
  const statute = home.statutes.find((s) => s.statute === home.statute);
  return (
    <>
      <Facts
        rows={[
          [
            t.order,
            home.order_id ? (
              <span key="order" className="mono">
                {home.order_id}
              </span>
            ) : (
              "–"
            ),
          ],
          [t.statute, statute ? (locale === "en" ? statute.en : statute.ko) : "–"],
          [t.assessment, home.assessment_no ?? "–"],
          [t.assessedOn, home.assessed_on ? day(home.assessed_on) : "–"],
        ]}
      />
      <div className="pb home-act">
        <Button tone="pri" cap="E" onClick={onEdit}>
          {t.grounds}
        </Button>
      </div>
    </>
  );
}

function People({ home, onEnrol }: { home: Home; onEnrol: () => void }) {
  const t = useHomesText();
  return (
    <>
      {home.faces.length === 0 ? <Empty icon="person" title={t.nobody} body={t.nobodyBody} /> : null}
      {home.faces.map((f) => (
        <div key={f.template_id} className="uncovered">
          <b className="t1">
            {t.subject} {shortId(f.subject_id)}
          </b>
          <span className="sm t3">
            {t.until} {day(f.until_at)} · {f.model} · {t.chosen(f.photographs)}
          </span>
        </div>
      ))}
      <div className="pb home-act">
        <span className="sm t3">{t.enrolHint}</span>
        <Button tone="pri" cap="E" onClick={onEnrol}>
          {t.enrol}
        </Button>
      </div>
    </>
  );
}

function Test({ home, alerts }: { home: Home; alerts: readonly HomeAlert[] }) {
  const t = useHomesText();
  const proof = proofOf(home, alerts);
  return (
    <div className="pb home-act" aria-live="polite">
      <p className="home-say">{home.on ? t.testHow : t.testOff}</p>
      {proof ? (
        <p className={proof.acknowledged_at ? "t1" : "cd"}>
          <Icon name={proof.acknowledged_at ? "check" : "clock"} /> {t.kind[proof.kind]} ·{" "}
          {t.alerted(clock(proof.decided_at))} · {alertWords(t, proof)}
        </p>
      ) : home.on ? (
        <p className="sm t3">{t.testWait}</p>
      ) : null}
    </div>
  );
}
