"""Permits: asked for, held for a second, read again, and what stands for them at a relay's door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog

from ansimnet.facts.policy import AccessDecided
from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Forbidden, Kind, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, CentreId, FactId, PermitId, new_id
from ansimnet.kernel.permits import Act, Masking, NoPermit, Permit, PermitOver, Purpose
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.telemetry import FAULTS
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import Account, Decision, HeldPermit, Question, Redeemed, kind_of
from ansimnet.slices.policy.queries import agencies
from ansimnet.slices.policy.queries.places import place
from ansimnet.slices.policy.queries.relations import gather
from ansimnet.slices.policy.rules import RULES, Rulebook, in_force, refuse
from ansimnet.slices.policy.rules.checks import MASKING_ORDER
from ansimnet.slices.policy.rules.words import REASONS
from ansimnet.slices.policy.store import accounts, keyring

log = structlog.get_logger(__name__)

LEASE_S = 1.0
"""How long a permit in memory is trusted without reading it again (design: the words)."""
TICKET_LASTS = timedelta(seconds=60)
MOST_HELD = 10_000
_PICTURES = (Act.READ_FOOTAGE, Act.VIEW_SCENE, Act.SHOW_SCENE)

_Key: TypeAlias = tuple[AccountId, CentreId, Act, Purpose, frozenset[UUID] | None, Masking, str]
_held: WeakKeyDictionary[Db, dict[_Key, tuple[Permit, float]]] = WeakKeyDictionary()


class BadTicket(Refusal):
    """This ticket is unknown, used or over."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-ticket"


async def permit(
    db: Db,
    account: Account,
    act: Act,
    *,
    resource: UUID | None = None,
    resources: Collection[UUID] | None = None,
    purpose: Purpose,
    screen: str,
    now: datetime,
    masking: Masking = Masking.MASKED,
) -> Permit:
    """Ask for a permit and return it once the question and its answer are committed on the ledger.

    One decision per account, act, purpose, set of resources, masking and screen; it is held in memory and read again
    after a second. `db` is the centre whose data is asked for: an account of another centre is a guest, and its own
    centre has asked this question before. Holds no transaction of the caller's.

    Args:
        resource: the one thing asked for; `resources` where there are several; neither for a whole list.
        screen: the screen or socket that asks, a stable name, no personal data.
        masking: the most that the viewer wants to see.

    Raises:
        Forbidden: no ground opens this door; says why and what would open it.
        psycopg.Error: the ledger could not be written, so there is no permit.
    """
    asked = _asked(resource, resources)
    key = (account.account_id, account.centre_id, act, purpose, asked, masking, screen)
    cache = _held.setdefault(db, {})
    kept = await _still_held(db, cache, key, now)
    if kept is not None:
        return kept
    q = Question(
        account=account, place=db.centre_id, act=act, purpose=purpose, resources=asked, masking=masking, now=now
    )
    async with db.transaction(leaf=True) as tx:
        decision, granted = await _decide(tx, q, screen)
    if granted is None:
        raise forbidden(decision)
    if len(cache) >= MOST_HELD:
        cache.clear()
    cache[key] = (granted, monotonic_s())
    return granted


def _asked(resource: UUID | None, resources: Collection[UUID] | None) -> frozenset[UUID] | None:
    if resources is not None:
        return frozenset(resources) | ({resource} if resource is not None else frozenset())
    return None if resource is None else frozenset({resource})


async def _still_held(db: Db, cache: dict[_Key, tuple[Permit, float]], key: _Key, now: datetime) -> Permit | None:
    """Return the permit held for this question if it still stands; forget it otherwise."""
    found = cache.get(key)
    if found is None:
        return None
    kept: Permit | None = found[0]
    if monotonic_s() - found[1] > LEASE_S:
        async with db.transaction(leaf=True) as tx:
            kept = (await store.read_permits(tx, [found[0].permit_id])).get(found[0].permit_id)
        if kept is not None:
            cache[key] = (kept, monotonic_s())
    if kept is None or kept.revoked_at is not None or now >= kept.not_after:
        cache.pop(key, None)
        return None
    return kept


async def _decide(tx: Tx, q: Question, screen: str) -> tuple[Decision, Permit | None]:
    """Decide and write the answer down, in the caller's transaction."""
    book = in_force(q.now)
    answer = await _answer(tx, q, book)
    if answer.error is not None:
        FAULTS.labels("policy").inc()
        log.error("policy.decision-failed", act=q.act, role=q.account.role, version=book.version, exc_info=answer.error)
    answer = await agencies.within(tx, q, answer)
    granted: Permit | None = None
    if answer.allowed and answer.line is not None:
        granted = await store.add_permit(
            tx,
            PermitId(new_id()),
            q,
            answer,
            ground_kind=book.line(answer.line).ground,
            holder=_holder(q.account),
            screen=screen,
        )
    await record(tx, q, answer, granted, screen, policy_version=book.version)
    return answer, granted


