"""The room's and the units' routes over HTTP: real sessions, real permits, a real database."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
from tests.slices.dispatch.room import Him, Room
from tests.slices.supervision.made import ORIGIN, PLANE, at

from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.kernel.streets import build
from ansimnet.platform.streets import save


def streets_into(folder: Path) -> None:
    """Lay a grid of streets 100 m apart about the corner: the map of this installation."""
    n, gap = 13, 100.0
    places = [PLANE.to_point(gap * (i % n - n // 2), gap * (i // n - n // 2)) for i in range(n * n)]
    pairs = [(a, b) for a in range(n * n) for b in (a + 1, a + n) if b < n * n and (b != a + 1 or b % n)]
    u, v = (np.array([p[k] for p in pairs], np.int32) for k in (0, 1))
    grid = build(
        np.array([p.lat for p in places]), np.array([p.lon for p in places]), u, v, np.full(len(pairs), gap),
        np.full(len(pairs), 2, np.int8), tuple("새빛로" for _ in pairs),
    )  # fmt: skip
    (folder / "map").mkdir(parents=True)
    save(grid, folder / "map" / "streets.npz")


@pytest.fixture
async def story(room: Room) -> tuple[Room, Him, httpx.AsyncClient, httpx.AsyncClient, str]:
    """A breach with a unit's enrolled phone and a controller at her seat."""
    streets_into(room.folder)
    controller = await room.sign_in(Role.TRACKING_CONTROLLER)
    admin = await room.sign_in(Role.ADMINISTRATOR)
    place = at(250)
    made = await admin.post(
        "/api/v1/units",
        json={"name": "보호 1", "agency": "probation", "office": "해담", "lat": place.lat, "lon": place.lon},
    )
    assert made.status_code == 201, made.text
    phone = await room.enrol(made.json()["phone_code"])
    him, her = await room.him(), await room.her()
    await room.zone(him, her)
    await room.walk_in(him)
    await room.settle()
    return room, him, controller, phone, made.json()["unit_id"]


async def ok(answer: httpx.Response, status: int = 204) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


@pytest.mark.requirement("EM-07", "EM-17", "EM-21")
async def test_the_whole_incident_by_its_routes(
    story: tuple[Room, Him, httpx.AsyncClient, httpx.AsyncClient, str],
) -> None:
    room, _, controller, phone, unit_id = story
    police = await room.sign_in(Role.POLICE_112)
    (summary,) = (await ok(await controller.get("/api/v1/incidents"), 200))["incidents"]
    assert (summary["wearer_code"], summary["protected_code"], summary["priority"]) == ("W-1043", "P-207", 1)
    here = f"/api/v1/incidents/{summary['incident_id']}"
    await ok(await controller.post(f"{here}/acknowledge"))
    await ok(await controller.post(f"{here}/notes", json={"text": "관제 확인"}))
    assert (await ok(await phone.get("/api/v1/unit/order"), 200))["order"] is None  # a draft is nobody's order yet
    (order,) = (await ok(await controller.get(here), 200))["orders"]
    assert order["unit_id"] == unit_id
    await ok(await controller.post(f"{here}/orders/{order['order_id']}/send", json={}))
    shown = (await ok(await phone.get("/api/v1/unit/order"), 200))["order"]
    assert shown["incident_code"].startswith("I-")
    assert shown["street"] == "새빛로"
    assert len(shown["route"]) >= 2  # the way to him
    assert len(shown["likely_way"]) >= 2  # and the way he probably takes (EM-21)
    assert shown["subject"]["error_m"] > 0
    for state in ("received", "read", "accepted", "on_scene"):
        await ok(await phone.post(f"/api/v1/unit/orders/{order['order_id']}/{state}"))
    await ok(await phone.post("/api/v1/unit/position", json={"lat": ORIGIN.lat, "lon": ORIGIN.lon}))
    blocked = await controller.post(f"{here}/close", json={"outcome": "separated"})
    assert blocked.status_code == 409
    assert blocked.json()["type"] == "urn:ansimnet:problem:closing-blocked"
    assert "resolved" in blocked.json()["blocks"]
    assert (await police.post(f"{here}/concur")).status_code == 409
    await ok(await phone.post(f"/api/v1/unit/orders/{order['order_id']}/over"))
    late = await phone.post(f"/api/v1/unit/orders/{order['order_id']}/read")
    assert late.json()["type"].endswith("order-out-of-turn")
    full = await ok(await controller.get(here), 200)
    assert [s["step"] for s in full["steps"] if s["at"]] == [1, 3, 4]
    (moved,) = [u for u in full["units"] if u["unit_id"] == unit_id]
    assert moved["eta_s"] is not None
    for item in full["checklist"]:
        await ok(await controller.post(f"{here}/checklist/{item['item']}", json={"done": True}))
    await ok(await police.post(f"{here}/concur"))
    await ok(await controller.post(f"{here}/hand-over", json={"note": "다음 조에"}))
    await ok(await controller.post(f"{here}/close", json={"outcome": "separated"}))
    assert (await ok(await controller.get("/api/v1/incidents"), 200))["incidents"] == []
    (closed,) = (await ok(await controller.get("/api/v1/incidents?state=closed"), 200))["incidents"]
    assert (closed["state"], closed["incident_id"]) == ("closed", summary["incident_id"])
    assert (await ok(await phone.get("/api/v1/unit/order"), 200))["order"] is None
    await room.settle()
    after = await ok(await controller.get(here), 200)
    assert after["subject"] is None  # where he is now is nobody's business any more
    assert any("관제 확인" in line["text_ko"] for line in after["timeline"])


