"""What the procedure's screens send, and what they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import WearerId
from ansimnet.slices.supervision import queries
from ansimnet.slices.supervision.api import forms, shown
from ansimnet.slices.supervision.api.forms import ConditionForm, Form
from ansimnet.slices.supervision.model.procedure import (
    Anomaly,
    Degree,
    Obliged,
    Outcome,
    Remedy,
    Risk,
    Tally,
    Violation,
)
from ansimnet.slices.supervision.rules import caseload as caseload_rules
from ansimnet.slices.supervision.rules import procedure as rules
from ansimnet.slices.supervision.service.caseload import Bearing
from ansimnet.slices.supervision.service.procedure import Carried, Decision, Petition
from ansimnet.slices.supervision.store.caseload import CheckRow, Unjudged
from ansimnet.slices.supervision.store.procedure import ContestRow, DecisionRow, PetitionRow, ReportRow

# -------------------------------------------------------------------------------------------------------------- forms


class NoteForm(Form):
    note: str = ""


class WhyForm(Form):
    why: str = Field(min_length=1)


class ContestForm(Form):
    said: str = Field(min_length=1, description="why the wearer contests it, in own words")


class ContestDecisionForm(Form):
    upheld: bool
    why: str = Field(min_length=1)


class PetitionForm(Form):
    """What a director asks. Number and degree of violations are computed, never typed."""

    months: int = Field(0, ge=0, le=rules.MOST_MONTHS)
    conditions: list[Obliged] = Field(default_factory=list, max_length=4)
    risk: Risk
    risk_why: str = Field(min_length=1, description="the risk of re-offending, as the court must weigh it (EM-04)")
    reason: str = Field(min_length=1)


class DecisionForm(Form):
    """A court's decision as it was served."""

    order_id: UUID
    outcome: Outcome
    months: int = Field(0, ge=0, le=rules.MOST_MONTHS)
    conditions: list[Obliged] = Field(default_factory=list, max_length=4)
    words: str = ""
    decided_at: AwareDatetime


class CarriedForm(Form):
    """How one decided condition is carried out: a night limit by its curfew, the others in words."""

    kind: Obliged
    words: str = Field(min_length=1)
    curfew: ConditionForm | None = None


class CarryOutForm(Form):
    conditions: list[CarriedForm] = Field(default_factory=list, max_length=4)


class CheckForm(Form):
    anomaly: Anomaly | None = None
    note: str = ""
    act: Remedy | None = None


class ActForm(Form):
    act: Remedy


class AssignForm(Form):
    officer: UUID
    override: str | None = Field(None, description="why the officer takes more than the caseload bears")


def asked(form: PetitionForm) -> Petition:
    """Return the petition a form asks for."""
    return Petition(
        months=form.months,
        conditions=tuple(dict.fromkeys(form.conditions)),
        risk=form.risk,
        risk_why=form.risk_why,
        reason=form.reason,
    )


def said(form: DecisionForm) -> Decision:
    """Return the decision a form tells."""
    return Decision(
        order_id=form.order_id,
        outcome=form.outcome,
        months=form.months,
        conditions=tuple(dict.fromkeys(form.conditions)),
        words=form.words,
        decided_at=form.decided_at,
    )


def carried(form: CarryOutForm) -> dict[Obliged, Carried]:
    """Return how each condition is carried out."""
    return {
        c.kind: Carried(c.words, forms.draft_of(c.curfew) if c.curfew is not None else None) for c in form.conditions
    }


# -------------------------------------------------------------------------------------------------------------- shown


class Made(BaseModel):
    id: UUID


class CarriedOut(BaseModel):
    order_until_at: datetime


class Assigned(BaseModel):
    overridden: bool


class ViolationShown(BaseModel):
    """An alarm as it was found; `counts` unless it is contested, waived or no violation."""

    alarm_id: UUID
    trigger: Trigger
    degree: Degree
    found_at: datetime
    finding: str
    contested: bool
    upheld: bool | None
    counts: bool


class TallyShown(BaseModel):
    number: int
    grave: int
    serious: int
    ordinary: int


class ReportShown(BaseModel):
    report_id: UUID
    wearer_id: UUID
    alarm_id: UUID
    degree: Degree
    note: str
    reported_at: datetime
    reported_by: UUID
    answer: str | None
    answer_why: str | None
    answered_at: datetime | None
    answered_by: UUID | None


class ContestShown(BaseModel):
    contest_id: UUID
    wearer_id: UUID
    alarm_id: UUID
    said: str
    contested_at: datetime
    upheld: bool | None
    why: str | None
    decided_at: datetime | None
    decided_by: UUID | None


