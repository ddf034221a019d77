"""Rows of the procedure: reports, contests, petitions, decisions, obligations. Each is written once, by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import AlarmId, WearerId
from ansimnet.platform.db import Tx
from ansimnet.platform.sealing import SealedColumn, open_text, register, seal_text
from ansimnet.slices.supervision.model.procedure import Degree, Obliged, Outcome, Tally, Violation

_TEXTS = {
    "supervision_report": ("report_id", "note", "answer_why"),
    "supervision_contest": ("contest_id", "said", "why"),
    "supervision_petition": ("petition_id", "risk_why", "reason"),
    "supervision_decision": ("decision_id", "words"),
    "supervision_obligation": ("obligation_id", "words"),
    "supervision_assignment": ("assignment_id", "override_reason"),
    "supervision_check": ("check_id", "note"),
    "supervision_offence": ("offence_id", "case_number"),
}
register(
    *(SealedColumn(table, key, column, "wearer_id") for table, (key, *columns) in _TEXTS.items() for column in columns)
)


def sealed(tx: Tx, wearer_id: UUID, of: str, text: str) -> str:
    """Return what a text column keeps of words about a wearer."""
    return seal_text(tx, wearer_id, text, of=of) if text else ""


def opened(tx: Tx, wearer_id: UUID, of: str, stored: str | None) -> str | None:
    """Return the words; None where there are none or the wearer was erased."""
    return open_text(tx, wearer_id, stored, of=of)


# --------------------------------------------------------------------------------------------------------- violations


async def violations_of(tx: Tx, wearer_ids: Sequence[UUID]) -> dict[UUID, list[Violation]]:
    """Return every alarm of these wearers that an officer has judged, and whether it is contested, oldest first."""
    rows = await tx.all(
        """select a.wearer_id, a.alarm_id, a.trigger, a.protected_person_id is not null, a.found_at, a.finding,
                  c.contest_id is not null, c.upheld
           from supervision_alarm a left join supervision_contest c using (alarm_id)
           where a.wearer_id = any(%s) and a.finding is not null order by a.found_at, a.alarm_id""",
        [list(wearer_ids)],
    )
    found: dict[UUID, list[Violation]] = {}
    for r in rows:
        found.setdefault(r[0], []).append(Violation(AlarmId(r[1]), Trigger(r[2]), *r[3:]))
    return found


async def petitioned(tx: Tx, wearer_id: UUID) -> set[UUID]:
    """Return the violations that a petition has counted: none is counted twice."""
    rows = await tx.all(
        "select x.alarm_id from supervision_petition_alarm x join supervision_petition using (petition_id) "
        "where wearer_id = %s",
        [wearer_id],
    )
    return {r[0] for r in rows}


async def finding_of(tx: Tx, alarm_id: UUID) -> tuple[WearerId, Trigger, bool, str | None, UUID | None] | None:
    """Return whose alarm it is, its trigger, whether it protects a person, the finding and who found it; locked."""
    row = await tx.one(
        "select wearer_id, trigger, protected_person_id is not null, finding, found_by from supervision_alarm "
        "where alarm_id = %s for update",
        [alarm_id],
    )
    return (WearerId(row[0]), Trigger(row[1]), row[2], row[3], row[4]) if row is not None else None


# ------------------------------------------------------------------------------------------------------------ reports


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """A report to the director, and what was chosen."""

    report_id: UUID
    wearer_id: WearerId
    alarm_id: AlarmId
    degree: Degree
    note: str | None
    reported_at: datetime
    reported_by: UUID
    answer: str | None
    answer_why: str | None
    answered_at: datetime | None
    answered_by: UUID | None


_REPORT = """report_id, wearer_id, alarm_id, degree, note, reported_at, reported_by, answer, answer_why, answered_at,
             answered_by"""


def _report(tx: Tx, r: Sequence[Any]) -> ReportRow:
    return ReportRow(
        report_id=r[0], wearer_id=r[1], alarm_id=r[2], degree=Degree(r[3]),
        note=opened(tx, r[1], "supervision_report.note", r[4]), reported_at=r[5], reported_by=r[6], answer=r[7],
        answer_why=opened(tx, r[1], "supervision_report.answer_why", r[8]), answered_at=r[9], answered_by=r[10],
    )  # fmt: skip


async def add_report(
    tx: Tx, report_id: UUID, wearer_id: UUID, alarm_id: UUID, degree: Degree, note: str, by: UUID, now: datetime
) -> bool:
    """Put a report on file; False where the violation was reported before."""
    row = await tx.one(
        """insert into supervision_report (report_id, wearer_id, alarm_id, degree, note, reported_at, reported_by)
           values (%s, %s, %s, %s, %s, %s, %s) on conflict (alarm_id) do nothing returning 1""",
        [report_id, wearer_id, alarm_id, degree, sealed(tx, wearer_id, "supervision_report.note", note), now, by],
    )
    return row is not None


async def reports(
    tx: Tx, *, wearer_ids: Sequence[UUID] | None = None, report_id: UUID | None = None, waiting: bool = False
) -> list[ReportRow]:
    """Return reports, newest first: of some wearers (None: all), one, or those that wait for an answer."""
    ids = list(wearer_ids) if wearer_ids is not None else None
    rows = await tx.all(
        f"""select {_REPORT} from supervision_report
            where (%s::uuid[] is null or wearer_id = any(%s)) and (%s::uuid is null or report_id = %s)
              and (not %s or answer is null) order by reported_at desc limit 500""",
        [ids, ids, report_id, report_id, waiting],
    )
    return [_report(tx, r) for r in rows]


async def answer_reports(
    tx: Tx, wearer_id: UUID, answer: str, why: str, by: UUID, now: datetime, *, report_id: UUID | None = None
) -> list[UUID]:
    """Answer the reports of a wearer that wait, or one of them; return which."""
    rows = await tx.all(
        """update supervision_report set answer = %s, answer_why = %s, answered_at = %s, answered_by = %s
           where wearer_id = %s and answer is null and (%s::uuid is null or report_id = %s) returning report_id""",
        [answer, sealed(tx, wearer_id, "supervision_report.answer_why", why), now, by, wearer_id, report_id, report_id],
    )
    return [r[0] for r in rows]


# ----------------------------------------------------------------------------------------------------------- contests


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestRow:
    """What a wearer contests, and what was decided of it."""

    contest_id: UUID
    wearer_id: WearerId
    alarm_id: AlarmId
    said: str | None
    contested_at: datetime
    upheld: bool | None
    why: str | None
    decided_at: datetime | None
    decided_by: UUID | None


async def add_contest(
    tx: Tx, contest_id: UUID, wearer_id: UUID, alarm_id: UUID, said: str, by: UUID, now: datetime
) -> bool:
    """Put a contest on file; False where the violation was contested before."""
    row = await tx.one(
        """insert into supervision_contest (contest_id, wearer_id, alarm_id, said, contested_at, contested_by)
           values (%s, %s, %s, %s, %s, %s) on conflict (alarm_id) do nothing returning 1""",
        [contest_id, wearer_id, alarm_id, sealed(tx, wearer_id, "supervision_contest.said", said), now, by],
    )
    return row is not None


async def contests(tx: Tx, *, wearer_id: UUID | None = None, contest_id: UUID | None = None) -> list[ContestRow]:
    """Return contests, newest first; one is locked."""
    read = """
        select contest_id, wearer_id, alarm_id, said, contested_at, upheld, why, decided_at, decided_by
        from supervision_contest
        where (%s::uuid is null or wearer_id = %s) and (%s::uuid is null or contest_id = %s)
        order by contested_at desc limit 500"""
    rows = await tx.all(
        read if contest_id is None else read + " for update", [wearer_id, wearer_id, contest_id, contest_id]
    )
    return [
        ContestRow(
            contest_id=r[0], wearer_id=r[1], alarm_id=r[2], said=opened(tx, r[1], "supervision_contest.said", r[3]),
            contested_at=r[4], upheld=r[5], why=opened(tx, r[1], "supervision_contest.why", r[6]), decided_at=r[7],
            decided_by=r[8],
        )
        for r in rows
    ]  # fmt: skip


async def decide_contest(
    tx: Tx, contest_id: UUID, wearer_id: UUID, upheld: bool, why: str, by: UUID, now: datetime
) -> bool:
    """Decide a contest; False where it was decided before."""
    row = await tx.one(
        """update supervision_contest set upheld = %s, why = %s, decided_at = %s, decided_by = %s
           where contest_id = %s and upheld is null returning 1""",
        [upheld, sealed(tx, wearer_id, "supervision_contest.why", why), now, by, contest_id],
    )
    return row is not None


# -------------------------------------------------------------------------------------------- petitions and decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class PetitionRow:
    """What a director asks of the court, with the violations as they were counted then."""

    petition_id: UUID
    wearer_id: WearerId
    asks_months: int
    asks_conditions: tuple[Obliged, ...]
    grave: int
    serious: int
    ordinary: int
    most_months: int
    risk: str
    risk_why: str | None
    reason: str | None
    filed_at: datetime
    filed_by: UUID


async def add_petition(tx: Tx, row: PetitionRow, counted: Tally) -> None:
    """Put a petition on file with every violation that it counts."""
    await tx.execute(
        """insert into supervision_petition (petition_id, wearer_id, asks_months, asks_conditions, grave, serious,
               ordinary, most_months, risk, risk_why, reason, filed_at, filed_by)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        [
            row.petition_id, row.wearer_id, row.asks_months, [c.value for c in row.asks_conditions], row.grave,
            row.serious, row.ordinary, row.most_months, row.risk,
            sealed(tx, row.wearer_id, "supervision_petition.risk_why", row.risk_why or ""),
            sealed(tx, row.wearer_id, "supervision_petition.reason", row.reason or ""), row.filed_at, row.filed_by,
        ],
    )  # fmt: skip
    of = [(Degree.GRAVE, counted.grave), (Degree.SERIOUS, counted.serious), (Degree.ORDINARY, counted.ordinary)]
    await tx.many(
        "insert into supervision_petition_alarm (petition_id, alarm_id, degree) values (%s, %s, %s)",
        [(row.petition_id, alarm_id, degree) for degree, ids in of for alarm_id in ids],
    )