DESKS = (
    Role.TRACKING_CONTROLLER, Role.SHIFT_LEAD, Role.PROBATION_OFFICER, Role.OFFICE_DIRECTOR, Role.POLICE_112,
    Role.FIRE_119, Role.INVESTIGATOR, Role.COURT_CLERK, Role.GUARD_FIRM, Role.COMMITTEE_MEMBER, Role.COUNSELLOR,
    Role.SHELTER_STAFF, Role.ANALYST, Role.DISASTER_ROOM, Role.PRIVACY_OFFICER, Role.AUDITOR, Role.ADMINISTRATOR,
)  # fmt: skip
"""Who sits in the tracking centre, or signs in to it; the others have no account there."""


@pytest.mark.requirement("CC-03")
@pytest.mark.parametrize("role", DESKS)
async def test_only_the_room_runs_and_only_some_read(room: Room, role: Role) -> None:
    client = await room.sign_in(role)
    runs = {Role.TRACKING_CONTROLLER, Role.SHIFT_LEAD}
    reads = runs | {Role.PROBATION_OFFICER, Role.POLICE_112}
    listed = await client.get("/api/v1/incidents")
    assert listed.status_code == (200 if role in reads else 403)
    here = f"/api/v1/incidents/{new_id()}"
    for path, body in (("close", {"outcome": "separated"}), ("acknowledge", None), ("notes", {"text": "x"})):
        answer = await client.post(f"{here}/{path}", json=body)
        assert answer.status_code == (404 if role in runs else 403), path
    concur = await client.post(f"{here}/concur")
    assert concur.status_code == (404 if role is Role.POLICE_112 else 403)
    assert (await client.get("/api/v1/unit/order")).status_code == 403
    unit = {"name": "순찰 9", "agency": "112", "lat": 37.5, "lon": 127.0}
    assert (await client.post("/api/v1/units", json=unit)).status_code == (201 if role is Role.ADMINISTRATOR else 403)


async def test_nobody_without_a_session_and_no_write_without_its_token(room: Room) -> None:
    stranger = room.stranger()
    for path in ("incidents", f"incidents/{new_id()}", "units", "unit/order"):
        assert (await stranger.get(f"/api/v1/{path}")).status_code == 401
    controller = await room.sign_in(Role.TRACKING_CONTROLLER)
    del controller.headers["x-csrf-token"]
    refused = await controller.post(f"/api/v1/incidents/{new_id()}/acknowledge")
    assert refused.status_code in {401, 403}


async def test_one_units_phone_sees_and_moves_nothing_of_another(
    story: tuple[Room, Him, httpx.AsyncClient, httpx.AsyncClient, str],
) -> None:
    room, _, controller, _, _ = story
    admin = await room.sign_in(Role.ADMINISTRATOR)
    unit = {"name": "보호 2", "agency": "probation", "lat": 37.6, "lon": 127.2}
    other = await room.enrol((await ok(await admin.post("/api/v1/units", json=unit), 201))["phone_code"])
    twice = await admin.post("/api/v1/units", json=unit)
    assert twice.status_code == 409
    assert (await admin.post("/api/v1/units", json=unit | {"name": "x", "agency": "navy"})).status_code == 422
    (summary,) = (await ok(await controller.get("/api/v1/incidents"), 200))["incidents"]
    here = f"/api/v1/incidents/{summary['incident_id']}"
    (order,) = (await ok(await controller.get(here), 200))["orders"]
    await ok(await controller.post(f"{here}/orders/{order['order_id']}/send", json={"text": "바로"}))
    assert (await ok(await other.get("/api/v1/unit/order"), 200))["order"] is None
    assert (await other.post(f"/api/v1/unit/orders/{order['order_id']}/over")).status_code == 404
    assert (await other.get("/api/v1/incidents")).status_code == 403
    mine = next(u for u in (await ok(await controller.get("/api/v1/units"), 200))["units"] if u["name"] == "보호 2")
    await ok(await controller.post(f"{here}/units/{mine['unit_id']}/add"))
    orders = (await ok(await controller.get(here), 200))["orders"]
    drafted = next(o for o in orders if o["state"] == "draft")
    assert UUID(drafted["unit_id"]) == UUID(mine["unit_id"])
    await ok(await controller.post(f"{here}/orders/{drafted['order_id']}/send", json={}))
    assert (await ok(await other.get("/api/v1/unit/order"), 200))["order"]["text"] == "바로"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("notes", {"text": "가" * 2001}),
        ("notes", {}),
        ("close", {"outcome": "x" * 41}),
        ("checklist/separated", {"done": "perhaps"}),
        ("hand-over", {"to": "somebody"}),
    ],
)
async def test_broken_input_is_a_problem_not_a_fault(room: Room, path: str, body: dict[str, Any]) -> None:
    controller = await room.sign_in(Role.TRACKING_CONTROLLER)
    answer = await controller.post(f"/api/v1/incidents/{new_id()}/{path}", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
