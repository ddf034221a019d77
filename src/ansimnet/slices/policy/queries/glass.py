"""Break-glass: open at once for a life in danger, told to the privacy officer, justified and judged, or reported."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from ansimnet.facts.duties import JUSTIFY_WITHIN, DutyMet, DutyOpened
from ansimnet.facts.policy import (
    BreakGlassJudged,
    BreakGlassJustified,
    BreakGlassOpened,
    BreakGlassReported,
    BreakGlassTold,
    BreakGlassUnheard,
)
from ansimnet.kernel.errors import Conflict, Forbidden, NotFound
from ansimnet.kernel.ids import AccountId, FactId, GroundId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Tx
from ansimnet.slices.policy.model import Account, Question, Said, Statute, kind_of
from ansimnet.slices.policy.queries.grounds import NoReason, end_ground, grant_ground
from ansimnet.slices.policy.queries.permits import forbidden, record
from ansimnet.slices.policy.rules import BREAK_GLASS_LASTS, RULES, refuse
from ansimnet.slices.policy.rules.second import TOLD_WITHIN
from ansimnet.slices.policy.rules.words import REASONS
from ansimnet.slices.policy.store import accounts
from ansimnet.slices.policy.store import glass as rows
from ansimnet.slices.policy.store.glass import GlassRow, GlassWords
from ansimnet.slices.policy.store.requests import same_person

DUTY = "break-glass-justification"
"""What the deadline engine calls the 24 hours."""


async def open_break_glass(
    db: Db, account: Account, *, resources: Collection[UUID], reason: str, now: datetime
) -> GroundId:
    """Open what a life in danger opens to this role, for five minutes, and return the ground.

    Committed on the ledger before it returns, a refusal too. It never opens a city's footage to the tracking centre,
    and reaches no more than what is named. The privacy officer's screen hears of it as it is sealed.

    Raises:
        NoReason: nothing was said.
        Forbidden: this role breaks no glass here, or nothing was named.
    """
    if not reason.strip():
        raise NoReason(todo="say in one sentence whose life is in danger")
    acts = RULES.breaks_glass(account.role, kind_of(account.centre_id)) if account.centre_id == db.centre_id else None
    async with db.transaction() as tx:
        if acts and resources:
            return await _open(tx, account, frozenset(resources), reason.strip(), now)
        q = Question(
            account=account,
            place=db.centre_id,
            act=Act.VIEW_STREAM,
            purpose=Purpose.RESPOND,
            resources=frozenset(resources),
            masking=Masking.MASKED,
            now=now,
        )
        why = ("footage-only-on-trigger",) if not acts else ("out-of-scope",)
        answer = refuse(why, Said(REASONS[why[0]].ko, REASONS[why[0]].en))
        await record(tx, q, answer, None, "break-glass")
    raise forbidden(answer)


async def _open(tx: Tx, account: Account, resources: frozenset[UUID], reason: str, now: datetime) -> GroundId:
    ground_id = await grant_ground(
        tx,
        GroundKind.VITAL_INTEREST,
        Statute.PIPA_15_1_5,
        resources=resources,
        until_at=now + BREAK_GLASS_LASTS,
        now=now,
        account_id=account.account_id,
        actor=f"account:{account.account_id}",
    )
    glass = GlassRow(
        ground_id=ground_id,
        account_id=account.account_id,
        role=account.role,
        resources=resources,
        opened_at=now,
        until_at=now + BREAK_GLASS_LASTS,
        justify_by=now + JUSTIFY_WITHIN,
    )
    await rows.add_glass(tx, glass, reason)
    opened = BreakGlassOpened(
        fact_id=FactId(new_id()),
        happened_at=now,
        ground_id=ground_id,
        account_id=account.account_id,
        role=account.role,
        resources=tuple(sorted(resources)),
        until_at=glass.until_at,
        justify_by=glass.justify_by,
    )
    duty = DutyOpened(
        fact_id=FactId(new_id()),
        happened_at=now,
        duty_id=new_id(),
        rule=DUTY,
        about=ground_id,
        due_at=glass.justify_by,
    )
    await ledger.append(tx, opened, actor=f"account:{account.account_id}")
    await ledger.append(tx, duty, actor="system:policy")
    return ground_id


async def tell_break_glass(
    tx: Tx, ground_id: GroundId, to: AccountId, now: datetime, *, channel: str
) -> GlassRow | None:
    """Note that a privacy officer is being handed a break-glass, the first time on the ledger too, and return it.

    Args:
        channel: live | list: an open screen, or the list one asked for.
    """
    glass = await rows.lock_glass(tx, ground_id)
    if glass is None or to == glass.account_id:
        return None
    if await rows.told(tx, ground_id, now):
        fact = BreakGlassTold(
            fact_id=FactId(new_id()),
            happened_at=now,
            ground_id=ground_id,
            account_id=to,
            channel=channel,
            after_s=max(0.0, round((now - glass.opened_at).total_seconds(), 3)),
        )
        await ledger.append(tx, fact, actor="system:policy")
    return glass


async def broke(tx: Tx, account_id: AccountId, ground_id: GroundId) -> bool:
    """Return whether this account broke this glass."""
    glass = await rows.load_glass(tx, ground_id)
    return glass is not None and glass.account_id == account_id


async def close_break_glass(tx: Tx, account: Account, ground_id: GroundId, now: datetime) -> None:
    """Close one's own break-glass before its five minutes are over. Safe to run twice.

    Raises:
        NotFound: this account broke no such glass.
    """
    glass = await rows.lock_glass(tx, ground_id)
    if glass is None or glass.account_id != account.account_id:
        raise NotFound("this account broke no such glass")
    if glass.ended_at is None:
        await end_ground(tx, ground_id, "closed", now, actor=f"account:{account.account_id}")


async def justify_break_glass(tx: Tx, account: Account, ground_id: GroundId, words: str, now: datetime) -> None:
    """Say why the glass was broken, as the one who broke it. Late is better than never: it is taken after 24 h too.

    Raises:
        NoReason: nothing was said.
        NotFound: this account broke no such glass.
        Conflict: it was justified already.
    """
    if not words.strip():
        raise NoReason(todo="say what happened and why nothing else would do")
    glass = await rows.lock_glass(tx, ground_id)
    if glass is None or glass.account_id != account.account_id:
        raise NotFound("this account broke no such glass")
    if glass.justified_at is not None:
        raise Conflict("it was justified already", detail_ko="이미 소명했습니다")
    await rows.justify(tx, glass, words.strip(), now)
    actor = f"account:{account.account_id}"
    fact = BreakGlassJustified(fact_id=FactId(new_id()), happened_at=now, ground_id=ground_id, by=account.account_id)
    met = DutyMet(fact_id=FactId(new_id()), happened_at=now, rule=DUTY, about=ground_id, by=account.account_id)
    await ledger.append(tx, fact, actor=actor)
    await ledger.append(tx, met, actor=actor)


async def judge_break_glass(
    tx: Tx, account: Account, ground_id: GroundId, *, accepted: bool, words: str, now: datetime
) -> None:
    """Accept a justification or reject it, as the privacy officer; a rejected one is reported, and ends if open.

    Raises:
        NoReason: nothing was said.
        Forbidden: not a privacy officer, or the one who broke it, by whatever account.
        NotFound, Conflict: none there, not justified yet, judged already.
    """
    if not words.strip():
        raise NoReason(todo="say in one sentence why")
    who = await accounts.lock_account(tx, account.account_id)
    glass = await rows.lock_glass(tx, ground_id)
    if glass is None or who is None or who.disabled_at is not None:
        raise NotFound("there is no such break-glass")
    own = who.account_id == glass.account_id or await same_person(tx, who.account_id, glass.account_id)
    if own or who.role is not Role.PRIVACY_OFFICER:
        raise Forbidden("the privacy officer judges it", detail_ko="개인정보 보호책임자가 판단합니다")
    if glass.justified_at is None or glass.judged_at is not None:
        raise Conflict("it is not justified yet, or judged already", detail_ko="소명 전이거나 이미 판단했습니다")
    await rows.judge(tx, glass, who.account_id, accepted, words.strip(), now)
    fact = BreakGlassJudged(
        fact_id=FactId(new_id()), happened_at=now, ground_id=ground_id, by=who.account_id, accepted=accepted
    )
    await ledger.append(tx, fact, actor=f"account:{who.account_id}")
    if not accepted:
        await end_ground(tx, ground_id, "rejected", now, actor=f"account:{who.account_id}")
        await _report(tx, ground_id, glass.account_id, "rejected", now)


async def _report(tx: Tx, ground_id: GroundId, account_id: AccountId, because: str, now: datetime) -> bool:
    if not await rows.report(tx, ground_id, now):
        return False
    fact = BreakGlassReported(
        fact_id=FactId(new_id()), happened_at=now, ground_id=ground_id, account_id=account_id, because=because
    )
    await ledger.append(tx, fact, actor="system:policy")
    return True


async def watch_break_glass(tx: Tx, now: datetime) -> int:
    """Report what was not justified within 24 h and tell others what no privacy officer heard; return how many."""
    told = 0
    for glass in await rows.overdue(tx, now):
        told += await _report(tx, glass.ground_id, glass.account_id, "unjustified", now)
    for ground_id in await rows.unheard(tx, now - TOLD_WITHIN, now):
        fact = BreakGlassUnheard(fact_id=FactId(new_id()), happened_at=now, ground_id=ground_id)
        await ledger.append(tx, fact, actor="system:policy")
        told += 1
    return told


async def break_glasses(tx: Tx, account: Account, now: datetime) -> list[tuple[GlassRow, GlassWords]]:
    """Return what this account broke, newest first; to a privacy officer, who is thereby told, what anybody broke."""
    officer = account.role is Role.PRIVACY_OFFICER
    found = await rows.list_glass(tx, account_id=None if officer else account.account_id)
    for glass, _ in found:
        if officer and glass.told_at is None:
            await tell_break_glass(tx, glass.ground_id, account.account_id, now, channel="list")
    return found
