"""One night of the tracking centre, and accounts signed in to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from ansimnet.kernel.ids import ProtectedPersonId
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy import queries as policy

from .story import HOME, NOW, Night, night

PASSWORD = "정말-긴-비밀번호-07"


@pytest.fixture
def tonight(dbs: Dbs, tmp_path: Path) -> Night:
    return night(dbs, tmp_path)


async def sign_in(tonight: Night, role: Role) -> httpx.AsyncClient:
    """Return a client signed in as a new account of this role."""
    login = f"{role.value.replace('_', '-')}-1"
    async with tonight.dbs.tracking.transaction() as tx:
        await policy.create_account(tx, login=login, role=role, display=role.value, now=NOW, password=PASSWORD)
    client = tonight.client()
    answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["x-csrf-token"] = answer.json()["csrf"]
    return client


@pytest.fixture
async def officer(tonight: Night) -> AsyncIterator[httpx.AsyncClient]:
    client = await sign_in(tonight, Role.PROBATION_OFFICER)
    yield client
    await client.aclose()


@pytest.fixture
async def phone(tonight: Night, officer: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """The phone of a newly registered person, whose id is `tonight.person_id`."""
    answer = await officer.post(
        "/api/v1/protected-persons",
        json={"code": "P-207", "grade": "very_high", "home": [HOME.lat, HOME.lon], "phone": "010-0000-0000"},
    )
    assert answer.status_code == 201, answer.text
    tonight.person_id = ProtectedPersonId(UUID(answer.json()["protected_person_id"]))
    client = tonight.client()
    enrolled = await client.post("/api/v1/phone/enrol", json={"code": answer.json()["phone_code"]})
    assert enrolled.status_code == 200, enrolled.text
    client.headers["x-csrf-token"] = enrolled.json()["csrf"]
    yield client
    await client.aclose()
