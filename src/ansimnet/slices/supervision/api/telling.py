"""Who hears of the procedure's steps as they are sealed: that there was one, never what was written in it.

Each screen asks again for what it may read. The office that is competent for the wearer hears, and no other; the court
hears that its docket changed; a wearer hears of his own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from ansimnet.facts.supervision import (
    AlarmJudged,
    AnomalyActed,
    ConditionSet,
    ContestDecided,
    CourtDecided,
    DecisionCarriedOut,
    DeviceChecked,
    OffenceNoted,
    OfficerAssigned,
    PetitionFiled,
    ReportAnswered,
    ViolationConfirmed,
    ViolationContested,
    ViolationReported,
)
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.http import SignedIn
from ansimnet.platform.ledger import Entry
from ansimnet.platform.live import LiveView
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.supervision import queries

STEPS: tuple[type[Fact], ...] = (
    *(AlarmJudged, ViolationConfirmed, ViolationReported, ReportAnswered, PetitionFiled, CourtDecided),
    *(DecisionCarriedOut, ViolationContested, ContestDecided, OfficerAssigned, DeviceChecked, AnomalyActed),
    OffenceNoted,
)
"""The steps whose screens an office and the room have."""
AT_COURT: tuple[type[Fact], ...] = (PetitionFiled, CourtDecided)
ABOUT_HIM: tuple[type[Fact], ...] = (
    *(ConditionSet, ViolationConfirmed, ContestDecided, CourtDecided, DecisionCarriedOut),
)
"""What a wearer hears of himself. No alarm is among it: who is about to be met is not warned."""

ROOM = frozenset({Role.TRACKING_CONTROLLER, Role.SHIFT_LEAD})
OFFICE = frozenset({Role.PROBATION_OFFICER, Role.OFFICE_DIRECTOR})

Tell = Callable[[Tx, Entry, SignedIn], Awaitable[dict[str, Any] | None]]


def _whose(entry: Entry) -> UUID:
    wearer_id = getattr(entry.fact, "wearer_id", None)
    assert isinstance(wearer_id, UUID)
    return wearer_id


async def _office(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    w = await queries.wearer(tx, _whose(entry))
    if w is None or not await policy.works_for(tx, account.account_id, w.office):
        return None
    return {"wearer_id": w.wearer_id}


async def _room(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    return {"wearer_id": _whose(entry)}


async def _court(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    return {}


async def _him(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    return {} if account.subject_id == _whose(entry) else None


def views() -> list[LiveView]:
    """Return who hears what."""
    told: tuple[tuple[tuple[type[Fact], ...], frozenset[Role], Tell], ...] = (
        (STEPS, ROOM, _room),
        (STEPS, OFFICE, _office),
        (AT_COURT, frozenset({Role.COURT_CLERK}), _court),
        (ABOUT_HIM, frozenset({Role.WEARER}), _him),
    )
    return [LiveView(fact, roles, tell) for facts, roles, tell in told for fact in facts]
