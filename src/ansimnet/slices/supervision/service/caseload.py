"""Who looks after whom, proposed by a machine and decided by a director; and devices checked by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ansimnet.facts.duties import DutyOpened
from ansimnet.facts.supervision import AnomalyActed, DeviceChecked, OfficerAssigned
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, DeviceId, FactId, WearerId, named_id, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.supervision.model.procedure import Anomaly, Officer, Remedy
from ansimnet.slices.supervision.rules import caseload as rules
from ansimnet.slices.supervision.store import caseload as rows


class NoSuchOfficer(Refusal):
    """The account is no probation officer of the office that is competent for the wearer."""

    name = "no-such-officer"


class NothingWaits(Conflict):
    """There is no anomaly that waits for an act."""

    name = "nothing-waits"


@dataclass(frozen=True, slots=True)
class Bearing:
    """An officer, what he bears, and which of it was put on him over the limit, and why."""

    officer: Officer
    display: str
    overrides: list[tuple[UUID, str | None, datetime]]


async def bearings(tx: Tx, office: str, now: datetime) -> list[Bearing]:
    """Return every officer of an office with his caseload."""
    return [
        Bearing(await rows.wearers_of(tx, a.account_id, now), a.display, await rows.overrides_of(tx, a.account_id))
        for a in await policy.officers_of(tx, office)
    ]


async def assign(
    tx: Tx, wearer_id: WearerId, officer: AccountId, *, override: str | None, by: AccountId, now: datetime
) -> bool:
    """Give a wearer to an officer; return whether the limit was overridden.

    Raises:
        NotFound: no such wearer.
        NoSuchOfficer: no officer of the competent office.
        CaseloadFull: he bears no more, and nobody said why he should.
    """
    row = await tx.one(
        "select office, priors, order_until_at from supervision_wearer where wearer_id = %s for update", [wearer_id]
    )
    if row is None:
        raise NotFound
    if officer not in {a.account_id for a in await policy.officers_of(tx, row[0])}:
        raise NoSuchOfficer
    await rows.lock_officer(tx, officer)
    before = await rows.standing(tx, wearer_id)
    if before is not None and before[1] == officer:
        return False
    overridden = False
    try:
        rules.may_take(await rows.wearers_of(tx, officer, now), row[1])
    except rules.CaseloadFull:
        if not (override or "").strip():
            raise
        overridden = True
    if before is not None:
        await policy.release(tx, before[2], now)
        await rows.end_assignment(tx, before[0], by, now)
    tie = await _tie(tx, officer, wearer_id, row[2], now)
    await rows.add_assignment(tx, new_id(), wearer_id, officer, tie, override if overridden else None, by, now)
    fact = OfficerAssigned(
        fact_id=FactId(new_id()), happened_at=now, wearer_id=wearer_id, officer=officer, overridden=overridden, by=by
    )
    await append(tx, fact, actor=f"account:{by}")
    return overridden


async def _tie(tx: Tx, officer: UUID, wearer_id: WearerId, until_at: datetime, now: datetime) -> UUID:
    return await policy.assign(
        tx, AccountId(officer), policy.Relation.OWN_WEARER, [wearer_id], from_at=now, until_at=until_at
    )


async def retie(tx: Tx, wearer_id: WearerId, until_at: datetime, now: datetime) -> None:
    """Let an officer's tie to a wearer last as long as the order that was just extended."""
    standing = await rows.standing(tx, wearer_id)
    if standing is not None:
        await policy.release(tx, standing[2], now)
        await rows.set_tie(tx, standing[0], await _tie(tx, standing[1], wearer_id, until_at, now))


async def release(tx: Tx, wearer_id: WearerId, now: datetime) -> None:
    """End whatever assignment a wearer has: another office is competent. Safe to run twice."""
    standing = await rows.standing(tx, wearer_id)
    if standing is not None:
        await policy.release(tx, standing[2], now)
        await rows.end_assignment(tx, standing[0], None, now)


async def check(
    tx: Tx, device_id: UUID, anomaly: Anomaly | None, note: str, act: Remedy | None, *, by: AccountId, now: datetime
) -> UUID:
    """Put an officer's check of a wearer's device on file; an anomaly nobody acted on yet has a clock of its own.

    Raises:
        NotFound: no wearer's device.
        Refusal: an act on nothing.
    """
    wearer_id = await rows.wearer_of_device(tx, device_id)
    if wearer_id is None:
        raise NotFound
    if act is not None and anomaly is None:
        raise Refusal("an act is about an anomaly")
    check_id = new_id()
    await rows.add_check(tx, check_id, device_id, wearer_id, anomaly, note, act, by, now)
    fact = DeviceChecked(
        fact_id=FactId(new_id()), happened_at=now, check_id=check_id, device_id=DeviceId(device_id),
        wearer_id=wearer_id, anomaly=anomaly, by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")
    if anomaly is not None:
        await owe(tx, "device-anomaly", check_id, now)
        if act is not None:
            await _acted(tx, check_id, wearer_id, act, by, now)
    return check_id


async def act_on(tx: Tx, check_id: UUID, act: Remedy, *, by: AccountId, now: datetime) -> None:
    """Note what the officer did about an anomaly.

    Raises:
        NothingWaits: none waits.
    """
    wearer_id = await rows.act_on(tx, check_id, act, by, now)
    if wearer_id is None:
        raise NothingWaits
    await _acted(tx, check_id, wearer_id, act, by, now)


async def _acted(tx: Tx, check_id: UUID, wearer_id: WearerId, act: Remedy, by: AccountId, now: datetime) -> None:
    fact = AnomalyActed(
        fact_id=FactId(new_id()), happened_at=now, check_id=check_id, wearer_id=wearer_id, act=act, by=by
    )
    await append(tx, fact, actor=f"account:{by}")


async def owe(tx: Tx, rule: str, about: UUID, now: datetime) -> None:
    """Begin a clock of the duty table, once for each thing that it is about."""
    duty_id = named_id("duty", rule, str(about))
    fact = DutyOpened(
        fact_id=FactId(named_id("opened", str(duty_id))), happened_at=now, duty_id=duty_id, rule=rule, about=about
    )
    await append(tx, fact, actor="system:supervision")
