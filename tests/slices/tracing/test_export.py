"""A route leaves as a masked copy whose proof has every step of its search, or not at all (TR-04, CC-03)."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.slices.footage.exporting import House, recorded_city
from tests.slices.tracing.kit import City

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import keks
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.service.exports import MOST_CAMERA_S, in_order
from ansimnet.slices.footage.store.exports import ExportRow, Words
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.approvals import SEARCH
from ansimnet.slices.tracing.model import Found
from ansimnet.slices.tracing.service import handing, intake, law, looking
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.store.keys import HourKeys

TOOL = Path(__file__).parents[3] / "tools" / "verify_clip.py"
HOP = "tracing.hop.made.v1"


@pytest.fixture
async def house(dbs: Dbs, tmp_path: Path) -> AsyncIterator[House]:
    async with recorded_city(dbs, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_clip", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_clip"] = module
    spec.loader.exec_module(module)
    return module


async def confirmed(house: House, role: str = "investigator", statute: str = "PIPA 18(2)7") -> UUID:
    """See somebody in what was recorded, ask, approve, look, confirm; return the search."""
    db, asker, lead = house.dbs.city, house.accounts[role], house.accounts["lead"]
    folder = house.settings.data_dir
    keys, nets = (
        HourKeys(folder / "tracing-keys", keks.Ring(keks.Folder(folder / "kek"))),
        Nets(MapData(folder / "map")),
    )
    seen_s = (house.began + timedelta(seconds=3)).timestamp()
    track = {
        "id": str(uuid4()), "camera_id": str(house.camera_id), "from_s": seen_s, "until_s": seen_s + 2,
        "kind": "person", "upper_colour": "gray",
    }  # fmt: skip
    assert (await intake.take(db, keys, uuid4(), [track], now())).taken == 1
    async with db.transaction() as tx:
        row = await tx.one("select lat, lon from camera where camera_id = %s", (house.camera_id,))
    assert row is not None
    purpose = Purpose.RESPOND if statute == law.MISSING_ACT else Purpose.INVESTIGATE
    asking = policy.Asking(
        kind=SEARCH, resources=frozenset({new_id()}), purpose=purpose, ground_kind=GroundKind.STATUTE,
        statute=statute, reason="수사", until_at=now() + timedelta(hours=2), case_no="2026-형-1",
        description=policy.Description(clothes="회색 윗옷"),
        area=policy.Area(lat=row[0], lon=row[1], radius_m=500.0),
        window=(now() - timedelta(hours=1), now() + timedelta(hours=1)),
    )  # fmt: skip
    search = await law.ask(db, asker, asking, {"attributes": [("upper_colour", "gray")]}, now())
    async with db.transaction() as tx:
        await policy.approve_request(tx, lead, search.request_id, "확인", now())
    [found] = await looking.look(db, keys, nets, asker, search.search_id, now())
    await looking.judge(db, nets, asker, search.search_id, found.candidate_id, "him", now())
    return search.search_id


async def copied(house: House, search_id: UUID, role: str = "investigator") -> ExportRow:
    """Ask for the copies of a route as the page does."""
    account = house.accounts[role]
    route = await handing.copies(house.dbs.city, account, search_id, now())
    asked = house.wanted(
        spans=route.spans,
        words=Words(f"송치 | {route.words}", "2026-형-1", "새빛경찰서"),
        search=(search_id, route.step),
    )
    return await house.exports.ask(account, asked)


@pytest.mark.requirement("TR-04", "CC-03")
async def test_a_route_leaves_with_each_step_of_its_search(house: House, verifier: ModuleType) -> None:
    asker, lead = house.accounts["investigator"], house.accounts["lead"]
    search_id = await confirmed(house)
    row = await copied(house, search_id)
    assert (row.search_id, row.search_step) == (search_id, 3)
    await house.exports.work()
    await house.decided(row.export_id)
    await house.exports.review(lead, row.export_id, [])
    await house.exports.work()
    data = await house.exports.download(asker, row.export_id)
    report = await asyncio.to_thread(verifier.verify, data, None, verifier.decode_with_av)
    assert report["findings"] == []
    assert report["search"] == {"id": str(search_id), "steps": 3}
    assert report["request"]["reason"].startswith(f"송치 | T-{search_id.hex[-6:].upper()}: 1 HD-0000 ")
    steps = [s["step"] for s in report["seen"] if s["kind"] == HOP]
    assert steps == ["look", "him", "copies"]
    files, _ = verifier.unpack(data)
    assert all(c not in files["proof.json"].decode() for c in ("candidate_id", "candidates")), "where it led is sealed"

    def without(number: int | None, told: Any = ...) -> set[str]:
        """Return what is found where a step is left out, or the manifest names another search."""
        proof, manifest = json.loads(files["proof.json"]), json.loads(files["manifest.json"])
        gone = [
            e["entry"]["header"]["entry_id"]
            for e in proof["entries"]
            if e["entry"]["header"]["kind"] == HOP and json.loads(e["entry"]["body"])["number"] == number
        ]
        proof["entries"] = [e for e in proof["entries"] if e["entry"]["header"]["entry_id"] not in gone]
        manifest["ledger"] = [i for i in manifest["ledger"] if i not in gone]
        if told is None:
            del manifest["request"]["search"]
        elif told is not ...:
            manifest["request"]["search"] |= told
        spoilt = {n: verifier.canonical(v) for n, v in (("proof.json", proof), ("manifest.json", manifest))}
        found = verifier.verify(verifier.pack(files | spoilt))["findings"]
        return {f["detail"] for f in found if f["what"] in ("missing-step", "edited-ledger")}

    assert "a step of the search is missing" in without(2)
    assert "no step of the search asked for this export" in without(3)
    assert "no step of the search asked for this export" in without(None, {"step": 2})
    assert "the ledger does not say who asked for this search alone" in without(None, {"id": str(uuid4())})
    assert "steps of a search that the manifest does not name" in without(None, None)


@pytest.mark.requirement("TR-04", "EM-08")
@pytest.mark.parametrize(
    ("role", "statute", "may"),
    [
        ("other", "PIPA 18(2)7", True),
        ("other", law.MISSING_ACT, False),
        ("operator", "PIPA 18(2)7", False),
    ],
)
async def test_a_page_is_told_whether_copies_may_leave_as_the_door_then_says(
    house: House, role: str, statute: str, may: bool
) -> None:
    db, account = house.dbs.city, house.accounts[role]
    search_id = await confirmed(house, role, statute)
    stood = await law.stand(db, account, search_id, now())
    async with db.transaction() as tx:
        row = await tx.one("select count(*) from ledger_entry where kind = 'policy.access.decided.v1'")
        assert await handing.may_export(tx, account, stood, now()) is may
        again = await tx.one("select count(*) from ledger_entry where kind = 'policy.access.decided.v1'")
    assert row == again, "what is only shown is no question to policy"
    if may:
        await copied(house, search_id, role)
        return
    with pytest.raises(Forbidden):
        await copied(house, search_id, role)


@pytest.mark.requirement("TR-04")
async def test_the_routes_tell_and_refuse(city: City) -> None:
    await city.see(city.track(0, minutes=-3))
    city.seat = await city.account(Role.POLICE_112)
    search_id = await city.approved(text="회색 티셔츠에 검정 바지, 백팩")
    assert (await city.get(f"/searches/{search_id}"))["may_export"] is False
    city.seat = city.investigator
    own = await city.approved(text="회색 티셔츠에 검정 바지, 백팩")
    assert (await city.get(f"/searches/{own}"))["may_export"] is True
    assert (await city.post(f"/searches/{own}/copies", {}, 409))["type"].endswith("nobody-confirmed")
    [found] = await city.look(own)
    await city.post(f"/searches/{own}/judge", {"candidate_id": found["candidate_id"], "verdict": "him"})
    said = await city.post(f"/searches/{own}/copies", {})
    shown = (await city.get(f"/searches/{own}/candidates"))["spans"]
    assert (said["step"], said["spans"]) == (3, shown), "what was shown before is what is asked for"
    [span] = shown
    assert (span["camera_id"], span["camera_code"]) == (found["camera_id"], found["camera_code"])
    begins, ends = (datetime.fromisoformat(span[k]) - datetime.fromisoformat(found[k]) for k in ("from_at", "until_at"))
    assert (begins, ends) == (-handing.AROUND, handing.AROUND)
    city.seat = await city.account(Role.INVESTIGATOR)
    await city.post(f"/searches/{own}/copies", {}, 404)


def sighting(camera: int, from_s: float, until_s: float) -> Found:
    """Return a confirmed sighting by one of the cameras."""
    return Found(
        candidate_id=uuid4(), camera_id=CameraId(UUID(int=camera)), from_at=at(from_s), until_at=at(until_s), score=0.9,
        why=(), why_not=(), verdict="him",
    )  # fmt: skip


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 22, 12, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.requirement("TR-04")
@pytest.mark.parametrize(
    ("route", "spans"),
    [
        ([], []),
        ([(1, 0, 10), (2, 3600, 3620)], [(1, -5, 15), (2, 3595, 3625)]),
        ([(1, 0, 10), (2, 60, 70), (1, 600, 610)], [(1, -5, 15), (2, 55, 75), (1, 595, 615)]),
        ([(1, 0, 10), (2, 12, 20), (1, 18, 30)], [(1, -5, 35), (2, 7, 25)]),
        ([(1, 0, 100), (1, 10, 20)], [(1, -5, 105)]),
        ([(1, 0, 10), (1, 20, 30), (1, 41, 50)], [(1, -5, 35), (1, 36, 55)]),
    ],
)
def test_copies_take_each_sighting_with_its_margin_and_no_time_between(
    route: list[tuple[int, float, float]], spans: list[tuple[int, float, float]]
) -> None:
    found = handing.spans_of([sighting(*one) for one in reversed(route)])
    assert [(s.camera_id.int, s.from_at, s.until_at) for s in found] == [(c, at(a), at(b)) for c, a, b in spans]


@pytest.mark.requirement("TR-04")
def test_a_long_route_fits_an_export() -> None:
    """Two hours and twenty cameras on the way: by one span for all it was forty hours of pictures."""
    route = [sighting(n, n * 360.0, n * 360.0 + 20.0) for n in range(20)]
    taken = in_order(handing.spans_of(route), MOST_CAMERA_S[Track.SUB])
    assert sum(s.seconds for s in taken) == 20 * 30.0


@pytest.mark.requirement("TR-04")
async def test_nobody_names_a_step_of_anothers_search(house: House) -> None:
    search_id = await confirmed(house)
    route = await handing.copies(house.dbs.city, house.accounts["investigator"], search_id, now())
    for search in ((search_id, route.step - 1), (uuid4(), route.step)):
        with pytest.raises(NotFound):
            await house.exports.ask(house.accounts["investigator"], house.wanted(search=search))
