"""Who answers for which cameras: given by the administrator, for a year at most, told, and ended at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.slices.policy.people import PASSWORD, Browser, Edge, edge

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.errors import Forbidden
from ansimnet.kernel.permits import Act, NoPermit, Purpose, Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import Account

Make = Callable[..., Awaitable[Account]]


@pytest.fixture
async def room(dbs: Dbs, clock: SimulatedClock) -> AsyncIterator[Edge]:
    async with edge(dbs, clock) as whole:
        yield whole


@pytest.fixture
async def boss(make: Make, dbs: Dbs, room: Edge) -> Browser:
    """The city's administrator at a desk."""
    desk = room.browser()
    await desk.sign_in(await make(dbs.city, Role.ADMINISTRATOR, password=PASSWORD))
    return desk


@pytest.mark.requirement("CC-05", "CC-06")
async def test_who_is_given_cameras_keeps_them_until_the_day(
    make: Make, dbs: Dbs, room: Edge, boss: Browser, clock: SimulatedClock
) -> None:
    keeper = await make(dbs.city, Role.FACILITY_MANAGER, password=PASSWORD)
    mine, other = uuid4(), uuid4()
    path = f"/api/v1/accounts/{keeper.account_id}/facilities"

    async def may(camera: UUID | None = None) -> bool:
        try:
            await queries.permit(
                dbs.city, keeper, Act.MANAGE_FACILITIES, resource=camera, purpose=Purpose.MAINTAIN,
                screen="inspection", now=clock.now(),
            )  # fmt: skip
        except (Forbidden, NoPermit):
            return False
        return True

    async def put(facilities: list[str], days: int, status: int = 204) -> None:
        until = (clock.now() + timedelta(days=days)).isoformat()
        answer = await boss.client.put(path, json={"facilities": facilities, "until_at": until})
        assert answer.status_code == status, answer.text

    assert not await may()
    assert (await boss.client.get(path)).json() == {"facilities": [], "until_at": None}
    for days, named in ((-1, [str(mine)]), (400, [str(mine)]), (30, [])):
        await put(named, days, 422)
    await put([str(mine)], 30)
    assert await may(mine)
    assert not await may(other)
    assert (await boss.client.get(path)).json()["facilities"] == [str(mine)]
    await put([str(mine), str(other)], 300)
    assert await may(other)
    assert (await boss.client.get(path)).json()["facilities"] == sorted([str(mine), str(other)])
    clock.advance(timedelta(days=301))
    assert not await may(mine), "its day is over"
    told = await room.told(dbs.city, "policy.facilities.assigned.v1")
    assert [t["count"] for t in told] == [1, 2]


async def test_an_end_takes_the_permits_with_it(
    make: Make, dbs: Dbs, room: Edge, boss: Browser, clock: SimulatedClock
) -> None:
    keeper = await make(dbs.city, Role.FACILITY_MANAGER, password=PASSWORD)
    path = f"/api/v1/accounts/{keeper.account_id}/facilities"
    until = (clock.now() + timedelta(days=3)).isoformat()
    assert (await boss.client.put(path, json={"facilities": [str(uuid4())], "until_at": until})).status_code == 204
    held = await queries.permit(
        dbs.city, keeper, Act.MANAGE_FACILITIES, purpose=Purpose.MAINTAIN, screen="inspection", now=clock.now()
    )
    assert (await boss.client.delete(path)).status_code == 204
    assert (await boss.client.delete(path)).status_code == 204
    assert (await queries.hold(dbs.city, held.permit_id)).revoked_at is not None
    assert [t["count"] for t in await room.told(dbs.city, "policy.facilities.assigned.v1")] == [1, 0]


async def test_only_a_facility_manager_of_ones_own_centre_is_given_any(
    make: Make, dbs: Dbs, room: Edge, boss: Browser, clock: SimulatedClock
) -> None:
    until = (clock.now() + timedelta(days=3)).isoformat()
    operator = await make(dbs.city, Role.CENTRE_OPERATOR, password=PASSWORD)
    for account_id in (operator.account_id, uuid4()):
        answer = await boss.client.put(
            f"/api/v1/accounts/{account_id}/facilities", json={"facilities": [str(uuid4())], "until_at": until}
        )
        assert answer.status_code == 404
    keeper = await make(dbs.city, Role.FACILITY_MANAGER, password=PASSWORD)
    desk = room.browser()
    await desk.sign_in(keeper)
    path = f"/api/v1/accounts/{keeper.account_id}/facilities"
    assert (await desk.client.put(path, json={"facilities": [str(uuid4())], "until_at": until})).status_code == 403
