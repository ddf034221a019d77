"""Grounds: put on file, widened, extended, capped and ended, each change on the ledger in the caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.policy import AccessDecided, GroundChanged, GroundGranted, PermitExtended, PermitsRevoked
from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, CentreId, FactId, GroundId, PermitId, new_id
from ansimnet.kernel.permits import Act, GroundKind, PermitOver, Purpose, Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import Ground, kind_of
from ansimnet.slices.policy.rules import (
    BREAK_GLASS_LASTS,
    MOST_EXTENSIONS,
    RESOLVED_LASTS,
    TRIGGER_LASTS,
    cites_provision,
    trigger_of,
)
from ansimnet.slices.policy.rules.second import GUARDED_ACTS, LEADS_EXTENSIONS
from ansimnet.slices.policy.rules.words import REASONS


class FifthTrigger(Forbidden):
    """There are four triggers, and this is none of them."""

    name = "not-a-trigger"


class NoCitation(Forbidden):
    """A provision cites PIPA §18②3 or §18②7."""

    name = "no-citation"


class NoReason(Refusal):
    """A reason must be given."""

    name = "no-reason"


class SecondExtension(Forbidden):
    """This ground was extended as often as this role may."""

    name = "second-extension"


async def grant_ground(
    tx: Tx,
    kind: GroundKind,
    statute: str,
    *,
    resources: Collection[UUID] | None,
    until_at: datetime,
    now: datetime,
    trigger: str | None = None,
    about: Collection[UUID] = (),
    parties: Collection[UUID] = (),
    for_centre: CentreId | None = None,
    account_id: AccountId | None = None,
    reason: str | None = None,
    hidden_until_at: datetime | None = None,
    from_at: datetime | None = None,
    acts: Collection[Act] | None = None,
    request_id: UUID | None = None,
    actor: str = "system:policy",
) -> GroundId:
    """Put a ground on file in the caller's transaction.

    Args:
        kind: TRIGGER needs `trigger`, one of the four, a clause of PIPA §18② and a scope, and ends within 60 minutes;
            VITAL_INTEREST needs the one account it serves and ends within 5.
        resources: the ids in scope; None is the whole centre (never for these two).
        about: the ids of the situation: alarm, incident, provision; `end_about` finds it by any of them.
        parties: units or persons who take part.
        for_centre: the other centre whose accounts may use it as guests.
        from_at: its beginning, where that is not now.
        acts: the only acts it opens; None leaves that to the table. Guarded ones need `request_id`.
        request_id: the request that a second person approved, or that begins as urgent.

    Raises:
        FifthTrigger: no such trigger, or a trigger named under another kind of ground (EM-14).
        NoCitation: a provision without its clause (EM-15).
        Forbidden: a guarded act without a request, or no scope where one is needed.
    """
    if request_id is None and acts is not None and GUARDED_ACTS & frozenset(acts):
        raise Forbidden("this needs a second person", todo="ask for an approval")
    if kind is GroundKind.TRIGGER:
        if trigger_of(trigger) is None:
            raise FifthTrigger(todo="one of the four triggers must be confirmed", detail_ko=REASONS["fifth-trigger"].ko)
        if not cites_provision(statute):
            raise NoCitation(todo="cite `PIPA 18(2)3` or `PIPA 18(2)7`", detail_ko=REASONS["no-citation"].ko)
        until_at = min(until_at, now + TRIGGER_LASTS)
    elif trigger is not None:
        raise FifthTrigger("only a trigger's ground names a trigger")
    if kind is GroundKind.VITAL_INTEREST:
        until_at = min(until_at, now + BREAK_GLASS_LASTS)
    if not statute:
        raise NoCitation("a ground cites a clause")
    if kind in (GroundKind.TRIGGER, GroundKind.VITAL_INTEREST) and resources is None:
        raise Forbidden("this ground needs a scope", todo="name the cameras or persons it reaches")
    ground = Ground(
        ground_id=GroundId(new_id()),
        kind=kind,
        statute=statute,
        trigger=trigger,
        resources=None if resources is None else frozenset(resources),
        about=frozenset(about),
        parties=frozenset(parties),
        for_centre=for_centre,
        account_id=account_id,
        from_at=now if from_at is None else from_at,
        until_at=until_at,
        hidden_until_at=hidden_until_at,
        acts=None if acts is None else frozenset(acts),
        request_id=request_id,
    )
    await store.add_ground(tx, ground, reason=reason, now=now)
    await ledger.append(tx, _granted(ground, now), actor=actor)
    return ground.ground_id


def _granted(ground: Ground, now: datetime) -> GroundGranted:
    return GroundGranted(
        fact_id=FactId(new_id()),
        happened_at=now,
        ground_id=ground.ground_id,
        ground_kind=ground.kind,
        statute=ground.statute,
        trigger=ground.trigger,
        about=tuple(sorted(ground.about)),
        resources=None if ground.resources is None else tuple(sorted(ground.resources)),
        for_centre=ground.for_centre,
        account_id=ground.account_id,
        until_at=ground.until_at,
    )


async def grounds_about(tx: Tx, *about: UUID) -> list[Ground]:
    """Return the grounds of a situation, ended ones too, oldest first."""
    return await store.grounds_about(tx, about)


async def widen_ground(
    tx: Tx, ground_id: GroundId, resources: Collection[UUID], now: datetime, *, actor: str = "system:policy"
) -> None:
    """Add resources to a living ground: the cameras the predicted-area rule chose. On the ledger."""
    await store.widen_ground(tx, ground_id, resources=resources)
    await _changed(tx, ground_id, "widened", resources, now, actor)


async def relate(tx: Tx, known: UUID, also: UUID, now: datetime, *, actor: str = "system:policy") -> None:
    """Let every living ground about `known` be about `also` too: the alarm's ground is the incident's."""
    for ground in await store.grounds_about(tx, [known]):
        if ground.alive(now) and also not in ground.about:
            await store.widen_ground(tx, ground.ground_id, about=[also])
            await _changed(tx, ground.ground_id, "related", [also], now, actor)


async def admit(tx: Tx, about: UUID, party: UUID, now: datetime, *, actor: str = "system:policy") -> None:
    """Let a unit or person take part in a situation: an ordered unit may see the granted picture."""
    for ground in await store.grounds_about(tx, [about]):
        if ground.alive(now) and party not in ground.parties:
            await store.widen_ground(tx, ground.ground_id, parties=[party])
            await _changed(tx, ground.ground_id, "joined", [party], now, actor)


async def _changed(
    tx: Tx, ground_id: GroundId, change: str, added: Collection[UUID], now: datetime, actor: str
) -> None:
    ground = await store.lock_ground(tx, ground_id, write=True)
    if ground is None:
        raise NotFound("there is no such ground")
    fact = GroundChanged(
        fact_id=FactId(new_id()),
        happened_at=now,
        ground_id=ground_id,
        change=change,
        added=tuple(sorted(added)),
        until_at=ground.until_at,
    )
    await ledger.append(tx, fact, actor=actor)


async def extend_about(
    tx: Tx, about: UUID, *, by: AccountId, reason: str, now: datetime, role: Role | None = None
) -> datetime:
    """Extend every living trigger's ground of a situation and return the new end. See `extend_ground`."""
    ends = [
        await extend_ground(tx, g.ground_id, by=by, reason=reason, now=now, role=role)
        for g in await store.grounds_about(tx, [about])
        if g.kind is GroundKind.TRIGGER and g.alive(now)
    ]
    if not ends:
        raise PermitOver(todo="a confirmed trigger opens a new ground")
    return max(ends)