class PetitionShown(BaseModel):
    """What is asked, on what count. No place is among it."""

    petition_id: UUID
    wearer_id: UUID
    months: int
    conditions: list[Obliged]
    counted: TallyShown
    most_months: int
    risk: Risk
    risk_why: str
    reason: str
    filed_at: datetime
    filed_by: UUID


class DecisionShown(BaseModel):
    decision_id: UUID
    petition_id: UUID
    wearer_id: UUID
    order_id: UUID
    outcome: Outcome
    months: int
    conditions: list[Obliged]
    words: str
    decided_at: datetime
    recorded_at: datetime
    recorded_by: UUID
    carried_out_at: datetime | None
    carried_out_by: UUID | None
    order_until_at: datetime | None


class Obligation(BaseModel):
    kind: Obliged
    words: str
    set_at: datetime


class CheckShown(BaseModel):
    check_id: UUID
    device_id: UUID
    wearer_id: UUID
    checked_at: datetime
    checked_by: UUID
    anomaly: Anomaly | None
    note: str
    act: Remedy | None
    acted_at: datetime | None


class Papers(BaseModel):
    """All of a wearer's procedure. `most_months` is what the counted violations bear now.

    `who` names the authors by their logins, to those who work on it; to the wearer it is empty.
    """

    violations: list[ViolationShown]
    counted: TallyShown
    most_months: int
    reports: list[ReportShown]
    contests: list[ContestShown]
    petitions: list[PetitionShown]
    decisions: list[DecisionShown]
    obligations: list[Obligation]
    checks: list[CheckShown]
    who: dict[UUID, str]


class Waiting(BaseModel):
    reports: list[ReportShown]
    contests: list[ContestShown]
    petitions: list[PetitionShown]
    who: dict[UUID, str]


class Petitions(BaseModel):
    """The undecided petitions about a wearer, who is a code."""

    code: str
    petitions: list[PetitionShown]


class Waits(BaseModel):
    """A petition that waits at the court: about whom, by code, and since when; what it says is opened by an order."""

    petition_id: UUID
    wearer_id: UUID
    code: str
    office: str
    filed_at: datetime


class Docket(BaseModel):
    petitions: list[Waits]


class ToJudge(BaseModel):
    """A confirmed alarm that waits for an officer's finding; `closed_at` once the room has closed its incident."""

    alarm_id: UUID
    trigger: Trigger
    raised_at: datetime
    closed_at: datetime | None


class Line(BaseModel):
    """A wearer in the officer's day. `risk` orders the list and is nothing else: no person is graded by it."""

    wearer: shown.WearerShown
    priors: int
    risk: int
    alarms: int
    check_due_at: datetime | None
    check_overdue: bool
    to_judge: list[ToJudge]
    to_report: list[ViolationShown]
    battery: float | None


class Day(BaseModel):
    wearers: list[Line]
    anomalies: list[CheckShown]
    decisions: list[DecisionShown]


class OfficerShown(BaseModel):
    """An officer and what he bears, in thirds of an ordinary wearer, of `bears`."""

    officer: UUID
    display: str
    wearers: list[UUID]
    many_priors: int
    load: int
    bears: int
    overrides: list[str]


class Proposal(BaseModel):
    wearer_id: UUID
    officer: UUID


class Caseloads(BaseModel):
    """What stands, and what the machine proposes to change."""

    officers: list[OfficerShown]
    free: list[UUID]
    proposals: list[Proposal]


def violation(v: Violation) -> ViolationShown:
    return ViolationShown(
        alarm_id=v.alarm_id, trigger=v.trigger, degree=rules.degree_of(v.trigger, v.protects), found_at=v.found_at,
        finding=v.finding, contested=v.contested, upheld=v.upheld, counts=rules.counts(v),
    )  # fmt: skip


def tally(t: Tally) -> TallyShown:
    return TallyShown(number=t.number, grave=len(t.grave), serious=len(t.serious), ordinary=len(t.ordinary))


def report(r: ReportRow) -> ReportShown:
    return ReportShown(
        report_id=r.report_id, wearer_id=r.wearer_id, alarm_id=r.alarm_id, degree=r.degree, note=r.note or "",
        reported_at=r.reported_at, reported_by=r.reported_by, answer=r.answer, answer_why=r.answer_why,
        answered_at=r.answered_at, answered_by=r.answered_by,
    )  # fmt: skip


def contest(c: ContestRow) -> ContestShown:
    return ContestShown(
        contest_id=c.contest_id, wearer_id=c.wearer_id, alarm_id=c.alarm_id, said=c.said or "",
        contested_at=c.contested_at, upheld=c.upheld, why=c.why, decided_at=c.decided_at, decided_by=c.decided_by,
    )  # fmt: skip


