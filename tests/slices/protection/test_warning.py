"""From an alarm to her phone and back to calm, on a real database and ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from ansimnet.facts.dispatch import IncidentClosed, IncidentResolved, PoliceAcknowledged, PoliceAsked, UnitMoved
from ansimnet.facts.notifications import DeliveryRecorded
from ansimnet.facts.protection import Level, WarningAcknowledged, WarningEscalated, WarningIssued, WarningUpdated
from ansimnet.facts.supervision import AlarmRaised, Medical, NoticeEnded, NoticeKind, TriggerConfirmed
from ansimnet.kernel.ids import AlarmId, DeliveryId, DeviceId, FactId, ProtectedPersonId, UnitId, named_id, new_id
from ansimnet.platform.jobs import JobRun
from ansimnet.slices.protection import jobs, store
from ansimnet.slices.protection.service import press

from .story import (
    ALARM,
    HIM,
    HOME,
    INCIDENT,
    NOTICE,
    NOW,
    Night,
    alarm,
    at,
    cleared,
    her_fix,
    moved,
    opened,
    stay,
    unheard,
)

FAR = at(400, 150)
"""410 m south of her: a way out exists."""


@pytest.mark.requirement("EM-06")
async def test_the_first_message_carries_the_way_out(tonight: Night, phone: httpx.AsyncClient) -> None:
    assert await tonight.state(phone) == "calm"
    await tonight.tell(alarm(AlarmRaised, tonight.person_id, FAR))
    (issued,) = await tonight.told(WarningIssued)
    assert issued.level == "probable"
    assert issued.has_way_out
    message = msgspec.json.decode(issued.message)
    assert message["way_out"]["found"]
    assert message["way_out"]["destination"]["kind"] in {"police_box", "safe_house"}
    assert message["way_out"]["destination"]["staffed"]
    assert message["way_out"]["margin_s"] >= 30
    assert message["way_out"]["red"]
    assert message["distance_m"] == pytest.approx(410, abs=5)
    lo, hi = message["distance_range_m"]
    assert lo < 410 < hi
    assert 170 < message["bearing_deg"] < 190
    assert message["my"]["source"] == "registered_place"
    assert message["fall_at"] is None
    me = (await phone.get("/api/v1/me")).json()
    assert me["state"] == "probable"
    assert me["alert"]["warning_id"] == str(issued.warning_id)
    assert me["alert"]["map"]["streets"]


@pytest.mark.requirement("EM-06")
async def test_no_way_out_and_the_message_goes_all_the_same(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, at(415, 560)))
    (issued,) = await tonight.told(WarningIssued)
    assert not issued.has_way_out
    assert (await tonight.alert(phone))["way_out"] == {"found": False, "advice": "lock_door"}


async def test_certain_is_a_warning_of_its_own_with_a_press_of_its_own(
    tonight: Night, phone: httpx.AsyncClient
) -> None:
    await tonight.tell(alarm(AlarmRaised, tonight.person_id, FAR))
    first = await tonight.alert(phone)
    await phone.post(f"/api/v1/me/warnings/{first['warning_id']}/acknowledge")
    now = tonight.later(20)
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, at(400, 180), now=now))
    second = await tonight.alert(phone)
    assert second["level"] == "certain"
    assert second["warning_id"] != first["warning_id"]
    assert second["acknowledged_at"] is None
    assert second["fall_at"].startswith((now + timedelta(seconds=10)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert second["trend_m_per_min"] == pytest.approx(-90, abs=5)  # 30 m in 20 s
    assert [w.level for w in await tonight.told(WarningIssued)] == ["probable", "certain"]


async def test_a_fact_taken_twice_warns_once(tonight: Night, phone: httpx.AsyncClient) -> None:
    """A copy of the alarm under another id is what a second reader, or a crash between two stores, would bring."""
    for _ in range(2):
        await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR))
    await tonight.tell(alarm(AlarmRaised, tonight.person_id, FAR))  # and a probable after a certain says nothing new
    assert len(await tonight.told(WarningIssued)) == 1


async def test_the_message_is_sealed_wherever_it_lies(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR))
    async with tonight.dbs.tracking.transaction() as tx:
        row = await tx.one("select content_sealed, home_sealed from protection_warning join protection_person using "
                           "(protected_person_id)")  # fmt: skip
        assert row is not None
        assert b"way_out" not in bytes(row[0])
        assert b"lat" not in bytes(row[1])
        body = await tx.one("select body from ledger_entry where kind = %s", (WarningIssued.kind,))
        assert body is not None
        assert b"message" not in bytes(body[0])
        assert tx.keys is not None
        tx.keys.destroy(tonight.person_id)
        person = await store.load_person(tx, tonight.person_id)
        assert person is not None
        assert person.home is None


async def test_her_screen_follows_both_of_them(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR))
    now = tonight.later(2)
    await tonight.tell(moved(at(400, 155), now))  # 5 m, 2 s: nothing anybody could use
    assert await tonight.told(WarningUpdated) == []
    now = tonight.later(4)
    await tonight.tell(moved(at(400, 160), now))
    assert (await tonight.alert(phone))["distance_m"] == pytest.approx(400, abs=2)
    now = tonight.later(2)
    await tonight.tell(her_fix(tonight.person_id, at(420, 640), now))
    alert = await tonight.alert(phone)
    assert alert["my"]["source"] == "device"
    assert alert["distance_m"] > 470
    now = tonight.later(6)
    await tonight.tell(moved(at(430, 640), now))  # he stands beside her
    updates = await tonight.told(WarningUpdated)
    assert [u.has_way_out for u in updates] == [True, True, False]
    assert len(await tonight.told(WarningIssued)) == 1  # she was woken once


async def test_a_probable_alarm_clears_by_itself_and_a_certain_one_does_not(
    tonight: Night, phone: httpx.AsyncClient
) -> None:
    await tonight.tell(alarm(AlarmRaised, tonight.person_id, FAR), cleared(tonight.person_id))
    assert await tonight.state(phone) == "calm"
    assert [w.level for w in await tonight.told(WarningIssued)] == ["probable", "cleared"]
    tonight.later(60)
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR, now=tonight.clock.now()))
    await tonight.tell(cleared(tonight.person_id, "left"))
    assert await tonight.state(phone) == "certain"


# ---------------------------------------------------------------------------------------------- police, over, closed


async def test_her_screen_says_of_the_police_what_their_receipts_say(tonight: Night, phone: httpx.AsyncClient) -> None:
    """Call and dispatch are not waited for: the warning is out before 112 is asked, and follows each step of theirs."""
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR))
    assert (await tonight.alert(phone))["told_112"] == {"state": "telling", "at": None}
    stamp: dict[str, Any] = {"happened_at": NOW}
    asked = PoliceAsked(fact_id=FactId(new_id()), **stamp, incident_id=INCIDENT, message="{}")
    await tonight.tell(opened(tonight.person_id), asked)
    assert (await tonight.alert(phone))["told_112"]["state"] == "telling"
    took = DeliveryRecorded(
        fact_id=FactId(new_id()), **stamp, delivery_id=DeliveryId(new_id()), about=INCIDENT, channel="agency",
        state="acknowledged", attempt=1,
    )  # fmt: skip
    await tonight.tell(took)
    assert (await tonight.alert(phone))["told_112"]["state"] == "told"
    await tonight.tell(PoliceAcknowledged(fact_id=FactId(new_id()), **stamp, incident_id=INCIDENT, receipt="R-1"))
    alert = await tonight.alert(phone)
    assert alert["told_112"]["state"] == "acknowledged"
    unit = UnitMoved(
        fact_id=FactId(new_id()), **stamp, unit_id=UnitId(new_id()), incident_id=INCIDENT, lat=at(405, 860).lat,
        lon=at(405, 860).lon, eta_s=95.0,
    )  # fmt: skip
    await tonight.tell(unit)
    alert = await tonight.alert(phone)
    assert alert["police"]["eta_s"] == 95
    assert alert["police"]["distance_m"] == pytest.approx(300, abs=2)
    assert await tonight.state(phone) == "certain"  # the alarm first, until she has seen it
    await phone.post(f"/api/v1/me/warnings/{alert['warning_id']}/acknowledge")
    assert await tonight.state(phone) == "police_coming"


async def test_over_by_the_units_word_and_calm_when_she_has_read_it(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR), opened(tonight.person_id))
    resolved = IncidentResolved(
        fact_id=FactId(new_id()), happened_at=NOW, incident_id=INCIDENT, protected_person_id=tonight.person_id,
        wearer_id=HIM,
    )  # fmt: skip
    await tonight.tell(resolved)
    assert await tonight.state(phone) == "over"
    assert (await tonight.alert(phone))["way_out"] is None
    await tonight.tell(moved(at(400, 200), tonight.later(30)))
    assert await tonight.state(phone) == "over"
    closed = IncidentClosed(
        fact_id=FactId(new_id()), happened_at=NOW, incident_id=INCIDENT, protected_person_id=tonight.person_id,
        wearer_id=HIM, alarm_ids=(ALARM,), outcome="separated", by=None,
    )  # fmt: skip
    await tonight.tell(closed)
    assert await tonight.state(phone) == "over", "the end is not gone before she has read it"
    warning = (await tonight.alert(phone))["warning_id"]
    assert (await phone.post(f"/api/v1/me/warnings/{warning}/acknowledge")).status_code == 204
    assert await tonight.state(phone) == "calm"
    assert [w.level for w in await tonight.told(WarningIssued)] == ["certain", "over"]


# ---------------------------------------------------------------------------------------------- presses and timers


async def test_she_presses_and_the_timer_ends_in_nothing(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR))
    alert = await tonight.alert(phone)
    url = f"/api/v1/me/warnings/{alert['warning_id']}/acknowledge"
    assert (await phone.post(url)).status_code == 204
    assert (await phone.post(url)).status_code == 204
    assert (await tonight.alert(phone))["fall_at"] is None
    tonight.later(11)
    await run_timer(tonight, alert["warning_id"], "voice")
    await tonight.catch_up()
    assert len(await tonight.told(WarningAcknowledged)) == 1
    assert await tonight.told(WarningEscalated) == []


async def test_no_press_calls_her_and_then_tells_112(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR))
    alert = await tonight.alert(phone)
    assert await waiting(tonight) == [(alert["warning_id"], "voice", 10.0)]
    tonight.later(10)
    await run_timer(tonight, alert["warning_id"], "voice")
    await run_timer(tonight, alert["warning_id"], "voice")  # a job may run twice
    assert await waiting(tonight) == [(alert["warning_id"], "voice", 10.0), (alert["warning_id"], "not_reached", 30.0)]
    tonight.later(20)
    await run_timer(tonight, alert["warning_id"], press.NOT_REACHED)
    await tonight.catch_up()
    assert [e.channel for e in await tonight.told(WarningEscalated)] == ["voice", "not_reached"]


async def test_a_probable_warning_calls_nobody(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(AlarmRaised, tonight.person_id, FAR))
    assert await waiting(tonight) == []


async def run_timer(tonight: Night, warning_id: str, step: str) -> None:
    await jobs.escalate(JobRun(tonight.dbs.tracking, tonight.context), warning_id=warning_id, step=step)


async def waiting(tonight: Night) -> list[tuple[str, str, float]]:
    """Return the deferred timers: warning, step, seconds after the beginning of the night."""
    async with tonight.dbs.tracking.transaction() as tx:
        rows = await tx.all(
            "select args->>'warning_id', args->>'step', scheduled_at from jobs.procrastinate_jobs "
            "where task_name = 'protection.escalate' order by id"
        )
    return [(r[0], r[1], (r[2] - NOW).total_seconds()) for r in rows]


# ------------------------------------------------------------------------------------------- medical, cannot vouch


@pytest.mark.requirement("EM-08")
async def test_a_medical_stay_told_before_is_quiet(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(stay(tonight.person_id, enters_in=timedelta(minutes=20)))
    alert = await tonight.alert(phone)
    assert await tonight.state(phone) == "medical"
    assert alert["medical"]["place_coarse"] == "새빛동 응급실"
    (issued,) = await tonight.told(WarningIssued)
    assert issued.happened_at < NOW + timedelta(minutes=20)  # before he enters
    entered = tonight.later(20 * 60)
    for kind in (AlarmRaised, TriggerConfirmed):
        await tonight.tell(alarm(kind, tonight.person_id, FAR, medical=Medical.ADVANCE, now=entered))
    assert await tonight.state(phone) == "medical"
    assert {w.level for w in await tonight.told(WarningIssued)} == {"medical"}
    assert await tonight.told(WarningEscalated) == []
    tonight.later(2 * 3600)
    await jobs.stay_over(JobRun(tonight.dbs.tracking, tonight.context), warning_id=alert["warning_id"])
    assert await tonight.state(phone) == "calm"


@pytest.mark.requirement("EM-08")
async def test_a_stay_told_afterwards_leaves_the_full_alarm(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(stay(tonight.person_id, enters_in=timedelta(minutes=-1)))
    assert await tonight.state(phone) == "calm"
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR, medical=Medical.AFTER))
    assert await tonight.state(phone) == "certain"


async def test_nobody_can_vouch_and_then_somebody_can(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(unheard(tonight.person_id))
    alert = await tonight.alert(phone)
    assert alert["level"] == "cannot_vouch"
    assert alert["way_out"] == {"found": False, "advice": "lock_door"}  # four minutes unseen: he may be at the door
    assert alert["distance_range_m"] is not None
    ended = NoticeEnded(
        fact_id=FactId(new_id()), happened_at=NOW, notice_id=NOTICE, notice=NoticeKind.CANNOT_VOUCH, wearer_id=HIM
    )
    await tonight.tell(ended)
    assert await tonight.state(phone) == "calm"


async def test_her_own_silent_device_does_not_hide_him(
    tonight: Night, officer: httpx.AsyncClient, phone: httpx.AsyncClient
) -> None:
    bound = await officer.post(f"/api/v1/protected-persons/{tonight.person_id}/devices", json={"name": "watch-1"})
    assert bound.status_code == 201
    await tonight.tell(unheard(tonight.person_id, DeviceId(UUID(bound.json()["device_id"]))))
    assert await tonight.state(phone) == "calm"


async def test_an_alarm_about_nobody_here_is_nobodys_warning(tonight: Night, phone: httpx.AsyncClient) -> None:
    stranger = ProtectedPersonId(named_id("test", "stranger"))
    await tonight.tell(alarm(TriggerConfirmed, None, FAR), alarm(AlarmRaised, stranger, FAR))
    assert await tonight.told(WarningIssued) == []


async def test_two_alarms_show_the_more_dangerous(tonight: Night, phone: httpx.AsyncClient) -> None:
    other = AlarmId(named_id("test", "other"))
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, FAR))
    tonight.later(30)
    await tonight.tell(alarm(AlarmRaised, tonight.person_id, HOME, alarm_id=other, now=tonight.clock.now()))
    assert (await tonight.alert(phone))["level"] == Level.CERTAIN
