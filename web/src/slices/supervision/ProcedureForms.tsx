/** The sheets of the procedure: what is written down at each step, once, by the one who takes it. */
import { useQueryClient } from "@tanstack/react-query";
import {
  type CarriedForm,
  type Contest,
  type Decision,
  type Fault,
  type Obliged,
  type Outcome,
  type Petition,
  procedure,
  type Remedy,
  type Report,
  type Risk,
  type Tally,
} from "../../api/procedure";
import type { Device, Wearer } from "../../api/types";
import { nowMs } from "../../kit/clock";
import { FormSheet } from "../../kit/FormSheet";
import { between, type FormField, placeOf } from "../../kit/form";
import { day } from "../../kit/format";
import { toast } from "../../kit/Toasts";
import { useProcedureText } from "../../text/procedure";
import { asksOf, TallyRow } from "./Procedure";
import { given, seoulField, seoulInstant } from "./procedureRules";

/** What a step changes is asked for again at once, without waiting for the live socket. */
function useAgain(onClose: () => void) {
  const client = useQueryClient();
  return () => {
    for (const key of ["papers", "day", "wearer", "wearers", "caseload", "load"])
      void client.invalidateQueries({ queryKey: [key] });
    onClose();
  };
}

export function ReportSheet({ alarm, code, onClose }: { alarm: string; code: string; onClose: () => void }) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  return (
    <FormSheet
      title={t.reportTitle(code)}
      hint={t.reportHint}
      width={560}
      fields={[{ name: "note", label: t.note, kind: "area", most: 500, optional: true }]}
      verb={t.doReport}
      send={(v) => procedure.report(alarm, (v.note ?? "").trim())}
      done={() => t.reported}
      onClose={again}
    />
  );
}

export function PetitionSheet({
  wearer,
  code,
  counted,
  most,
  onClose,
}: {
  wearer: string;
  code: string;
  counted: Tally;
  most: number;
  onClose: () => void;
}) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  const fields: FormField[] = [
    {
      name: "months",
      label: t.petitionMonths,
      hint: t.most(most),
      check: (v, all) =>
        between(0, most, t.monthsProblem(most))(v) ??
        (Number(v) || all.conditions?.trim() ? undefined : t.nothingAsked),
    },
    { name: "risk", label: t.risks, kind: "select", options: Object.entries(t.risk) },
    {
      name: "conditions",
      label: t.petitionConditions,
      kind: "checks",
      options: Object.entries(t.obliged),
      optional: true,
    },
    { name: "risk_why", label: t.riskWhy, kind: "area", most: 500 },
    { name: "reason", label: t.reason, kind: "area", most: 500 },
  ];
  return (
    <FormSheet
      title={t.petitionTitle(code)}
      hint={t.petitionHint}
      fields={fields}
      initial={{ months: String(most), risk: "middle" }}
      verb={t.doPetition}
      send={(v) =>
        procedure.petition(wearer, {
          months: Number(v.months),
          conditions: (v.conditions ?? "").split(" ").filter(Boolean) as Obliged[],
          risk: v.risk as Risk,
          risk_why: v.risk_why ?? "",
          reason: v.reason ?? "",
        })
      }
      done={() => t.filed}
      onClose={again}
    >
      <TallyRow of={counted} />
    </FormSheet>
  );
}

export function NoPetitionSheet({ report, code, onClose }: { report: Report; code: string; onClose: () => void }) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  return (
    <FormSheet
      title={t.noTitle(code)}
      hint={t.noHint}
      width={560}
      fields={[{ name: "why", label: t.reason, kind: "area", most: 500 }]}
      verb={t.doNot}
      send={(v) => procedure.noPetition(report.report_id, v.why ?? "")}
      done={() => t.noDone}
      onClose={again}
    />
  );
}

export function ContestSheet({ contest, upheld, onClose }: { contest: Contest; upheld: boolean; onClose: () => void }) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  return (
    <FormSheet
      title={t.decideContest}
      hint={t.contestHint}
      width={560}
      fields={[{ name: "why", label: t.decidedWhy, kind: "area", most: 500 }]}
      verb={upheld ? t.uphold : t.dismiss}
      send={(v) => procedure.decideContest(contest.contest_id, upheld, v.why ?? "")}
      done={() => (upheld ? t.contestUpheld : t.contestDismissed)}
      onClose={again}
    >
      <p className="sm t2">“{contest.said}”</p>
    </FormSheet>
  );
}