async def _answer(tx: Tx, q: Question, book: Rulebook) -> Decision:
    if q.account.centre_id == q.place:
        fresh = await accounts.lock_account(tx, q.account.account_id)
        if fresh is None:
            return refuse(("unknown-account",), REASONS["todo-administrator"])
        q = Question(
            account=fresh,
            place=q.place,
            act=q.act,
            purpose=q.purpose,
            resources=q.resources,
            masking=q.masking,
            now=q.now,
        )
    ties = await gather(tx, book, q)
    if not book.rests_on_file(q.account.role, q.act):
        return book.decide(q, (), ties)
    grounds = {g.ground_id: g for g in await store.grounds_alive(tx, q.now, recent=True)}
    while True:
        answer = book.decide(q, grounds.values(), ties)
        if not answer.allowed or answer.ground_id not in grounds:
            return answer
        # Whoever ends this ground now waits for us, and then finds the permit we are about to write.
        locked = await store.lock_ground(tx, answer.ground_id, write=False)
        if locked == grounds[answer.ground_id]:
            return answer
        grounds.pop(answer.ground_id)
        if locked is not None:
            grounds[answer.ground_id] = locked


async def record(
    tx: Tx, q: Question, answer: Decision, granted: Permit | None, screen: str, *, policy_version: str = ""
) -> None:
    """Write a question and its answer on the ledger, and beside it, in the caller's transaction."""
    fact_id = new_id()
    resources = sorted(answer.resources or q.resources or ())
    permit_id = None if granted is None else granted.permit_id
    version = policy_version or in_force(q.now).version
    await store.add_question(tx, fact_id, q, answer, permit_id, version)
    fact = AccessDecided(
        fact_id=FactId(fact_id),
        happened_at=q.now,
        account_id=q.account.account_id,
        role=q.account.role,
        act=q.act,
        purpose=q.purpose,
        resource=resources[0] if len(resources) == 1 else None,
        ground_id=answer.ground_id,
        allowed=answer.allowed,
        reasons=answer.reasons,
        permit_id=permit_id,
        resources=tuple(resources) if len(resources) > 1 else (),
        cites=answer.cites,
        screen=screen,
        policy_version=version,
        place=place(),
    )
    await ledger.append(tx, fact, actor=f"account:{q.account.account_id}")


def _holder(account: Account) -> str:
    """Return the seat, never a name: what is signed in with is a seat's name by rule (docs/design/lawful-access.md)."""
    return account.login


def forbidden(decision: Decision) -> Forbidden:
    """Return the refusal people read: why, and what would open the door, in both languages."""
    first = decision.says[0] if decision.says else REASONS["no-ground"]
    return Forbidden(
        first.en,
        todo=decision.todo.en,
        detail_ko=first.ko,
        todo_ko=decision.todo.ko,
        reasons=[{"name": n, "ko": s.ko, "en": s.en} for n, s in zip(decision.reasons, decision.says, strict=True)],
    )


async def hold(db: Db, permit_id: PermitId) -> Permit:
    """Return a permit as it is now.

    Raises:
        NotFound: there is none with this id in this centre.
    """
    async with db.transaction() as tx:
        found = await store.read_permits(tx, [permit_id])
    if permit_id not in found:
        raise NotFound("there is no such permit")
    return found[permit_id]


async def hold_all(db: Db, permit_ids: Collection[PermitId]) -> dict[PermitId, Permit]:
    """Return those of the permits that exist, as they are now, in one query: a relay's lease."""
    async with db.transaction() as tx:
        return await store.read_permits(tx, permit_ids)


async def standing(tx: Tx, permit: Permit, act: Act, resource: UUID, now: datetime) -> Permit:
    """Return a permit that stands until the caller's transaction ends: whoever revokes it waits, or was before.

    Raises:
        PermitOver, NoPermit: it ended meanwhile, or does not cover that.
    """
    found = await store.lock_permit(tx, permit.permit_id)
    if found is None:
        raise PermitOver(permit=str(permit.permit_id))
    found.check(act, resource, now=now)
    return found


async def ended(db: Db) -> AsyncIterator[frozenset[PermitId] | None]:
    """Yield the ids of permits in the instant they are revoked, for ever, and forget them in this process.

    Yields None after each (re)connection: something may have been missed, so read what you hold again.
    """
    async for told in db.listen(store.ENDED):
        cache = _held.get(db, {})
        if not told:
            cache.clear()
            yield None
            continue
        ids = frozenset(PermitId(UUID(p)) for p in told.split(","))
        for key in [k for k, (held, _) in cache.items() if held.permit_id in ids]:
            cache.pop(key, None)
        yield ids


