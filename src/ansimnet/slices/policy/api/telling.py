"""What open screens hear of the second person, orders, break-glass and holds, each who may hear it and nobody else."""

from __future__ import annotations

from typing import Any

from ansimnet.facts.policy import (
    ApprovalAnswered,
    ApprovalAsked,
    BreakGlassJudged,
    BreakGlassJustified,
    BreakGlassOpened,
    BreakGlassReported,
    BreakGlassUnheard,
    HoldChanged,
    OrderChanged,
    OrderRegistered,
)
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.http import SignedIn
from ansimnet.platform.ledger import Entry
from ansimnet.platform.live import LiveView
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.rules.second import (
    CONFIRMS_ORDER,
    PLACES_HOLD,
    REGISTERS_ORDER,
    RULES_OF_TWO,
    approvers,
)

ASKERS = frozenset(r for rule in RULES_OF_TWO.values() for r in rule.asks)
APPROVERS = frozenset(r for rule in RULES_OF_TWO.values() for r in rule.approves)
BREAKERS = frozenset({Role.POLICE_112, Role.FIRE_119, Role.CENTRE_OPERATOR})
"""Who may break the glass somewhere; each hears of his own alone."""
OVERSEERS = frozenset({Role.PRIVACY_OFFICER})
IN_THEIR_STEAD = frozenset({Role.SHIFT_LEAD, Role.AUDITOR, Role.PRIVACY_OFFICER})


async def _asked(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    fact = entry.fact
    assert isinstance(fact, ApprovalAsked)
    if account.account_id != fact.asked_by and account.role not in approvers(fact.request_kind):
        return None
    return {
        "request_id": fact.request_id,
        "request_kind": fact.request_kind,
        "urgent": fact.urgent,
        "answer_by": fact.answer_by,
        "mine": account.account_id == fact.asked_by,
    }


async def _answered(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    fact = entry.fact
    assert isinstance(fact, ApprovalAnswered)
    request = await queries.request_known(tx, fact.request_id)
    mine = request is not None and request.asked_by == account.account_id
    if not mine and account.role not in approvers(fact.request_kind):
        return None
    return {
        "request_id": fact.request_id,
        "request_kind": fact.request_kind,
        "answer": fact.outcome,
        "until_at": fact.until_at,
        "mine": mine,
    }


def _opened(clock: Clock) -> Any:
    async def tell(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
        fact = entry.fact
        assert isinstance(fact, BreakGlassOpened)
        glass = await queries.tell_break_glass(tx, fact.ground_id, account.account_id, clock.now(), channel="live")
        if glass is None:
            return None
        return {
            "ground_id": fact.ground_id,
            "holder": glass.holder,
            "role": fact.role,
            "resources": len(fact.resources),
            "until_at": fact.until_at,
            "justify_by": fact.justify_by,
        }

    return tell


async def _about_glass(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, Any] | None:
    fact = entry.fact
    assert isinstance(fact, BreakGlassJustified | BreakGlassJudged | BreakGlassReported)
    if account.role is not Role.PRIVACY_OFFICER and not await queries.broke(tx, account.account_id, fact.ground_id):
        return None
    return {"ground_id": fact.ground_id}


def views(clock: Clock) -> list[LiveView]:
    """Return who hears what. A privacy officer's screen that is handed a break-glass is on the ledger for it."""
    told = (BreakGlassJustified, BreakGlassJudged, BreakGlassReported)
    enter = frozenset(r for roles in REGISTERS_ORDER.values() for r in roles) | CONFIRMS_ORDER
    return [
        LiveView(ApprovalAsked, ASKERS | APPROVERS, _asked),
        LiveView(ApprovalAnswered, ASKERS | APPROVERS, _answered),
        LiveView(BreakGlassOpened, OVERSEERS, _opened(clock)),
        LiveView(BreakGlassUnheard, IN_THEIR_STEAD),
        *(LiveView(fact, OVERSEERS | BREAKERS, _about_glass) for fact in told),
        LiveView(OrderRegistered, enter),
        LiveView(OrderChanged, enter),
        LiveView(HoldChanged, PLACES_HOLD),
    ]
