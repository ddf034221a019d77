"""Masking of what was recorded: tracks, doubts, copies; privacy zones; the worker process."""

from __future__ import annotations

import asyncio
import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from evaluation._evidence_studio import tool
from fastapi import FastAPI, Request
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.slices.footage.camera import FPS, HEIGHT, WIDTH, TestCamera, clip
from tests.slices.footage.exporting import recorded_city
from tests.slices.footage.kit import camera_of, in_an_hour, showing, stage, watching

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.permits import Masking, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.http import install
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.footage.api.zones import routes as zone_routes
from ansimnet.slices.footage.masking.decisions import Decided, Verdict, applied, open_spans
from ansimnet.slices.footage.masking.doubts import Why, worst
from ansimnet.slices.footage.masking.render import crop, pictures, render
from ansimnet.slices.footage.masking.spotting import seen_of, spot
from ansimnet.slices.footage.masking.tracks import BRIDGE_S, LEAD_S, Masks, Patch, Spot, Track, fill
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment
from ansimnet.slices.footage.relay.h264 import Parameters
from ansimnet.slices.footage.relay.mosaic import BLACK, blacken, runs_of
from ansimnet.slices.footage.relay.onvif import Box, Kind, Seen
from ansimnet.slices.footage.relay.ring import Frame
from ansimnet.slices.footage.relay.source import Sighting, init_of
from ansimnet.slices.footage.service.deciding import BadDecision, decide
from ansimnet.slices.footage.service.exports import NoReviewer, Undecided
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.holding import DbGate
from ansimnet.slices.footage.service.zones import BadZone, import_zones, set_zones
from ansimnet.slices.footage.store import exports as export_store
from ansimnet.slices.footage.store import zones as zone_store
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Relation
from ansimnet.slices.policy.queries.relations import assign

BODY = Box(0.4, 0.3, 0.5, 0.6)
HEAD = Box(0.4, 0.3, 0.5, 0.4)


def at(seconds: float) -> int:
    return round(seconds * CLOCK_HZ)


def said(*when: float, box: Box = BODY, speed: float = 0.0) -> list[Sighting]:
    """Return sightings of one walker at these seconds, and of nobody every 0.2 s between and around."""
    quiet = [Sighting(at(n / 5), ()) for n in range(51) if n / 5 not in when]
    return quiet + [Sighting(at(t), (Seen("1", Kind.PERSON, box.moved(speed * t, 0)),)) for t in when]


def holds(outer: Box, inner: Box) -> bool:
    return outer.around(inner) == outer


def recorded() -> list[Frame]:
    """Return two seconds of a fine chequered picture as a recording holds them."""
    sps, pps, units = clip()
    init = init_of(Parameters(sps, (pps,)))
    step = CLOCK_HZ // FPS
    return [
        Frame(init, n * step, n * step, key, fragment(n + 1, n * step, 0, step, key, u), 0.0)
        for n, (key, u) in enumerate(units)
    ]


# ------------------------------------------------------------------------------------------------- tracks


@pytest.mark.requirement("CC-05")
@settings(deadline=None)  # a busy machine is no fault
@given(st.floats(0.2, BRIDGE_S - 0.1), st.floats(0, 1), st.floats(-0.05, 0.05))
def test_a_miss_is_bridged_where_the_walker_went(gap_s: float, share: float, speed: float) -> None:
    masks = fill(said(1.0, 1.0 + gap_s, speed=speed), 0, at(10))
    t = 1.0 + gap_s * share
    (region,) = masks.regions(at(t)) or ()
    assert holds(region, HEAD.moved(speed * t, 0).clipped() or HEAD)


@pytest.mark.parametrize(("seconds", "hidden"), [(3.0 - LEAD_S + 0.1, 1), (3.0 - LEAD_S - 0.3, 0), (4.1 + LEAD_S, 0)])
def test_a_track_is_hidden_before_and_after_its_sightings(seconds: float, hidden: int) -> None:
    masks = fill(said(3.0, 3.2, 3.4, 3.6, 3.8, 4.0), 0, at(10))
    assert len(masks.regions(at(seconds)) or ()) == hidden


