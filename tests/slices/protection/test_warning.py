"""From an alarm to her phone and back to calm, on a real database and ledger."""

from __future__ import annotations

from datetime import timedelta

import httpx
import msgspec
import pytest
from tests.slices.protection.story import NOW, Night, alarm, at

from ansimnet.facts.protection import WarningAcknowledged, WarningIssued
from ansimnet.facts.supervision import AlarmRaised, TriggerConfirmed


@pytest.mark.requirement("EM-06")
async def test_the_first_message_carries_the_way_out(tonight: Night, phone: httpx.AsyncClient) -> None:
    assert (await phone.get("/api/v1/me")).json()["state"] == "calm"
    await tonight.tell(alarm(AlarmRaised, tonight.person_id, at(400, 150)))
    (issued,) = await tonight.told(WarningIssued)
    assert issued.level == "probable"
    message = msgspec.json.decode(issued.message)
    assert message["way_out"]["found"]
    assert message["way_out"]["destination"]["kind"] in {"police_box", "safe_house"}
    assert message["way_out"]["margin_s"] >= 30
    assert message["distance_m"] == pytest.approx(410, abs=5)
    assert message["distance_range_m"] is not None
    assert message["my"]["source"] == "registered_place"
    me = (await phone.get("/api/v1/me")).json()
    assert me["state"] == "probable"
    assert me["alert"]["warning_id"] == str(issued.warning_id)
    assert me["alert"]["map"]["streets"]


async def test_she_presses_and_the_timer_ends_in_nothing(tonight: Night, phone: httpx.AsyncClient) -> None:
    await tonight.tell(alarm(TriggerConfirmed, tonight.person_id, at(400, 150)))
    alert = (await phone.get("/api/v1/me")).json()["alert"]
    assert alert["level"] == "certain"
    assert alert["fall_at"] == (NOW + timedelta(seconds=10)).isoformat().replace("+00:00", "Z")
    url = f"/api/v1/me/warnings/{alert['warning_id']}/acknowledge"
    assert (await phone.post(url)).status_code == 204
    assert (await phone.post(url)).status_code == 204
    assert (await phone.get("/api/v1/me")).json()["alert"]["fall_at"] is None
    await tonight.catch_up()
    assert len(await tonight.told(WarningAcknowledged)) == 1
