"""What the screens of supervision are told: an alarm as it went, and who bears how much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.clock import KST
from ansimnet.kernel.permits import Role
from ansimnet.slices.duties.rules.table import TABLE
from ansimnet.slices.supervision.model import State
from ansimnet.slices.supervision.rules import load
from ansimnet.slices.supervision.rules.frames import frames

from .made import HER, NOON, approach, fix, whole, zone
from .test_api import Story, desk, story
from .test_procedure import OFFICE, Office, office, seat

__all__ = ["desk", "office", "story"]


# ------------------------------------------------------------------------------------------------------------- frames


@pytest.mark.requirement("EM-19")
def test_a_walk_into_a_zone_goes_from_clear_to_certain_and_each_frame_says_how_sure() -> None:
    walk = [fix(15.0 * i, 600.0 - 20.0 * i) for i in range(40)]
    shown = frames(zone(), walk, since=NOON)
    assert [f.at for f in shown] == [w.seen_at for w in walk]
    assert shown[0].state is State.CLEAR
    assert shown[-1].state is State.CERTAIN
    assert shown[0].probability < 0.01 < 0.99 < shown[-1].probability
    assert all(f.his is not None and f.fix is not None for f in shown)


@pytest.mark.requirement("EM-19")
def test_whoever_is_protected_has_no_place_in_any_frame() -> None:
    his = [fix(30.0 * i, 2000.0 - 60.0 * i) for i in range(30)]
    both = his + [fix(30.0 * i + 7, 0.0, hers=True) for i in range(30)]
    shown = frames(approach(), both, since=NOON)
    hers = [f for f in shown if f.fix is None]
    assert len(hers) == 30  # her fixes are judged, and say so
    assert all(f.fix is None or f.fix.person_id != HER for f in shown)
    assert all(f.his is None or f.his.person_id != HER for f in shown)


def test_what_came_before_the_span_warms_the_filter_up_and_is_not_shown() -> None:
    walk = [fix(15.0 * i, 600.0) for i in range(10)]
    assert len(frames(whole(), walk, since=NOON + timedelta(seconds=75))) == 5


# --------------------------------------------------------------------------------------------------------------- load


@pytest.mark.parametrize(
    ("at", "begun"),
    [("02:14", "22:00 -1"), ("05:59", "22:00 -1"), ("06:00", "06:00"), ("13:59", "06:00"), ("14:00", "14:00"),
     ("21:59", "14:00"), ("22:00", "22:00")],
)  # fmt: skip
def test_a_night_is_one_shift(at: str, begun: str) -> None:
    hour, minute = map(int, at.split(":"))
    day = datetime(2026, 11, 21, hour, minute, tzinfo=KST)
    clock, _, before = begun.partition(" ")
    expected = day.replace(hour=int(clock[:2]), minute=0) - timedelta(days=1 if before else 0)
    assert load.shift_of(day.astimezone(UTC)) == expected


_ALARMS = st.lists(
    st.builds(
        load.Seen,
        trigger=st.sampled_from(Trigger),
        raised_at=st.integers(0, 7 * 24 * 60).map(lambda m: NOON + timedelta(minutes=m)),
        certain=st.booleans(),
        acknowledged_at=st.none() | st.just(NOON + timedelta(days=8)),
        finding=st.sampled_from([None, "confirmed", "medical", "false"]),
        verdict=st.sampled_from([None, "true", "false"]),
    ),
    max_size=40,
)


@pytest.mark.requirement("EM-20")
@given(_ALARMS)
def test_every_alarm_is_counted_once_by_shift_and_once_by_trigger(seen: list[load.Seen]) -> None:
    shifts = load.by_shift(seen, NOON, NOON + timedelta(days=7))
    triggers = load.by_trigger(seen)
    assert set(triggers) == set(Trigger)
    assert len(shifts) == 22  # three a day, the quiet ones too
    assert load.total(c for _, c in shifts) == load.total(triggers.values())
    whole_ = load.total(triggers.values())
    assert whole_.alarms == len(seen)
    assert 0 <= whole_.agreed <= whole_.both <= whole_.room_true + whole_.room_false
    assert whole_.unjudged == sum(1 for s in seen if s.finding is None)


@pytest.mark.requirement("EM-20")
def test_the_false_ones_are_a_share_of_what_was_judged() -> None:
    assert load.Count(alarms=9, confirmed=2, medical=1, false=1).false_share == 0.25
    assert load.Count(alarms=9).false_share is None


# ------------------------------------------------------------------------------------------------------------- routes


@pytest.mark.requirement("EM-19")
async def test_an_alarm_is_played_again_with_its_proof(story: Story) -> None:
    await story.walk()
    controller = await story.desk.sign_in(Role.TRACKING_CONTROLLER)
    (alarm,) = (await controller.get("/api/v1/alarms")).json()["alarms"]
    answer = await controller.get(f"/api/v1/alarms/{alarm['alarm_id']}/replay")
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["frames"][-1]["state"] == "certain"
    assert shown["cited"]
    assert {f["fix"]["fix_id"] for f in shown["frames"]} >= set(shown["cited"])
    assert [p["same"] for p in shown["proof"]] == [True, True]
    assert shown["condition"]["trigger"] == "exclusion_zone"
    stranger = await story.desk.sign_in(Role.COURT_CLERK)
    assert (await stranger.get(f"/api/v1/alarms/{alarm['alarm_id']}/replay")).status_code == 403


@pytest.mark.requirement("EM-02", "EM-03")
async def test_the_day_names_what_waits_for_the_officers_own_finding(office: Office) -> None:
    (line,) = (await office.officer.get("/api/v1/supervision/day")).json()["wearers"]
    assert [j["alarm_id"] for j in line["to_judge"]] == [office.alarm_id]
    await office.find()
    (line,) = (await office.officer.get("/api/v1/supervision/day")).json()["wearers"]
    assert line["to_judge"] == []
    assert [v["alarm_id"] for v in line["to_report"]] == [office.alarm_id]
    await office.report()
    shown = (await office.officer.get(f"/api/v1/wearers/{office.wearer_id}/procedure")).json()
    assert shown["who"] == {office.officer.headers["x-account"]: next(iter(shown["who"].values()))}
    assert next(iter(shown["who"].values())).startswith("probation-officer")
    mine = (await office.wearer.get("/api/v1/me/supervision")).json()
    assert mine["papers"]["who"] == {}  # a wearer is not told who his officers are


@pytest.mark.requirement("EM-20")
async def test_the_load_is_counted_by_office_shift_and_finding(office: Office) -> None:
    await office.desk.sign_in(Role.TRACKING_CONTROLLER)
    await office.find("false")
    shown = (await office.director.get("/api/v1/supervision/load?days=1")).json()
    assert (shown["wearers"], shown["controllers"], shown["per_controller"]) == (1, 1, 1.0)
    assert shown["offices"] == [{"office": OFFICE, "wearers": 1, "officers": 1, "free": 1, "per_officer": 0.0}]
    assert shown["whole"]["alarms"] == 1
    assert shown["whole"]["false_share"] == 1.0
    assert sum(s["alarms"] for s in shown["shifts"]) == 1
    assert len(shown["shifts"]) == 4
    wearer = await seat(office.desk, Role.WEARER, subject_id=office.wearer_id)
    assert (await wearer.get("/api/v1/supervision/load")).status_code == 403


@pytest.mark.requirement("EM-20")
async def test_a_crime_during_wear_is_put_on_file_by_the_officer_and_counted_by_year(office: Office) -> None:
    path = f"/api/v1/wearers/{office.wearer_id}/offences"
    charge = {"offence": "sexual_violence", "committed_on": "2026-11-20", "case_number": "해담경찰서 2026-011873"}
    made = await office.officer.post(path, json=charge)
    assert made.status_code == 201, made.text
    again = await office.officer.post(path, json=charge)
    assert (again.status_code, again.json()["type"]) == (409, "urn:ansimnet:problem:done-before")
    for wrong in ({"committed_on": "2999-01-01"}, {"committed_on": "1999-01-01"}):
        refused = await office.officer.post(path, json=charge | wrong)
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:ansimnet:problem:not-during-wear")
    for nonsense in ({"offence": "theft"}, {"case_number": "  "}, {"more": 1}):
        assert (await office.officer.post(path, json=charge | nonsense)).status_code == 422
    for other in (office.director, office.clerk, office.wearer):
        assert (await other.post(path, json=charge)).status_code == 403
    (shown,) = (await office.director.get(path)).json()["offences"]
    assert shown["case_number"] == charge["case_number"]
    (fact,) = await office.facts("offence.noted")
    assert (str(fact.wearer_id), fact.offence) == (office.wearer_id, "sexual_violence")
    load = (await office.director.get("/api/v1/supervision/load?days=1")).json()
    assert load["offences"] == [{"year": 2026, "offences": 1, "wearers": 1}]
    async with office.desk.dbs.tracking.transaction() as tx:
        (stored,) = await tx.all("select case_number from supervision_offence")
    assert "011873" not in stored[0]  # sealed under the wearer


@pytest.mark.requirement("EM-05")
async def test_the_court_sees_what_waits_by_code_and_reads_it_only_under_an_order(office: Office) -> None:
    await office.find()
    await office.report()
    assert (await office.clerk.get("/api/v1/supervision/docket")).json() == {"petitions": []}
    assert (await office.petition(months=2)).status_code == 201
    (waits,) = (await office.clerk.get("/api/v1/supervision/docket")).json()["petitions"]
    assert waits["wearer_id"] == office.wearer_id
    assert set(waits) == {"petition_id", "wearer_id", "code", "office", "filed_at"}
    assert (await office.clerk.get(f"/api/v1/wearers/{office.wearer_id}/petitions")).status_code == 403
    for other in (office.officer, office.director, office.wearer):
        assert (await other.get("/api/v1/supervision/docket")).status_code == 403
    order_id = await office.order()
    assert (await office.decide(waits["petition_id"], order_id, outcome="rejected", months=0)).status_code == 201
    assert (await office.clerk.get("/api/v1/supervision/docket")).json() == {"petitions": []}


@pytest.mark.requirement("EM-19")
async def test_the_room_says_by_a_key_whether_an_alarm_was_real_and_no_violation_follows(office: Office) -> None:
    controller = await office.desk.sign_in(Role.TRACKING_CONTROLLER)
    verdict = f"/api/v1/alarms/{office.alarm_id}/verdict"
    assert (await controller.post(verdict, json={"verdict": "false"})).status_code == 204
    assert (await controller.post(verdict, json={"verdict": "true"})).status_code == 204  # seen once more
    assert [f.verdict for f in await office.facts("alarm.judged")] == ["false", "true"]
    (alarm,) = (await controller.get("/api/v1/alarms")).json()["alarms"]
    assert (alarm["verdict"], alarm["finding"]) == ("true", None)
    (line,) = (await office.officer.get("/api/v1/supervision/day")).json()["wearers"]
    assert line["to_report"] == []  # only an officer's own finding is reported
    await office.find()
    whole = (await controller.get("/api/v1/supervision/load?days=1")).json()["whole"]
    assert (whole["room_true"], whole["room_false"], whole["both"], whole["agreed"]) == (1, 0, 1, 1)
    for other in (office.officer, office.director, office.clerk):
        assert (await other.post(verdict, json={"verdict": "false"})).status_code == 403
    assert (
        await controller.post(f"/api/v1/alarms/{office.wearer_id}/verdict", json={"verdict": "true"})
    ).status_code == 404


@pytest.mark.requirement("EM-13")
def test_no_duty_and_no_alarm_rests_on_the_repealed_figures_of_a_device() -> None:
    assert not [r.name for r in TABLE if "EM-13" in r.clause]
    poor = [fix(60.0 * i, 0.0, error_m=40.0, battery=3.0) for i in range(20)]  # farther off than 1 m, all but flat
    shown = frames(whole(), poor, since=NOON)
    assert {f.state for f in shown} == {State.CLEAR}
    assert [(f.fix.error_m, f.fix.battery) for f in shown if f.fix] == [(40.0, 3.0)] * 20  # telemetry, and kept