def petition(p: PetitionRow) -> PetitionShown:
    count = TallyShown(number=p.grave + p.serious + p.ordinary, grave=p.grave, serious=p.serious, ordinary=p.ordinary)
    return PetitionShown(
        petition_id=p.petition_id, wearer_id=p.wearer_id, months=p.asks_months, conditions=list(p.asks_conditions),
        counted=count, most_months=p.most_months, risk=Risk(p.risk), risk_why=p.risk_why or "", reason=p.reason or "",
        filed_at=p.filed_at, filed_by=p.filed_by,
    )  # fmt: skip


def decision(d: DecisionRow) -> DecisionShown:
    return DecisionShown(
        decision_id=d.decision_id, petition_id=d.petition_id, wearer_id=d.wearer_id, order_id=d.order_id,
        outcome=d.outcome, months=d.months, conditions=list(d.conditions), words=d.words or "",
        decided_at=d.decided_at, recorded_at=d.recorded_at, recorded_by=d.recorded_by,
        carried_out_at=d.carried_out_at, carried_out_by=d.carried_out_by, order_until_at=d.until_after,
    )  # fmt: skip


def check(c: CheckRow) -> CheckShown:
    return CheckShown(
        check_id=c.check_id, device_id=c.device_id, wearer_id=c.wearer_id, checked_at=c.checked_at,
        checked_by=c.checked_by, anomaly=c.anomaly, note=c.note or "", act=c.act, acted_at=c.acted_at,
    )  # fmt: skip


def waits(p: PetitionRow, w: queries.Wearer) -> Waits:
    return Waits(petition_id=p.petition_id, wearer_id=p.wearer_id, code=w.code, office=w.office, filed_at=p.filed_at)


def line(
    w: queries.Wearer, devices: Mapping[UUID, float | None], due: Mapping[UUID, datetime], to_judge: list[Unjudged],
    to_report: list[Violation], alarms: int, now: datetime,
) -> Line:  # fmt: skip
    """Return a wearer's line of the day. What stands comes first, then what is owed, then many priors (ours).

    `devices` with their batteries, `due` of anybody's devices, `alarms` how many stand.
    """
    check_due = min((due[d] for d in devices if d in due), default=None)
    overdue = check_due is not None and check_due <= now
    grave = sum(1 for v in to_report if rules.degree_of(v.trigger, v.protects) is Degree.GRAVE)
    many = w.priors >= caseload_rules.MANY_PRIORS
    risk = 100 * alarms + 20 * grave + 10 * (len(to_report) + len(to_judge)) + 5 * overdue + 2 * many
    return Line(
        wearer=shown.wearer(w), priors=w.priors, risk=risk, alarms=alarms, check_due_at=check_due,
        check_overdue=overdue, to_judge=[
            ToJudge(alarm_id=u.alarm_id, trigger=u.trigger, raised_at=u.raised_at, closed_at=u.closed_at)
            for u in to_judge
        ], to_report=[violation(v) for v in to_report],
        battery=min((b for b in devices.values() if b is not None), default=None),
    )  # fmt: skip


def caseloads(bears: list[Bearing], free: Mapping[WearerId, int], proposed: Mapping[WearerId, UUID]) -> Caseloads:
    """Return what stands, and the proposals that differ from it."""
    held = {w: b.officer.account_id for b in bears for w, _ in b.officer.wearers}
    return Caseloads(
        officers=[
            OfficerShown(
                officer=b.officer.account_id, display=b.display, wearers=[w for w, _ in b.officer.wearers],
                many_priors=sum(1 for _, n in b.officer.wearers if n >= caseload_rules.MANY_PRIORS),
                load=caseload_rules.load(b.officer), bears=caseload_rules.BEARS,
                overrides=[why or "" for _, why, _ in b.overrides],
            )
            for b in bears
        ],
        free=sorted(free),
        proposals=[Proposal(wearer_id=w, officer=o) for w, o in sorted(proposed.items()) if held.get(w) != o],
    )  # fmt: skip


def authors(p: Papers) -> set[UUID]:
    """Return who wrote any of it."""
    by = {r.reported_by for r in p.reports} | {d.recorded_by for d in p.decisions} | {q.filed_by for q in p.petitions}
    by |= {c.checked_by for c in p.checks}
    more = [r.answered_by for r in p.reports] + [c.decided_by for c in p.contests]
    return by | {b for b in (*more, *(d.carried_out_by for d in p.decisions)) if b is not None}
