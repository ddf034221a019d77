"""Agencies and the agreements their access hangs on: registered, renewed, ended, and what ends with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ansimnet.facts.duties import DutyLapsed, DutyMet, DutyOpened
from ansimnet.facts.policy import AgencyKind, AgencyRegistered, AgreementEnded, AgreementRegistered
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.ids import AccountId, FactId, named_id, new_id
from ansimnet.kernel.permits import Act, Role
from ansimnet.platform import ledger
from ansimnet.platform.db import Tx
from ansimnet.slices.policy import store
from ansimnet.slices.policy.model import Account, Decision, Question
from ansimnet.slices.policy.rules import refuse
from ansimnet.slices.policy.rules.agencies import CHARTERS, agency_kind_of, check_agency, check_agreement, decide_by
from ansimnet.slices.policy.rules.words import REASONS
from ansimnet.slices.policy.store import accounts, agencies
from ansimnet.slices.policy.store.agencies import Agency, Agreement

RENEWAL = "agreement-renewal"
"""The duty's name in the deadline engine's table."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the agreements of an account's agency give it now. `resources` None is no limit; `until` None no end."""

    stands: bool
    resources: frozenset[UUID] | None = None
    until: datetime | None = None


async def agreement_stands(tx: Tx, agency_id: UUID | None, now: datetime) -> bool:
    """Return whether an agency may act at all: its own statute carries it, or an agreement in force does.

    The centre's own people (None) need none. What stands here stands until this transaction ends.
    """
    if agency_id is None:
        return True
    agency = await agencies.read_agency(tx, agency_id)
    if agency is None or agency.ended_at is not None:
        return False
    return not agency.needs_agreement or bool(await agencies.standing(tx, agency_id, now))


async def agreed(tx: Tx, account_id: AccountId, act: Act, now: datetime) -> Agreed | None:
    """Return what an account's agency may do of this act now, and until when; None for the centre's own people.

    Raises nothing: an agency that needs an agreement and has none, or none for this act, does not stand.
    """
    agency = await agencies.agency_of(tx, account_id)
    if agency is None:
        return None
    if agency.ended_at is not None:
        return Agreed(stands=False)
    if not agency.needs_agreement:
        return Agreed(stands=True)
    carrying = [a for a in await agencies.standing(tx, agency.agency_id, now) if a.acts is None or act in a.acts]
    if not carrying:
        return Agreed(stands=False)
    within = [a.resources for a in carrying]
    reach = None if None in within else frozenset().union(*(w for w in within if w is not None))
    ends = max(a.until_at if a.ended_at is None else min(a.until_at, a.ended_at) for a in carrying)
    return Agreed(stands=True, resources=reach, until=ends)


async def within(tx: Tx, q: Question, answer: Decision) -> Decision:
    """Return an answer as far as the account's agency may use it: not beyond its agreements' acts, things and end.

    The centre's own people, guests (their own centre asked this already) and refusals pass unchanged.
    """
    if not answer.allowed or q.account.centre_id != q.place:
        return answer
    given = await agreed(tx, q.account.account_id, q.act, q.now)
    if given is None:
        return answer
    if not given.stands:
        return refuse(("no-agreement",), REASONS["todo-tie"])
    if given.resources is not None:
        if answer.resources is not None and not answer.resources <= given.resources:
            return refuse(("out-of-scope",), REASONS["todo-scope"])
        answer = answer._replace(resources=answer.resources or given.resources)
    if given.until is not None and answer.not_after is not None:
        answer = answer._replace(not_after=min(answer.not_after, given.until))
    return answer


# ------------------------------------------------------------------------------------------------- agencies


async def joined(tx: Tx, account_id: AccountId, role: Role, now: datetime) -> None:
    """Let a new account act for the agency that a statute gives its role, registering that agency on first sight."""
    kind = agency_kind_of(role)
    if kind is None:
        return
    agency_id = named_id("agency", str(tx.centre_id), kind.value)
    if await agencies.read_agency(tx, agency_id) is None:
        charter = CHARTERS[kind]
        agency = Agency(
            agency_id=agency_id,
            kind=kind,
            name=charter.says.ko,
            name_en=charter.says.en,
            purposes=charter.purposes,
            grounds=charter.grounds,
            needs_agreement=charter.needs_agreement,
            relay_url=None,
            registered_at=now,
        )
        if await agencies.add_agency(tx, agency):
            await _tell_registered(tx, agency, None, now)
    await agencies.join_agency(tx, account_id, agency_id)


async def join(tx: Tx, account_id: AccountId, agency_id: UUID, now: datetime) -> None:
    """Let an account act for an agency by hand: its permits end, and it gets nothing beyond that agency's agreements.

    Raises:
        NotFound: no such account or agency.
    """
    account = await accounts.lock_account(tx, account_id)
    if account is None or await agencies.read_agency(tx, agency_id) is None:
        raise NotFound("there is no such account or agency")
    await agencies.join_agency(tx, account_id, agency_id)
    await store.revoke(tx, now, "agency changed", account_id=account_id)


async def _tell_registered(tx: Tx, agency: Agency, by: AccountId | None, now: datetime) -> None:
    fact = AgencyRegistered(
        fact_id=FactId(new_id()),
        happened_at=now,
        agency_id=agency.agency_id,
        agency_kind=agency.kind,
        purposes=tuple(agency.purposes),
        grounds=agency.grounds,
        needs_agreement=agency.needs_agreement,
        by=by,
    )
    await ledger.append(tx, fact, actor="system:policy" if by is None else f"account:{by}")


