"""The second person: asked, answered, and what an urgent beginning leaves behind undone (TR-04, DI-08, EM-12)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

import msgspec

from ansimnet.facts.policy import (
    ApprovalAnswered,
    ApprovalAsked,
    OutputDestroyed,
    OutputRegistered,
    RequestDestroyed,
    UrgentRejected,
)
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import erasure
from ansimnet.slices.policy.model import Account, Question, Said
from ansimnet.slices.policy.queries.grounds import NoReason, end_ground, grant_ground
from ansimnet.slices.policy.queries.notices import end_notice, give_notice
from ansimnet.slices.policy.queries.permits import may_ever, record
from ansimnet.slices.policy.rules import refuse
from ansimnet.slices.policy.rules.asking import MISSING, Asking, missing
from ansimnet.slices.policy.rules.second import (
    OPENS_COURT_SEAL,
    REASONS_OF_TWO,
    RULES_OF_TWO,
    URGENT_WITHIN,
    Person,
    RequestKind,
    RequestState,
    Second,
    Verb,
    answer,
)
from ansimnet.slices.policy.rules.words import REASONS
from ansimnet.slices.policy.store import accounts
from ansimnet.slices.policy.store import orders as order_rows
from ansimnet.slices.policy.store import requests as rows
from ansimnet.slices.policy.store.requests import RequestRow

SEARCH = RequestKind.SEARCH
"""What tracing asks for."""


class BadRequest(Refusal):
    """The request lacks something."""

    name = "request-incomplete"


class NotAnAsker(Forbidden):
    """This role does not ask for that."""

    name = "not-an-asker"


class NoSecondPerson(Forbidden):
    """A second person must answer, and this is none."""

    name = "no-second-person"


class AlreadyAnswered(Conflict):
    """The request was answered, or its time has passed."""

    name = "already-answered"


class NotUnderWay(Conflict):
    """The request does not stand, so nothing may come out of it."""

    name = "request-not-under-way"


# ------------------------------------------------------------------------------------------------- asking


async def ask(db: Db, account: Account, asking: Asking, now: datetime) -> RequestRow:
    """Ask in a transaction of its own; who asks for what is not the work of his role is on the ledger with it.

    Raises as `request_approval` does.
    """
    try:
        async with db.transaction() as tx:
            return await request_approval(tx, account, asking, now)
    except NotAnAsker:
        act = min(RULES_OF_TWO[asking.kind].asked)
        await refused(db, account, act, asking.purpose, asking.resources, "second-person", now)
        raise


async def refused(
    db: Db, account: Account, act: Act, purpose: Purpose, resources: frozenset[UUID], screen: str, now: datetime
) -> None:
    """Write down that a role tried what is not its work."""
    q = Question(
        account=account,
        place=db.centre_id,
        act=act,
        purpose=purpose,
        resources=resources,
        masking=Masking.MASKED,
        now=now,
    )
    async with db.transaction(leaf=True) as tx:
        await record(tx, q, refuse(("role",), REASONS["todo-none"]), None, screen)


async def request_approval(tx: Tx, account: Account, asking: Asking, now: datetime) -> RequestRow:
    """Put a request before a second person; an urgent one begins at once, for 24 hours without approval at most.

    Safe under locks: the order it rests on is held while this transaction lives.

    Raises:
        NotAnAsker: the role does not ask for that.
        BadRequest: names everything that is missing.
        Forbidden: the order is not in force, or does not reach that far.
    """
    lacks = missing(asking, account.role, now)
    if "not-an-asker" in lacks or not any(may_ever(account, act) for act in RULES_OF_TWO[asking.kind].asked):
        raise NotAnAsker(todo="ask somebody whose work it is", detail_ko=MISSING["not-an-asker"].ko)
    if lacks:
        raise BadRequest(
            MISSING[lacks[0]].en,
            todo="; ".join(MISSING[n].en for n in lacks),
            detail_ko=MISSING[lacks[0]].ko,
            lacks=lacks,
        )
    rule = RULES_OF_TWO[asking.kind]
    statute, until_at = asking.statute, asking.until_at
    if asking.ground_kind is GroundKind.ORDER:
        assert asking.order_id is not None
        order = await _order_in_force(tx, asking.order_id, asking.kind, asking.resources, now)
        statute, until_at = order.statute, min(until_at, order.until_at)
    row = RequestRow(
        request_id=new_id(),
        kind=asking.kind,
        asked_by=account.account_id,
        asked_role=account.role,
        asked_at=now,
        purpose=asking.purpose,
        ground_kind=asking.ground_kind,
        statute=statute,
        order_id=asking.order_id,
        resources=asking.resources,
        urgent=asking.urgent,
        answer_by=now + (URGENT_WITHIN if asking.urgent else rule.answer_within),
        until_at=until_at,
        state=RequestState.WAITING,
    )
    if asking.urgent:
        row = replace(row, ground_id=await _grant(tx, row, now))
    await rows.add_request(tx, row, asking.words())
    content = msgspec.json.encode(asking.words()).decode()
    await ledger.append(tx, _asked(row, content, now), actor=f"account:{account.account_id}")
    return row


def _asked(row: RequestRow, content: str, now: datetime) -> ApprovalAsked:
    return ApprovalAsked(
        fact_id=FactId(new_id()),
        happened_at=now,
        request_id=row.request_id,
        request_kind=row.kind,
        asked_by=row.asked_by,
        role=row.asked_role,
        purpose=row.purpose,
        ground_kind=row.ground_kind,
        statute=row.statute,
        order_id=row.order_id,
        resources=tuple(sorted(row.resources)),
        urgent=row.urgent,
        answer_by=row.answer_by,
        until_at=row.until_at,
        content=content,
    )


async def _order_in_force(
    tx: Tx, order_id: UUID, kind: str, resources: frozenset[UUID], now: datetime
) -> order_rows.OrderRow:
    """Return an order that carries this request, held until the transaction ends.

    Raises:
        Forbidden: unknown, unconfirmed, over, withdrawn, or of another scope.
    """
    order = await order_rows.lock_order(tx, order_id, write=False)
    if order is None or order.state != "in_force" or not order.from_at <= now < order.until_at:
        raise Forbidden("the order is not in force", detail_ko="명령이 효력을 갖고 있지 않습니다")
    if kind not in order.opens or not resources <= order.resources:
        raise Forbidden("the order does not reach that far", detail_ko="명령의 범위 밖입니다")
    carries = RULES_OF_TWO[RequestKind(kind)].clauses[GroundKind.ORDER]
    if carries and order.statute not in carries:
        raise Forbidden("the order rests on another clause", detail_ko="이 조항의 명령으로는 열리지 않습니다")
    if kind == RequestKind.DISCLOSURE and order.issuer != "court":
        raise Forbidden("a court alone orders a disclosure", detail_ko="고지는 법원의 명령으로만 합니다")
    return order


async def _grant(tx: Tx, row: RequestRow, now: datetime) -> GroundId:
    """Put the ground of a request on file: scoped, ending, for the asker alone (a disclosure's for its readers)."""
    kind = RequestKind(row.kind)
    return await grant_ground(
        tx,
        row.ground_kind,
        row.statute,
        resources=row.resources,
        until_at=row.until_at,
        now=now,
        about=(row.request_id,),
        account_id=None if kind is RequestKind.DISCLOSURE else row.asked_by,
        acts=RULES_OF_TWO[kind].acts,
        request_id=row.request_id,
    )


# ------------------------------------------------------------------------------------------------- answering


async def approve_request(tx: Tx, account: Account, request_id: UUID, reason: str, now: datetime) -> RequestRow:
    """Approve as the second person; the ground stands when this transaction commits.

    Two approvers at once, or an approval and a withdrawal: one of them finds it answered.

    Raises:
        NoReason, NotFound, NoSecondPerson, AlreadyAnswered: see their names.
    """
    return await _answered(tx, account, request_id, Verb.APPROVE, reason, now)


async def refuse_request(tx: Tx, account: Account, request_id: UUID, reason: str, now: datetime) -> RequestRow:
    """Refuse as the second person; an urgent one is undone at once. Raises as `approve_request` does."""
    return await _answered(tx, account, request_id, Verb.REFUSE, reason, now)


async def withdraw_request(tx: Tx, account: Account, request_id: UUID, reason: str, now: datetime) -> RequestRow:
    """Take back one's own request, also after its approval: the permits under it end. Raises as `approve_request`."""
    return await _answered(tx, account, request_id, Verb.WITHDRAW, reason, now)


async def _answered(tx: Tx, account: Account, request_id: UUID, verb: Verb, reason: str, now: datetime) -> RequestRow:
    if not reason.strip():
        raise NoReason(todo="say in one sentence why")
    who = await accounts.lock_account(tx, account.account_id)
    row = await rows.lock_request(tx, request_id)
    if row is None or who is None or who.disabled_at is not None:
        raise NotFound("there is no such request")
    same = await rows.same_person(tx, who.account_id, row.asked_by)
    person = Person(account_id=who.account_id, role=who.role, same_as_asker=same)
    came = answer(_second(row), verb, person, now)
    if not isinstance(came, RequestState):
        _refuse(came)
    return await _settle(tx, row, came, verb, who.account_id, who.role, {"reason": reason.strip()}, now)


def _refuse(name: str) -> NoReturn:
    said = REASONS_OF_TWO.get(name, Said(name, name))
    kind = AlreadyAnswered if name in ("already-answered", "too-late", "not-yet-due") else NoSecondPerson
    raise kind(said.en, detail_ko=said.ko, reason=name)


def _second(row: RequestRow) -> Second:
    return Second(
        kind=RequestKind(row.kind),
        state=RequestState(row.state),
        asked_by=row.asked_by,
        urgent=row.urgent,
        answer_by=row.answer_by,
        until_at=row.until_at,
    )


async def _settle(
    tx: Tx,
    row: RequestRow,
    state: RequestState,
    verb: Verb,
    by: AccountId | None,
    role: Role | None,
    words: Mapping[str, object] | None,
    now: datetime,
) -> RequestRow:
    """Write an answer, with the ground that begins or ends by it, in the caller's transaction."""
    ground_id = row.ground_id
    actor = "system:policy" if by is None else f"account:{by}"
    if state is RequestState.APPROVED:
        if row.order_id is not None and row.ground_kind is GroundKind.ORDER:
            await _order_in_force(tx, row.order_id, row.kind, row.resources, now)
        if ground_id is None:
            ground_id = await _grant(tx, row, now)
        if row.kind == RequestKind.DISCLOSURE:
            asked, _ = await rows.words_of(tx, row)
            await give_notice(tx, row, asked, ground_id, now)
    elif ground_id is not None:
        await end_ground(tx, ground_id, state.value, now, actor=actor)
        if row.kind == RequestKind.DISCLOSURE:
            await end_notice(tx, row.request_id, now)
    await rows.answer_request(tx, row, state=state, by=by, role=role, ground_id=ground_id, words=words, now=now)
    fact = ApprovalAnswered(
        fact_id=FactId(new_id()),
        happened_at=now,
        request_id=row.request_id,
        request_kind=row.kind,
        outcome=state,
        by=by,
        role=role or "",
        ground_id=ground_id,
        until_at=row.until_at if state is RequestState.APPROVED else None,
    )
    await ledger.append(tx, fact, actor=actor)
    if state is RequestState.REJECTED:
        because = {Verb.PASS: "unanswered", Verb.WITHDRAW: "withdrawn"}.get(verb, "refused")
        await _reject(tx, row, because, now)
    return replace(row, state=state, ground_id=ground_id, decided_by=by, decided_role=role, decided_at=now)


async def approved(tx: Tx, request_id: UUID, now: datetime) -> bool:
    """Return whether a request stands now: approved, or begun as urgent and still waiting, and not over."""
    row = await rows.load_request(tx, request_id)
    return row is not None and _under_way(row, now)


def _under_way(row: RequestRow, now: datetime) -> bool:
    standing = row.state == RequestState.APPROVED or (row.state == RequestState.WAITING and row.urgent)
    return standing and now < row.until_at


async def pass_time(tx: Tx, now: datetime) -> int:
    """End every request whose time to answer has passed, undo the urgent ones, and return how many. Run by a timer."""
    ended = 0
    for request_id in await rows.requests_due(tx, now):
        row = await rows.lock_request(tx, request_id)
        came = None if row is None else answer(_second(row), Verb.PASS, None, now)
        if row is not None and isinstance(came, RequestState):
            await _settle(tx, row, came, Verb.PASS, None, None, None, now)
            ended += 1
    return ended


async def end_under(tx: Tx, order_id: UUID, by: AccountId, now: datetime) -> int:
    """End every request that rests on an order: the order is withdrawn. Return how many."""
    found = await rows.requests_under(tx, order_id)
    for each in found:
        row = await rows.lock_request(tx, each.request_id)
        if row is None or row.state not in (RequestState.WAITING, RequestState.APPROVED):
            continue
        undo = row.urgent and row.state == RequestState.WAITING
        state = RequestState.REJECTED if undo else RequestState.WITHDRAWN
        await _settle(tx, row, state, Verb.WITHDRAW, by, None, None, now)
    return len(found)


# ------------------------------------------------------------------------------------------------- what came out


async def register_output(tx: Tx, request_id: UUID, kind: str, ref: UUID, now: datetime) -> None:
    """Remember what came out of a request, so that it goes where the request is undone. Safe to run twice.

    Args:
        kind: `slice.things`, as the owner listens for it in `UrgentRejected.outputs`.

    Raises:
        NotUnderWay: the request is neither approved nor begun as urgent; throw the output away.
    """
    row = await rows.lock_request(tx, request_id)
    if row is None or not _under_way(row, now):
        raise NotUnderWay
    if await rows.add_output(tx, request_id, kind, ref, now):
        fact = OutputRegistered(fact_id=FactId(new_id()), happened_at=now, request_id=request_id, output=kind, ref=ref)
        await ledger.append(tx, fact, actor="system:policy")


async def output_destroyed(tx: Tx, request_id: UUID, kind: str, ref: UUID, now: datetime) -> None:
    """Note that an output's owner has destroyed it, as `UrgentRejected` asked. Safe to run twice."""
    if await rows.output_gone(tx, request_id, kind, ref, now):
        fact = OutputDestroyed(fact_id=FactId(new_id()), happened_at=now, request_id=request_id, output=kind, ref=ref)
        await ledger.append(tx, fact, actor="system:policy")


async def _held(tx: Tx, row: RequestRow, outputs: list[tuple[str, UUID, datetime | None]], now: datetime) -> bool:
    ids = {row.request_id, *row.resources, *(ref for _, ref, _ in outputs)}
    await order_rows.lock_ids(tx, ids)
    return await order_rows.held(tx, ids, now)


async def _reject(tx: Tx, row: RequestRow, because: str, now: datetime) -> None:
    """Tell owners to destroy what came out; under a hold, keep all of it for a court instead."""
    outputs = await rows.outputs_of(tx, row.request_id)
    held = await _held(tx, row, outputs, now)
    if held:
        await rows.court_seal(tx, row.request_id, now)
    fact = UrgentRejected(
        fact_id=FactId(new_id()),
        happened_at=now,
        request_id=row.request_id,
        because=because,
        outputs=tuple(f"{kind}:{ref}" for kind, ref, gone in outputs if gone is None),
        court_sealed=held,
    )
    await ledger.append(tx, fact, actor="system:policy")


async def destroy_rejected(tx: Tx, request_id: UUID, now: datetime) -> bool:
    """Destroy the words of a rejected request, its key first; return whether they are gone. Safe to run twice.

    Under a hold nothing is destroyed; once the hold ends, owners are told anew and this succeeds.
    """
    row = await rows.lock_request(tx, request_id)
    if row is None or row.state != RequestState.REJECTED or row.destroyed_at is not None:
        return row is not None and row.destroyed_at is not None
    outputs = await rows.outputs_of(tx, request_id)
    if await _held(tx, row, outputs, now):
        if row.court_sealed_at is None:
            await rows.court_seal(tx, request_id, now)
        return False
    if row.court_sealed_at is not None:
        await _reject(tx, row, "hold-over", now)
    keys = 0
    if tx.keys is not None:  # a tombstone first, so that no backup brings the words back
        await erasure.entomb(tx, tx.keys, request_id, now)
        keys = await asyncio.to_thread(tx.keys.destroy, request_id)
    await rows.forget_words(tx, request_id, now)
    fact = RequestDestroyed(fact_id=FactId(new_id()), happened_at=now, request_id=request_id, keys=keys)
    await ledger.append(tx, fact, actor="system:policy")
    return True


async def destroy_undone(tx: Tx, now: datetime) -> int:
    """Destroy every rejected request that no hold keeps; return how many. Run by a timer."""
    return sum([await destroy_rejected(tx, request_id, now) for request_id in await rows.undone(tx)])


# ------------------------------------------------------------------------------------------------- reading


async def requests_for(tx: Tx, account: Account) -> list[RequestRow]:
    """Return one's own requests and those one may approve, those that wait first."""
    kinds = [kind.value for kind, rule in RULES_OF_TWO.items() if account.role in rule.approves]
    return await rows.requests_listed(tx, kinds=kinds, asked_by=account.account_id)


async def request_for(tx: Tx, account: Account, request_id: UUID) -> RequestRow:
    """Return one request to its asker, to those who may approve it, and to a court where it is sealed for one.

    Raises:
        NotFound: there is none with that id for this account.
    """
    row = await rows.load_request(tx, request_id)
    if row is None:
        raise NotFound("there is no such request")
    court = row.court_sealed_at is not None
    near = account.account_id == row.asked_by or account.role in RULES_OF_TWO[RequestKind(row.kind)].approves
    if account.role in OPENS_COURT_SEAL if court else near:
        return row
    raise NotFound("there is no such request")


async def words_for(tx: Tx, row: RequestRow) -> tuple[dict[str, object] | None, dict[str, object] | None]:
    """Return what was typed to ask and to answer, to whom `request_for` gave the row; None once destroyed."""
    return await rows.words_of(tx, row)


async def note_same_person(tx: Tx, one: AccountId, other: AccountId) -> None:
    """Remember that two accounts are one human being's: neither approves what the other asks. Safe to run twice.

    Raises:
        NotFound: one of them is no account of this centre.
    """
    for each in (one, other):
        if await accounts.lock_account(tx, each) is None:
            raise NotFound("there is no such account")
    await rows.join_persons(tx, one, other, new_id())


async def same_person(tx: Tx, one: AccountId, other: AccountId) -> bool:
    """Return whether two accounts are known to be one human being's."""
    return await rows.same_person(tx, one, other)


async def request_known(tx: Tx, request_id: UUID) -> RequestRow | None:
    """Return a request as it is, for telling screens; who may hear of it is the caller's to check."""
    return await rows.load_request(tx, request_id)


async def logins(tx: Tx, account_ids: Collection[AccountId]) -> dict[AccountId, str]:
    """Return the seats of these accounts, never a name: lists say who asked by them."""
    return await rows.logins(tx, account_ids)
