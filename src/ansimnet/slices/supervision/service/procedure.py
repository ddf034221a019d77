"""From a violation to a court's decision and back: each step by its own role, dated, authored, never by a machine.

Grave violation found → reported to the director at once → petition with the computed number and degree → the court's
decision, recorded under its order → carried out by the officer. Every function runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ansimnet.facts.supervision import (
    ContestDecided,
    CourtDecided,
    DecisionCarriedOut,
    PetitionFiled,
    ReportAnswered,
    Trigger,
    ViolationContested,
    ViolationReported,
)
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, AlarmId, FactId, WearerId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.supervision.model.procedure import Degree, Obliged, Outcome, Risk, Tally
from ansimnet.slices.supervision.rules import procedure as rules
from ansimnet.slices.supervision.service import caseload
from ansimnet.slices.supervision.service.register import Draft, set_condition
from ansimnet.slices.supervision.store import procedure as rows


class NoViolation(Conflict):
    """No officer has confirmed this as a violation."""

    name = "no-violation"


class DoneBefore(Conflict):
    """This step was taken before."""

    name = "done-before"


class NotReported(Conflict):
    """A petition follows a report, and none of this wearer waits."""

    name = "not-reported"


class NoOrder(Refusal):
    """A decision is recorded under the court's own order, in force, confirmed, and about this wearer."""

    name = "no-court-order"


class NotAsDecided(Refusal):
    """What is carried out is what the court decided: all of it, and nothing else."""

    name = "not-as-decided"


async def owe_report(tx: Tx, alarm_id: UUID, trigger: Trigger, protects: bool, now: datetime) -> None:
    """Open the clock of the report where a grave violation was just confirmed (EM-03: immediately)."""
    if rules.degree_of(trigger, protects) is Degree.GRAVE:
        await caseload.owe(tx, "violation-report", alarm_id, now)