async def petitions(
    tx: Tx, *, wearer_id: UUID | None = None, petition_id: UUID | None = None, undecided: bool = False
) -> list[PetitionRow]:
    """Return petitions, newest first; of a wearer, one, or those no court has decided."""
    rows = await tx.all(
        """select petition_id, wearer_id, asks_months, asks_conditions, grave, serious, ordinary, most_months, risk,
                  risk_why, reason, filed_at, filed_by
           from supervision_petition p
           where (%s::uuid is null or wearer_id = %s) and (%s::uuid is null or petition_id = %s)
             and (not %s or not exists (select 1 from supervision_decision d where d.petition_id = p.petition_id))
           order by filed_at desc limit 500""",
        [wearer_id, wearer_id, petition_id, petition_id, undecided],
    )
    return [
        PetitionRow(
            petition_id=r[0], wearer_id=r[1], asks_months=r[2], asks_conditions=tuple(Obliged(c) for c in r[3]),
            grave=r[4], serious=r[5], ordinary=r[6], most_months=r[7], risk=r[8],
            risk_why=opened(tx, r[1], "supervision_petition.risk_why", r[9]),
            reason=opened(tx, r[1], "supervision_petition.reason", r[10]), filed_at=r[11], filed_by=r[12],
        )
        for r in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """What a court decided, and when it was carried out."""

    decision_id: UUID
    petition_id: UUID
    wearer_id: WearerId
    order_id: UUID
    outcome: Outcome
    months: int
    conditions: tuple[Obliged, ...]
    words: str | None
    decided_at: datetime
    recorded_at: datetime
    recorded_by: UUID
    carried_out_at: datetime | None = None
    carried_out_by: UUID | None = None
    until_after: datetime | None = None


async def add_decision(tx: Tx, row: DecisionRow) -> bool:
    """Record a decision; False where the petition was decided before."""
    done = await tx.one(
        """insert into supervision_decision (decision_id, petition_id, wearer_id, order_id, outcome, months, conditions,
               words, decided_at, recorded_at, recorded_by)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (petition_id) do nothing returning 1""",
        [
            row.decision_id, row.petition_id, row.wearer_id, row.order_id, row.outcome, row.months,
            [c.value for c in row.conditions],
            sealed(tx, row.wearer_id, "supervision_decision.words", row.words or ""), row.decided_at, row.recorded_at,
            row.recorded_by,
        ],
    )  # fmt: skip
    return done is not None


async def decisions(
    tx: Tx, *, wearer_ids: Sequence[UUID] | None = None, decision_id: UUID | None = None, waiting: bool = False
) -> list[DecisionRow]:
    """Return decisions, newest first: of some wearers (None: all), one, locked, or what waits to be carried out."""
    ids = list(wearer_ids) if wearer_ids is not None else None
    read = """
        select decision_id, petition_id, wearer_id, order_id, outcome, months, conditions, words, decided_at,
               recorded_at, recorded_by, carried_out_at, carried_out_by, until_after
        from supervision_decision
        where (%s::uuid[] is null or wearer_id = any(%s)) and (%s::uuid is null or decision_id = %s)
          and (not %s or (carried_out_at is null and outcome <> 'rejected'))
        order by recorded_at desc limit 500"""
    rows = await tx.all(
        read if decision_id is None else read + " for update", [ids, ids, decision_id, decision_id, waiting]
    )
    return [
        DecisionRow(
            decision_id=r[0], petition_id=r[1], wearer_id=r[2], order_id=r[3], outcome=Outcome(r[4]), months=r[5],
            conditions=tuple(Obliged(c) for c in r[6]),
            words=opened(tx, r[2], "supervision_decision.words", r[7]), decided_at=r[8], recorded_at=r[9],
            recorded_by=r[10], carried_out_at=r[11], carried_out_by=r[12], until_after=r[13],
        )
        for r in rows
    ]  # fmt: skip


async def note_carried_out(
    tx: Tx, decision_id: UUID, before: datetime, after: datetime, by: UUID, now: datetime
) -> None:
    """Note that a decision was carried out, and what it did to the term."""
    await tx.execute(
        """update supervision_decision set carried_out_at = %s, carried_out_by = %s, until_before = %s, until_after = %s
           where decision_id = %s""",
        [now, by, before, after, decision_id],
    )


async def term_of(tx: Tx, wearer_id: UUID) -> datetime | None:
    """Return when a wearer's order ends, the row locked."""
    row = await tx.one("select order_until_at from supervision_wearer where wearer_id = %s for update", [wearer_id])
    return row[0] if row is not None else None


async def set_term(tx: Tx, wearer_id: UUID, until_at: datetime) -> None:
    """Let a wearer's order end at another instant, as a court decided."""
    await tx.execute("update supervision_wearer set order_until_at = %s where wearer_id = %s", [until_at, wearer_id])


async def add_obligation(
    tx: Tx, obligation_id: UUID, wearer_id: UUID, decision_id: UUID, kind: Obliged, words: str,
    condition_id: UUID | None, by: UUID, now: datetime,
) -> None:  # fmt: skip
    """Put on file what a decision puts on a wearer."""
    await tx.execute(
        """insert into supervision_obligation (obligation_id, wearer_id, decision_id, kind, words, condition_id, set_at,
               set_by) values (%s, %s, %s, %s, %s, %s, %s, %s)""",
        [
            obligation_id, wearer_id, decision_id, kind, sealed(tx, wearer_id, "supervision_obligation.words", words),
            condition_id, now, by,
        ],
    )  # fmt: skip


async def obligations_of(tx: Tx, wearer_id: UUID) -> list[tuple[Obliged, str | None, datetime]]:
    """Return what courts put on a wearer, newest first."""
    rows = await tx.all(
        "select kind, words, set_at from supervision_obligation where wearer_id = %s order by set_at desc", [wearer_id]
    )
    return [(Obliged(r[0]), opened(tx, wearer_id, "supervision_obligation.words", r[1]), r[2]) for r in rows]
