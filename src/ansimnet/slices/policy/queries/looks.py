"""Who looked at me: for a victim, a wearer, a citizen. What a law keeps back does not exist here, not even as a gap.

Nothing is numbered and nothing is counted but what is shown; a handle is a fingerprint that only its reader's own
id opens. For a wearer the day in hand is left out whole: a look seen while it lasts would tell him that he is being
looked for, and might cost the person he is near (PIPA §35④2). The page says so, on every day alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.openness import LookAnswered, LookQuestioned
from ansimnet.kernel.clock import KST
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, new_id
from ansimnet.kernel.permits import Act, Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import pages
from ansimnet.slices.policy.model import Account, Look, Said
from ansimnet.slices.policy.rules import citation, what_is
from ansimnet.slices.policy.rules.words import ORGANISATIONS, REASONS, ROLE_WORDS
from ansimnet.slices.policy.store import openness as store

PAGE = 100
WATCHED = frozenset({Role.WEARER})
"""Roles that see a day's looks after that day is over."""
MOST_WORDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLook:
    """A look at oneself with a handle to ask about it. `reasons` say why an attempt was refused."""

    look: Look
    handle: str
    reasons: tuple[Said, ...]
    asked_at: datetime | None = None
    answer: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLooks:
    """A page of looks at oneself, newest first. `more`: there are older ones; `until` is where the page begins."""

    looks: tuple[OwnLook, ...]
    more: bool
    until: datetime


async def looks(tx: Tx, subjects: Collection[UUID], now: datetime, *, limit: int = PAGE) -> list[Look]:
    """Return who looked at these ids or was refused, newest first, as the person may know it.

    `duration_s` is how long the permit stood so far: nobody looked longer. Looks whose disclosure a law delays do not
    appear, nor do one's own.
    """
    seen = await store.looks_at(tx, subjects, now=now, until=_after(now), footage=False, limit=limit)
    return [_look(s) for s in seen]


def _after(now: datetime) -> datetime:
    return now + timedelta(microseconds=1)


def _look(seen: store.Seen) -> Look:
    role = Role(seen.role)
    began, ended = seen.granted_at, seen.end_at
    return Look(
        at=seen.at,
        organisation=ORGANISATIONS[role],
        role=ROLE_WORDS[role],
        what=what_is(Act(seen.act)),
        ground=tuple(citation(c) for c in seen.cites),
        duration_s=None if began is None or ended is None else max(0.0, (ended - began).total_seconds()),
        granted=seen.allowed,
    )


def until_when(role: Role, now: datetime) -> datetime:
    """Return before which instant looks are shown to a role: all, or those of the days that are over (KST)."""
    if role not in WATCHED:
        return _after(now)
    return now.astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)


def handle_of(subject: UUID, question_id: UUID) -> str:
    """Return the name of a look on one person's page. It counts nothing and says nothing about any other look."""
    return hashlib.sha256(subject.bytes + question_id.bytes).hexdigest()[:24]


async def own_looks(tx: Tx, account: Account, now: datetime, *, before: datetime | None = None) -> OwnLooks:
    """Return a page of who looked at the account's own person or was refused, with what was asked and answered.

    Raises:
        Refusal: the account belongs to no person.
    """
    subject = _subject(account)
    until = until_when(account.role, now)
    upto = until if before is None else min(before, until)
    seen = await store.looks_at(tx, [subject], now=now, until=upto, footage=account.role in WATCHED, limit=PAGE + 1)
    asked = {c.question_id: c for c in await store.list_complaints(tx, account_id=account.account_id, limit=1000)}
    shown = []
    for s in seen[:PAGE]:
        complaint = asked.get(s.question_id)
        shown.append(
            OwnLook(
                look=_look(s),
                handle=handle_of(subject, s.question_id),
                reasons=tuple(REASONS[r] for r in s.reasons if r in REASONS),
                asked_at=None if complaint is None else complaint.asked_at,
                answer=None if complaint is None else complaint.answer,
                answered_at=None if complaint is None else complaint.answered_at,
            )
        )
    return OwnLooks(looks=tuple(shown), more=len(seen) > PAGE, until=upto)


def _subject(account: Account) -> UUID:
    if account.subject_id is None:
        raise Refusal("this account is nobody's own page", todo="enrol the phone with its code")
    return account.subject_id


async def sealed_at(tx: Tx) -> datetime | None:
    """Return when the ledger was last signed: from then on nobody can change what stands here without being found."""
    return (await pages.read_head(tx)).signed_at


async def ask_about(tx: Tx, account: Account, handle: str, words: str, now: datetime) -> UUID:
    """Ask the privacy officer about a look at oneself; a fact on the ledger, the words sealed. Returns its id.

    Raises:
        NotFound: no look of this page has that handle; one that a law keeps back has none.
        Conflict: it was asked about before.
    """
    subject = _subject(account)
    if not 1 <= len(words.strip()) <= MOST_WORDS:
        raise Refusal(f"say it in 1 to {MOST_WORDS} letters")
    seen = await store.looks_at(
        tx, [subject], now=now, until=until_when(account.role, now), footage=account.role in WATCHED, limit=10_000
    )
    found = next((s for s in seen if handle_of(subject, s.question_id) == handle), None)
    if found is None:
        raise NotFound("there is no such look")
    complaint_id = new_id()
    if not await store.add_complaint(tx, complaint_id, found.question_id, account.account_id, words.strip(), now):
        raise Conflict("you have asked about this look", todo="wait for the answer")
    fact = LookQuestioned(
        fact_id=FactId(new_id()),
        happened_at=now,
        complaint_id=complaint_id,
        question_id=found.question_id,
        by=account.account_id,
    )
    await ledger.append(tx, fact, actor=f"account:{account.account_id}")
    return complaint_id


async def answer_about(tx: Tx, complaint_id: UUID, by: AccountId, words: str, now: datetime) -> None:
    """Answer what a person asked about a look; a fact on the ledger, the words sealed.

    Raises:
        NotFound: nothing waits under this id.
    """
    if not await store.answer_complaint(tx, complaint_id, by, words.strip(), now):
        raise NotFound("no such question waits for an answer")
    fact = LookAnswered(fact_id=FactId(new_id()), happened_at=now, complaint_id=complaint_id, by=by)
    await ledger.append(tx, fact, actor=f"account:{by}")