async def report(tx: Tx, alarm_id: UUID, note: str, *, by: AccountId, now: datetime) -> UUID:
    """Report a confirmed violation to the director of the office.

    Raises:
        NotFound: no such alarm.
        NoViolation: no officer confirmed it.
        DoneBefore: it was reported.
    """
    found = await rows.finding_of(tx, alarm_id)
    if found is None:
        raise NotFound
    wearer_id, trigger, protects, finding, _ = found
    if finding != "confirmed":
        raise NoViolation
    report_id, degree = new_id(), rules.degree_of(trigger, protects)
    if not await rows.add_report(tx, report_id, wearer_id, alarm_id, degree, note, by, now):
        raise DoneBefore
    fact = ViolationReported(
        fact_id=FactId(new_id()), happened_at=now, report_id=report_id, alarm_id=AlarmId(alarm_id),
        wearer_id=wearer_id, degree=degree, by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")
    return report_id


async def no_petition(tx: Tx, report_id: UUID, why: str, *, by: AccountId, now: datetime) -> None:
    """Choose not to petition on a report, with a reason: a sanction may follow, never must (EM-02).

    Raises:
        NotFound: no such report.
        DoneBefore: it was answered.
    """
    found = await rows.reports(tx, report_id=report_id)
    if not found:
        raise NotFound
    wearer_id = found[0].wearer_id
    if not await rows.answer_reports(tx, wearer_id, "no_petition", why, by, now, report_id=report_id):
        raise DoneBefore
    await _answered(tx, report_id, wearer_id, "no_petition", by, now)


async def contest(tx: Tx, wearer_id: WearerId, alarm_id: UUID, said: str, *, by: AccountId, now: datetime) -> UUID:
    """Contest a violation as its wearer: it counts in no petition until somebody has decided.

    Raises:
        NotFound: no alarm of this wearer.
        NoViolation: no officer confirmed it.
        DoneBefore: it was contested.
    """
    found = await rows.finding_of(tx, alarm_id)
    if found is None or found[0] != wearer_id:
        raise NotFound
    if found[3] != "confirmed":
        raise NoViolation
    contest_id = new_id()
    if not await rows.add_contest(tx, contest_id, wearer_id, alarm_id, said, by, now):
        raise DoneBefore
    fact = ViolationContested(
        fact_id=FactId(new_id()), happened_at=now, contest_id=contest_id, alarm_id=AlarmId(alarm_id),
        wearer_id=wearer_id,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")
    return contest_id


async def decide_contest(tx: Tx, contest_id: UUID, upheld: bool, why: str, *, by: AccountId, now: datetime) -> None:
    """Decide what a wearer contests, as somebody other than who found the violation.

    Raises:
        NotFound: no such contest.
        SamePerson: the finder, or the finder by another account.
        DoneBefore: it was decided.
    """
    found = await rows.contests(tx, contest_id=contest_id)
    if not found:
        raise NotFound
    c = found[0]
    alarm = await rows.finding_of(tx, c.alarm_id)
    finder = AccountId(alarm[4]) if alarm is not None and alarm[4] is not None else None
    if finder is not None and (finder == by or await policy.same_person(tx, finder, by)):
        raise rules.SamePerson
    if not await rows.decide_contest(tx, contest_id, c.wearer_id, upheld, why, by, now):
        raise DoneBefore
    fact = ContestDecided(
        fact_id=FactId(new_id()), happened_at=now, contest_id=contest_id, alarm_id=c.alarm_id, wearer_id=c.wearer_id,
        upheld=upheld, by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")


async def counted(tx: Tx, wearer_id: UUID) -> Tally:
    """Return the violations that a petition would count now: those that stand, and no petition has counted."""
    done = await rows.petitioned(tx, wearer_id)
    judged = (await rows.violations_of(tx, [wearer_id])).get(wearer_id, ())
    return rules.tally(v for v in judged if v.alarm_id not in done)


@dataclass(frozen=True, slots=True, kw_only=True)
class Petition:
    """What a director asks, and why. Number and degree of violations are computed, never typed."""

    months: int
    conditions: tuple[Obliged, ...]
    risk: Risk
    risk_why: str
    reason: str


async def file_petition(tx: Tx, wearer_id: WearerId, ask: Petition, *, by: AccountId, now: datetime) -> UUID:
    """Petition the court for a longer term, stricter conditions, or both.

    Raises:
        NotFound: no such wearer.
        NotReported: no report of this wearer waits for the director.
        NothingToAsk, OutOfProportion: see `rules.procedure.may_ask`.
    """
    if await rows.term_of(tx, wearer_id) is None:
        raise NotFound
    t = await counted(tx, wearer_id)
    rules.may_ask(t, ask.months, ask.conditions)
    answered = await rows.answer_reports(tx, wearer_id, "petitioned", "", by, now)
    if not answered:
        raise NotReported(todo="an officer reports the violation first")
    row = rows.PetitionRow(
        petition_id=new_id(), wearer_id=wearer_id, asks_months=ask.months, asks_conditions=ask.conditions,
        grave=len(t.grave), serious=len(t.serious), ordinary=len(t.ordinary), most_months=rules.most_months(t),
        risk=ask.risk.value, risk_why=ask.risk_why, reason=ask.reason, filed_at=now, filed_by=by,
    )  # fmt: skip
    await rows.add_petition(tx, row, t)
    fact = PetitionFiled(
        fact_id=FactId(new_id()), happened_at=now, petition_id=row.petition_id, wearer_id=wearer_id,
        asks_months=ask.months, asks_conditions=tuple(c.value for c in ask.conditions), grave=row.grave,
        serious=row.serious, ordinary=row.ordinary, by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")
    for report_id in answered:
        await _answered(tx, report_id, wearer_id, "petitioned", by, now)
    return row.petition_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A court's decision as it was served."""

    order_id: UUID
    outcome: Outcome
    months: int
    conditions: tuple[Obliged, ...]
    words: str
    decided_at: datetime


async def record_decision(tx: Tx, petition_id: UUID, said: Decision, *, by: AccountId, now: datetime) -> UUID:
    """Record what a court decided on a petition, under its order. Nothing changes for the wearer by it.

    Raises:
        NotFound: no such petition.
        NoOrder: the order is not in force, not a court's, or about somebody else.
        BeyondThePetition: it gives what nobody asked.
        DoneBefore: the petition was decided.
    """
    found = await rows.petitions(tx, petition_id=petition_id)
    if not found:
        raise NotFound
    p = found[0]
    order = await policy.order_in_force(tx, said.order_id, now)
    if order is None or order.issuer != "court" or p.wearer_id not in order.resources:
        raise NoOrder
    if said.decided_at > now or said.decided_at < p.filed_at:
        raise Refusal("a decision follows its petition and lies not ahead")
    rules.may_decide(said.outcome, said.months, said.conditions, p.asks_months, p.asks_conditions)
    row = rows.DecisionRow(
        decision_id=new_id(), petition_id=petition_id, wearer_id=p.wearer_id, order_id=said.order_id,
        outcome=said.outcome, months=said.months, conditions=said.conditions, words=said.words,
        decided_at=said.decided_at, recorded_at=now, recorded_by=by,
    )  # fmt: skip
    if not await rows.add_decision(tx, row):
        raise DoneBefore
    fact = CourtDecided(
        fact_id=FactId(new_id()), happened_at=now, decision_id=row.decision_id, petition_id=petition_id,
        wearer_id=p.wearer_id, order_id=said.order_id, outcome=said.outcome, months=said.months,
        conditions=tuple(c.value for c in said.conditions), by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")
    if said.outcome is not Outcome.REJECTED:
        await caseload.owe(tx, "decision-carried-out", row.decision_id, now)
    return row.decision_id


@dataclass(frozen=True, slots=True)
class Carried:
    """How one condition of a decision is carried out: in words, and by a curfew where it is a night limit."""

    words: str
    draft: Draft | None = None


async def carry_out(
    tx: Tx, decision_id: UUID, done: Mapping[Obliged, Carried], *, by: AccountId, now: datetime
) -> datetime:
    """Carry a decision out: extend the term, set what was decided. Return when the order ends from now on.

    Raises:
        NotFound: no such decision.
        DoneBefore: it was carried out, or there is nothing to do.
        NotAsDecided: a condition is missing or was not decided, or a night limit has no curfew.
    """
    found = await rows.decisions(tx, decision_id=decision_id)
    if not found:
        raise NotFound
    d = found[0]
    if d.carried_out_at is not None or d.outcome is Outcome.REJECTED:
        raise DoneBefore
    if set(done) != set(d.conditions):
        raise NotAsDecided
    before = await rows.term_of(tx, d.wearer_id)
    assert before is not None
    after = rules.extended(before, d.months) if d.months else before
    actor = f"account:{by}"
    for kind, how in sorted(done.items()):
        condition_id = None
        if (kind is Obliged.NIGHT) != (how.draft is not None and how.draft.trigger is Trigger.CURFEW):
            raise NotAsDecided(todo="a night limit is a curfew with its place, the others are words")
        if how.draft is not None:
            condition_id = await set_condition(tx, d.wearer_id, how.draft, actor=actor, now=now)
        await rows.add_obligation(tx, new_id(), d.wearer_id, decision_id, kind, how.words, condition_id, by, now)
    if after != before:
        await rows.set_term(tx, d.wearer_id, after)
        await caseload.retie(tx, d.wearer_id, after, now)
    await rows.note_carried_out(tx, decision_id, before, after, by, now)
    fact = DecisionCarriedOut(
        fact_id=FactId(new_id()), happened_at=now, decision_id=decision_id, wearer_id=d.wearer_id, until_at=after,
        by=by,
    )  # fmt: skip
    await append(tx, fact, actor=actor)
    return after


async def _answered(tx: Tx, report_id: UUID, wearer_id: WearerId, answer: str, by: AccountId, now: datetime) -> None:
    fact = ReportAnswered(
        fact_id=FactId(new_id()), happened_at=now, report_id=report_id, wearer_id=wearer_id, choice=answer, by=by
    )
    await append(tx, fact, actor=f"account:{by}")
