"""Who may do what at the doors of protection, and what leaves through them."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from ansimnet.facts.protection import HelpAsked, ProtectedPersonRegistered, WarningIssued, WarningUpdated
from ansimnet.facts.supervision import TriggerConfirmed
from ansimnet.kernel.ids import AccountId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.ledger import Entry
from ansimnet.slices.policy.queries import Account
from ansimnet.slices.supervision import wiring as supervision

from .conftest import sign_in
from .story import HOME, NOW, Night, alarm, at, moved

PERSON = {"code": "P-311", "grade": "high", "home": [HOME.lat, HOME.lon]}


async def test_registering_tells_the_code_and_never_the_place(tonight: Night, officer: httpx.AsyncClient) -> None:
    answer = await officer.post("/api/v1/protected-persons", json=PERSON)
    assert answer.status_code == 201
    person_id = answer.json()["protected_person_id"]
    assert answer.json()["phone_code"]
    shown = (await officer.get(f"/api/v1/protected-persons/{person_id}")).json()
    assert shown["code"] == "P-311"
    assert shown["measures"] == ["phone_112", "patrol", "smartwatch"]
    assert shown["warnings"] == []
    listed = await officer.get("/api/v1/protected-persons")
    for text in (listed.text, answer.text, str(shown)):
        assert "home" not in text
        assert "36.9" not in text
    (fact,) = await tonight.told(ProtectedPersonRegistered)
    assert fact.code == "P-311"


async def test_a_code_is_given_once(officer: httpx.AsyncClient) -> None:
    assert (await officer.post("/api/v1/protected-persons", json=PERSON)).status_code == 201
    again = await officer.post("/api/v1/protected-persons", json=PERSON)
    assert again.status_code == 409
    assert again.json()["type"] == "urn:ansimnet:problem:code-taken"


@pytest.mark.parametrize(
    "change",
    [{"grade": "low"}, {"home": [91, 0]}, {"home": [36.9]}, {"code": ""}, {"phone": "a@b"}, {"home": ["nan", 1]}],
)
async def test_a_wrong_form_is_refused_whole(officer: httpx.AsyncClient, change: dict[str, object]) -> None:
    assert (await officer.post("/api/v1/protected-persons", json=PERSON | change)).status_code == 422
    assert (await officer.get("/api/v1/protected-persons")).json() == {"protected_persons": []}


@pytest.mark.parametrize("role", [Role.TRACKING_CONTROLLER, Role.AUDITOR, Role.ADMINISTRATOR])
async def test_others_register_and_list_nobody(tonight: Night, role: Role) -> None:
    async with aclosing(await sign_in(tonight, role)) as client:
        assert (await client.post("/api/v1/protected-persons", json=PERSON)).status_code == 403
        assert (await client.get("/api/v1/protected-persons")).status_code == 403
        assert (await client.get("/api/v1/me")).status_code == 403


async def test_nobody_enters_unsigned(tonight: Night) -> None:
    async with tonight.client() as client:
        for path in ("/api/v1/me", "/api/v1/me/looks", "/api/v1/protected-persons"):
            assert (await client.get(path)).status_code == 401


async def test_a_device_belongs_to_somebody_who_exists(officer: httpx.AsyncClient, phone: httpx.AsyncClient) -> None:
    none = await officer.post(f"/api/v1/protected-persons/{uuid4()}/devices", json={"name": "watch-9"})
    assert none.status_code == 404


async def test_her_phone_is_hers_alone(tonight: Night, officer: httpx.AsyncClient, phone: httpx.AsyncClient) -> None:
    answer = await officer.post("/api/v1/protected-persons", json=PERSON)
    async with tonight.client() as other:
        enrolled = await other.post("/api/v1/phone/enrol", json={"code": answer.json()["phone_code"]})
        other.headers["x-csrf-token"] = enrolled.json()["csrf"]
        await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, at(400, 150)))
        alert = await tonight.alert(phone)
        assert await tonight.state(other) == "calm"
        taken = await other.post(f"/api/v1/me/warnings/{alert['warning_id']}/acknowledge")
        assert taken.status_code == 404
    assert (await tonight.alert(phone))["acknowledged_at"] is None


async def test_settings_are_kept_and_words_follow_them(tonight: Night, phone: httpx.AsyncClient) -> None:
    me = (await phone.get("/api/v1/me")).json()
    assert me["settings"] == {"siren": False, "voice": False, "discreet": True, "words": "offender", "language": "ko"}
    assert [m["kind"] for m in me["calm"]["measures"]][:2] == ["phone_112", "patrol"]
    wanted = {"siren": True, "voice": True, "discreet": False, "words": "that_person", "language": "en"}
    assert (await phone.put("/api/v1/me/settings", json=wanted)).status_code == 204
    me = (await phone.get("/api/v1/me")).json()
    assert me["settings"] == wanted
    assert me["calm"]["measures"][1]["name"] == "Tailored patrol"
    assert (await phone.put("/api/v1/me/settings", json=wanted | {"language": "fr"})).status_code == 422


async def test_help_goes_on_the_ledger_with_its_alarm(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, at(400, 150)))
    assert (await phone.post("/api/v1/me/help", json={"answer": "hiding"})).status_code == 204
    assert (await phone.post("/api/v1/me/help", json={"answer": "fine"})).status_code == 422
    await tonight.catch_up()
    (asked,) = await tonight.told(HelpAsked)
    assert asked.answer == "hiding"
    assert asked.alarm_id is not None


async def test_she_sees_who_looked(tonight: Night, officer: httpx.AsyncClient, phone: httpx.AsyncClient) -> None:
    await officer.get(f"/api/v1/protected-persons/{tonight.person_id}")
    tonight.later(5)
    async with aclosing(await sign_in(tonight, Role.TRACKING_CONTROLLER)) as controller:
        assert (await controller.get(f"/api/v1/protected-persons/{tonight.person_id}")).status_code == 403
    looks = (await phone.get("/api/v1/me/looks")).json()["looks"]
    assert [(x["organisation"], x["granted"]) for x in looks] == [("위치추적센터", False), ("보호관찰소", True)]
    assert "보호" in looks[1]["ground"] or "개인정보" in looks[1]["ground"]


async def test_the_live_socket_gives_her_her_message_and_others_ids(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, at(400, 150)))
    now = tonight.later(6)
    await tonight.tell(moved(at(400, 200), now))
    views = [v for v in tonight.parts.live if Role.VICTIM in v.roles]
    told = [*await tonight.told(WarningIssued), *await tonight.told(WarningUpdated)]
    assert len(told) == 2
    for fact in told:
        view = next(v for v in views if v.fact is type(fact))
        assert view.project is not None
        entry = Entry(
            centre_id=tonight.dbs.tracking.centre_id, seq=1, fact=fact, actor="system:protection", recorded_at=NOW,
            sealed_at=NOW, entry_hash=b"",
        )  # fmt: skip
        async with tonight.dbs.tracking.transaction() as tx:
            hers = await view.project(tx, entry, account(tonight, tonight.person_id))
            assert hers is not None
            assert hers["alert"]["way_out"]["found"]
            assert hers["alert"]["map"]["streets"]
            assert await view.project(tx, entry, account(tonight, new_id())) is None
            assert await view.project(tx, entry, account(tonight, None)) is None
    room = [v for v in tonight.parts.live if Role.TRACKING_CONTROLLER in v.roles]
    assert all(v.project is None for v in room)  # public fields alone
    assert WarningUpdated not in {v.fact for v in room}


def account(tonight: Night, subject_id: Any) -> Account:
    return Account(
        account_id=AccountId(new_id()), centre_id=tonight.dbs.tracking.centre_id, login="phone-1", role=Role.VICTIM,
        display="P-207", subject_id=subject_id,
    )  # fmt: skip


async def test_with_real_fixes_of_both_from_the_doors_of_their_devices(
    tonight: Night, officer: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    """Registered over HTTP, fixes in over HTTP, judged by supervision, warned from her own device's place."""
    part = supervision.parts(tonight.context)
    for router in part.routers:
        tonight.app.include_router(router)
    for install in part.on_serve:
        install(tonight.app)
    wearer = await made(officer, "/api/v1/wearers", {
        "code": "W-1043", "offence": "sexual_violence", "office": "해담보호관찰소",
        "order": {"number": "2026-1", "from_at": (NOW - timedelta(days=9)).isoformat(),
                  "until_at": (NOW + timedelta(days=90)).isoformat()},
    })  # fmt: skip
    his = await made(officer, f"/api/v1/wearers/{wearer['wearer_id']}/devices", {"name": "anklet-1"})
    hers = await made(officer, f"/api/v1/protected-persons/{tonight.person_id}/devices", {"name": "watch-1"})
    await made(officer, f"/api/v1/wearers/{wearer['wearer_id']}/conditions", {
        "trigger": "approach", "label": "피해자", "protected_person_id": str(tonight.person_id), "warn_m": 600,
        "alarm_m": 350,
    })  # fmt: skip
    for step in range(24):
        now = tonight.later(5)
        for device, place in ((hers, at(410 + step, 640)), (his, at(400, 100 + 8 * step))):
            fix = {"device_id": device["device_id"], "seen_at": now.isoformat(), "lat": place.lat, "lon": place.lon,
                   "error_m": 8, "speed": 1.6}  # fmt: skip
            sent = await phone.post(
                "/ingest/positions",
                json={"positions": [fix]},
                headers={"authorization": f"Bearer {device['device_key']}"},
            )
            assert sent.json()["accepted"] == 1, sent.text
        await tonight.catch_up()
    alert = await tonight.alert(phone)
    assert alert["my"]["source"] == "device"
    assert alert["way_out"]["found"]
    assert alert["trend_m_per_min"] < -60
    me = (await phone.get("/api/v1/me")).json()
    assert me["calm"]["devices"][0]["name"] == "watch-1"
    assert me["calm"]["checked_at"] is not None
    levels = [w.level for w in await tonight.told(WarningIssued)]
    assert levels[0] == "probable"
    assert len(levels) == len(set(levels))
    assert len(await tonight.told(WarningUpdated)) >= 5


async def made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found
