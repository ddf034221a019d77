"""The camera at her door: off until everything is on file, enrolled by two, dead with its order, loud for her alone."""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from ansimnet.facts.dispatch import IncidentOpened
from ansimnet.facts.protection import FacesDestroyed, HelpAsked, HomeAlerted, HomeReported, WarningIssued
from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.ids import AlarmId, FactId, IncidentId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Purpose, Role
from ansimnet.platform.db import Tx
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account, Asking
from ansimnet.slices.policy.rules.second import RequestKind
from ansimnet.slices.protection import jobs
from ansimnet.slices.protection.model import Home
from ansimnet.slices.protection.service import homes as service
from ansimnet.slices.protection.service import press
from ansimnet.slices.protection.service.homes import EnrolledAlready, Made, NotApproved
from ansimnet.slices.protection.store import homes as store

from .conftest import sign_in
from .story import NOW, Night

HIM = new_id()
TEMPLATE = bytes(range(256)) * 2
SETUP = {
    "guard": [[[0.2, 0.5], [0.9, 0.5], [0.9, 1.0], [0.2, 1.0]]],
    "household": [[[0, 0], [0.1, 0], [0.1, 1], [0, 1]]],
    "no_neighbour": True,
}


@pytest.fixture
async def police(tonight: Night) -> Any:
    client = await sign_in(tonight, Role.POLICE_112)
    yield client
    await client.aclose()


async def person(tonight: Night, role: Role, login: str) -> Account:
    async with tonight.dbs.tracking.transaction() as tx:
        return await policy.create_account(tx, login=login, role=role, display=login, now=NOW)


async def order_for(tonight: Night, asker: Account, *, opens: list[str] | None = None) -> UUID:
    """Return an order in force that names him for a watch list."""
    clerk = await person(tonight, Role.COURT_CLERK, f"clerk-{uuid4().hex[:6]}")
    async with tonight.dbs.tracking.transaction() as tx:
        order = await policy.register_order(
            tx, asker, issuer="court", number=f"2026-{uuid4().hex[:6]}", statute="CRIM-PROC 215",
            opens=opens or ["watch_list"], resources=[HIM], from_at=NOW, until_at=NOW + timedelta(days=90),
            reason="접근금지", now=NOW,
        )  # fmt: skip
        await policy.confirm_order(tx, clerk, order.order_id, NOW)
    return order.order_id


async def approved_request(tonight: Night, asker: Account, order_id: UUID) -> UUID:
    privacy = await person(tonight, Role.PRIVACY_OFFICER, f"privacy-{uuid4().hex[:6]}")
    now = tonight.clock.now()
    asking = Asking(
        kind=RequestKind.WATCH_LIST, resources=frozenset({HIM}), purpose=Purpose.INVESTIGATE,
        ground_kind=GroundKind.ORDER, statute="CRIM-PROC 215", reason="집 앞 카메라 등록",
        until_at=now + timedelta(days=20), order_id=order_id, case_no="2026-1203",
    )  # fmt: skip
    async with tonight.dbs.tracking.transaction() as tx:
        request = await policy.request_approval(tx, asker, asking, now)
        await policy.approve_request(tx, privacy, request.request_id, "확인함", now)
    return request.request_id


async def enrolled(tonight: Night, home_id: UUID, asker: Account, order_id: UUID) -> UUID:
    request_id = await approved_request(tonight, asker, order_id)
    async with tonight.dbs.tracking.transaction() as tx:
        face = await service.may_enrol(tx, home_id, request_id, asker, tonight.clock.now())
        await service.enrol(tx, face, Made(TEMPLATE, 5, "dlib-face"), tonight.clock.now())
    return face.template_id


async def watching(tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient) -> tuple[Home, UUID, UUID]:
    """Return a camera that watches, the template enrolled there, and its order."""
    home_id = UUID((await installed(tonight, police)).json()["home_id"])
    asker = await person(tonight, Role.INVESTIGATOR, "investigator-9")
    order_id = await order_for(tonight, asker)
    assert (await police.put(f"/api/v1/home-guards/{home_id}/grounds", json=on_file(order_id))).status_code == 200
    on = await police.post(f"/api/v1/home-guards/{home_id}/on")
    assert on.status_code == 200, on.text
    template_id = await enrolled(tonight, home_id, asker, order_id)
    async with tonight.dbs.tracking.transaction() as tx:
        home = await store.load_home(tx, home_id)
    assert home is not None
    return home, template_id, order_id


