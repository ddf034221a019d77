"""From a worker's report to the verdict, on a real database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.slices.vision.kit import Room

from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Masking, NoPermit, Role
from ansimnet.platform.live import LiveView
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.permits import LEASE_S
from ansimnet.slices.vision import wiring
from ansimnet.slices.vision.store import workers


async def only(room: Room, state: str = "open") -> dict[str, Any]:
    """Return the one alarm of a list."""
    found = (await room.get(f"/vision/alarms?state={state}"))["alarms"]
    assert len(found) == 1
    return dict(found[0])


@pytest.mark.requirement("VA-01", "VA-06")
async def test_a_report_becomes_an_alarm_with_clip_place_and_reason(room: Room) -> None:
    receipt = await room.take(room.report(evidence={"score": 7.5, "dwell_s": 3.2}, probability=0.93))
    assert (len(receipt.taken), receipt.known, receipt.refused) == (1, [], [])
    alarm = await only(room)
    assert alarm["reason_en"] == "Intrusion: stayed 3 s; 93 % likely."
    assert alarm["reason_ko"] == "침입: 3초 머묾 · 확률 93 %."
    assert (alarm["model"], alarm["probability"], alarm["verdict"]) == (
        "pose-rules@0123abcd",
        pytest.approx(0.93),
        None,
    )
    assert (round(alarm["lat"], 4), alarm["exact_place"]) == (37.5001, False)
    assert await room.told("vision.alarm.raised.v1") == 1
    clip = await room.post(f"/vision/alarms/{alarm['alarm_id']}/clip")
    assert clip["from_at"] == "2026-11-21T11:59:48Z"
    assert clip["until_at"] == "2026-11-21T12:00:10Z"
    assert clip["masking"] == "masked"


@pytest.mark.requirement("CC-07", "VA-01")
async def test_the_control_room_hears_of_an_alarm_at_once(room: Room) -> None:
    heard = {view.fact.kind: view.roles for view in _live()}
    assert heard["vision.alarm.raised.v1"] == {Role.CENTRE_OPERATOR, Role.SHIFT_LEAD}
    await room.take(room.report("loitering"), room.report("violence", tracks=[8]))
    first, second = (await room.get("/vision/alarms"))["alarms"]
    assert (first["behaviour"], first["priority"]) == ("violence", 1)
    assert (second["behaviour"], second["priority"]) == ("loitering", 4)


def _live() -> tuple[LiveView, ...]:
    return tuple(LiveView(fact, wiring.ROOM) for fact in wiring.HEARD)


@pytest.mark.requirement("VA-06")
async def test_a_report_that_is_sent_again_changes_nothing(room: Room) -> None:
    report = room.report()
    first, second = await room.take(report), await room.take(report, report)
    assert (first.taken, second.taken) == ([UUID(report["id"])], [])
    assert second.known == [UUID(report["id"])] * 2
    assert (await only(room))["reports"] == 1
    assert await room.told("vision.alarm.raised.v1") == 1


@pytest.mark.requirement("VA-06")
async def test_reports_of_one_event_join_one_alarm_and_the_surest_gives_the_reason(room: Room) -> None:
    await room.take(room.report(probability=0.7, evidence={"score": 7.0, "dwell_s": 2.0}))
    room.later(seconds=30)
    await room.take(room.report(probability=0.9, evidence={"score": 9.0, "dwell_s": 32.0}))
    room.later(seconds=5)
    await room.take(room.report(tracks=[99], probability=0.8, evidence={"score": 8.0, "dwell_s": 1.0}))
    alarm = await only(room)
    assert (alarm["reports"], alarm["probability"], alarm["evidence"]["dwell_s"]) == (3, pytest.approx(0.9), 32.0)
    assert (alarm["began_at"], alarm["last_at"]) == ("2026-11-21T11:59:58Z", "2026-11-21T12:00:35Z")
    await room.take(room.report(tracks=[55], box=[0.8, 0.1, 0.9, 0.3]))
    assert (await room.get("/vision/alarms"))["open"] == 2


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"behaviour": "running"}, "malformed"),
        ({"box": [0.5, 0.4, 0.4, 0.8]}, "malformed"),
        ({"box": [0.5, 0.4, 1.4, 0.8]}, "malformed"),
        ({"evidence": {"score": float("nan")}}, "malformed"),
        ({"evidence": {"Bad Name": 1.0}}, "malformed"),
        ({"probability": None, "evidence": {}}, "malformed"),
        ({"model": "nameless"}, "malformed"),
        ({"more": 1}, "malformed"),
        ({"at": 4102444800.0}, "in-the-future"),
        ({"at": 1e9, "since": 1e9 - 2}, "too-old"),
        ({"camera_id": str(new_id())}, "no-camera"),
        ({"behaviour": "scream"}, "not-sensed"),
        ({"evidence": {"score": 8.0, "heat_c": 61.0}}, "not-sensed"),
    ],
)
@pytest.mark.requirement("VA-02")
async def test_what_makes_no_sense_is_refused_by_its_place_and_the_rest_is_taken(
    room: Room, change: dict[str, Any], name: str
) -> None:
    receipt = await room.take(room.report() | change, room.report())
    assert [(r.index, r.name) for r in receipt.refused] == [(0, name)]
    assert len(receipt.taken) == 1


async def test_a_place_beyond_the_horizon_is_no_reason_to_hear_nothing(room: Room) -> None:
    evidence = {"score": 7.5, "dwell_s": float("inf")}
    receipt = await room.take(room.report(place=[4000.0, 37.5], evidence=evidence))
    await room.take(room.report("violence", place=[127.9, 37.5]))
    assert receipt.refused == []
    found = (await room.get("/vision/alarms"))["alarms"]
    assert [a["exact_place"] for a in found] == [False, False]
    assert found[1]["evidence"] == {"score": 7.5}


@pytest.mark.requirement("VA-02")
async def test_sound_is_refused_where_the_site_has_no_ground_for_it(room: Room) -> None:
    receipt = await room.take(room.report("scream", camera_id=str(room.cameras[2])))
    assert [(r.name, r.detail) for r in receipt.refused] == [
        ("not-sensed", "this site has no ground of its own for sound")
    ]


@pytest.mark.requirement("VA-06")
async def test_a_false_verdict_needs_a_reason_and_ends_every_look_at_the_camera(room: Room) -> None:
    await room.take(room.report())
    alarm = await only(room)
    path = f"/vision/alarms/{alarm['alarm_id']}"
    await room.get(path)
    room.later(seconds=9)
    clip = await room.post(f"{path}/clip")
    refused = await room.post(f"{path}/verdict", {"verdict": "false"}, 422)
    assert refused["title"] == "no why"
    judged = await room.judge(alarm["alarm_id"], "false", "animal")
    assert (judged["verdict"], judged["why"], judged["opened_at"]) == ("false", "animal", "2026-11-21T12:00:00Z")
    assert await room.told("vision.alarm.judged.v1") == 1
    await asyncio.sleep(LEASE_S + 0.1)  # a permit in memory is trusted for so long
    await room.post(f"{path}/clip", code=403)
    async with room.city.transaction() as tx:
        with pytest.raises(NoPermit):
            await policy.redeem_ticket(tx, clip["ticket"], room.clock.now())
    await room.judge(alarm["alarm_id"], "false", "animal")
    assert await room.told("vision.alarm.judged.v1") == 1
    assert (await room.get("/vision/alarms"))["handling_median_s"] == 9.0


async def test_a_clip_is_a_masked_ticket_to_those_seconds_alone(room: Room) -> None:
    await room.take(room.report())
    alarm = await only(room)
    clip = await room.post(f"/vision/alarms/{alarm['alarm_id']}/clip")
    async with room.city.transaction() as tx:
        redeemed = await policy.redeem_ticket(tx, clip["ticket"], room.clock.now())
    assert redeemed.resource == room.cameras[0]
    assert redeemed.permit.resources == frozenset({UUID(str(room.cameras[0]))})
    extras: Any = redeemed.extras
    assert Masking(extras["masking"]) is Masking.MASKED
    assert extras["recorded"]["cameras"] == [str(room.cameras[0])]
    live = await room.post(f"/vision/alarms/{alarm['alarm_id']}/live")
    assert (live["from_at"], live["masking"]) == (None, "masked")


@pytest.mark.requirement("VA-06")
async def test_what_exceeds_the_budget_is_held_in_a_list_and_a_life_in_danger_never(room: Room) -> None:
    await room.sit(Role.SHIFT_LEAD)
    await room.put("/vision/budget", {"per_shift": 8, "shift_hours": 8})
    for n in range(4):
        await room.take(room.report("loitering", tracks=[n], box=[n / 10, 0.1, n / 10 + 0.05, 0.2]))
    await room.take(room.report("violence", tracks=[20]))
    said = await room.get("/vision/alarms")
    assert (said["open"], said["held"], said["budget"]["operators"]) == (2, 3, 1)
    assert {a["behaviour"] for a in said["alarms"]} == {"violence", "loitering"}
    held = (await room.get("/vision/alarms?state=held"))["alarms"]
    assert [a["held"] for a in held] == [True] * 3
    room.later(hours=3)
    await room.take(room.report("loitering", tracks=[40], box=[0.7, 0.1, 0.8, 0.2]))
    assert (await room.get("/vision/alarms"))["open"] == 3


async def test_a_held_alarm_is_released_when_it_grows_surer_and_there_is_room(room: Room) -> None:
    await room.sit(Role.SHIFT_LEAD)
    await room.put("/vision/budget", {"per_shift": 5, "shift_hours": 1})
    for n in range(6):
        await room.take(room.report("loitering", tracks=[n], box=[n / 6, 0.1, n / 6 + 0.1, 0.3]))
    assert (await room.get("/vision/alarms"))["held"] == 1
    await room.sit()
    await room.get("/vision/alarms")  # a second operator sits down: the budget is theirs together
    room.later(seconds=30)
    await room.take(room.report("loitering", tracks=[5], evidence={"score": 9.0}, box=[0.8, 0.1, 0.9, 0.3]))
    assert (await room.get("/vision/alarms"))["held"] == 0
    assert await room.told("vision.alarm.released.v1") == 1


@pytest.mark.requirement("VA-06")
async def test_a_camera_that_nobody_set_up_tries_and_alarms_nobody(room: Room) -> None:
    await room.take(room.report(camera_id=str(room.cameras[1])))
    assert (await room.get("/vision/alarms"))["open"] == 0
    assert await room.told("vision.alarm.raised.v1") == 0
    alarm = await only(room, "shadow")
    await room.judge(alarm["alarm_id"], "true")
    quality = await room.get("/vision/quality")
    assert quality["judged"] == 0
    assert [(line["shadow"], line["trues"], line["judged"]) for line in quality["lines"]] == [(True, 1, 1)]


async def test_a_rehearsal_says_so_and_teaches_nothing(room: Room) -> None:
    await room.take(room.report(model="simulated-boxes@0123abcd"))
    alarm = await only(room)
    assert alarm["simulated"]
    await room.judge(alarm["alarm_id"], "false", "nothing")
    assert (await room.get("/vision/quality"))["judged"] == 0


@pytest.mark.parametrize("role", [Role.FACILITY_MANAGER, Role.AUDITOR, Role.ADMINISTRATOR, Role.INVESTIGATOR])
async def test_nobody_else_in_the_city_reads_alarms(room: Room, role: Role) -> None:
    await room.take(room.report())
    alarm = await only(room)
    await room.sit(role)
    await room.get("/vision/alarms", 403)
    await room.post(f"/vision/alarms/{alarm['alarm_id']}/clip", code=403)
    await room.post(f"/vision/alarms/{alarm['alarm_id']}/verdict", {"verdict": "true"}, 403)


async def test_the_tracking_centre_sees_none_of_it(room: Room) -> None:
    await room.take(room.report())
    alarm = await only(room)
    await room.sit(Role.TRACKING_CONTROLLER, at=room.dbs.tracking)
    await room.get("/vision/alarms", 403)
    await room.post(f"/vision/alarms/{alarm['alarm_id']}/clip", code=403)


async def test_a_machine_reports_with_its_key_and_is_answered_after_the_commit(room: Room) -> None:
    await room.sit(Role.SHIFT_LEAD)
    made = await room.post("/vision/workers", {"name": "edge 1"}, 201)
    key = {"Authorization": f"Bearer {made['key']}"}
    said = await room.http.post("/ingest/vision/reports", json={"reports": [room.report()]}, headers=key)
    assert (said.status_code, len(said.json()["taken"])) == (200, 1)
    cards = [{"name": "fire", "sha256": "ab" * 32, "behaviours": ["fire"], "licence": "own"}]
    state = {
        "cameras": [str(room.cameras[0])],
        "behaviours": ["fire"],
        "models": cards,
        "figures": {"a": {"analysed_fps": 40.0}},
    }
    given = await room.http.post("/ingest/vision/state", json=state, headers=key)
    first = given.json()["cameras"][0]
    assert (first["camera_id"], first["shadow"], first["has"]) == (str(room.cameras[0]), [], ["day", "night"])
    shown = (await room.get("/vision/workers"))["workers"]
    assert [(w["name"], w["alive"], w["pictures_s"]) for w in shown] == [("edge 1", True, 40.0)]
    assert (await room.get("/vision/models"))["models"][0]["licence"] == "own"
    for headers, code in (({}, 401), ({"Authorization": "Bearer nobody"}, 401), (key, 422)):
        answer = await room.http.post("/ingest/vision/reports", content=b"{", headers=headers)
        assert answer.status_code == code
    await room.http.delete(f"/api/v1/vision/workers/{made['worker_id']}")
    ended = await room.http.post("/ingest/vision/reports", json={"reports": []}, headers=key)
    assert ended.status_code == 401
    async with room.city.transaction() as tx:
        assert await workers.of_key(tx, workers.hash_of(made["key"])) is None


@pytest.mark.requirement("VA-06")
async def test_a_missed_event_counts_against_the_camera(room: Room) -> None:
    camera_id = CameraId(room.cameras[0])
    form = {"camera_id": str(camera_id), "behaviour": "collapse", "missed_at": room.clock.now().isoformat()}
    await room.post("/vision/misses", form, 201)
    line = (await room.get("/vision/quality"))["lines"][0]
    assert (line["behaviour"], line["missed"], line["precision"]) == ("collapse", 1, None)
    await room.post("/vision/misses", form | {"missed_at": "2031-01-01T00:00:00Z"}, 422)
