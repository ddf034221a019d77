"""What this machine's own processes watch: the city's cameras as set up, their words kept, their reports alarms."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest
from tests.slices.vision.kit import Room

from ansimnet.kernel.ids import CameraId
from ansimnet.platform.settings import Settings
from ansimnet.slices.vision.service.intake import LOCAL
from ansimnet.slices.vision.service.workers import _mark, _waiting
from ansimnet.slices.vision.store import workers as store
from ansimnet.slices.vision.wiring import watching
from ansimnet_vision.outbox import Outbox
from ansimnet_vision.registry import cards
from ansimnet_vision.types import CameraConfig, Signal
from ansimnet_vision.worker import _card, _report


@pytest.mark.requirement("VA-01", "VA-06")
async def test_a_process_reads_its_cameras_and_what_it_says_becomes_an_alarm(room: Room, tmp_path: Path) -> None:
    fleet = watching(Settings(data_dir=tmp_path), room.dbs.city, room.clock)
    configs = [CameraConfig.of(c) for c in await fleet._configs()]
    assert configs
    one = next(c for c in configs if "intrusion" in c.behaviours)
    at_s = room.clock.now().timestamp()
    signal = Signal("intrusion", at_s, at_s - 2, 9.0, None, (3,), (0.4, 0.4, 0.5, 0.6), {"in_zone_s": 2.0})
    outbox = Outbox(fleet.places.outbox)
    outbox.put([_report(one, signal, cards()["nanodet"].title)])
    for _ in range(2):  # sent again, it counts once
        waiting = _waiting(fleet.places.outbox)
        await fleet._take([json.loads(body) for _, body in waiting])
    _mark(fleet.places.outbox, "report", [name for name, _ in waiting])
    assert _waiting(fleet.places.outbox) == []
    async with room.dbs.city.transaction() as tx:
        rows = await tx.all("select camera_id, reports from vision_alarm")
    assert [(CameraId(UUID(str(r[0]))), r[1]) for r in rows] == [(CameraId(UUID(one.camera_id)), 1)]
    await fleet._tell({**fleet.state(), "models": [_card(cards()["nanodet"])]})
    async with room.dbs.city.transaction() as tx:
        assert LOCAL in {w.worker_id for w in await store.workers(tx)}
        assert "nanodet" in {m.name for m in await store.models(tx)}