@settings(deadline=None)
@given(st.floats(0, 0.15), st.floats(-0.3, 0.3))
def test_boxes_of_a_camera_that_come_late_hide_all_the_same(late_s: float, speed: float) -> None:
    told = [Sighting(at(n / 5 + late_s), (Seen("1", Kind.PERSON, BODY.moved(speed * n / 5, 0)),)) for n in range(5, 8)]
    (region,) = fill(told, at(1), at(1.6)).regions(at(1.3)) or ()
    assert holds(region, HEAD.moved(speed * 1.3, 0))


def test_a_name_that_jumps_is_two_tracks() -> None:
    far = [Sighting(at(1.1), (Seen("1", Kind.PERSON, BODY.moved(-0.4, 0.3)),))]
    assert len(fill([*said(1.0), *far], 0, at(10)).tracks) == 2
    assert len(fill(said(1.0, 1.0 + BRIDGE_S + 0.5), 0, at(10)).tracks) == 2


def test_where_nobody_vouches_everything_is_hidden() -> None:
    told = [Sighting(at(t), ()) for t in (0.0, 0.5, 3.0, 3.5)]
    masks = fill(told, 0, at(4))
    assert [masks.regions(at(t)) for t in (0.2, 1.5, 3.2)] == [(), None, ()]
    assert fill([], 0, at(4)).regions(at(2)) is None


def test_a_clear_track_stays_visible_and_a_patch_does_not() -> None:
    masks = replace(fill(said(1.0, 1.2), 0, at(10)), patches=(Patch(at(1), at(2), Box(0.8, 0.8, 0.9, 0.9)),))
    assert masks.regions(at(1.1), frozenset({"1"})) == (Box(0.8, 0.8, 0.9, 0.9),)


# ------------------------------------------------------------------------------------------------- doubts


def spots(*when: float, score: float = 0.9, box: Box = BODY) -> tuple[Spot, ...]:
    return tuple(Spot(at(t), box, Box(box.x1, box.y1, box.x2, box.y1 + 0.1), score) for t in when)


BORDER = Box(0.0, 0.3, 0.1, 0.6)
STEADY = tuple(n / 5 for n in range(51))


@pytest.mark.parametrize(
    ("track", "why"),
    [
        pytest.param(Track("1", Kind.PERSON, spots(*STEADY)), set(), id="steady"),
        pytest.param(Track("1", Kind.PERSON, spots(*STEADY, score=0.3)), {Why.FAINT}, id="faint"),
        pytest.param(Track("1", Kind.PERSON, spots(*STEADY[:20], *STEADY[30:])), {Why.BRIDGED}, id="bridged"),
        pytest.param(Track("1", Kind.PERSON, spots(*STEADY[10:])), {Why.BORN}, id="born-inside"),
        pytest.param(Track("1", Kind.PERSON, spots(*STEADY[:-10])), {Why.LOST}, id="lost-inside"),
        pytest.param(
            Track("1", Kind.PERSON, spots(*STEADY[10:], box=Box(0.0, 0.3, 0.1, 0.6))),
            set(),
            id="came-through-the-border",
        ),
        pytest.param(Track("1", Kind.OTHER, spots(*STEADY)), {Why.UNKNOWN}, id="unknown"),
        pytest.param(Track("1", Kind.OTHER, spots(1.0, 1.2)), set(), id="fleeting"),
    ],
)
def test_what_makes_a_frame_doubtful(track: Track, why: set[Why]) -> None:
    found = worst(Masks((track,), ()), 0, at(10))
    assert set().union(*(d.why for d in found)) == why