export function DecisionSheet({
  petition,
  code,
  order,
  onClose,
}: {
  petition: Petition;
  code: string;
  order: { order_id: string; number: string | null };
  onClose: () => void;
}) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  const partly = (all: Record<string, string>) => all.outcome === "partly";
  const fields: FormField[] = [
    { name: "outcome", label: t.outcomeAsk, kind: "select", options: Object.entries(t.outcome) },
    {
      name: "decided",
      label: t.decidedAt,
      kind: "own",
      check: (v) =>
        (seoulInstant(v) ?? "") >= petition.filed_at.slice(0, 19) && (seoulInstant(v) ?? "Z") <= nowIso()
          ? undefined
          : t.decidedProblem,
      draw: (value, set, says) => (
        <input
          className="in"
          type="datetime-local"
          step={1}
          name="decided"
          value={value}
          aria-describedby={says}
          onChange={(e) => set(e.target.value)}
        />
      ),
    },
    {
      name: "months",
      label: t.partlyMonths,
      when: partly,
      check: between(0, petition.months, t.monthsProblem(petition.months)),
    },
    {
      name: "conditions",
      label: t.partlyConditions,
      kind: "checks",
      options: petition.conditions.map((c) => [c, t.obliged[c] ?? c] as const),
      optional: true,
      when: (all) => partly(all) && petition.conditions.length > 0,
    },
    { name: "words", label: t.words, kind: "area", most: 500 },
  ];
  return (
    <FormSheet
      title={t.recordTitle(code)}
      hint={order.number ?? ""}
      fields={fields}
      initial={{ outcome: "granted", months: "0", decided: seoulField(nowMs()) }}
      verb={t.record}
      send={(v) => {
        const outcome = v.outcome as Outcome;
        const part = {
          months: Number(v.months || 0),
          conditions: (v.conditions ?? "").split(" ").filter(Boolean) as Obliged[],
        };
        return procedure.decide(petition.petition_id, {
          order_id: order.order_id,
          outcome,
          ...given(petition, outcome, part),
          words: v.words ?? "",
          decided_at: seoulInstant(v.decided ?? "") ?? nowIso(),
        });
      }}
      done={() => t.recorded}
      onClose={again}
    >
      <p className="sm t2">{`${t.asks}: ${asksOf(petition, t)}`}</p>
    </FormSheet>
  );
}
const nowIso = () => new Date(nowMs()).toISOString();

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
export function CarryOutSheet({
  decision,
  wearer,
  onClose,
}: {
  decision: Decision;
  wearer: Pick<Wearer, "code" | "conditions">;
  onClose: () => void;
}) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  const home = wearer.conditions.find((c) => c.trigger === "curfew" && c.centre)?.centre;
  const fields = decision.conditions.flatMap((kind): FormField[] => {
    const words: FormField = { name: kind, label: t.carryWords(t.obliged[kind] ?? kind), kind: "area", most: 500 };
    if (kind !== "night") return [words];
    const time = (v: string) => (TIME.test(v.trim()) ? undefined : t.fromProblem);
    return [
      words,
      { name: "from", label: t.from, check: time },
      { name: "until", label: t.till, check: time },
      { name: "home", label: t.home, hint: t.homeHint, check: (v) => (placeOf(v) ? undefined : t.homeProblem) },
      { name: "radius", label: t.radius, check: between(20, 2000, t.radiusProblem) },
    ];
  });
  return (
    <FormSheet
      title={t.carryTitle(wearer.code)}
      hint={t.carryHint}
      fields={fields}
      initial={{ from: "22:00", until: "06:00", radius: "100", home: home ? home.join(", ") : "" }}
      verb={t.doCarry}
      send={(v) =>
        procedure.carryOut(
          decision.decision_id,
          decision.conditions.map((kind) => carried(kind, v)),
        )
      }
      onDone={(answer) => toast(t.carried(day(answer.order_until_at)))}
      onClose={again}
    >
      <p className="sm t1">{asksOf(decision, t)}</p>
    </FormSheet>
  );
}

function carried(kind: Obliged, v: Record<string, string>): CarriedForm {
  const words = (v[kind] ?? "").trim();
  const at = kind === "night" ? placeOf(v.home ?? "") : undefined;
  if (!at) return { kind, words };
  const hours = { from: (v.from ?? "").trim(), until: (v.until ?? "").trim() };
  return {
    kind,
    words,
    curfew: { trigger: "curfew", label: words, home: [at.lat, at.lon], radius_m: Number(v.radius), ...hours },
  };
}

export function CheckSheet({ device, onClose }: { device: Device; onClose: () => void }) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  return (
    <FormSheet
      title={t.checkTitle(device.name)}
      width={560}
      fields={[
        {
          name: "anomaly",
          label: t.anomaly,
          kind: "select",
          options: [["none", t.anomalyNone], ...Object.entries(t.anomalies)],
        },
        {
          name: "act",
          label: t.act,
          kind: "select",
          options: [["later", t.actLater], ...Object.entries(t.acts)],
          when: (all) => all.anomaly !== "none",
        },
        { name: "note", label: t.checkNote, kind: "area", most: 500, optional: true },
      ]}
      verb={t.doCheck}
      send={(v) => {
        const anomaly = v.anomaly === "none" ? null : (v.anomaly as Fault);
        const act = anomaly && v.act !== "later" ? (v.act as Remedy) : null;
        return procedure.check(device.device_id, { anomaly, act, note: (v.note ?? "").trim() });
      }}
      done={() => t.checked}
      onClose={again}
    />
  );
}

export function ActSheet({ check, onClose }: { check: string; onClose: () => void }) {
  const t = useProcedureText();
  const again = useAgain(onClose);
  return (
    <FormSheet
      title={t.doAct}
      width={420}
      fields={[{ name: "act", label: t.act, kind: "select", options: Object.entries(t.acts) }]}
      verb={t.doAct}
      send={(v) => procedure.act(check, v.act as Remedy)}
      done={() => t.acted}
      onClose={again}
    />
  );
}