async def installed(tonight: Night, police: httpx.AsyncClient, **setup: Any) -> httpx.Response:
    return await police.post(
        "/api/v1/home-guards",
        json={
            "protected_person_id": str(tonight.person_id),
            "name": "현관 카메라",
            "source": "rtsp://guard:secret@192.0.2.7:554/main",
            "setup": SETUP | setup,
        },
    )


def on_file(order_id: UUID, **changes: Any) -> dict[str, Any]:
    whole = {
        "order_id": str(order_id), "statute": "PIPA 23", "assessment_no": "PIA-2026-4",
        "assessed_on": (NOW - timedelta(days=30)).date().isoformat(),
    }  # fmt: skip
    return whole | changes


def decided(template_id: UUID | None, tonight: Night) -> dict[str, Any]:
    at = tonight.clock.now().timestamp()
    return {
        "event": "alert", "alert_id": str(uuid4()), "kind": "match" if template_id else "intrusion",
        "template_id": str(template_id) if template_id else None, "at": at, "since": at - 4, "decided_at": at,
        "ratio": 14.2 if template_id else None, "faces": 6, "unable": None if template_id else "infrared",
    }  # fmt: skip


async def take(tonight: Night, home: Home, said: dict[str, Any]) -> Any:
    async with tonight.dbs.tracking.transaction() as tx:
        return await service.take_alert(tx, home, said, tonight.clock.now())


