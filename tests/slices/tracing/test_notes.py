"""What a worker notes goes sealed from its memory to an approved search, and nobody reads it on the way."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest
from tests.slices.tracing.kit import City

from ansimnet.slices.tracing.service.notes import Notes
from ansimnet.slices.vision.service import workers
from ansimnet_vision.outbox import Outbox
from ansimnet_vision.sightings.colours import Named
from ansimnet_vision.sightings.note import Sighting
from ansimnet_vision.sightings.seal import hour_of, sealed

pytestmark = pytest.mark.requirement("TR-02", "DI-08")


def noted(city: City, upper: str = "gray") -> Sighting:
    at_s = city.clock.now().timestamp() - 60
    return Sighting(
        id=str(uuid4()), camera_id=str(city.cameras[0]), from_s=at_s, until_s=at_s + 5, kind="person", heading_deg=90.0,
        upper=Named(upper, 0.8), lower=Named("black", 0.7), carried=(("backpack", 0.6),), appearance=bytes(range(256)),
    )  # fmt: skip


async def test_a_note_is_sealed_carried_and_found_by_an_approved_search(city: City, tmp_path: Path) -> None:
    notes = Notes(city.db, city.keys, city.clock)
    note, outbox = noted(city), Outbox(tmp_path / "outbox.sqlite")
    keys = await notes.keys([str(c) for c in city.cameras])
    block = sealed(note, keys[note.camera_id])
    assert block is not None
    outbox.note([block])
    rows = workers._noted(tmp_path / "outbox.sqlite")
    assert [r[0] for r in rows] == [note.id]
    await notes.take(rows)
    await notes.take(rows)  # a crash before the mark: taken again, kept once
    workers._mark(tmp_path / "outbox.sqlite", "sighting", [r[0] for r in rows])
    assert workers._noted(tmp_path / "outbox.sqlite") == []
    search_id = await city.approved(text="회색 티셔츠에 검정 바지, 백팩")
    found = await city.look(search_id)
    assert [f["camera_id"] for f in found] == [note.camera_id]
    assert found[0]["heading_deg"] == 90.0


async def test_keys_are_given_around_the_hour_and_differ_by_camera(city: City) -> None:
    notes = Notes(city.db, city.keys, city.clock)
    keys = await notes.keys([str(c) for c in city.cameras])
    hour = hour_of(city.clock.now().timestamp())
    assert all(hour in mine for mine in keys.values())
    assert len({mine[hour] for mine in keys.values()}) == len(city.cameras)


async def test_what_was_noted_of_a_destroyed_hour_is_not_taken(city: City) -> None:
    notes = Notes(city.db, city.keys, city.clock)
    await notes.take([(str(uuid4()), str(city.cameras[0]), "2020010100", bytes(80))])
    assert await city.count("select count(*) from tracing_block") == 0


def test_an_outbox_of_an_older_worker_has_no_sightings(tmp_path: Path) -> None:
    assert workers._noted(tmp_path / "none.sqlite") == []
    with sqlite3.connect(tmp_path / "old.sqlite") as db:
        db.execute("create table report (id text)")
    assert workers._noted(tmp_path / "old.sqlite") == []
