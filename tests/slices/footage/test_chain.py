"""From a confirmed trigger to a picture and back to darkness, over the real link and the real relay."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.centres import HERE, Centres, centres, place
from tests.slices.footage.kit import Stage, watching

from ansimnet.facts.dispatch import IncidentClosed, IncidentOpened, IncidentResolved
from ansimnet.facts.footage import ProvisionRequested
from ansimnet.facts.supervision import AlarmCleared, Medical, Trigger
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import (
    CITY_CENTRE,
    TRACKING_CENTRE,
    AlarmId,
    FactId,
    IncidentId,
    PermitId,
    ProvisionId,
    SubjectId,
    WearerId,
    new_id,
)
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Dbs
from ansimnet.slices.policy import queries as policy

GIVEN = "footage.provision.given.v1"
ENDED = "footage.provision.ended.v1"


@pytest.fixture
async def city(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Centres]:
    async with TestCamera() as camera, centres(dbs, tmp_path, camera) as running:
        camera.boxes = [("17", "Human", (0.1, 0.1, 0.25, 0.7))]
        await live(running)
        yield running


async def live(c: Centres) -> None:
    """Wait until the relay has reached the camera and said so."""
    async with asyncio.timeout(10):
        while True:
            async with c.dbs.city.transaction() as tx:
                if await tx.one("select 1 from camera_health where live"):
                    return
            await asyncio.sleep(0.02)


def stage_at(c: Centres, url: str) -> Stage:
    return Stage(None, None, None, url)  # type: ignore[arg-type]


async def alarm(c: Centres, **more: object) -> tuple[AlarmId, IncidentId]:
    """Confirm a trigger, open its incident, and wait for the city's answer."""
    alarm_id, incident_id = AlarmId(new_id()), IncidentId(new_id())
    trigger = c.trigger(alarm_id, **more)  # type: ignore[arg-type]
    opened = IncidentOpened(
        fact_id=FactId(new_id()),
        happened_at=now(),
        incident_id=incident_id,
        code="I-2611-0001",
        alarm_id=alarm_id,
        wearer_id=trigger.wearer_id,
        protected_person_id=None,
        trigger=trigger.trigger,
        certain=True,
    )
    before = (await c.kinds(c.dbs.tracking)).count(GIVEN)
    await c.tell(c.dbs.tracking, trigger, opened)
    if trigger.medical is not Medical.ADVANCE:
        await c.waits(c.dbs.tracking, GIVEN, before + 1)
    return alarm_id, incident_id


def closed(incident_id: IncidentId, alarm_id: AlarmId) -> IncidentClosed:
    return IncidentClosed(
        fact_id=FactId(new_id()),
        happened_at=now(),
        incident_id=incident_id,
        protected_person_id=None,
        wearer_id=None,
        alarm_ids=(alarm_id,),
        outcome="safe",
        by=None,
    )


@pytest.mark.requirement("EM-14", "EM-15", "EM-16", "CC-03")
async def test_a_trigger_opens_pictures_and_closing_ends_them(city: Centres) -> None:
    alarm_id, incident_id = await alarm(city)
    shown = await city.cameras_of(incident_id)
    assert shown["state"] == "given"
    assert len(shown["cameras"]) >= 6
    first = shown["cameras"][0]
    assert (first["code"], first["sees"], first["live"], first["rank"]) == ("HD-0000", True, True, 1)
    ticket = await city.post(
        "controller",
        f"/provisions/{shown['provision_id']}/tickets",
        {"camera_id": first["camera_id"], "masking": "masked"},
    )
    assert ticket.status_code == 200, ticket.text
    got = ticket.json()
    async with watching(stage_at(city, got["url"]), got["ticket"]) as w:
        await w.frames(5)
        assert next(m for m in w.words if m["type"] == "init")["masking"] == "masked"
        listed = (await city.get("operator", "/provisions")).json()["provisions"]
        assert [v["viewer"] for v in listed[0]["viewers"]] == ["controller@tracking"]
        await w.socket.send(json.dumps({"type": "mark", "track": "17"}))
        await w.until(lambda: len(w.parts) == 2)
        await w.frames(3)
        await city.tell(city.dbs.tracking, closed(incident_id, alarm_id))
        assert await w.close_code() == 4403
    await city.waits(city.dbs.city, "footage.view.closed.v1")
    kinds = await city.kinds(city.dbs.city)
    opened_at, used = kinds.index("footage.view.opened.v1"), kinds.index("policy.access.decided.v1")
    assert used < opened_at < kinds.index("footage.track.marked.v1") < kinds.index("footage.view.closed.v1")
    assert (await city.cameras_of(incident_id))["state"] == "ended"
    again = await city.post(
        "controller", f"/provisions/{shown['provision_id']}/tickets", {"camera_id": first["camera_id"]}
    )
    assert again.status_code == 409
    async with city.dbs.city.transaction() as tx:
        row = await tx.one("select lat, reason from footage_provision")
        left = await tx.one("select count(*) from policy_permit where revoked_at is null and masking <> 'masked'")
    assert row == (None, "closed")
    assert left == (0,)


