"""The wearer's own page: his zones and his place, of whom he must stay away from nothing, and news of his own alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.facts.supervision import AlarmRaised, ContestDecided, PetitionFiled, TriggerConfirmed
from ansimnet.kernel.geo import Plane, Point, distance_m
from ansimnet.kernel.ids import FactId, WearerId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.http import SignedIn
from ansimnet.platform.ledger import Entry
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.supervision.api import telling
from ansimnet.slices.supervision.model import Circle, Exclusion, Polygon, Zone
from ansimnet.slices.supervision.rules import own

from .made import HER, HIM, NOON, ZONE, approach, at, curfew, square, whole, zone
from .test_api import Story, desk, story
from .test_procedure import Office, office, seat

__all__ = ["desk", "office", "story"]

# -------------------------------------------------------------------------------------------------------- what is shown

places = st.builds(Point, st.floats(33.0, 38.7), st.floats(124.5, 131.0))  # Korea
discs = st.builds(Circle, places, st.floats(20, 5000))
houses = places.map(
    lambda p: Polygon(tuple(Plane(p).to_point(x, y) for x, y in ((-90, -40), (110, -60), (80, 120), (-70, 90))))
)


def guards(shape: Zone) -> Exclusion:
    return Exclusion(ZONE, HIM, "보호구역", shape, HER)


@pytest.mark.requirement("EM-06", "EM-19")
@given(discs | houses, st.floats(0, 360), st.floats(0, 1))
def test_whoever_stays_out_of_what_is_shown_stays_out_of_the_zone(shape: Zone, course: float, share: float) -> None:
    shown, wider = own.zone_shown(guards(shape))
    assert wider
    assert isinstance(shown, Circle)
    centre, reach_m = shape.reach
    assert distance_m(shown.centre, centre) + reach_m <= shown.radius_m


inside = st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99))


@given(st.integers(6600, 7700), st.integers(24900, 26200), inside, inside, st.floats(20, 5000))
def test_two_houses_of_one_block_are_drawn_alike(
    row: int, column: int, one: tuple[float, float], other: tuple[float, float], radius_m: float
) -> None:
    """Whoever sees the picture cannot tell which of a block's houses is hers: it is a function of the block."""
    cell, shift = own.CELL_DEG, own.SHIFT_DEG
    block = [Point((row + y) * cell + shift, (column + x) * cell + shift) for y, x in (one, other)]
    here, there = (own.zone_shown(guards(Circle(house, radius_m))) for house in block)
    assert here == there


def test_what_guards_nobody_is_shown_as_it_is_and_a_person_not_at_all() -> None:
    assert own.zone_shown(zone()) == (zone().zone, False)
    assert own.zone_shown(square()) == (square().zone, False)
    assert own.zone_shown(curfew()) == (curfew().home, False)
    assert own.zone_shown(approach(place=at(0))) == (None, False)
    assert own.zone_shown(whole()) == (None, False)


# ------------------------------------------------------------------------------------------------------------ the page

HERS = (37.52317, 127.04871)
"""Where the zone that guards her lies: no digit of it may reach him."""


async def himself(story: Story) -> httpx.AsyncClient:
    return await seat(story.desk, Role.WEARER, subject_id=story.wearer_id)


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict | list):
        return [n for v in (value.values() if isinstance(value, dict) else value) for n in numbers(v)]
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []


@pytest.mark.requirement("EM-19")
async def test_a_wearer_sees_where_he_is_believed_to_be_and_where_an_alarm_was(story: Story) -> None:
    him = await himself(story)
    before = (await him.get("/api/v1/me/supervision")).json()
    assert before["place"] is None
    await story.walk()
    mine = (await him.get("/api/v1/me/supervision")).json()
    last = story.position(59)
    seen = Point(mine["place"]["lat"], mine["place"]["lon"])
    assert distance_m(seen, Point(last["lat"], last["lon"])) < 30
    assert 0 < mine["place"]["error_m"] < 60
    (school,) = [c for c in mine["conditions"] if c["trigger"] == "exclusion_zone"]
    assert (school["centre"], school["radius_m"], school["wider"]) == ([37.5, 127.03], 300, False)
    (alarm,) = mine["alarms"]
    assert alarm["condition_id"] == story.condition_id
    # nobody is guarded by the school's zone: he may see where he was
    assert distance_m(Point(alarm["place"]["lat"], alarm["place"]["lon"]), Point(37.5, 127.03)) < 340


