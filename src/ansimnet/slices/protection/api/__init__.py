"""The routes of protection: registering people, and everything her phone asks. Tracking centre only."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import ProtectedPersonId
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform.http import door
from ansimnet.platform.parts import Context
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.protection import queries
from ansimnet.slices.protection.model import Grade, Settings
from ansimnet.slices.protection.service import people, press

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Registers = Annotated[Account, Depends(door(Act.REGISTER_PROTECTED))]
Reads = Annotated[Account, Depends(door(Act.READ_PROTECTED))]
Own = Annotated[Account, Depends(door(Act.READ_OWN))]
Warned = Annotated[Account, Depends(door(Act.RECEIVE_WARNING))]


class NewPerson(BaseModel):
    """A protected person to register. `home` is [lat, lon] in WGS 84 degrees; `phone` for text messages and calls."""

    code: str = Field(min_length=1, max_length=40, pattern=r"^[^\s].*$")
    grade: Grade
    home: tuple[Latitude, Longitude]
    phone: str | None = Field(None, min_length=3, max_length=30, pattern=r"^\+?[0-9 -]+$")


class NewDevice(BaseModel):
    """An issued device."""

    name: str = Field(min_length=1, max_length=60)


class Answer(BaseModel):
    """What she answers without speaking, or asks for."""

    answer: Literal["yes", "no", "hiding", "hurt", "call", "come_closer"]


class PhoneSettings(BaseModel):
    """How her phone behaves."""

    siren: bool
    voice: bool
    discreet: bool
    words: Literal["offender", "that_person"]
    language: Literal["ko", "en", "easy"]


def routes(ctx: Context) -> APIRouter:
    """Return the routes of this slice."""
    api = APIRouter(prefix="/api/v1", tags=["protection"])
    _registering(api, ctx)
    _phone(api, ctx)
    return api


def _registering(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    async def ask(account: Account, act: Act, resource: UUID | None = None) -> Permit:
        if account.centre_id != db.centre_id:
            raise Forbidden("protected persons belong to the tracking centre")
        return await policy.permit(
            db, account, act, resource=resource, purpose=Purpose.PROTECT, screen="protected", now=ctx.clock.now()
        )

    @api.post("/protected-persons", status_code=201)
    async def register(account: Registers, given: NewPerson) -> dict[str, Any]:
        """Register a protected person; the code enrols her phone once."""
        await ask(account, Act.REGISTER_PROTECTED)
        async with db.transaction() as tx:
            person_id, phone_code = await people.register(
                tx, given.code.strip(), given.grade, Point(*given.home), given.phone, account.account_id,
                ctx.clock.now(),
            )  # fmt: skip
        return {"protected_person_id": person_id, "phone_code": phone_code}

    @api.post("/protected-persons/{protected_person_id}/devices", status_code=201)
    async def bind(account: Registers, protected_person_id: UUID, given: NewDevice) -> dict[str, Any]:
        """Bind an issued device to her; its key is shown once."""
        await ask(account, Act.REGISTER_PROTECTED, protected_person_id)
        async with db.transaction() as tx:
            device_id, key = await people.bind_device(
                tx, ProtectedPersonId(protected_person_id), given.name, account.account_id, ctx.clock.now()
            )
        return {"device_id": device_id, "device_key": key}

    @api.get("/protected-persons")
    async def list_persons(account: Reads) -> dict[str, Any]:
        """Protected persons by code, with measures and devices; never a place."""
        permit = await ask(account, Act.READ_PROTECTED)
        async with db.transaction() as tx:
            return {"protected_persons": await queries.persons(tx, permit, now=ctx.clock.now())}

    @api.get("/protected-persons/{protected_person_id}")
    async def read_person(account: Reads, protected_person_id: UUID) -> dict[str, Any]:
        """One protected person with her open warnings; never a place."""
        permit = await ask(account, Act.READ_PROTECTED, protected_person_id)
        async with db.transaction() as tx:
            return await queries.person(tx, permit, protected_person_id, now=ctx.clock.now())


def _phone(api: APIRouter, ctx: Context) -> None:
    db = ctx.dbs.tracking

    async def own(account: Account, act: Act) -> tuple[ProtectedPersonId, Permit]:
        if account.subject_id is None or account.centre_id != db.centre_id:
            raise Forbidden("this account is nobody's phone", todo="enrol the phone with its code")
        permit = await policy.permit(
            db, account, act, resource=account.subject_id, purpose=Purpose.OWN, screen="phone", now=ctx.clock.now()
        )
        return ProtectedPersonId(account.subject_id), permit

    @api.get("/me")
    async def me(account: Own) -> dict[str, Any]:
        """What her phone shows now: state, alert with the way out, calm home, settings."""
        person_id, permit = await own(account, Act.READ_OWN)
        async with db.transaction() as tx:
            return await queries.me(tx, permit, person_id, ctx.map, now=ctx.clock.now())

    @api.post("/me/warnings/{warning_id}/acknowledge", status_code=204)
    async def acknowledge(account: Warned, warning_id: UUID) -> None:
        """Say "I see it": no call follows."""
        person_id, _ = await own(account, Act.RECEIVE_WARNING)
        async with db.transaction() as tx:
            await press.acknowledge(tx, person_id, warning_id, account.account_id, ctx.clock.now())

    @api.post("/me/help", status_code=204)
    async def ask_help(account: Warned, given: Answer) -> None:
        """Answer without speaking, or say that 112 was called."""
        person_id, _ = await own(account, Act.RECEIVE_WARNING)
        async with db.transaction() as tx:
            await press.ask_help(tx, person_id, given.answer, account.account_id, ctx.clock.now())

    @api.put("/me/settings", status_code=204)
    async def change_settings(account: Own, given: PhoneSettings) -> None:
        """Keep how her phone behaves."""
        person_id, _ = await own(account, Act.READ_OWN)
        async with db.transaction() as tx:
            await people.change_settings(tx, person_id, Settings(**given.model_dump()))

    @api.get("/me/looks")
    async def looks(account: Own) -> dict[str, Any]:
        """Who looked at her data or was refused, newest first; a look a law keeps back does not exist here."""
        person_id, permit = await own(account, Act.READ_OWN)
        async with db.transaction() as tx:
            return {"looks": await queries.looks(tx, permit, person_id, now=ctx.clock.now())}
