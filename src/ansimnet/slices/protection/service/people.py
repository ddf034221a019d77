"""Registering a protected person, her devices and her settings. All in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ansimnet.facts.protection import ProtectedPersonRegistered
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import DeviceId, FactId, ProtectedPersonId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.notifications import queries as notifications
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.protection import store
from ansimnet.slices.protection.model import Grade, Person, Settings
from ansimnet.slices.protection.rules.grades import MEASURES
from ansimnet.slices.supervision import queries as supervision


async def register(
    tx: Tx, code: str, grade: Grade, home: Point, phone: str | None, account_id: UUID, now: datetime
) -> tuple[ProtectedPersonId, str]:
    """Register a person with her registered place; return her id and the one-time code that enrols her phone.

    Raises:
        CodeTaken: another person has the code.
    """
    person_id = ProtectedPersonId(new_id())
    actor = f"account:{account_id}"
    await store.add_person(tx, Person(person_id, code, grade, home, Settings(), now))
    await store.add_measures(tx, person_id, MEASURES[grade], now)
    await supervision.set_registered_place(tx, person_id, home, code)
    if phone is not None:
        await notifications.keep_phone(tx, person_id, phone, now=now)
    _, phone_code = await policy.new_phone(
        tx, role=Role.VICTIM, display=code, subject_id=person_id, now=now, actor=actor
    )
    fact = ProtectedPersonRegistered(
        fact_id=FactId(new_id()), happened_at=now, protected_person_id=person_id, code=code, grade=grade
    )
    await append(tx, fact, actor=actor)
    return person_id, phone_code


async def bind_device(
    tx: Tx, person_id: ProtectedPersonId, name: str, account_id: UUID, now: datetime
) -> tuple[DeviceId, str]:
    """Bind an issued device to her; return its id and its key, shown once.

    Raises:
        NotFound: no such person.
        NameTaken: another device has the name.
    """
    person = await store.load_person(tx, person_id)
    if person is None:
        raise NotFound
    return await supervision.bind_protected_device(
        tx, person_id, name, place=person.home, code=person.code, actor=f"account:{account_id}", now=now
    )


async def change_settings(tx: Tx, person_id: ProtectedPersonId, settings: Settings) -> None:
    """Keep how her phone behaves.

    Raises:
        NotFound: nobody is protected under this id.
    """
    if not await store.save_settings(tx, person_id, settings):
        raise NotFound