@pytest.mark.requirement("EM-14")
async def test_the_city_hears_nothing_before_a_trigger_and_never_whose_it_is(city: Centres) -> None:
    alarm_id = AlarmId(new_id())
    await city.tell(city.dbs.tracking, city.followed(alarm_id, HERE))
    _, incident_id = await alarm(city)
    assert (await city.cameras_of(incident_id))["state"] == "given"
    kinds = await city.kinds(city.dbs.city)
    assert "footage.subject.moved.v1" not in kinds
    async with city.dbs.city.transaction() as tx:
        bodies = [bytes(r[0]) for r in await tx.all("select body from ledger_entry")]
        wearer = await tx.one("select count(wearer_id) from footage_provision")
    assert not any(str(city.wearer).encode() in b for b in bodies)
    assert wearer == (0,)


@pytest.mark.requirement("EM-15")
@pytest.mark.parametrize(
    ("trigger", "statute", "reason"),
    [("curiosity", "PIPA 18(2)3", "fifth-trigger"), ("tamper", "because", "no-citation")],
)
async def test_anything_but_a_trigger_with_its_clause_is_refused(
    city: Centres, trigger: str, statute: str, reason: str
) -> None:
    fact = ProvisionRequested(
        fact_id=FactId(new_id()),
        happened_at=now(),
        provision_id=ProvisionId(new_id()),
        from_centre=TRACKING_CENTRE,
        to_centre=CITY_CENTRE,
        alarm_id=AlarmId(new_id()),
        subject_id=SubjectId(new_id()),
        trigger=trigger,  # type: ignore[arg-type]
        statute=statute,
        lat=HERE.lat,
        lon=HERE.lon,
        error_m=5,
        speed_mps=None,
        course_deg=None,
        seen_at=now(),
    )
    async with city.dbs.city.transaction() as tx:
        await city.parts.link_in[ProvisionRequested](tx, fact, TRACKING_CENTRE)
        row = await tx.one("select state, reason, lat from footage_provision")
        cameras = await tx.one("select count(*) from footage_provision_camera")
    assert row == ("refused", reason, None)
    assert cameras == (0,)


async def test_an_entry_told_in_advance_for_an_emergency_opens_no_picture(city: Centres) -> None:
    _, incident_id = await alarm(city, medical=Medical.ADVANCE)
    assert (await city.cameras_of(incident_id))["state"] == "none"
    assert "footage.provision.requested.v1" not in await city.kinds(city.dbs.tracking)


async def test_cameras_follow_the_subject(city: Centres) -> None:
    alarm_id, incident_id = await alarm(city)
    far = place(560, 0)
    await city.tell(city.dbs.tracking, city.followed(alarm_id, far))
    await city.waits(city.dbs.tracking, "footage.provision.cameras-changed.v1")
    shown = await city.cameras_of(incident_id)
    sees = [c["code"] for c in shown["cameras"] if c["sees"]]
    assert "HD-0014" in sees
    assert "HD-0000" not in [c["code"] for c in shown["cameras"]]
    async with city.dbs.tracking.transaction() as tx:
        permit_scope = await tx.one("select cardinality(resources) from policy_ground where trigger is not null")
    assert permit_scope is not None
    assert permit_scope[0] > 13


async def test_a_second_alarm_of_one_wearer_rides_on_the_first_provision(city: Centres) -> None:
    first, incident_id = await alarm(city)
    second = AlarmId(new_id())
    await city.tell(city.dbs.tracking, city.trigger(second, trigger=Trigger.APPROACH))
    cleared = AlarmCleared(
        fact_id=FactId(new_id()),
        happened_at=now(),
        alarm_id=first,
        wearer_id=city.wearer,
        protected_person_id=None,
        reason="left",
    )
    await city.tell(city.dbs.tracking, cleared)
    await asyncio.sleep(0.3)
    assert (await city.cameras_of(incident_id))["state"] == "given"
    last = AlarmCleared(
        fact_id=FactId(new_id()),
        happened_at=now(),
        alarm_id=second,
        wearer_id=city.wearer,
        protected_person_id=None,
        reason="left",
    )
    await city.tell(city.dbs.tracking, last)
    await city.waits(city.dbs.city, ENDED)
    assert (await city.kinds(city.dbs.tracking)).count("footage.provision.requested.v1") == 1