def test_who_crosses_a_clear_track_is_looked_at() -> None:
    two = Masks((Track("1", Kind.PERSON, spots(*STEADY)), Track("2", Kind.PERSON, spots(*STEADY))), ())
    assert worst(two, 0, at(10)) == ()
    (doubt,) = worst(two, 0, at(10), frozenset({"2"}))
    assert doubt.why == {Why.CROWDED}


def test_the_worst_comes_first() -> None:
    lost, faint = Track("1", Kind.PERSON, spots(*STEADY[:-10])), Track("2", Kind.PERSON, spots(*STEADY, score=0.4))
    assert [d.track for d in worst(Masks((faint, lost), ()), 0, at(10))] == ["1", "2"]


# ------------------------------------------------------------------------------------------------- copies


def test_a_masked_copy_hides_what_it_should_and_nothing_else() -> None:
    frames = recorded()
    masks = Masks((Track("1", Kind.PERSON, spots(*STEADY)),), ())
    copy = list(render(frames, masks))
    assert [f.pts for f in copy] == [f.pts for f in frames]
    for picture in pictures(copy):
        luma = picture.to_ndarray(format="gray")
        inside = luma[int(0.32 * HEIGHT) : int(0.39 * HEIGHT), int(0.42 * WIDTH) : int(0.48 * WIDTH)]
        outside = luma[: HEIGHT // 5, : WIDTH // 3]
        assert inside.std() < 25 < 60 < outside.std()


def test_a_crop_shows_the_place_in_doubt() -> None:
    assert crop(recorded(), at(1.0), HEAD)[:3] == b"\xff\xd8\xff"


def test_own_boxes_come_from_a_stranger_process() -> None:
    found = spot(recorded(), None, every=5)
    assert [s.pts for s in found] == [n * CLOCK_HZ // FPS for n in range(0, 50, 5)]
    assert any(s.objects for s in found)  # something moves along the lower border
    (face,) = seen_of([["7", "face", 0.1, 0.1, 0.2, 0.2, 0.8]])
    assert (face.track, face.kind, face.hide, face.score) == ("own:7", Kind.PERSON, (face.box,), 0.8)


# ------------------------------------------------------------------------------------------------- privacy zones

WINDOW = ((0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (0.5, 0.5))


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=6), st.integers(4, 60))
def test_no_pixel_of_a_zone_stays(corners: list[tuple[float, float]], side: int) -> None:
    plane = np.full((side, side), 200, np.uint8)
    blacken(plane, runs_of((tuple(corners),), side, side), 1, BLACK[0])
    for row in range(side):
        cuts = sorted(_cuts([(x * side, y * side) for x, y in corners], row + 0.5))
        for a, b in zip(cuts[::2], cuts[1::2], strict=True):
            assert (plane[row, int(a) : int(np.ceil(b))] == BLACK[0]).all()


def _cuts(corners: list[tuple[float, float]], y: float) -> list[float]:
    """Return where a horizontal line crosses the sides of a polygon."""
    sides = zip(corners, [*corners[1:], corners[0]], strict=True)
    return [a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) for a, b in sides if (a[1] <= y) != (b[1] <= y)]


