"""Looking back over the real link and the real relay: who may, how far, and what the ledger keeps of it."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from tests.slices.footage.camera import TestCamera
from tests.slices.footage.centres import Centres, centres
from tests.slices.footage.kit import watching
from tests.slices.footage.test_chain import alarm, closed, live, stage_at

from ansimnet.kernel.clock import now
from ansimnet.platform.db import Dbs


@pytest.fixture
async def city(dbs: Dbs, tmp_path: Path) -> AsyncIterator[Centres]:
    async with TestCamera() as camera, centres(dbs, tmp_path, camera) as running:
        camera.boxes = [("17", "Human", (0.1, 0.1, 0.25, 0.7))]
        await live(running)
        yield running


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def body(camera_id: str, from_at: datetime, until_at: datetime, **more: Any) -> dict[str, Any]:
    span = {"from_at": from_at.isoformat(), "until_at": until_at.isoformat()}
    return {"camera_ids": [camera_id], "reason": "어느 쪽으로 갔는지 다시 본다", **span, **more}


async def given(c: Centres) -> tuple[dict[str, Any], dict[str, Any], tuple[Any, Any]]:
    alarm_id, incident_id = await alarm(c)
    shown = await c.cameras_of(incident_id)
    return shown, shown["cameras"][0], (incident_id, alarm_id)


async def recorded(c: Centres, seat: str, provision_id: str, camera_id: str, from_at: datetime) -> dict[str, Any]:
    """Wait until three seconds after `from_at` are in the index; return the timeline."""
    path = f"/provisions/{provision_id}/recordings/{camera_id}/timeline"
    async with asyncio.timeout(30):
        while True:
            got = await c.client.get(
                f"/api/v1{path}",
                params={"from": from_at.isoformat(), "until": (from_at + s(60)).isoformat()},
                headers={"X-Seat": seat},
            )
            assert got.status_code == 200, got.text
            told: dict[str, Any] = got.json()
            parts = [x for x in told["stretches"] if x["cause"] is None]
            if parts and max(x["end"] for x in parts) > (from_at + s(3)).isoformat():
                return told
            await asyncio.sleep(0.2)


def pictures_in(file: dict[str, Any]) -> int:
    """Return how many pictures an answered clip has."""
    with av.open(io.BytesIO(base64.b64decode(file["data"])), "r", format="mp4") as box:
        return sum(1 for _ in box.decode(video=0))


@pytest.mark.requirement("CC-03", "EM-16")
async def test_who_takes_part_sees_again_what_could_be_seen_live_and_the_ledger_knows_what(city: Centres) -> None:
    asked_at = now()
    shown, camera, (incident_id, alarm_id) = await given(city)
    timeline = await recorded(city, "controller", shown["provision_id"], camera["camera_id"], asked_at)
    assert {"provision-requested", "provision-given"} <= {e["kind"] for e in timeline["events"]}
    path = f"/provisions/{shown['provision_id']}/recordings/tickets"
    ticket = await city.post("controller", path, body(camera["camera_id"], asked_at, asked_at + s(2)))
    assert ticket.status_code == 200, ticket.text
    got = ticket.json()
    async with watching(stage_at(city, got["url"]), got["ticket"]) as w:
        await w.word("end")
        await w.send(type="clip", **{"from": asked_at.isoformat(), "until": (asked_at + s(2)).isoformat()})
        file = await w.word("file", what="clip")
        assert asked_at.isoformat() <= file["from"] < file["until"] <= (asked_at + s(2)).isoformat()
        assert len(w.pictures()) == pictures_in(file) > 1  # every picture that there is of the span, and no other
        init = await w.word("init")
        assert (init["masking"], init["recorded"]) == ("masked", True)
        await city.tell(city.dbs.tracking, closed(incident_id, alarm_id))
        assert await w.close_code() == 4403
    await city.waits(city.dbs.city, "footage.recording.seen.v1")
    kinds = await city.kinds(city.dbs.city)
    opened = kinds.index("footage.recording.opened.v1")
    assert kinds.index("policy.access.decided.v1") < opened < kinds.index("footage.recording.seen.v1")
    async with city.dbs.city.transaction() as tx:
        look = await tx.one("select reason, camera_ids from footage_look")
        texts = await tx.all("select convert_from(body, 'UTF8'), kind from ledger_entry")
    assert look is not None
    assert look[0] == "어느 쪽으로 갔는지 다시 본다"
    assert not any("다시 본다" in r[0] for r in texts)
    (told,) = [json.loads(r[0]) for r in texts if r[1] == "footage.recording.seen.v1"]
    assert camera["camera_id"] in json.dumps(told)
    again = await city.post("controller", path, body(camera["camera_id"], asked_at, asked_at + s(2)))
    assert again.status_code == 409


@pytest.mark.requirement("CC-03", "EM-15")
async def test_how_far_back_a_right_reaches(city: Centres) -> None:
    shown, camera, _ = await given(city)
    path = f"/provisions/{shown['provision_id']}/recordings/tickets"
    camera_id, at = camera["camera_id"], now()

    async def answer(seat: str, from_at: datetime, until: datetime, **more: Any) -> int:
        return (await city.post(seat, path, body(camera_id, from_at, until, **more))).status_code

    assert await answer("controller", at - s(5), at) == 200
    assert await answer("controller", at - s(300), at) == 403  # before the moment: recorded footage, not his
    assert await answer("operator", at - s(300), at) == 200
    assert await answer("operator", at - s(300), at, masking="original") == 403
    assert (await city.post("operator", path, body(camera_id, at - s(3600), at))).json()["type"].endswith("out-of-span")
    assert await answer("operator", at + s(60), at + s(90)) == 422
    assert await answer("officer", at - s(5), at) in (403, 404)
    assert await answer("operator", at - s(5), at, reason="") == 422
    unknown = {**body(camera_id, at - s(5), at), "camera_ids": [shown["provision_id"]]}
    assert (await city.post("operator", path, unknown)).status_code == 404
    own = "/recordings/tickets"
    assert (await city.post("operator", own, body(camera_id, at - s(5), at))).status_code == 403  # no order, no case
    assert (await city.post("controller", own, body(camera_id, at - s(5), at))).status_code == 404


@pytest.mark.requirement("CC-04")
async def test_coverage_and_bookmarks(city: Centres) -> None:
    at = now()
    shown, camera, _ = await given(city)
    await recorded(city, "operator", shown["provision_id"], camera["camera_id"], at)
    path = f"/provisions/{shown['provision_id']}/recordings"
    for seat in ("operator", "controller"):
        found = (await city.get(seat, path)).json()["cameras"]
        assert len(found) >= 6
        first = next(c for c in found if c["code"] == "HD-0000")
        assert first["recorded_s"] > 2
        assert all(c["recorded_s"] == 0 and c["causes"] for c in found if c["code"] != "HD-0000")
    mark = {"camera_id": camera["camera_id"], "at": (at + s(1)).isoformat(), "words": "흰 차에서 내림"}
    placed = await city.post("operator", f"{path}/bookmarks", mark)
    assert placed.status_code == 201, placed.text
    told = await recorded(city, "operator", shown["provision_id"], camera["camera_id"], at)
    assert [(e["words"], e["own"]) for e in told["events"] if e["kind"] == "bookmark"] == [("흰 차에서 내림", True)]
    bookmark_id = placed.json()["bookmark_id"]
    gone = await city.client.delete(f"/api/v1{path}/bookmarks/{bookmark_id}", headers={"X-Seat": "operator"})
    assert gone.status_code == 204
    # the centre it was given to marks what it sees, over the link; each takes away its own marks alone
    seen = await city.post("controller", f"{path}/bookmarks", {**mark, "words": "골목으로 들어감"})
    assert seen.status_code == 201, seen.text
    theirs = f"/api/v1{path}/bookmarks/{seen.json()['bookmark_id']}"
    for seat, own in (("operator", False), ("controller", True)):
        told = await recorded(city, seat, shown["provision_id"], camera["camera_id"], at)
        marks = [(e["words"], e["own"]) for e in told["events"] if e["kind"] == "bookmark"]
        assert marks == [("골목으로 들어감", own)]
    assert (await city.client.delete(theirs, headers={"X-Seat": "operator"})).status_code == 404
    assert (await city.client.delete(theirs, headers={"X-Seat": "controller"})).status_code == 204
    beyond = {**mark, "camera_id": shown["provision_id"]}
    assert (await city.post("controller", f"{path}/bookmarks", beyond)).status_code == 404
    kinds = await city.kinds(city.dbs.city)
    assert kinds.index("footage.bookmark.placed.v1") < kinds.index("footage.bookmark.removed.v1")