@pytest.mark.requirement("EM-06", "VP-01")
async def test_of_whom_he_must_stay_away_from_he_is_told_no_place(story: Story) -> None:
    her = str(new_id())
    here = f"/api/v1/wearers/{story.wearer_id}/conditions"
    guarded = {"trigger": "exclusion_zone", "label": "보호구역", "centre": HERS, "radius_m": 210,
               "protected_person_id": her}  # fmt: skip
    away = {"trigger": "approach", "label": "", "warn_m": 300, "alarm_m": 100, "protected_person_id": her}
    for form in (guarded, away):
        assert (await story.officer.post(here, json=form)).status_code == 201
    # he walks right to her zone: the alarm is about her, and so has no place
    device = story.device
    way = [Plane(Point(*HERS)).to_point(900 - 12 * i, 0) for i in range(80)]
    positions = [
        {"name": "anklet-1", "seen_at": (NOON + timedelta(seconds=5 * i)).isoformat(), "lat": q.lat, "lon": q.lon,
         "error_m": 15}
        for i, q in enumerate(way)
    ]  # fmt: skip
    story.desk.clock.at = NOON + timedelta(seconds=400)
    assert (await device.post("/ingest/positions", json={"positions": positions})).json()["accepted"] == 80
    answer = await (await himself(story)).get("/api/v1/me/supervision")
    mine = answer.json()
    (wide,) = [c for c in mine["conditions"] if c["label"] == "보호구역"]
    assert wide["wider"]
    assert wide["radius_m"] > 210 + 300
    (person,) = [c for c in mine["conditions"] if c["trigger"] == "approach"]
    assert (person["ring"], person["centre"], person["radius_m"], person["alarm_m"]) == (None, None, None, 100)
    about_her = [a for a in mine["alarms"] if a["condition_id"] == wide["condition_id"]]
    assert about_her
    assert all(a["place"] is None for a in about_her)
    assert her not in answer.text
    mine.pop("place")  # his own
    said = numbers(mine)
    assert all(abs(n - exact) > 1e-4 for n in said for exact in HERS)


STREETS = (
    "id,lat,lon\na,37.500,127.030\nb,37.502,127.030\nc,37.502,127.033\nd,37.60,127.20\ne,37.601,127.20\n",
    "u,v,length_m,road_name,width_m\na,b,222,새빛로,12\nb,c,265,,3\nc,d,18000,먼길,20\nd,e,111,,3\n",
)


async def test_the_ground_under_his_map_is_drawn_by_our_own_server(story: Story, tmp_path: Path) -> None:
    nodes, edges = tmp_path / "nodes.csv", tmp_path / "edges.csv"
    nodes.write_text(STREETS[0])
    edges.write_text(STREETS[1])
    MapData(tmp_path / "map").import_streets(nodes, edges)
    him = await himself(story)
    streets = (await him.get("/api/v1/me/supervision/map")).json()["streets"]
    # what leads far away begins here; the street at the other end of the city does not
    assert [[37.5, 127.03], [37.502, 127.03]] in streets
    assert [[37.6, 127.2], [37.601, 127.2]] not in streets
    assert (await story.officer.get("/api/v1/me/supervision/map")).status_code == 404  # it has no page of its own


# ----------------------------------------------------------------------------------------------------------------- news


def entry(fact: Any) -> Entry:
    return cast(Entry, type("Told", (), {"fact": fact, "seq": 1})())


@pytest.mark.requirement("EM-03")
async def test_a_step_is_told_to_the_competent_office_and_to_no_other(office: Office) -> None:
    elsewhere = await seat(office.desk, Role.OFFICE_DIRECTOR, "다른보호관찰소")
    everywhere = await seat(office.desk, Role.OFFICE_DIRECTOR)
    fact = PetitionFiled(
        fact_id=FactId(new_id()), happened_at=NOON, petition_id=new_id(), wearer_id=WearerId(UUID(office.wearer_id)),
        asks_months=3, asks_conditions=(), grave=1, serious=0, ordinary=0, by=new_id(),
    )  # fmt: skip
    heard = {}
    async with office.desk.dbs.tracking.transaction() as tx:
        for name, client in (("own", office.director), ("other", elsewhere), ("all", everywhere)):
            account = type("A", (), {"account_id": UUID(client.headers["x-account"])})()
            told = [
                await view.project(tx, entry(fact), cast(SignedIn, account))
                for view in telling.views()
                if view.fact is PetitionFiled and Role.OFFICE_DIRECTOR in view.roles and view.project
            ]
            heard[name] = told
    assert heard == {"own": [{"wearer_id": UUID(office.wearer_id)}], "other": [None],
                     "all": [{"wearer_id": UUID(office.wearer_id)}]}  # fmt: skip


async def test_a_wearer_hears_of_his_own_contest_and_the_court_no_name(office: Office) -> None:
    stranger = (await office.desk.wearer(office.officer, code="W-2000")).json()["wearer_id"]
    fact = ContestDecided(
        fact_id=FactId(new_id()), happened_at=NOON, contest_id=new_id(), alarm_id=cast(Any, new_id()),
        wearer_id=WearerId(UUID(office.wearer_id)), upheld=True, by=new_id(),
    )  # fmt: skip
    (to_him,) = [v.project for v in telling.views() if v.fact is ContestDecided and Role.WEARER in v.roles]
    assert to_him is not None
    async with office.desk.dbs.tracking.transaction() as tx:
        his = cast(SignedIn, type("A", (), {"subject_id": UUID(office.wearer_id)})())
        other = cast(SignedIn, type("A", (), {"subject_id": UUID(stranger)})())
        assert await to_him(tx, entry(fact), his) == {}
        assert await to_him(tx, entry(fact), other) is None
        for view in telling.views():
            if Role.COURT_CLERK in view.roles and view.project:
                assert await view.project(tx, entry(fact), his) == {}


def test_nobody_whom_an_alarm_is_about_is_told_of_it() -> None:
    told = {v.fact for v in telling.views() if Role.WEARER in v.roles}
    assert not told & {AlarmRaised, TriggerConfirmed}
    assert all(v.project is not None for v in telling.views())  # nothing of the record itself is sent
