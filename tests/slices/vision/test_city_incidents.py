"""From an operator's verdict to an incident of the city and its end (CC-07), on a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.slices.vision.kit import Room

from ansimnet.kernel.permits import Role
from ansimnet.platform.ledger import Reader
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.dispatch import jobs


@pytest.fixture
def readers(tmp_path: Path) -> list[Reader]:
    return [r for r in jobs.readers(MapData(tmp_path / "map")) if r.name == "dispatch.city"]


async def confirmed(room: Room, readers: list[Reader], behaviour: str, **more: Any) -> str:
    """Return an alarm that an operator has confirmed and dispatch has heard of."""
    await room.take(room.report(behaviour, **more))
    found = (await room.get("/vision/alarms"))["alarms"]
    alarm_id = str(next(a["alarm_id"] for a in found if a["behaviour"] == behaviour))
    await room.judge(alarm_id, "true")
    await room.follow(readers)
    return alarm_id


@pytest.mark.requirement("CC-07", "VA-01")
async def test_a_true_verdict_opens_an_incident_and_the_gravest_comes_first(room: Room, readers: list[Reader]) -> None:
    await room.take(room.report("loitering", place=[127.005, 37.5]))
    assert (await room.get("/city-incidents"))["incidents"] == []
    alarm_id = (await room.get("/vision/alarms"))["alarms"][0]["alarm_id"]
    await room.judge(alarm_id, "true")
    await room.follow(readers)
    violence = await confirmed(room, readers, "violence", tracks=[30])
    first, second = (await room.get("/city-incidents"))["incidents"]
    assert (first["behaviour"], first["priority"], first["asks"]) == ("violence", 1, "112")
    assert (second["behaviour"], second["priority"]) == ("loitering", 4)
    assert first["alarm_ids"] == [violence]
    sheet = await room.get(f"/city-incidents/{first['incident_id']}")
    assert "violence" in sheet["timeline"][0]["text_en"].lower()
    assert await room.told("dispatch.city-incident.opened.v1") == 2


@pytest.mark.requirement("CC-07")
async def test_alarms_of_one_place_and_minutes_are_one_incident_named_after_the_gravest(
    room: Room, readers: list[Reader]
) -> None:
    await confirmed(room, readers, "loitering")
    room.later(seconds=60)
    await confirmed(room, readers, "fire", tracks=[])
    room.later(minutes=6)
    await confirmed(room, readers, "violence", tracks=[31])
    found = (await room.get("/city-incidents"))["incidents"]
    assert [(i["behaviour"], len(i["alarm_ids"]), i["asks"]) for i in found] == [
        ("violence", 1, "112"),
        ("fire", 2, "119"),
    ]


@pytest.mark.requirement("CC-07")
async def test_it_closes_when_somebody_decided_whom_to_call_and_every_look_ends(
    room: Room, readers: list[Reader]
) -> None:
    alarm_id = await confirmed(room, readers, "collapse")
    path = f"/city-incidents/{(await room.get('/city-incidents'))['incidents'][0]['incident_id']}"
    permit_id = (await room.post(f"/vision/alarms/{alarm_id}/clip"))["permit_id"]
    refused = await room.post(f"{path}/close", {"outcome": "helped"}, 409)
    assert refused["type"].endswith("not-called")
    await room.post(f"{path}/called", {"agency": "119"}, 204)
    await room.post(f"{path}/notes", {"text": "의식 있음"}, 204)
    await room.post(f"{path}/close", {"outcome": "helped"}, 204)
    sheet = await room.get(path)
    assert (sheet["state"], sheet["called"], sheet["outcome"]) == ("closed", "119", "helped")
    assert [e["note"] for e in sheet["timeline"] if e["kind"] == "note"] == ["의식 있음"]
    async with room.city.transaction() as tx:
        row = await tx.one("select revoked_reason from policy_permit where permit_id = %s", (permit_id,))
    assert row == ("closed",)
    assert (await room.get("/city-incidents?state=over"))["incidents"][0]["state"] == "closed"


async def test_a_changed_verdict_takes_the_incident_back_and_another_opens_it_anew(
    room: Room, readers: list[Reader]
) -> None:
    alarm_id = await confirmed(room, readers, "violence")
    await room.judge(alarm_id, "false", "play")
    await room.follow(readers)
    assert (await room.get("/city-incidents"))["incidents"] == []
    assert (await room.get("/city-incidents?state=over"))["incidents"][0]["outcome"] == "taken_back"
    await room.judge(alarm_id, "true")
    await room.follow(readers)
    assert len((await room.get("/city-incidents"))["incidents"]) == 1


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.FACILITY_MANAGER, Role.AUDITOR])
async def test_nobody_else_reads_the_citys_incidents(room: Room, role: Role) -> None:
    await room.sit(role)
    await room.get("/city-incidents", 403)