async def permits_about(tx: Tx, about: UUID) -> list[HeldPermit]:
    """Return the permits of one alarm, incident or provision, newest first, ended ones too."""
    return await store.permits_about(tx, about)


async def mark_track(tx: Tx, permit: Permit, resource: UUID, track: str | None, now: datetime) -> None:
    """Remember the one track that is clear for this permit on this camera; None hides it again.

    Raises:
        NoPermit: the permit does not cover lifting a mask there.
    """
    permit.check(Act.UNMASK_TRACK, resource, now=now)
    if not await store.mark_track(tx, permit.permit_id, resource, track):
        raise PermitOver(permit=str(permit.permit_id))


async def marked_tracks(tx: Tx, permit_id: PermitId) -> dict[UUID, str]:
    """Return the clear track per camera of a permit."""
    return await store.marked_tracks(tx, permit_id)


# ------------------------------------------------------------------------------------------------- tickets


async def issue_ticket(tx: Tx, permit: Permit, resource: UUID, extras: dict[str, Any], now: datetime) -> str:
    """Return a one-use ticket that stands for a permit on one resource for 60 seconds: its live or recorded pictures.

    Raises:
        NoPermit: the permit does not cover viewing that.
    """
    permit.check(viewing(permit), resource, now=now)
    ticket = keyring.new_token()
    expires_at = min(now + TICKET_LASTS, permit.not_after)
    await store.add_ticket(tx, keyring.fingerprint(ticket), permit.permit_id, resource, extras, expires_at)
    return ticket


async def redeem_ticket(tx: Tx, ticket: str, now: datetime) -> Redeemed:
    """Use a ticket up and return the permit behind it, which still stands.

    Raises:
        BadTicket: unknown, used, older than 60 s, or of another centre.
        PermitOver: the permit has ended meanwhile.
    """
    used = await store.use_ticket(tx, keyring.fingerprint(ticket), now)
    if used is None:
        raise BadTicket(todo="ask for a new ticket")
    permit_id, resource, extras = used
    found = (await store.read_permits(tx, [permit_id]))[permit_id]
    found.check(viewing(found), resource, now=now)
    return Redeemed(permit=found, resource=resource, extras=extras)


async def check_masking(
    tx: Tx,
    permit: Permit,
    masking: Masking,
    resource: UUID,
    now: datetime,
    *,
    mark: PermitId | None = None,
    track: str | None = None,
) -> None:
    """Refuse pictures that a permit does not cover, clearer ones than it says, and a clear track that no mark names.

    Raises:
        NoPermit: not of this, clearer than the permit, or not the track that a standing mark of this camera names.
        PermitOver: the permit, or the one for the mark, has ended.
    """
    permit.check(viewing(permit), resource, now=now)
    if MASKING_ORDER[masking] > MASKING_ORDER[permit.masking]:
        raise NoPermit("this permit does not show people so clearly", permit=str(permit.permit_id))
    if masking is Masking.MARKED or mark is not None or track is not None:
        found = None if mark is None else (await store.read_permits(tx, [mark])).get(mark)
        if found is None or track is None:
            raise NoPermit("there is no such mark")
        found.check(Act.UNMASK_TRACK, resource, now=now)
        if (await store.marked_tracks(tx, found.permit_id)).get(resource) != track:
            raise NoPermit("another track is marked", permit=str(found.permit_id))


def may_ever(account: Account, act: Act) -> bool:
    """Return whether this role of this centre does this under any ground: asked where no id is there to ask about."""
    return RULES.names(account.role, kind_of(account.centre_id), act)


async def would_open(tx: Tx, account: Account, act: Act, resource: UUID, purpose: Purpose, now: datetime) -> bool:
    """Return whether this door would open now, so that a page leaves out what would be refused.

    Opens nothing and is no answer to rest on: no permit, nothing on the ledger; `permit` decides anew.
    """
    q = Question(
        account=account,
        place=tx.centre_id,
        act=act,
        purpose=purpose,
        resources=frozenset({resource}),
        masking=Masking.MASKED,
        now=now,
    )
    book = in_force(now)
    grounds = await store.grounds_alive(tx, now, recent=True) if book.rests_on_file(account.role, act) else []
    return book.decide(q, grounds, await gather(tx, book, q)).allowed


def viewing(permit: Permit) -> Act:
    """Return which pictures a permit is about."""
    return next((act for act in _PICTURES if act in permit.acts), Act.VIEW_STREAM)