async def extend_ground(
    tx: Tx, ground_id: GroundId, *, by: AccountId, reason: str, now: datetime, role: Role | None = None
) -> datetime:
    """Give a trigger's ground and its living permits 60 more minutes, for a stated reason; return the new end.

    Once by whoever may extend at all; a second time by a shift lead alone (`role`, of the account that asks).

    Raises:
        NoReason: nothing was said.
        PermitOver: the ground has ended, or is none that can be extended.
        SecondExtension: it was extended already, and this is no shift lead; or a lead has extended it too.
    """
    if not reason.strip():
        raise NoReason(todo="say in one sentence why it must go on")
    ground = await store.lock_ground(tx, ground_id, write=True)
    if ground is None or ground.kind is not GroundKind.TRIGGER or not ground.alive(now):
        raise PermitOver(todo="a confirmed trigger opens a new ground")
    most = MOST_EXTENSIONS + LEADS_EXTENSIONS if role is Role.SHIFT_LEAD else MOST_EXTENSIONS
    if ground.extensions >= most:
        if role is Role.SHIFT_LEAD:
            raise SecondExtension(todo="a confirmed trigger opens a new ground", todo_ko="새 사유가 확정되어야 합니다")
        raise SecondExtension(todo="the shift lead decides", todo_ko="두 번째 연장은 근무 책임자가 정합니다")
    until_at = ground.until_at + TRIGGER_LASTS
    await store.set_ground_end(tx, ground_id, until_at, extended_because=reason)
    await _changed(tx, ground_id, "extended", (), now, f"account:{by}")
    for permit_id in await store.move_ends(tx, until_at, now, grounds=[ground_id], later=True):
        fact = PermitExtended(
            fact_id=FactId(new_id()),
            happened_at=now,
            permit_id=permit_id,
            not_after=until_at,
            by=by,
            reason="stated",  # the words themselves stay off the ledger, beside the ground
        )
        await ledger.append(tx, fact, actor=f"account:{by}")
    return until_at