async def test_a_permit_taken_back_at_home_cuts_the_picture_in_the_city(city: Centres) -> None:
    _, incident_id = await alarm(city)
    shown = await city.cameras_of(incident_id)
    got = (
        await city.post(
            "controller",
            f"/provisions/{shown['provision_id']}/tickets",
            {"camera_id": shown["cameras"][0]["camera_id"]},
        )
    ).json()
    async with watching(stage_at(city, got["url"]), got["ticket"]) as w:
        await w.frames(1)
        async with city.dbs.tracking.transaction() as tx:
            await policy.revoke(
                tx,
                PermitId(UUID(got["permit_id"])),
                "a mistake",
                now(),
                by=city.accounts["controller"].account_id,
            )
        assert await w.close_code() == 4403


async def test_who_has_no_part_gets_no_ticket(city: Centres) -> None:
    _, incident_id = await alarm(city)
    shown = await city.cameras_of(incident_id)
    path, camera = f"/provisions/{shown['provision_id']}/tickets", shown["cameras"][0]["camera_id"]
    for seat in ("officer", "city-admin"):
        assert (await city.post(seat, path, {"camera_id": camera})).status_code == 403
    elsewhere = {"camera_id": str(new_id())}
    refused = await city.post("controller", path, elsewhere)
    assert refused.status_code == 403
    assert refused.json()["todo"]
    own = await city.post("operator", path, {"camera_id": camera})
    assert own.status_code == 200
    stranger = await city.post("operator", f"/provisions/{new_id()}/tickets", {"camera_id": camera})
    assert stranger.status_code == 404


@pytest.mark.requirement("EM-21")
async def test_an_ordered_unit_sees_the_picture_and_no_other_unit_does(city: Centres) -> None:
    _, incident_id = await alarm(city)
    shown = await city.cameras_of(incident_id)
    camera, unit_id = shown["cameras"][0]["camera_id"], new_id()
    async with city.dbs.tracking.transaction() as tx:
        account_id, _ = await policy.new_phone(
            tx, role=Role.FIELD_UNIT, display="순찰 21", subject_id=unit_id, now=now()
        )
    city.accounts["unit"] = policy.Account(
        account_id=account_id,
        centre_id=city.dbs.tracking.centre_id,
        login="unit-21",
        role=Role.FIELD_UNIT,
        display="순찰 21",
        subject_id=unit_id,
    )
    path = f"/provisions/{shown['provision_id']}/tickets"
    assert (await city.get("unit", f"/incidents/{incident_id}/cameras")).status_code == 403
    assert (await city.post("unit", path, {"camera_id": camera})).status_code == 403
    async with city.dbs.tracking.transaction() as tx:
        await policy.admit(tx, incident_id, unit_id, now())
    listed = await city.get("unit", f"/incidents/{incident_id}/cameras")
    assert listed.status_code == 200, listed.text
    assert listed.json()["cameras"][0]["camera_id"] == camera
    ticket = await city.post("unit", path, {"camera_id": camera})
    assert ticket.status_code == 200, ticket.text
    assert ticket.json()["masking"] == "masked"
    async with watching(stage_at(city, ticket.json()["url"]), ticket.json()["ticket"]) as w:
        await w.frames(2)
    original = await city.post("unit", path, {"camera_id": camera, "masking": "original"})
    assert original.status_code == 403


async def test_no_look_from_another_centre_goes_round_its_provision_or_under_another_name(city: Centres) -> None:
    _, incident_id = await alarm(city)
    shown = await city.cameras_of(incident_id)
    given, tickets = shown["cameras"][0]["camera_id"], f"/provisions/{shown['provision_id']}/tickets"
    assert (await city.post("controller", tickets, {"camera_id": given})).status_code == 200
    assert (await city.post("controller", f"/cameras/{given}/tickets", {})).status_code == 403
    async with city.dbs.city.transaction() as tx:
        await tx.execute("delete from footage_provision_camera where camera_id = %s", [given])
    assert (await city.post("operator", tickets, {"camera_id": given})).status_code == 404
    for db in (city.dbs.city, city.dbs.tracking):
        async with db.transaction() as tx:
            await tx.execute("update footage_provision set not_after = now()")
    for seat in ("controller", "operator"):
        assert (await city.post(seat, tickets, {"camera_id": given})).status_code == 409, "nobody wrote its end down"


