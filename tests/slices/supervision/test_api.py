"""Gateways and routes over HTTP, with real sessions, real permits and a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import http as platform_http
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.parts import Context
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy import wiring as policy_wiring
from ansimnet.slices.supervision import wiring

from .made import NOON, at

PASSWORD = "정말-긴-비밀번호-07"
HERE = "http://127.0.0.1:8700"


@dataclass
class Desk:
    """An application with the real parts of policy and supervision, and a clock that moves when told."""

    app: FastAPI
    dbs: Dbs
    clock: SimulatedClock
    clients: list[httpx.AsyncClient]

    def stranger(self) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 40000), raise_app_exceptions=False)
        self.clients.append(httpx.AsyncClient(transport=transport, base_url=HERE))
        return self.clients[-1]

    async def sign_in(self, role: Role) -> httpx.AsyncClient:
        login = f"{role.value.replace('_', '-')}-{len(self.clients)}"
        async with self.dbs.tracking.transaction() as tx:
            await policy.create_account(
                tx, login=login, role=role, display="관제07", now=self.clock.now(), password=PASSWORD
            )
        client = self.stranger()
        answer = await client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        return client

    async def wearer(self, officer: httpx.AsyncClient, **more: Any) -> httpx.Response:
        order = {"number": "2026-1", "from_at": "2026-10-01T00:00:00Z", "until_at": "2028-01-01T00:00:00Z"}
        body = {"code": "W-1043", "offence": "sexual_violence", "office": "해담보호관찰소", "order": order}
        return await officer.post("/api/v1/wearers", json=body | more)


@pytest.fixture
async def desk(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Desk]:
    clock = SimulatedClock(NOON)
    given = {"dbs": dbs, "clock": clock, "map": MapData(tmp_path / "map"), "settings": Settings(data_dir=tmp_path)}
    context = cast(Context, type("C", (), given))
    app = FastAPI()
    platform_http.install(app)
    for module in (policy_wiring, wiring):
        parts = module.parts(context)
        for router in parts.routers:
            app.include_router(router)
        for prepare in parts.on_serve:
            prepare(app)
    made = Desk(app, dbs, clock, [])
    yield made
    for client in made.clients:
        await client.aclose()


@dataclass
class Story:
    """A registered wearer with a device and a zone."""

    desk: Desk
    officer: httpx.AsyncClient
    wearer_id: str
    key: str
    condition_id: str
    device: httpx.AsyncClient

    async def walk(self, steps: int = 60, **more: Any) -> httpx.Response:
        positions = [self.position(i) | more for i in range(steps)]
        self.desk.clock.at = NOON + timedelta(seconds=5 * steps)
        return await self.device.post("/ingest/positions", json={"positions": positions})

    @staticmethod
    def position(i: int) -> dict[str, Any]:
        p = at(600 - 7 * i)
        seen_at = (NOON + timedelta(seconds=5 * i)).isoformat()
        return {"name": "anklet-1", "seen_at": seen_at, "lat": p.lat, "lon": p.lon, "error_m": 15, "battery": 80}


@pytest.fixture
async def story(desk: Desk) -> Story:
    officer = await desk.sign_in(Role.PROBATION_OFFICER)
    wearer_id = (await desk.wearer(officer)).json()["wearer_id"]
    device = (await officer.post(f"/api/v1/wearers/{wearer_id}/devices", json={"name": "anklet-1"})).json()
    zone = {"trigger": "exclusion_zone", "label": "학교", "centre": [37.5, 127.03], "radius_m": 300}
    condition = await officer.post(f"/api/v1/wearers/{wearer_id}/conditions", json=zone)
    sender = desk.stranger()
    sender.headers["authorization"] = f"Bearer {device['device_key']}"
    return Story(desk, officer, wearer_id, device["device_key"], condition.json()["condition_id"], sender)


@pytest.mark.requirement("EM-01")
@pytest.mark.parametrize("offence", ["theft", "", None, "SEXUAL_VIOLENCE"])
async def test_an_offence_that_allows_no_device_is_refused(desk: Desk, offence: str | None) -> None:
    officer = await desk.sign_in(Role.PROBATION_OFFICER)
    answer = await desk.wearer(officer, offence=offence)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:ansimnet:problem:ineligible-offence"
    assert (await officer.get("/api/v1/wearers")).json()["wearers"] == []


@pytest.mark.requirement("EM-01")
@pytest.mark.parametrize("offence", ["sexual_violence", "minor_abduction", "robbery_murder", "specified_violent"])
async def test_the_four_offences_are_taken(desk: Desk, offence: str) -> None:
    officer = await desk.sign_in(Role.PROBATION_OFFICER)
    assert (await desk.wearer(officer, offence=offence)).status_code == 201


async def test_a_batch_becomes_an_alarm_that_explains_itself(story: Story) -> None:
    answer = await story.walk()
    assert answer.json() == {"accepted": 60, "duplicate": 0, "late": 0, "refused": []}
    controller = await story.desk.sign_in(Role.TRACKING_CONTROLLER)
    queue = (await controller.get("/api/v1/alarms")).json()
    (alarm,) = queue["alarms"]
    assert (alarm["state"], alarm["wearer_code"], alarm["place"]) == ("certain", "W-1043", "학교")
    assert queue["load"]["per_10min"] == 1
    detail = (await controller.get(f"/api/v1/alarms/{alarm['alarm_id']}")).json()
    assert detail["fixes"]
    assert detail["condition"]["radius_m"] == 300
    assert "출입금지" in detail["why"]["ko"]
    assert [f["in_s"] for f in detail["forecast"]] == [30, 60, 90, 120, 150, 180]
    assert detail["closing_mps"] > 0
    seen = await controller.post(f"/api/v1/alarms/{alarm['alarm_id']}/acknowledge")
    assert seen.json()["acknowledged_at"] is not None
    found = await story.officer.post(f"/api/v1/alarms/{alarm['alarm_id']}/finding", json={"finding": "confirmed"})
    assert found.status_code == 204
    again = await story.officer.post(f"/api/v1/alarms/{alarm['alarm_id']}/finding", json={"finding": "false"})
    assert again.status_code == 409


async def test_a_wearers_page_and_track(story: Story) -> None:
    await story.walk(tamper="strap")
    page = (await story.officer.get(f"/api/v1/wearers/{story.wearer_id}")).json()
    assert page["devices"][0]["battery"] == 80
    assert page["devices"][0]["worn"] is False
    assert page["conditions"][0]["centre"] == [37.5, 127.03]
    assert {a["trigger"] for a in page["alarms"]} == {"tamper", "exclusion_zone"}
    assert page["last_fix"]["signs"] == ["strap"]
    track = (await story.officer.get(f"/api/v1/wearers/{story.wearer_id}/track")).json()["fixes"]
    assert len(track) == 60
    assert track[0]["probability"] < 0.01 < 0.9 < track[-1]["probability"]


async def test_a_wearer_is_named_by_his_whole_number_to_whoever_writes_an_order(story: Story) -> None:
    clerk, officer = await story.desk.sign_in(Role.COURT_CLERK), story.officer
    found = await clerk.get("/api/v1/wearers/numbered", params={"code": "w-1043"})
    assert found.json() == {"wearer_id": str(story.wearer_id), "code": "W-1043"}
    assert (await clerk.get("/api/v1/wearers/numbered", params={"code": "W-10"})).status_code == 404
    assert (await clerk.get(f"/api/v1/wearers/{story.wearer_id}")).status_code == 403
    assert (await officer.get("/api/v1/wearers/numbered", params={"code": "W-1043"})).status_code == 403


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
@pytest.mark.parametrize("path", ["/wearers", "/alarms", "/notices"])
async def test_who_has_no_ground_sees_nobody(desk: Desk, role: Role, path: str) -> None:
    client = await desk.sign_in(role)
    answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == 403
    assert (await desk.stranger().get(f"/api/v1{path}")).status_code == 401


async def test_osmand_by_query_and_by_form(story: Story) -> None:
    p = at(100)
    story.desk.clock.at = NOON + timedelta(seconds=20)
    words = {
        "id": "anklet-1",
        "lat": p.lat,
        "lon": p.lon,
        "timestamp": int(NOON.timestamp()),
        "accuracy": 12,
        "batt": 77,
    }
    by_query = await story.device.get("/ingest/osmand", params=words)
    again = await story.device.post("/ingest/osmand", data={k: str(v) for k, v in words.items()})
    later = await story.device.post("/ingest/osmand", params=words | {"timestamp": int(NOON.timestamp()) + 10})
    assert [a.json()["accepted"] for a in (by_query, again, later)] == [1, 0, 1]
    assert again.json()["duplicate"] == 1


async def test_a_device_is_answered_on_its_short_way_as_everybody_is(story: Story) -> None:
    story.desk.clock.at = NOON + timedelta(seconds=20)
    words: dict[str, str | float] = {"id": "anklet-1", "lat": 37.5, "lon": 127.0, "timestamp": int(NOON.timestamp())}
    taken = await story.device.get("/ingest/osmand", params=words)
    stranger = await story.desk.stranger().get("/ingest/osmand", params=words)
    elsewhere = await story.device.get("/ingest/nothing")
    otherwise = await story.device.delete("/ingest/osmand")
    unread = await story.device.get("/ingest/osmand?" + "&".join(f"w{i}=1" for i in range(70)))
    assert [a.status_code for a in (taken, stranger, elsewhere, otherwise, unread)] == [200, 401, 404, 405, 422]
    for answer in (taken, stranger, otherwise, unread):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert taken.headers["content-type"] == "application/json"
    assert unread.json()["type"] == "urn:ansimnet:problem:unreadable"


async def test_traccar_forwarding(story: Story) -> None:
    p = at(900)
    attributes = {"alarm": "tampering", "batteryLevel": 40}
    position = {"fixTime": NOON.isoformat(), "latitude": p.lat, "longitude": p.lon, "accuracy": 0.0, "speed": 2.0}
    body = {"position": position | {"valid": True, "attributes": attributes}, "device": {"uniqueId": "anklet-1"}}
    answer = await story.device.post("/ingest/positions", json=body)
    assert answer.json().get("accepted") == 1, answer.text
    page = (await story.officer.get(f"/api/v1/wearers/{story.wearer_id}")).json()
    assert page["last_fix"]["speed_mps"] == pytest.approx(1.029, abs=0.001)  # 2 knots
    assert page["last_fix"]["error_m"] == 50  # unknown, not perfect
    assert page["alarms"][0]["trigger"] == "tamper"


async def test_wrong_positions_are_refused_by_their_place_and_the_rest_is_taken(story: Story) -> None:
    good = story.position(0)
    positions: list[Any] = [
        good,
        7,
        good | {"lat": "north"},
        good | {"lat": 91},
        good | {"seen_at": "yesterday"},
        good | {"seen_at": (NOON + timedelta(minutes=5)).isoformat()},
        good | {"name": "somebody-else"},
        good | {"lat": 0, "lon": 0},
        good | {"tamper": "spells"},
    ]
    answer = (await story.device.post("/ingest/positions", json={"positions": positions})).json()
    assert answer["accepted"] == 1
    assert [(r["index"], r["name"]) for r in answer["refused"]] == [
        (1, "unreadable"),
        (2, "unreadable"),
        (3, "no-such-place"),
        (4, "no-instant"),
        (5, "seen-ahead"),
        (6, "unknown-device"),
        (7, "no-such-place"),
        (8, "unknown-sign"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        pytest.param(b"", 422, "unreadable", id="nothing"),
        pytest.param(b"{", 422, "unreadable", id="half"),
        pytest.param(b"\xff\xfe", 422, "unreadable", id="no-utf8"),
        pytest.param(b'{"hello": 1}', 422, "unreadable", id="another-form"),
        pytest.param(b'{"positions": ' + b"[" * 5000, 422, "unreadable", id="deep"),
        pytest.param(json.dumps({"positions": [{}] * 5001}).encode(), 422, "too-many-positions", id="too-many"),
        pytest.param(b" " * (1 << 20) + b" ", 413, "too-large", id="too-long"),
    ],
)
async def test_what_is_no_batch_is_refused_whole(story: Story, body: bytes, status: int, name: str) -> None:
    answer = await story.device.post("/ingest/positions", content=body)
    assert answer.json()["type"] == f"urn:ansimnet:problem:{name}"
    assert answer.status_code == status


async def test_a_batch_that_never_ends_is_given_up_and_the_next_is_taken(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_http.Hardened, "patience_s", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        yield b'{"positions": ['
        await asyncio.sleep(3)
        yield b"]}"

    answer = await story.device.post("/ingest/positions", content=drip())
    assert (answer.status_code, answer.headers["content-type"]) == (408, "application/problem+json")
    assert (await story.walk(1)).json()["accepted"] == 1


@pytest.mark.parametrize("header", [None, "Bearer ", "Basic abc", "Bearer wrong"])
async def test_nobody_reports_without_a_key(story: Story, header: str | None) -> None:
    stranger = story.desk.stranger()
    if header is not None:
        stranger.headers["authorization"] = header
    answer = await stranger.post("/ingest/positions", json={"positions": [story.position(0)]})
    assert answer.status_code == 401


async def test_a_gateway_speaks_for_many(story: Story) -> None:
    made = (await story.officer.post("/api/v1/gateways", json={"name": "maker"})).json()
    await story.officer.post(f"/api/v1/wearers/{story.wearer_id}/devices", json={"name": "anklet-2"})
    sender = story.desk.stranger()
    sender.headers["authorization"] = f"Bearer {made['gateway_key']}"
    positions = [story.position(0), story.position(0) | {"name": "anklet-2"}]
    assert (await sender.post("/ingest/positions", json={"positions": positions})).json()["accepted"] == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"trigger": "exclusion_zone", "ring": [[37.5, 127.0], [37.6, 127.0]]}, id="two-corners"),
        pytest.param({"trigger": "exclusion_zone"}, id="nowhere"),
        pytest.param({"trigger": "curfew", "home": [37.5, 127.0]}, id="no-radius"),
        pytest.param({"trigger": "approach", "warn_m": 100, "alarm_m": 200}, id="nobody"),
        pytest.param({"trigger": "tamper"}, id="tamper-is-implied"),
        pytest.param({"trigger": "curfew", "home": [37.5, 127.0], "radius_m": 50, "from": "25:00"}, id="no-such-hour"),
        pytest.param(
            {"trigger": "exclusion_zone", "centre": [37.5, 127.0], "radius_m": 50, "from": "08:00"},
            id="hours-that-end-never",
        ),
    ],
)
async def test_a_condition_that_cannot_be_judged_is_refused(story: Story, body: dict[str, Any]) -> None:
    answer = await story.officer.post(f"/api/v1/wearers/{story.wearer_id}/conditions", json=body)
    assert answer.status_code == 422


@pytest.mark.requirement("EM-14")
async def test_a_zone_of_some_hours_is_shown_with_them_and_lets_him_in_outside_of_them(story: Story) -> None:
    await story.officer.delete(f"/api/v1/conditions/{story.condition_id}")
    school = {"trigger": "exclusion_zone", "centre": [37.5, 127.03], "radius_m": 300, "from": "13:00", "until": "15:30"}
    set_ = await story.officer.post(f"/api/v1/wearers/{story.wearer_id}/conditions", json=school)
    assert set_.status_code == 201
    await story.walk()  # at noon
    page = (await story.officer.get(f"/api/v1/wearers/{story.wearer_id}")).json()
    assert [c["window"] for c in page["conditions"]] == [{"from": "13:00", "until": "15:30"}]
    assert page["alarms"] == []


async def test_ending_a_condition_takes_its_alarm_back(story: Story) -> None:
    await story.walk()
    assert (await story.officer.delete(f"/api/v1/conditions/{story.condition_id}")).status_code == 204
    page = (await story.officer.get(f"/api/v1/wearers/{story.wearer_id}")).json()
    assert page["conditions"] == []
    assert [(a["state"], a["clear_reason"]) for a in page["alarms"]] == [("cleared", "condition_ended")]


async def test_a_medical_stay_is_told(story: Story) -> None:
    stay = {
        "condition_id": story.condition_id, "enters_at": NOON.isoformat(),
        "leaves_at": (NOON + timedelta(hours=2)).isoformat(), "place_coarse": "해담동", "accompanied_by": "119",
    }  # fmt: skip
    told = await story.officer.post(f"/api/v1/wearers/{story.wearer_id}/medical-notices", json=stay)
    assert told.status_code == 201
    await story.walk()
    page = (await story.officer.get(f"/api/v1/wearers/{story.wearer_id}")).json()
    assert [(a["medical"], a["priority"]) for a in page["alarms"]] == [("advance", 4)]


async def test_a_wearer_handed_over_is_seen_by_the_new_office_alone(desk: Desk) -> None:
    registrar, east = await desk.sign_in(Role.PROBATION_OFFICER), await desk.sign_in(Role.PROBATION_OFFICER)
    async with desk.dbs.tracking.transaction() as tx:
        await tx.execute(
            "update policy_account set office = %s where login = %s", ["동부보호관찰소", "probation-officer-1"]
        )
    wearer = (await desk.wearer(registrar, office="동부보호관찰소")).json()["wearer_id"]
    await desk.wearer(registrar, code="W-2000", office="서부보호관찰소")
    assert (await east.get(f"/api/v1/wearers/{wearer}")).status_code == 200
    listed = (await east.get("/api/v1/wearers")).json()["wearers"]
    assert [w["code"] for w in listed] == ["W-1043"]
    moved = await registrar.put(f"/api/v1/wearers/{wearer}/office", json={"office": "서부보호관찰소"})
    assert moved.status_code == 204
    await asyncio.sleep(1.1)  # a permit in hand is trusted for a second
    answer = await east.get(f"/api/v1/wearers/{wearer}")
    assert answer.status_code == 403
    assert "no-competent-district" in answer.text
    assert (await registrar.get(f"/api/v1/wearers/{wearer}")).json()["office"] == "서부보호관찰소"
    missing = await registrar.put(f"/api/v1/wearers/{new_id()}/office", json={"office": "서부보호관찰소"})
    assert missing.status_code == 404


@pytest.mark.requirement("DI-01")
async def test_whoever_tries_keys_is_looked_up_no_more_and_whoever_has_one_is_heard(story: Story) -> None:
    assert (await story.walk(1)).status_code == 200
    stranger = story.desk.stranger()
    answers = []
    for i in range(60):
        tried = {"authorization": f"Bearer nobody-{i}"}
        answers.append((await stranger.post("/ingest/positions", json={"positions": []}, headers=tried)).status_code)
    assert answers == [401] * 50 + [429] * 10
    assert (await story.walk(2)).json()["accepted"] == 1  # from the same address, by a key that is known
    story.desk.clock.at += timedelta(seconds=1)
    assert (await stranger.post("/ingest/positions", json={}, headers=tried)).status_code == 401  # five a second


async def test_messages_that_arrive_together_are_answered_each_for_its_own(story: Story) -> None:
    async def say(i: int) -> dict[str, Any]:
        position = story.position(i) if i % 5 else {"device_id": "anklet-1", "seen_at": "when?"}
        answer = await story.device.post("/ingest/positions", json={"positions": [position]})
        return cast(dict[str, Any], answer.json())

    story.desk.clock.at = NOON + timedelta(seconds=600)
    told = await asyncio.gather(*(say(i) for i in range(40)))
    assert [t["accepted"] for t in told] == [1 if i % 5 else 0 for i in range(40)]
    assert [[r["name"] for r in t["refused"]] for t in told] == [[] if i % 5 else ["no-instant"] for i in range(40)]
    again = await asyncio.gather(*(say(i) for i in range(40)))
    assert sum(t["duplicate"] for t in again) == 32
