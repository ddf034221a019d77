"""A camera is listened to only where its site has a ground of its own, and only until its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.slices.cameras.test_blindmap import BEGAN, Office, camera, office

from ansimnet.kernel.permits import Role
from ansimnet.slices.cameras import queries
from ansimnet.slices.cameras.model import Sense

__all__ = ["office"]

FORM = {"clause": "PIPA 25(1)", "decision": "안전정책과-2026-114", "assessed_on": "2026-10-01", "sign_on": "2026-10-20"}


@pytest.mark.requirement("VA-02")
async def test_sound_is_listened_to_from_a_noted_ground_to_its_end(office: Office) -> None:
    ear, deaf = await office.plant(camera(0, 90, Sense.DAY, Sense.SOUND), camera(200, 90, Sense.DAY))
    await office.sit(Role.FACILITY_MANAGER, [ear, deaf])
    end = BEGAN + timedelta(days=30)
    form = FORM | {"until_at": end.isoformat()}
    async with office.dbs.city.transaction() as tx:
        assert await queries.listened(tx, BEGAN) == {}
    answer = await office.http.put(f"/api/v1/cameras/{ear}/sound-ground", json=form)
    assert answer.status_code == 201, answer.text
    refused = await office.http.put(f"/api/v1/cameras/{deaf}/sound-ground", json=form)
    assert refused.status_code >= 400
    assert "microphone" in refused.text
    async with office.dbs.city.transaction() as tx:
        assert await queries.listened(tx, BEGAN) == {ear: end}
        assert await queries.listened(tx, end) == {}
    shown = (await office.http.get(f"/api/v1/cameras/{ear}/sound-ground")).json()["ground"]
    assert shown["decision"] == FORM["decision"]
    assert (await office.http.delete(f"/api/v1/cameras/{ear}/sound-ground")).json() == {"ended": 1}
    async with office.dbs.city.transaction() as tx:
        assert await queries.listened(tx, BEGAN) == {}


@pytest.mark.requirement("VA-02")
@pytest.mark.parametrize(
    "wrong",
    [{"sign_on": "2099-01-01"}, {"assessed_on": "2099-01-01"}, {"until_at": (BEGAN + timedelta(days=400)).isoformat()},
     {"until_at": (BEGAN - timedelta(days=1)).isoformat()}],
)  # fmt: skip
async def test_a_ground_needs_assessment_sign_and_an_end(office: Office, wrong: dict[str, str]) -> None:
    [ear] = await office.plant(camera(0, 90, Sense.DAY, Sense.SOUND))
    await office.sit(Role.FACILITY_MANAGER, [ear])
    form = FORM | {"until_at": (BEGAN + timedelta(days=30)).isoformat()} | wrong
    assert (await office.http.put(f"/api/v1/cameras/{ear}/sound-ground", json=form)).status_code >= 400
    async with office.dbs.city.transaction() as tx:
        assert await queries.listened(tx, BEGAN) == {}


@pytest.mark.requirement("VA-02")
async def test_only_who_sets_a_camera_up_may_have_it_listened_to(office: Office) -> None:
    [ear] = await office.plant(camera(0, 90, Sense.DAY, Sense.SOUND))
    form = FORM | {"until_at": (BEGAN + timedelta(days=30)).isoformat()}
    for role in (Role.CENTRE_OPERATOR, Role.ADMINISTRATOR, Role.POLICE_112):
        await office.sit(role, [])
        assert (await office.http.put(f"/api/v1/cameras/{ear}/sound-ground", json=form)).status_code == 403
    async with office.dbs.city.transaction() as tx:
        assert await queries.listened(tx, BEGAN) == {}