@pytest.mark.requirement("VP-06", "VP-05")
async def test_off_until_everything_is_on_file(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    answer = await installed(tonight, police, household=[], no_neighbour=False, guard=[])
    assert answer.status_code == 201, answer.text
    assert "secret" not in answer.text
    home_id = answer.json()["home_id"]
    names = [lack["name"] for lack in answer.json()["lacks"]]
    assert names == ["order", "statute", "assessment", "guard", "household", "neighbour"]
    refused = await police.post(f"/api/v1/home-guards/{home_id}/on")
    assert refused.status_code == 409
    assert refused.json()["lacks"] == names
    await police.put(f"/api/v1/home-guards/{home_id}/setup", json=SETUP)
    asker = await person(tonight, Role.INVESTIGATOR, "investigator-1")
    order_id = await order_for(tonight, asker)
    for wrong, left in (
        (on_file(uuid4()), "order"),
        (on_file(await order_for(tonight, asker, opens=["read_footage"])), "order"),
        (on_file(order_id, statute="PIPA 1"), "statute"),
        (on_file(order_id, assessed_on="2027-01-01"), "assessment"),
        (on_file(order_id, assessed_on="2019-01-01"), "assessment"),
    ):
        await police.put(f"/api/v1/home-guards/{home_id}/grounds", json=wrong)
        again = await police.post(f"/api/v1/home-guards/{home_id}/on")
        assert (again.status_code, again.json()["lacks"]) == (409, [left])
    await police.put(f"/api/v1/home-guards/{home_id}/grounds", json=on_file(order_id))
    on = await police.post(f"/api/v1/home-guards/{home_id}/on")
    assert (on.status_code, on.json()["on"], on.json()["lacks"]) == (200, True, [])


@pytest.mark.requirement("VA-04", "VP-06")
async def test_a_face_is_enrolled_by_two_under_an_order_that_names_it(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    home_id = UUID((await installed(tonight, police)).json()["home_id"])
    asker = await person(tonight, Role.INVESTIGATOR, "investigator-1")
    other = await person(tonight, Role.INVESTIGATOR, "investigator-2")
    order_id = await order_for(tonight, asker)
    request_id = await approved_request(tonight, asker, order_id)
    async with tonight.dbs.tracking.transaction() as tx:
        for who, which in ((other, request_id), (asker, uuid4())):
            with pytest.raises(NotApproved):
                await service.may_enrol(tx, home_id, which, who, NOW)
        face = await service.may_enrol(tx, home_id, request_id, asker, NOW)
        assert face.subject_id == HIM
        await service.enrol(tx, face, Made(TEMPLATE, 5, "dlib-face"), NOW)
    with pytest.raises(EnrolledAlready):
        await enrolled(tonight, home_id, asker, order_id)
    async with tonight.dbs.tracking.transaction() as tx:
        assert await store.template_of(tx, face) == TEMPLATE
        rows = await tx.all("select template_sealed from protection_home_face")
        assert all(TEMPLATE[:32] not in bytes(r[0]) for r in rows)


@pytest.mark.requirement("VA-04", "VP-06")
@pytest.mark.parametrize("how", ["over", "withdrawn"])
async def test_a_template_dies_with_its_order(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient, how: str
) -> None:
    home, template_id, order_id = await watching(tonight, police, phone)
    if how == "over":
        tonight.later(91 * 86_400)
    else:
        async with tonight.dbs.tracking.transaction() as tx:
            clerk = await person(tonight, Role.COURT_CLERK, "clerk-w")
            await policy.withdraw_order(tx, clerk, order_id, "취소", tonight.clock.now())
    assert await take(tonight, home, decided(template_id, tonight)) is None
    async with tonight.dbs.tracking.transaction() as tx:
        face = await store.load_face(tx, template_id)
        assert face is not None
        ended = await service.end_over(tx, tonight.clock.now())
    async with tonight.dbs.tracking.transaction() as tx:
        await service.destroy_keys(tx, ended)
        assert await store.template_of(tx, face) is None
        assert tx.keys is not None
        assert tx.keys.years(store.key_of(order_id)) == []
        off = await store.load_home(tx, home.home_id)
        assert off is not None
        assert off.on_at is None
    (fact,) = await tonight.told(FacesDestroyed)
    assert fact.templates == (template_id,)


@pytest.mark.requirement("VA-04", "VP-06")
async def test_a_match_warns_her_says_may_be_and_dispatches_nobody(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    home, template_id, _ = await watching(tonight, police, phone)
    said = decided(template_id, tonight)
    assert await take(tonight, home, said) is not None
    assert await take(tonight, home, said) is None  # told again: nothing twice
    (warned,) = await tonight.told(WarningIssued)
    assert warned.level == "home"
    (alerted,) = await tonight.told(HomeAlerted)
    assert alerted.alert_kind == "match"
    assert await tonight.told(HomeReported) == []
    shown = await tonight.alert(phone)
    assert shown["home"]["likeness"] == "possible"
    assert await tonight.state(phone) == "home"
    other = decided(uuid4(), tonight)  # of a template that is in no order
    assert (await take(tonight, home, other)).kind == "intrusion"


@pytest.mark.requirement("VP-06")
async def test_the_film_grows_and_is_hers_alone(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    home, template_id, _ = await watching(tonight, police, phone)
    alert = await take(tonight, home, decided(template_id, tonight))
    path = f"home-alerts/{alert.alert_id}/clip"
    for part, (data, seconds, whole) in enumerate([(b"first", 10.0, False), (b"then", 20.1, True)]):
        head = {"alert_id": str(alert.alert_id), "seconds": seconds, "complete": whole}
        async with tonight.dbs.tracking.transaction() as tx:
            await service.take_part(tx, head, part, data, tonight.later(5))
            await service.take_part(tx, head, part, data, tonight.clock.now())
        assert (await tonight.alert(phone))["home"]["complete"] is whole
    assert (await phone.get(f"/api/v1/me/{path}")).content == b"firstthen"
    assert (await police.get(f"/api/v1/{path}")).status_code == 403  # before an incident: nobody's
    assert (await phone.get(f"/api/v1/me/home-alerts/{uuid4()}/clip")).status_code == 404
    async with tonight.dbs.tracking.transaction() as tx:
        rows = await tx.all("select data_sealed from protection_home_clip")
        assert all(b"first" not in bytes(r[0]) for r in rows)
        later = tonight.later(31 * 86_400)
        kept = await duties.limit_of(tx, jobs.KEPT_RULE, later)
        assert await store.forget_alerts(tx, later - kept - timedelta(days=2)) == 0
        assert await store.forget_alerts(tx, later - kept) == 1


@pytest.mark.requirement("VP-07")
@pytest.mark.parametrize("by", ["phone", "watch", "centre"])
async def test_a_press_brings_it_to_112_with_the_film(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient, by: str
) -> None:
    home, template_id, _ = await watching(tonight, police, phone)
    alert = await take(tonight, home, decided(template_id, tonight))
    async with tonight.dbs.tracking.transaction() as tx:
        head = {"alert_id": str(alert.alert_id), "seconds": 10.0, "complete": False}
        await service.take_part(tx, head, 0, b"film", tonight.clock.now())
    if by == "phone":
        assert (await phone.post("/api/v1/me/help", json={"answer": "call"})).status_code == 204
    elif by == "watch":
        async with tonight.dbs.tracking.transaction() as tx:
            await press.ask_help(tx, tonight.person_id, "watch", None, tonight.clock.now())
    else:
        async with aclosing(await sign_in(tonight, Role.TRACKING_CONTROLLER)) as room:
            listed = (await room.get("/api/v1/home-alerts")).json()["alerts"]
            assert [a["alert_id"] for a in listed] == [str(alert.alert_id)]
            assert (await room.post(f"/api/v1/home-alerts/{alert.alert_id}/report")).status_code == 204
    (fact,) = await tonight.told(HomeReported)
    assert (fact.alert_id, fact.code, fact.wearer_id) == (alert.alert_id, "P-207", HIM)
    assert f"/api/v1/home-alerts/{alert.alert_id}/clip" in fact.evidence
    asked = await tonight.told(HelpAsked)
    assert [a.alarm_id for a in asked] == ([] if by == "centre" else [alert.alert_id])


@pytest.mark.requirement("VP-06", "VP-07")
async def test_a_live_look_needs_an_open_incident(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    home, template_id, _ = await watching(tonight, police, phone)
    alert = await take(tonight, home, decided(template_id, tonight))
    live = f"/api/v1/home-alerts/{alert.alert_id}/live"
    assert (await police.get(live)).status_code == 404
    incident_id = IncidentId(new_id())
    await tonight.tell(opened(incident_id, AlarmId(alert.alert_id), tonight))
    assert (await police.get(live)).status_code == 403  # the incident alone opens nothing: its ground does
    async with tonight.dbs.tracking.transaction() as tx:
        await ground(tx, incident_id, alert.alert_id, home.home_id, tonight)
    assert (await police.get(live)).status_code == 204
    async with tonight.dbs.tracking.transaction() as tx:
        await store.keep_picture(tx, home, b"jpeg", tonight.clock.now())
    assert (await police.get(live)).content == b"jpeg"
    async with tonight.dbs.tracking.transaction() as tx:
        await policy.end_about(tx, incident_id, reason="closed", now=tonight.clock.now(), actor="system:test")
    tonight.later(2)
    async with tonight.dbs.tracking.transaction() as tx:
        await store.drop_pictures(tx, tonight.later(60))
        row = await tx.one("select picture_sealed from protection_home")
        assert row is not None
        assert row[0] is None


def opened(incident_id: IncidentId, alarm_id: AlarmId, tonight: Night) -> IncidentOpened:
    return IncidentOpened(
        fact_id=FactId(new_id()), happened_at=tonight.clock.now(), incident_id=incident_id, code="I-2611-0001",
        alarm_id=alarm_id, wearer_id=None, protected_person_id=tonight.person_id, trigger=Trigger.APPROACH,
        certain=False,
    )  # fmt: skip


async def ground(tx: Tx, incident_id: IncidentId, alert_id: UUID, home_id: UUID, tonight: Night) -> None:
    await policy.grant_ground(
        tx, GroundKind.STATUTE, "PIPA 15(1)5", resources={alert_id, home_id}, about=(incident_id,),
        acts={Act.VIEW_HOME, Act.READ_HOME_CLIP}, until_at=tonight.clock.now() + timedelta(hours=1),
        now=tonight.clock.now(),
    )  # fmt: skip


@pytest.mark.requirement("VP-06")
async def test_somebody_she_knows_ends_it_and_silence_goes_on(
    tonight: Night, police: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    home, _, _ = await watching(tonight, police, phone)
    alert = await take(tonight, home, decided(None, tonight))
    shown = await tonight.alert(phone)
    assert (shown["home"]["kind"], shown["home"]["unable"]) == ("intrusion", "infrared")
    answered = await phone.post(f"/api/v1/me/home-alerts/{alert.alert_id}/answer", json={"answer": "known"})
    assert answered.status_code == 204
    assert await tonight.state(phone) == "calm"
    assert await tonight.told(HomeReported) == []


@pytest.mark.parametrize("role", [Role.TRACKING_CONTROLLER, Role.PROBATION_OFFICER, Role.ADMINISTRATOR])
async def test_others_neither_set_up_nor_look(tonight: Night, role: Role) -> None:
    async with aclosing(await sign_in(tonight, role)) as client:
        assert (await client.get("/api/v1/home-guards")).status_code == 403
        assert (await client.get(f"/api/v1/home-alerts/{uuid4()}/clip")).status_code == 403
