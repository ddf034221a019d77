"""A route leaves as a masked copy whose proof has every step of its search, or not at all (TR-04, CC-03)."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.slices.footage.exporting import House, recorded_city
from tests.slices.tracing.kit import City

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Forbidden, NotFound
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger import keks
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.footage.store.exports import ExportRow, Words
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.approvals import SEARCH
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
        cameras=frozenset(route.cameras),
        from_at=route.from_at,
        until_at=route.until_at,
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
    assert (said["step"], said["cameras"]) == (3, [found["camera_id"]])
    city.seat = await city.account(Role.INVESTIGATOR)
    await city.post(f"/searches/{own}/copies", {}, 404)


@pytest.mark.requirement("TR-04")
async def test_nobody_names_a_step_of_anothers_search(house: House) -> None:
    search_id = await confirmed(house)
    route = await handing.copies(house.dbs.city, house.accounts["investigator"], search_id, now())
    for search in ((search_id, route.step - 1), (uuid4(), route.step)):
        with pytest.raises(NotFound):
            await house.exports.ask(house.accounts["investigator"], house.wanted(search=search))
