"""Set-ups, calibration, learning and what is forgotten, on a real database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.slices.vision.kit import Context, Room
from tests.slices.vision.test_rules import CORNERS, seen_from

from ansimnet.kernel.permits import Role
from ansimnet.platform.jobs import JobRun
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.vision import jobs
from ansimnet.slices.vision.service import config, intake

ZONE = {"id": "yard", "kind": "zone", "purpose": "intrusion", "points": [[0.1, 0.5], [0.9, 0.5], [0.5, 0.9]]}
PAIRS = [{"x": p.x, "y": p.y, "lat": p.lat, "lon": p.lon} for p in seen_from(CORNERS)]


async def worker_says(room: Room, *behaviours: str) -> None:
    """Let the first two cameras live, and a worker look at them with models for these behaviours."""
    async with room.city.transaction() as tx:
        for camera_id in room.cameras[:2]:
            await cameras.note_health(tx, camera_id, True, "live", now=room.clock.now())
    state = {"cameras": [str(c) for c in room.cameras[:2]], "behaviours": behaviours, "models": []}
    await intake.tell_state(room.city, intake.local(), state, room.clock.now())


async def test_a_set_up_is_a_version_on_the_ledger_and_reaches_the_workers(room: Room) -> None:
    hours = [{"days": [0, 4], "from_min": 22 * 60, "until_min": 6 * 60}]
    said = await room.set_up(zones=[ZONE | {"hours": hours, "limits": {"stay_s": 5}}], pairs=PAIRS)
    assert (said["version"], said["ground"]["residual_m"], said["camera"]["calibrated"]) == (2, 0.0, True)
    assert await room.told("vision.setup.changed.v1") == 2
    versions = (await room.get(f"/vision/cameras/{room.cameras[0]}/versions"))["versions"]
    async with room.city.transaction() as tx:
        row = await tx.one(
            "select convert_from(body, 'utf-8') from ledger_entry where kind = 'vision.setup.changed.v1' "
            "order by recorded_at desc limit 1"
        )
        first = (await config.for_workers(tx, room.clock.now()))[0]
    assert row is not None
    assert versions[0]["sha256"] in row[0]
    assert first["zones"][0]["schedule"] == [{"days": [0, 4], "from": "22:00", "to": "06:00"}]
    assert (len(first["homography"]), first["zones"][0]["limits"]) == (9, {"stay_s": 5})


async def test_two_people_cannot_overwrite_each_other(room: Room) -> None:
    await room.sit(Role.SHIFT_LEAD)
    form = {"after": 0, "behaviours": ["fire"]}
    refused = await room.put(f"/vision/cameras/{room.cameras[0]}/setup", form, 409)
    assert refused["version"] == 1


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ({"zones": [ZONE | {"points": [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}]}, "bad-zone"),
        ({"pairs": PAIRS[:3]}, "bad-calibration"),
        ({"shadow": ["crowding"]}, "refused"),
        ({"zones": [ZONE | {"purpose": "running"}]}, "invalid-input"),
    ],
)
async def test_what_makes_no_sense_is_not_kept(room: Room, form: dict[str, Any], name: str) -> None:
    await room.sit(Role.SHIFT_LEAD)
    whole = {"after": 1, "behaviours": ["fire"]} | form
    refused = await room.put(f"/vision/cameras/{room.cameras[0]}/setup", whole, 422)
    assert refused["type"].endswith(name)
    assert (await room.get(f"/vision/cameras/{room.cameras[0]}"))["version"] == 1


async def test_points_are_tried_before_they_are_kept(room: Room) -> None:
    await room.sit(Role.SHIFT_LEAD)
    found = await room.post(f"/vision/cameras/{room.cameras[0]}/ground", {"pairs": PAIRS})
    assert len(found["homography"]) == 9
    assert (await room.get(f"/vision/cameras/{room.cameras[0]}"))["ground"] is None


@pytest.mark.requirement("VA-06")
async def test_a_calibrated_camera_says_where_it_is(room: Room) -> None:
    await room.set_up(pairs=PAIRS)
    truth = seen_from([(0.45, 0.8)])[0]
    await room.take(room.report())
    alarm = (await room.get("/vision/alarms"))["alarms"][0]
    assert alarm["exact_place"]
    assert (alarm["lat"], alarm["lon"]) == pytest.approx((truth.lat, truth.lon), abs=1e-6)


@pytest.mark.requirement("VA-02")
async def test_what_is_not_covered_says_why(room: Room) -> None:
    await room.set_up(zones=[ZONE])
    await worker_says(room, "intrusion", "loitering", "collapse")
    shown = await room.get(f"/vision/cameras/{room.cameras[0]}")
    found = {c["behaviour"]: c["reason"] for c in shown["coverage"]}
    assert (found["violence"], found["abandoned"], found["scream"]) == ("no-model", "switched-off", "no-sound")
    assert (found["intrusion"], found["loitering"], shown["camera"]["covered"]) == ("covered", "uncalibrated", 3)
    room.later(seconds=20)
    shown = await room.get(f"/vision/cameras/{room.cameras[0]}")
    assert {c["reason"] for c in shown["coverage"] if c["behaviour"] in {"intrusion", "collapse"}} == {"no-worker"}
    assert not any(c["covered"] for c in shown["coverage"])


async def test_who_draws_zones_sees_the_masked_picture_for_minutes_on_the_ledger(room: Room) -> None:
    path = f"/vision/cameras/{room.cameras[0]}/picture"
    await room.post(path, code=403)  # an operator tunes nothing
    await room.sit(Role.SHIFT_LEAD)
    got = await room.post(path)
    assert (got["masking"], got["not_after"]) == ("masked", "2026-11-21T12:10:00Z")
    assert await room.told("vision.picture.opened.v1") == 1
    await room.post(f"/vision/cameras/{UUID(int=1)}/picture", code=404)
    await room.sit(Role.ADMINISTRATOR)
    await room.post(path, code=403)  # sets up, and sees nobody


@pytest.mark.requirement("VA-06")
async def test_verdicts_are_learnt_from_small_steps_alone_and_large_ones_by_a_person(room: Room) -> None:
    for n in range(12):
        x = n / 12
        box = [x, 0.3, x + 0.05, 0.5 if n % 2 else 0.9]
        await room.take(room.report("loitering", tracks=[n], evidence={"score": 7.0}, probability=None, box=box))
        alarm = (await room.get("/vision/alarms"))["alarms"][0]
        await room.judge(alarm["alarm_id"], "false", "light")
        room.later(minutes=10)
    await room.learn()
    path = f"/vision/cameras/{room.cameras[0]}"
    found = (await room.get(path))["tunings"][0]
    assert (found["state"], found["falses"], found["trues"]) == ("in_force", 12, 0)
    assert 0 < found["threshold"] - found["threshold_before"] <= 1.0001
    assert found["brier"] < found["brier_before"]
    async with room.city.transaction() as tx:
        given = (await config.for_workers(tx, room.clock.now()))[0]
    assert given["thresholds"] == {}  # what is raised is held here, where it can be seen
    await room.take(room.report("loitering", tracks=[90], evidence={"score": 7.0}, probability=0.9))
    shown = (await room.get("/vision/alarms"))["alarms"] + (await room.get("/vision/alarms?state=held"))["alarms"]
    assert [a["probability"] < 0.35 for a in shown] == [True]  # this camera's, not the worker's
    for n in range(3):
        box = [0.3 * n, 0.0, 0.3 * n + 0.1, 0.1]
        await room.take(room.report("loitering", tracks=[100 + n], evidence={"score": 16.0}, box=box))
        alarm = next(a for a in (await room.get("/vision/alarms"))["alarms"] if a["evidence"]["score"] == 16.0)
        await room.judge(alarm["alarm_id"], "true")
        room.later(minutes=10)
    await room.learn()
    proposed = (await room.get("/vision/tunings"))["tunings"]
    assert [(t["state"], t["kept_share"]) for t in proposed] == [("proposed", 1.0)]
    decision = f"{path}/tunings/loitering/decision"
    await room.post(decision, {"put_in_force": True}, 403)
    await room.sit(Role.SHIFT_LEAD)
    assert (await room.post(decision, {"put_in_force": True}))["tunings"] == []
    assert (await room.get("/vision/tunings?state=in_force"))["tunings"][0]["threshold"] == proposed[0]["threshold"]
    await room.post(decision, {"put_in_force": True}, 404)
    assert await room.told("vision.tuning.changed.v1") >= 3


@pytest.mark.requirement("VA-06")
async def test_a_tree_that_alarmed_often_is_held_where_it_stands_and_alarms_nowhere_less(room: Room) -> None:
    tree, gate = [0.2, 0.3, 0.3, 0.6], [0.7, 0.3, 0.8, 0.9]
    for n in range(5):
        await room.take(room.report("loitering", tracks=[n], box=tree, evidence={"score": 6.95}, probability=None))
        for alarm in (await room.get("/vision/alarms"))["alarms"]:
            await room.judge(alarm["alarm_id"], "false", "light")
        room.later(minutes=10)
    await room.take(room.report("loitering", tracks=[50], box=tree, evidence={"score": 6.95}, probability=None))
    await room.take(room.report("loitering", tracks=[51], box=gate, evidence={"score": 6.95}, probability=None))
    held = (await room.get("/vision/alarms?state=held"))["alarms"]
    assert {a["held_why"] for a in held} == {"improbable"}
    assert [a["box"] for a in (await room.get("/vision/alarms"))["alarms"]] == [gate]
    await room.take(room.report("violence", tracks=[52], box=tree, evidence={"score": 6.95}, probability=None))
    assert (await room.get("/vision/alarms"))["alarms"][0]["behaviour"] == "violence"
    for alarm in held:  # what is held can be judged, and was true after all
        await room.judge(alarm["alarm_id"], "true")
    room.later(minutes=10)
    await room.take(room.report("loitering", tracks=[60], box=tree, evidence={"score": 8.5}, probability=None))
    assert (await room.get("/vision/alarms"))["open"] == 3


@pytest.mark.requirement("VA-06")
async def test_quality_by_verdicts_has_its_interval_and_handling_time(room: Room) -> None:
    for n, verdict in enumerate(["true", "true", "true", "false"]):
        await room.take(room.report("violence", tracks=[n], box=[n / 4, 0.1, n / 4 + 0.1, 0.9]))
        alarm = (await room.get("/vision/alarms"))["alarms"][0]
        await room.get(f"/vision/alarms/{alarm['alarm_id']}")
        room.later(seconds=8 + n)
        await room.judge(alarm["alarm_id"], verdict, None if verdict == "true" else "play")
        room.later(minutes=1)
    found = await room.get("/vision/quality?days=7")
    assert (found["judged"], found["trues"], found["handling_median_s"]) == (4, 3, 9.5)
    line = found["lines"][0]
    assert line["precision"]["share"] == 0.75
    assert line["precision"]["low"] == pytest.approx(0.301, abs=0.001)
    assert line["brier"] == pytest.approx((3 * 0.01 + 0.81) / 4, abs=1e-4)


@pytest.mark.requirement("VA-06")
async def test_alarms_are_forgotten_after_their_term_and_verdicts_stay_as_numbers(room: Room) -> None:
    await room.take(room.report())
    alarm_id = (await room.get("/vision/alarms"))["alarms"][0]["alarm_id"]
    await room.judge(alarm_id, "true")
    run = JobRun(room.city, Context(room.clock))
    await jobs.forget(run)
    assert (await room.get(f"/vision/alarms/{alarm_id}"))["verdict"] == "true"
    room.clock.advance(timedelta(days=31))
    await jobs.forget(run)
    await jobs.forget(run)
    await room.get(f"/vision/alarms/{alarm_id}", 404)
    assert await room.told("vision.alarms.forgotten.v1") == 1
    assert (await room.get("/vision/quality?days=60"))["judged"] == 1


async def test_another_model_for_the_same_thing_begins_in_the_shadow(room: Room) -> None:
    def card(name: str) -> dict[str, Any]:
        return {
            "name": name,
            "sha256": name[-1] * 64,
            "behaviours": ["fire"],
            "task": "flames",
            "licence": {"weights": "own"},
        }

    for cards in ([card("fire-a")], [card("fire-a"), card("fire-b")]):
        state = {"cameras": [], "behaviours": ["fire"], "models": cards}
        await intake.tell_state(room.city, intake.local(), state, room.clock.now())
    shown = {m["name"]: m["shadow"] for m in (await room.get("/vision/models"))["models"]}
    assert shown == {"fire-a": False, "fire-b": True}
    await room.take(room.report("fire", model=f"fire-b@{'b' * 8}"))
    assert (await room.get("/vision/alarms"))["open"] == 0
    await room.sit(Role.SHIFT_LEAD)
    answer = await room.http.put("/api/v1/vision/models/fire-b/%00/mode", json={"shadow": False})
    assert (answer.status_code, answer.json()["detail"]) == (422, "a text holds a NUL character")
    answer = await room.http.put(f"/api/v1/vision/models/fire-b/{'b' * 64}/mode", json={"shadow": False})
    assert answer.status_code == 204
    room.later(minutes=5)
    await room.take(room.report("fire", model=f"fire-b@{'b' * 8}"))
    assert (await room.get("/vision/alarms"))["open"] == 1