async def register_agency(tx: Tx, by: Account, agency: Agency) -> None:
    """Register an agency for purposes and on grounds that its kind has.

    Raises:
        Refusal: others, or none.
        Conflict: one of this kind and name is registered.
    """
    check_agency(agency.kind, agency.purposes, agency.grounds)
    made = replace(agency, needs_agreement=agency.needs_agreement or CHARTERS[agency.kind].needs_agreement)
    if not await agencies.add_agency(tx, made):
        raise Conflict("an agency of this kind and name is registered")
    await _tell_registered(tx, made, by.account_id, agency.registered_at)


# ------------------------------------------------------------------------------------------------- agreements


async def register_agreement(tx: Tx, by: Account, agreement: Agreement, now: datetime) -> None:
    """Put an agreement on file; its renewal becomes somebody's duty. One that renews another meets that one's.

    Raises:
        NotFound: no such agency, or nothing of it to renew.
        Refusal: it does not say what an agreement must.
    """
    agency = await agencies.read_agency(tx, agreement.agency_id)
    if agency is None or agency.ended_at is not None:
        raise NotFound("there is no such agency")
    check_agreement(agency.kind, agreement.parties, agreement.purposes, agreement.from_at, agreement.until_at, now)
    actor = f"account:{by.account_id}"
    if agreement.renews is not None:
        before = await agencies.lock_agreement(tx, agreement.renews)
        if before is None or before.agency_id != agency.agency_id:
            raise NotFound("there is no such agreement to renew")
        met = DutyMet(
            fact_id=FactId(new_id()), happened_at=now, rule=RENEWAL, about=before.agreement_id, by=by.account_id
        )
        await ledger.append(tx, met, actor=actor)
    await agencies.add_agreement(tx, agreement, by.account_id, now)
    fact = AgreementRegistered(
        fact_id=FactId(new_id()),
        happened_at=now,
        agreement_id=agreement.agreement_id,
        agency_id=agency.agency_id,
        purposes=tuple(agreement.purposes),
        acts=None if agreement.acts is None else tuple(sorted(agreement.acts)),
        from_at=agreement.from_at,
        until_at=agreement.until_at,
        renews=agreement.renews,
        by=by.account_id,
    )
    await ledger.append(tx, fact, actor=actor)
    owed = DutyOpened(
        fact_id=FactId(new_id()),
        happened_at=now,
        duty_id=new_id(),
        rule=RENEWAL,
        about=agreement.agreement_id,
        due_at=max(now, decide_by(agreement.from_at, agreement.until_at)),
    )
    await ledger.append(tx, owed, actor=actor)


async def terminate_agreement(tx: Tx, by: Account, agreement_id: UUID, reason: str, now: datetime) -> int:
    """End an agreement now; where no other stands, every permit of the agency's people ends with it. Return how many.

    Raises:
        NotFound: no such agreement runs.
    """
    found = await agencies.lock_agreement(tx, agreement_id)
    if found is None or found.ended_at is not None or found.until_at <= now:
        raise NotFound("no such agreement runs")
    await agencies.terminate(tx, agreement_id, by.account_id, reason, now)
    return sum([await _act_on_end(tx, a, now, by.account_id) for a in await agencies.take_over(tx, now)])


async def end_agreements(tx: Tx, now: datetime) -> int:
    """Act on the end of agreements whose day has come; return how many permits ended. Permits end by themselves too."""
    return sum([await _act_on_end(tx, a, now, None) for a in await agencies.take_over(tx, now)])


async def _act_on_end(tx: Tx, agreement: Agreement, now: datetime, by: AccountId | None) -> int:
    actor = "system:policy" if by is None else f"account:{by}"
    stands = await agreement_stands(tx, agreement.agency_id, now)
    ended = 0
    if not stands:
        for account_id in await agencies.accounts_of(tx, agreement.agency_id):
            ended += len(await store.revoke(tx, now, "agreement ended", account_id=account_id))
    fact = AgreementEnded(
        fact_id=FactId(new_id()),
        happened_at=now,
        agreement_id=agreement.agreement_id,
        agency_id=agreement.agency_id,
        because="terminated" if agreement.ended_at is not None else "over",
        stands=stands,
        permits=ended,
        by=by,
    )
    await ledger.append(tx, fact, actor=actor)
    lapsed = DutyLapsed(
        fact_id=FactId(new_id()), happened_at=now, rule=RENEWAL, about=agreement.agreement_id, why="ended"
    )
    await ledger.append(tx, lapsed, actor=actor)
    return ended


async def agencies_to_tell(tx: Tx, kinds: frozenset[AgencyKind]) -> list[Agency]:
    """Return the agencies of these kinds that have an address for alarms."""
    return [a for a in await agencies.agencies_to_tell(tx, kinds) if a.relay_url is not None]


async def reporting_centre(tx: Tx, account_id: AccountId, now: datetime) -> Agency | None:
    """Return the district's centre an account reports for, where its agreement with this hub lets it; else None."""
    agency = await agencies.agency_of(tx, account_id)
    if agency is None or agency.kind is not AgencyKind.DISTRICT_CENTRE:
        return None
    given = await agreed(tx, account_id, Act.EXCHANGE, now)
    return agency if given is not None and given.stands else None


async def relay_url(tx: Tx, agency_id: UUID) -> str | None:
    """Return where alarms are posted to an agency that is with us, or None."""
    agency = await agencies.read_agency(tx, agency_id)
    return None if agency is None or agency.ended_at is not None else agency.relay_url
