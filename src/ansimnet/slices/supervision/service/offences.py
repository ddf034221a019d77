"""Crimes during wear: put on file by the officer from an agency's case, never found by a machine. (EM-20)"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ansimnet.facts.supervision import OffenceNoted
from ansimnet.kernel.clock import KST
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.ids import AccountId, FactId, WearerId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.supervision.model.procedure import Crime
from ansimnet.slices.supervision.service.procedure import DoneBefore
from ansimnet.slices.supervision.store import offences as rows


class NotDuringWear(Refusal):
    """The day does not lie within the wearer's order, or is still to come."""

    name = "not-during-wear"


async def note(
    tx: Tx, wearer_id: UUID, offence: Crime, committed_on: date, case_number: str, *, by: AccountId, now: datetime
) -> UUID:
    """Put a crime on file that was committed on a day (Seoul) under the wearer's order.

    Raises:
        NotFound: no such wearer.
        NotDuringWear: before the order, after it, or in the future.
        DoneBefore: this case is on file with this offence.
    """
    order = await rows.order_of(tx, wearer_id)
    if order is None:
        raise NotFound
    first, last = (at.astimezone(KST).date() for at in order)
    if not first <= committed_on <= min(last, now.astimezone(KST).date()):
        raise NotDuringWear(todo=f"a day from {first} to {min(last, now.astimezone(KST).date())}")
    if any(o.case_number == case_number and o.offence is offence for o in await rows.offences_of(tx, wearer_id)):
        raise DoneBefore
    made = rows.OffenceRow(new_id(), offence, committed_on, case_number, now, by)
    await rows.add_offence(tx, wearer_id, made)
    fact = OffenceNoted(
        fact_id=FactId(new_id()), happened_at=now, offence_id=made.offence_id, wearer_id=WearerId(wearer_id),
        offence=offence.value, by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")
    return made.offence_id