async def cap_about(tx: Tx, *about: UUID, now: datetime, lasts: timedelta = RESOLVED_LASTS) -> None:
    """Let the situation's grounds and permits live `lasts` at most: the danger is over, the incident not yet closed."""
    until_at = now + lasts
    alive = [g for g in await store.grounds_about(tx, about) if g.alive(now)]
    for ground in alive:
        if ground.until_at > until_at:
            await store.set_ground_end(tx, ground.ground_id, until_at, extended_because=None)
            await _changed(tx, ground.ground_id, "capped", (), now, "system:policy")
    await store.move_ends(tx, until_at, now, grounds=[g.ground_id for g in alive], resources=about, later=False)


async def end_ground(
    tx: Tx, ground_id: GroundId, reason: str, now: datetime, *, actor: str = "system:policy"
) -> list[PermitId]:
    """End a ground and revoke every permit under it; relays hear of it at commit. Safe to run twice."""
    await store.end_ground(tx, ground_id, reason, now)
    ids = await store.revoke(tx, now, reason, grounds=[ground_id])
    await _revoked(tx, ids, ground_id, reason, now, actor)
    return ids


async def end_about(tx: Tx, *about: UUID, reason: str, now: datetime, actor: str = "system:policy") -> list[PermitId]:
    """End every ground of a situation and revoke every permit under them or on it: it is closed. Safe to run twice.

    Args:
        about: ids of the alarm, the incident, the provision; any of them finds the grounds.
        reason: one lower-case word: closed, cleared, expired, revoked.
    """
    grounds = [g.ground_id for g in await store.grounds_about(tx, about) if g.ended_at is None]
    open_ones = [g for g in grounds if await store.end_ground(tx, g, reason, now)]
    ids = await store.revoke(tx, now, reason, grounds=grounds, resources=about)
    await _revoked(tx, ids, open_ones[0] if len(open_ones) == 1 else None, reason, now, actor)
    return ids


async def revoke(tx: Tx, permit_id: PermitId, reason: str, now: datetime, *, by: AccountId) -> None:
    """Revoke one permit by hand.

    Raises:
        NoReason: nothing was said.
        NotFound: no such permit stands.
    """
    if not reason.strip():
        raise NoReason(todo="say in one sentence why it ends")
    ids = await store.revoke(tx, now, reason, permits=[permit_id])
    if not ids:
        raise NotFound("no such permit stands")
    await _revoked(tx, ids, None, "by-hand", now, f"account:{by}")


async def _revoked(
    tx: Tx, ids: list[PermitId], ground_id: GroundId | None, reason: str, now: datetime, actor: str
) -> None:
    if not ids and ground_id is None:
        return
    fact = PermitsRevoked(
        fact_id=FactId(new_id()),
        happened_at=now,
        permit_ids=tuple(sorted(ids)),
        ground_id=ground_id,
        reason=reason if re.fullmatch(r"[a-z][a-z-]{0,30}", reason) else "stated",
    )
    await ledger.append(tx, fact, actor=actor)


async def answer_provision(
    tx: Tx, *, provision_id: UUID, from_centre: CentreId, trigger: str, statute: str, now: datetime
) -> tuple[bool, str]:
    """Answer another centre's request for footage, in the caller's transaction, on the ledger (EM-14, EM-15).

    Returns whether it may be given, and the reason's stable name.
    """
    if kind_of(from_centre) is None:
        allowed, reason = False, "unknown-centre"
    elif trigger_of(trigger) is None:
        allowed, reason = False, "fifth-trigger"
    elif not cites_provision(statute):
        allowed, reason = False, "no-citation"
    else:
        allowed, reason = True, f"trigger-{Trigger(trigger).value}"
    fact = AccessDecided(
        fact_id=FactId(new_id()),
        happened_at=now,
        account_id=None,
        role="centre",
        act=Act.REQUEST_FOOTAGE,
        purpose=Purpose.RESPOND,
        resource=provision_id,
        ground_id=None,
        allowed=allowed,
        reasons=(reason,),
        permit_id=None,
        cites=(statute,) if cites_provision(statute) else (),
    )
    await ledger.append(tx, fact, actor=f"link:{from_centre}" if kind_of(from_centre) else "system:policy")
    return allowed, reason