async def test_a_provision_is_extended_once_with_a_reason(city: Centres) -> None:
    _, incident_id = await alarm(city)
    shown = await city.cameras_of(incident_id)
    path = f"/provisions/{shown['provision_id']}/extend"
    answer = await city.post("controller", path, {"reason": "아직 쫓는 중"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["not_after"] > shown["not_after"]
    twice = await city.post("controller", path, {"reason": "또"})
    assert twice.status_code == 403
    assert twice.json()["type"].endswith("second-extension")


@pytest.mark.requirement("EM-16", "CC-03")
async def test_the_city_ends_what_it_gives_and_every_look_under_it(city: Centres) -> None:
    _, incident_id = await alarm(city)
    shown = await city.cameras_of(incident_id)
    path, camera = f"/provisions/{shown['provision_id']}", shown["cameras"][0]["camera_id"]
    opened = await city.post("controller", f"{path}/tickets", {"camera_id": camera})
    url, ticket = opened.json()["url"], opened.json()["ticket"]
    async with watching(stage_at(city, url), ticket) as viewer:
        await viewer.frames(1)
        assert (await city.post("controller", f"{path}/end", {})).status_code == 404, "the asking centre gives nothing"
        assert (await city.post("operator", f"{path}/end", {})).status_code == 204
        assert await viewer.close_code() == 4403
    await city.waits(city.dbs.tracking, "policy.permits.revoked.v1", 1)
    assert (await city.cameras_of(incident_id))["state"] == "ended"
    for seat in ("controller", "operator"):
        assert (await city.post(seat, f"{path}/tickets", {"camera_id": camera})).status_code == 409
    assert (await city.post("operator", f"{path}/end", {})).status_code == 409


async def test_when_the_danger_is_over_the_provision_lives_ten_minutes_at_most(city: Centres) -> None:
    _, incident_id = await alarm(city)
    before = (await city.cameras_of(incident_id))["not_after"]
    resolved = IncidentResolved(
        fact_id=FactId(new_id()),
        happened_at=now(),
        incident_id=incident_id,
        protected_person_id=None,
        wearer_id=WearerId(new_id()),
    )
    await city.tell(city.dbs.tracking, resolved)
    async with asyncio.timeout(5):
        while (await city.cameras_of(incident_id))["not_after"] == before:
            await asyncio.sleep(0.02)


@pytest.mark.requirement("CC-03")
async def test_a_broken_glass_opens_the_named_camera_masked_until_it_ends(city: Centres) -> None:
    async with city.dbs.city.transaction() as tx:
        named, other = [r[0] for r in await tx.all("select camera_id from camera order by code limit 2")]
    path = f"/cameras/{named}/tickets"
    assert (await city.post("operator", path, {})).status_code == 403, "no glass is broken yet"
    operator = city.accounts["operator"]
    why = "골목에서 사람이 쓰러져 움직이지 않습니다"
    glass = await policy.open_break_glass(city.dbs.city, operator, resources=[named], reason=why, now=now())
    assert (await city.post("operator", f"/cameras/{other}/tickets", {})).status_code == 403
    for seat in ("controller", "officer", "city-admin"):
        assert (await city.post(seat, path, {})).status_code == 403, seat
    got = (await city.post("operator", path, {})).json()
    assert got["masking"] == "masked"
    async with watching(stage_at(city, got["url"]), got["ticket"]) as w:
        await w.frames(5)
        assert next(word["masking"] for word in w.words if "masking" in word) == "masked"
        async with city.dbs.city.transaction() as tx:
            await policy.end_ground(tx, glass, "over", now(), actor=f"account:{operator.account_id}")
        assert await w.close_code() == 4403
    assert (await city.post("operator", path, {})).status_code == 403


@pytest.mark.requirement("VA-03")
async def test_the_city_reads_how_its_cameras_are_and_the_other_centre_does_not(city: Centres) -> None:
    async with asyncio.timeout(30):
        found: list[dict[str, object]] = []
        while not found or found[0]["uptime_24h"] is None:  # until something was measured
            await asyncio.sleep(0.2)
            found = (await city.get("operator", "/footage/health")).json()["cameras"]
    (camera,) = found
    assert (camera["code"], camera["live"], camera["reason"], camera["uptime_24h"]) == ("HD-0000", True, "live", 1.0)
    assert camera["ko"]
    spells = (await city.get("operator", f"/footage/health/{camera['camera_id']}")).json()["spells"]
    assert [(s["live"], s["until_at"]) for s in spells] == [(True, None)]
    assert (await city.get("controller", "/footage/health")).status_code == 404