@pytest.mark.requirement("CC-05")
async def test_privacy_zones_are_black_before_anybody_gets_a_frame() -> None:
    async with TestCamera() as camera, stage() as s:
        watched = replace(camera_of(camera.url), zones=(WINDOW,))
        ticket, _ = s.gate.issue(watched, in_an_hour(), masking=Masking.ORIGINAL)
        async with showing(s.sources, watched, Masking.ORIGINAL), watching(s, ticket) as w:
            await w.frames(10)
            luma = w.pictures()[-1]
        kept = list(pictures(s.sources.cameras[watched.camera_id].ring.group))[-1].to_ndarray(format="gray")
    for picture in (luma, kept):
        assert picture[: HEIGHT // 2 - 4, WIDTH // 2 + 4 :].max() < 40
        assert picture[HEIGHT // 2 + 4 : -20, : WIDTH // 2].std() > 40


async def test_new_zones_hold_for_who_watches_already() -> None:
    async with TestCamera() as camera, stage() as s:
        watched = camera_of(camera.url)
        s.sources.keep_warm([watched])
        ticket, _ = s.gate.issue(watched, in_an_hour(), masking=Masking.ORIGINAL)
        async with watching(s, ticket) as w:
            await w.frames(5)
            s.sources.keep_warm([replace(watched, zones=(WINDOW,))])
            parts = len(w.parts)
            await w.until(lambda: len(w.parts) > parts and sum(p.count(b"moof") for p in w.parts[-1]) >= 5, 60)
            assert w.pictures()[-1][: HEIGHT // 2 - 4, WIDTH // 2 + 4 :].max() < 40


async def test_a_dead_worker_costs_the_masked_picture_and_no_original() -> None:
    async with TestCamera() as camera, stage() as s:
        camera.boxes = []
        masked, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.MASKED)
        original, _ = s.gate.issue(camera_of(camera.url), in_an_hour(), masking=Masking.ORIGINAL)
        async with showing(s.sources, camera_of(camera.url)), watching(s, masked) as m, watching(s, original) as o:
            await asyncio.gather(m.frames(5), o.frames(5))
            s.sources.maskers.kill()
            await o.frames(o.count + 10)
            await m.frames(m.count + 5)
            assert m.code is None
            assert o.code is None


def zones_file(folder: Path, rows: list[tuple[str, str]]) -> Path:
    file = folder / "zones.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("code", "corners"), *rows])
    return file


# ------------------------------------------------------------------------------------------------- keeping zones


async def test_zones_are_kept_and_told_to_the_relay(dbs: Dbs, tmp_path: Path) -> None:
    async with recorded_city(dbs, tmp_path) as house:
        city, camera_id = house.dbs.city, house.camera_id
        async with city.transaction() as tx:
            await set_zones(tx, camera_id, [WINDOW], actor="system:test", now=now())
        gate = DbGate(city, Giver(city, Registry(city, MapData(tmp_path)), SystemClock()), SystemClock(), relay="r")
        found = {c.camera_id: c.zones for c in await gate.cameras()}
        assert found == {camera_id: (WINDOW,)}
        with pytest.raises(BadZone):
            async with city.transaction() as tx:
                await set_zones(tx, camera_id, [((0.0, 0.0), (1.5, 0.0), (1.0, 1.0))], actor="system:test", now=now())


async def test_a_file_of_zones_replaces_those_it_names_and_tells_its_faults(dbs: Dbs, tmp_path: Path) -> None:
    async with recorded_city(dbs, tmp_path) as house:
        good = ("HD-0000", "0.5 0; 1 0; 1 0.5; 0.5 0.5")
        file = zones_file(tmp_path, [good, ("HD-9999", "0 0; 1 0; 1 1")])
        report = await import_zones(house.dbs.city, file, actor="system:test", now=now())
        assert (report.cameras, report.zones, report.refusals) == (1, 1, ((0, "no camera `HD-9999`"),))
        spoiled = zones_file(tmp_path, [("HD-0000", "0 0; 1 0; 1 1"), ("HD-0000", "0 0; 1 0")])
        report = await import_zones(house.dbs.city, spoiled, actor="system:test", now=now())
        assert (report.cameras, report.refusals) == (0, ((3, "bad-privacy-zone"),))
        async with house.dbs.city.transaction() as tx:
            assert await zone_store.of_camera(tx, house.camera_id) == (WINDOW,)


# ------------------------------------------------------------------------------------------------- decisions


@pytest.mark.requirement("CC-05")
async def test_no_export_leaves_before_every_doubtful_frame_is_decided(dbs: Dbs, tmp_path: Path) -> None:
    async with recorded_city(dbs, tmp_path) as house:
        lead, investigator = house.accounts["lead"], house.accounts["investigator"]
        row = await house.exports.ask(investigator, house.wanted())
        doubt = {
            "camera_id": str(house.camera_id), "span": 0, "track": "1", "why": ["lost"], "doubt": 0.9,
            "box": [0.1, 0.1, 0.2, 0.2],
            **{k: row.from_at.isoformat() for k in ("at", "from_at", "until_at")},
        }  # fmt: skip
        async with house.dbs.city.transaction() as tx:
            await export_store.set_doubts(tx, row.export_id, [doubt, doubt])
        with pytest.raises(Undecided):
            await house.exports.review(lead, row.export_id, [])
        with pytest.raises(NoReviewer):
            await decide(house.exports, investigator, row.export_id, 0, Verdict.MASK, None)
        for verdict, box in (
            (Verdict.WIDEN, None),
            (Verdict.WIDEN, Box(-1, 0, 2, 1)),
            (Verdict.MASK, Box(-1, 0, 2, 1)),
        ):
            with pytest.raises(BadDecision):
                await decide(house.exports, lead, row.export_id, 0, verdict, box)
        with pytest.raises(NotFound):
            await decide(house.exports, lead, row.export_id, 2, Verdict.MASK, None)
        await decide(house.exports, lead, row.export_id, 0, Verdict.MASK, None)
        with pytest.raises(Undecided):
            await house.exports.review(lead, row.export_id, [])
        kept = await decide(house.exports, lead, row.export_id, 1, Verdict.WIDEN, Box(0.1, 0.1, 0.4, 0.4))
        assert [(d.number, d.verdict, d.decided_by) for d in kept] == [
            (0, "mask", lead.account_id),
            (1, "widen", lead.account_id),
        ]
        assert (await house.exports.review(lead, row.export_id, [])).state == "reviewed"


def test_a_decision_changes_what_is_hidden() -> None:
    masks = Masks((Track("1", Kind.PERSON, spots(*STEADY)),), ())
    wide = Box(0.7, 0.7, 0.9, 0.9)
    widened = applied(masks, [Decided(Verdict.WIDEN, "1", at(1), at(2), wide)])
    assert wide in (widened.regions(at(1.5)) or ())
    assert wide not in (widened.regions(at(2.5)) or ())
    cleared = applied(masks, [Decided(Verdict.CLEAR, "1", at(1), at(2), None)])
    assert cleared.regions(at(1.5)) == ()
    assert len(cleared.regions(at(2.5)) or ()) == 1


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_undecided_doubt_leaves_but_hidden_whole(data: st.DataObject) -> None:
    """However many doubts there are and whichever are decided, in the span of every other one all is hidden."""
    tracks = []
    for name in range(data.draw(st.integers(1, 90), "tracks")):
        begins = data.draw(st.integers(1, 6), "begins")
        ends = data.draw(st.integers(begins + 1, 9), "ends")
        seen = [begins + n / 5 for n in range(5 * (ends - begins) + 1)]
        tracks.append(Track(str(name), Kind.PERSON, spots(*seen, score=data.draw(st.sampled_from([0.3, 0.9])))))
    masks = Masks(tuple(tracks), ())
    doubts = worst(masks, 0, at(10))
    known = [Decided(Verdict.MASK, d.track, d.from_pts, d.until_pts, None) for d in doubts if data.draw(st.booleans())]
    left = applied(masks, known, open_spans(doubts, known))
    for doubt in doubts:
        decided = any((d.track, d.from_pts) == (doubt.track, doubt.from_pts) for d in known)
        for pts in (doubt.from_pts, doubt.at_pts, doubt.until_pts - 1):
            if not decided and doubt.from_pts <= pts < doubt.until_pts:
                assert left.regions(pts) is None
    if len(known) == len(doubts):
        assert left.blind == ()


async def test_every_doubt_is_queued_and_the_rest_can_be_hidden_whole(dbs: Dbs, tmp_path: Path) -> None:
    async with recorded_city(dbs, tmp_path) as house:
        lead, investigator = house.accounts["lead"], house.accounts["investigator"]
        row = await house.exports.ask(investigator, house.wanted())
        await house.exports.work()
        named = await house.exports.doubts(lead, row.export_id)
        assert named, "people are born inside the picture of this street"
        with pytest.raises(Undecided):
            await house.exports.review(lead, row.export_id, [])
        await house.exports.review(lead, row.export_id, [], hide_rest=True)
        await house.exports.work()
        files, _ = tool().unpack(await house.exports.download(investigator, row.export_id))
        told = json.loads(files["manifest.json"])
        assert told["masking"]["hidden_whole"] == len(named)
        whole = [[0, 0, 320, 192]]
        groups = told["cameras"][0]["parts"][0]["groups"]
        begins = [datetime.fromtimestamp(g["at_us"] / 1e6, UTC) for g in groups]
        spans = [(datetime.fromisoformat(d["from_at"]), datetime.fromisoformat(d["until_at"])) for d in named]
        for group, at_ in zip(groups, begins, strict=True):
            if any(a <= at_ < b for a, b in spans):
                assert group["hidden"] == whole
        assert whole in [g["hidden"] for g in groups]


async def test_who_keeps_a_camera_draws_and_removes_its_zones_and_who_looks_at_it_only_adds(
    dbs: Dbs, tmp_path: Path
) -> None:
    async with recorded_city(dbs, tmp_path) as house:
        city, path = house.dbs.city, f"/cameras/{house.camera_id}/privacy-zones"
        accounts = {}
        async with city.transaction() as tx:
            for login in ("keeper", "other-keeper"):
                accounts[login] = await policy.create_account(
                    tx, login=login, role=Role.FACILITY_MANAGER, display=login, now=now()
                )
            accounts["lead"] = await policy.create_account(
                tx, login="lead-2", role=Role.SHIFT_LEAD, display="lead", now=now()
            )
            begins = now() - timedelta(days=1)
            await assign(
                tx,
                accounts["keeper"].account_id,
                Relation.OWN_FACILITY,
                [house.camera_id],
                from_at=begins,
                until_at=begins + timedelta(days=30),
            )
        app = FastAPI()
        install(app)
        app.include_router(zone_routes(city, SystemClock()))

        async def sign_in(request: Request) -> policy.Account:
            """Seats of a test need no password."""
            return accounts[request.headers["X-Seat"]]

        app.state.sign_in = sign_in
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            form, keeper = {"zones": [list(WINDOW)]}, {"X-Seat": "keeper"}
            assert (await client.put(path, json=form, headers=keeper)).status_code == 200
            assert (await client.get(path, headers=keeper)).json()["zones"] == [[list(c) for c in WINDOW]]
            stranger, lead = {"X-Seat": "other-keeper"}, {"X-Seat": "lead"}
            assert (await client.put(path, json=form, headers=stranger)).status_code == 403
            assert (await client.post(path, json=form, headers=stranger)).status_code == 403
            assert (await client.put(path, json={"zones": []}, headers=lead)).status_code == 403
            door = [[0.1, 0.2], [0.3, 0.2], [0.3, 0.6]]
            more = await client.post(path, json={"zones": [door]}, headers=lead)
            assert more.json()["zones"] == [[list(c) for c in WINDOW], door], "what was hidden stays hidden"
            assert (await client.post(path, json={"zones": [door]}, headers=lead)).json() == more.json()
            listed = (await client.get("/footage/privacy-zones", headers=lead)).json()["cameras"]
            assert [(c["code"], len(c["zones"])) for c in listed] == [("HD-0000", 2)]
            outside = {"zones": [[[0, 0], [2, 0], [1, 1]]]}
            assert (await client.put(path, json=outside, headers=keeper)).status_code == 422
            assert (await client.put(path, json={"zones": []}, headers=keeper)).json()["zones"] == []
