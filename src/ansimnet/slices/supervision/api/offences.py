"""The routes of crimes during wear: the officer notes them, who reads the wearer's file reads them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db
from ansimnet.platform.http import door
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.supervision.api.asking import asker
from ansimnet.slices.supervision.api.forms import Form
from ansimnet.slices.supervision.api.papers import Made
from ansimnet.slices.supervision.model.procedure import Crime
from ansimnet.slices.supervision.service import offences
from ansimnet.slices.supervision.store import offences as rows


class OffenceForm(Form):
    """What an investigating agency charges a wearer with."""

    offence: Crime
    committed_on: date
    case_number: str = Field(min_length=1, max_length=60, pattern=r"\S", description="the agency's number of its case")


class OffenceShown(BaseModel):
    """A crime during wear. `case_number` is null where the wearer was erased."""

    offence_id: UUID
    offence: Crime
    committed_on: date
    case_number: str | None
    noted_at: datetime


class Offences(BaseModel):
    """Newest first."""

    offences: list[OffenceShown]


def router(db: Db, clock: Clock) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/api/v1", tags=["supervision"])
    ask = asker(db, clock)

    @api.get("/wearers/{wearer_id}/offences")
    async def read_offences(wearer_id: UUID, account: Annotated[Account, Depends(door(Act.READ_WEARER))]) -> Offences:
        """The crimes during wear on a wearer's file (EM-20)."""
        await ask(account, Act.READ_WEARER, Purpose.SUPERVISE, "wearer", wearer_id)
        async with db.transaction() as tx:
            found = await rows.offences_of(tx, wearer_id)
        return Offences(
            offences=[
                OffenceShown(
                    offence_id=o.offence_id, offence=o.offence, committed_on=o.committed_on, case_number=o.case_number,
                    noted_at=o.noted_at,
                )
                for o in found
            ]
        )  # fmt: skip

    @api.post("/wearers/{wearer_id}/offences", status_code=201)
    async def note_offence(
        wearer_id: UUID, form: OffenceForm, account: Annotated[Account, Depends(door(Act.REPORT_VIOLATION))]
    ) -> Made:
        """Put a crime during wear on file, by the number of the agency's case. It counts for the load alone (EM-20)."""
        await ask(account, Act.REPORT_VIOLATION, Purpose.SUPERVISE, "wearer", wearer_id)
        async with db.transaction() as tx:
            made = await offences.note(
                tx, wearer_id, form.offence, form.committed_on, form.case_number.strip(),
                by=account.account_id, now=clock.now(),
            )  # fmt: skip
        return Made(id=made)

    return api
