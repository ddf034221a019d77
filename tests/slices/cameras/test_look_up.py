"""Whoever writes a camera into an order or a hold finds it by its name, and learns nothing else of the register."""

from __future__ import annotations

import pytest
from tests.slices.cameras.test_blindmap import Office, camera, office

from ansimnet.kernel.permits import Role
from ansimnet.slices.cameras.api import MOST_LOOKED_UP

__all__ = ["office"]

LOOKS_UP = (Role.INVESTIGATOR, Role.COURT_CLERK, Role.PRIVACY_OFFICER)

OTHER_DESKS = (
    *(Role.CENTRE_OPERATOR, Role.SHIFT_LEAD, Role.ADMINISTRATOR, Role.FACILITY_MANAGER, Role.AUDITOR),
    *(Role.POLICE_112, Role.FIRE_119, Role.DISASTER_ROOM, Role.ANALYST),
)


@pytest.mark.requirement("CC-03", "CC-04")
@pytest.mark.parametrize("role", LOOKS_UP)
async def test_a_camera_is_found_by_its_number_or_its_place_and_by_nothing_more(office: Office, role: Role) -> None:
    first, _ = await office.plant(camera(12, 90), camera(200, 90))
    await office.sit(role, [])
    answer = await office.http.get("/api/v1/cameras/look-up", params={"words": " hd-0012 "})
    assert answer.json() == {"cameras": [{"camera_id": str(first), "code": "HD-0012", "address": "새빛로"}]}
    by_place = await office.http.get("/api/v1/cameras/look-up", params={"words": "새빛"})
    assert len(by_place.json()["cameras"]) == 2
    for path in ("named", "points", "sees?lat=37.5&lon=127", str(first)):
        assert (await office.http.get(f"/api/v1/cameras/{path}")).status_code == 403, path


@pytest.mark.requirement("CC-03")
@pytest.mark.parametrize("words", ["", " ", "H", " H ", "  "])
async def test_the_register_is_not_paged_through(office: Office, words: str) -> None:
    await office.plant(*(camera(i, 90) for i in range(MOST_LOOKED_UP + 3)))
    await office.sit(Role.INVESTIGATOR, [])
    assert (await office.http.get("/api/v1/cameras/look-up", params={"words": words})).status_code == 422
    found = await office.http.get("/api/v1/cameras/look-up", params={"words": "HD"})
    assert len(found.json()["cameras"]) == MOST_LOOKED_UP


@pytest.mark.requirement("CC-03")
@pytest.mark.parametrize("role", OTHER_DESKS)
async def test_nobody_else_looks_a_camera_up_this_way(office: Office, role: Role) -> None:
    await office.plant(camera(12, 90))
    await office.sit(role, [])
    refused = await office.http.get("/api/v1/cameras/look-up", params={"words": "HD"})
    assert refused.status_code == 403
    assert "HD-0012" not in refused.text
