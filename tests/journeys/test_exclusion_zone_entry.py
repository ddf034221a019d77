"""Given a wearer who must keep away from her home, when he enters the zone, then the chain runs to its end.

Real processes, real RTSP cameras of the simulated district, clients that decode. Behaviour is asserted, never time:
`ansimnet demo --headless` measures.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.journeys.conftest import small_world, whole_system

from ansimnet.app.demo.headless import play
from ansimnet.app.supervise import Running
from ansimnet.platform.engines.postgres import SUPERUSER


def _facts(running: Running) -> dict[str, int]:
    """Return how often each kind of fact stands in the tracking centre's and the city's sealed ledger."""
    server = running.database.server
    assert server is not None
    with psycopg.connect(server.url(SUPERUSER)) as conn:
        rows = conn.execute(
            "select kind, count(*) from ledger_seal join ledger_entry using (entry_id)"
            " where actor not like 'link:%' group by kind"
        ).fetchall()
    return dict(rows)


@pytest.mark.timeout(300)
@pytest.mark.requirement("EM-06", "EM-07", "EM-14", "EM-15", "EM-17", "EM-19")
async def test_an_entry_becomes_pictures_a_warning_a_dispatch_and_an_end(place: Path) -> None:
    async with whole_system(place, small_world()) as (stage, running):
        figures: dict[str, Any] = await play(stage, running, say=lambda _: None)
        facts = _facts(running)
        phone, others = stage.night.phone, stage.night.others

    assert figures["ended_as_the_law_says"]
    assert figures["ledger_verified"]
    # the room: pictures of the cameras asked for, in which the subject is
    assert figures["cameras_live"] >= 4
    assert figures["subject_visible"], "the subject is read from decoded pixels"
    assert figures["camera_right"], "every picture came from the camera asked for"
    assert not figures["sound_passed"], "public cameras record no sound"
    # she: warned, with a way out in the same message
    assert phone is not None
    certain = [a for a in phone.alerts if a.level == "certain"]
    assert certain, "her phone has the alert"
    assert all("way_out" in a.body for a in certain), "every alert says whether there is a way out"
    assert "certain" in figures["victim_states"]
    # 112 and the order: asked by the machine, sent by a person
    assert len(others.police) == 1
    assert facts["dispatch.police.asked.v1"] == facts["dispatch.order.drafted.v1"] == 1
    assert figures["order_sent_ms"] is not None
    # each thing once
    for once in (
        "supervision.alarm.raised.v1",
        "supervision.trigger.confirmed.v1",
        "dispatch.incident.opened.v1",
        "dispatch.incident.closed.v1",
        "footage.provision.requested.v1",
        "footage.provision.given.v1",
        "footage.provision.ended.v1",
    ):
        assert facts.get(once) == 1, once
    # the end: every look was cut by the closing, and each stands on the ledger
    assert figures["close_codes"] == [4403]
    assert facts["footage.view.opened.v1"] == facts["footage.view.closed.v1"] >= 4
