"""Imports into a real database: the whole file or nothing, the same file twice, sealed stream addresses."""

from __future__ import annotations

import asyncio
import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from tests.conftest import Cluster

from ansimnet.kernel.clock import now
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import new_id
from ansimnet.platform.db import Dbs
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.roles import Urls
from ansimnet.slices.cameras import queries, service, store
from ansimnet.slices.cameras.model import ImportReport
from ansimnet.slices.cameras.service import import_cameras

HEADER = "카메라번호,소재지도로명주소,설치목적구분,카메라대수,위도,경도,RTSP주소\n"
DATA = Path(os.environ.get("ANSIMNET_TEST_DATA") or Path(__file__).parents[4] / "shared" / "data")


def lines(count: int, first: int = 0) -> str:
    return "".join(
        f"HD-{i:04},새빛로 {i},방범,1,{37.5 + i * 1e-4:.4f},127.0300,rtsp://edge:gеheim@10.0.0.{i % 250}/{i}\n"
        for i in range(first, first + count)
    )


def write(folder: Path, text: str | bytes, name: str = "cameras.csv") -> Path:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


async def bring(dbs: Dbs, file: Path, **more: Any) -> ImportReport:
    return await import_cameras(dbs.city, file, actor="system:test", now=now(), **more)


async def held(dbs: Dbs) -> list[Any]:
    """Everything an import may write, as it lies there."""
    async with dbs.city.transaction() as tx:
        return [
            await tx.all("select camera_id, code, lat, lon from camera order by 1"),
            await tx.all("select camera_id from camera_source order by 1"),
            await tx.one("select count(*) from camera_import"),
            await tx.one("select count(*) from ledger_entry"),
        ]


async def test_a_register_is_taken_with_its_fact_and_its_report(dbs: Dbs, tmp_path: Path) -> None:
    text = HEADER + lines(20) + "HD-X,a,방범,1,127.0,37.5,\n"
    told: list[tuple[int, int]] = []
    report = await bring(dbs, write(tmp_path, text), progress=lambda a, b: told.append((a, b)))
    assert (report.accepted, report.refused, report.why_not, report.encoding) == (20, 1, None, "utf-8-sig")
    assert report.refusals == [(22, "latitude and longitude are swapped")]
    assert told[-1][0] == told[-1][1] > 0
    cameras, sources, imports, facts = await held(dbs)
    assert (len(cameras), len(sources), imports, facts) == (20, 20, (1,), (1,))


async def test_the_same_file_again_changes_no_camera(dbs: Dbs, tmp_path: Path) -> None:
    file = write(tmp_path, HEADER + lines(20) + "".join(",같은 기둥,방범,1,37.6,127.1,\n" for _ in range(3)))
    await bring(dbs, file)
    first = await held(dbs)
    assert len(first[0]) == 23  # three cameras on one pole, without numbers
    report = await bring(dbs, file)
    again = await held(dbs)
    assert report.accepted == 23
    assert again[:2] == first[:2]


async def test_two_imports_at_once_end_as_one_registry(dbs: Dbs, tmp_path: Path) -> None:
    files = [write(tmp_path, HEADER + lines(30), "a.csv"), write(tmp_path, HEADER + lines(30, 10), "b.csv")]
    await asyncio.gather(*(bring(dbs, f) for f in files))
    assert len((await held(dbs))[0]) == 40


async def test_a_dry_look_writes_nothing(dbs: Dbs, tmp_path: Path) -> None:
    report = await bring(dbs, write(tmp_path, HEADER + lines(5)), dry=True)
    assert (report.accepted, report.import_id) == (5, None)
    assert await held(dbs) == [[], [], (0,), (0,)]


@pytest.mark.parametrize("where", ["save_cameras", "append", "begin_import"])
async def test_what_breaks_halfway_leaves_nothing(
    dbs: Dbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The power goes out after a step: the transaction never commits."""
    home = service if where == "append" else store
    real = getattr(home, where)

    async def then_dark(*args: Any, **more: Any) -> None:
        await real(*args, **more)
        raise ConnectionError("dark")

    monkeypatch.setattr(home, where, then_dark)
    with pytest.raises(ConnectionError):
        await bring(dbs, write(tmp_path, HEADER + lines(50)))
    monkeypatch.undo()
    assert await held(dbs) == [[], [], (0,), (0,)]
    assert (await bring(dbs, write(tmp_path, HEADER + lines(50)))).accepted == 50


async def test_a_row_the_database_refuses_takes_the_whole_file_with_it(dbs: Dbs, tmp_path: Path) -> None:
    async with dbs.city.transaction() as tx:
        rows = [
            (store.camera_id_of(tx.centre_id, r, 0), r)
            for r in service._read(write(tmp_path, HEADER + lines(5)), lambda _a, _b: None)[1].rows
        ]
    bad = [(rows[0][0], rows[1][1]), *rows]  # one id twice
    with pytest.raises(psycopg.Error):
        async with dbs.city.transaction() as tx:
            import_id = new_id()
            await store.begin_import(tx, import_id, "x", b"", "utf-8", 1, 0, now())
            await store.save_cameras(tx, import_id, bad)
    assert (await held(dbs))[0] == []


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "zeros": (bytes(3 << 20), "zero bytes"),
    "zeros, packed": (gzip.compress(bytes(64 << 20)), "zero bytes"),
    "one endless line": (b"x" * (3 << 20), "longer than 1 MiB"),
    "half a packed file": (gzip.compress((HEADER + lines(2000)).encode())[:-200], "damaged"),
    "a packed file with a flipped bit": (
        (lambda b: b[:400] + bytes([b[400] ^ 0xFF]) + b[401:])(gzip.compress((HEADER + lines(2000)).encode())),
        "damaged",
    ),
    "no text": (b"\x89PNG\r\n\x1a\n\xff\xff", "neither UTF-8 nor cp949"),
    "utf-16": ((HEADER + lines(3)).encode("utf-16"), "zero bytes"),
    "cut inside a character": ((HEADER + "HD-1,새빛".replace("빛", "빛")).encode()[:-1], "neither UTF-8 nor cp949"),
    "another register": ("점포명,위도,경도\n가게,37.5,127\n".encode(), "nothing in the header"),
    "swapped throughout": (
        (HEADER + "".join(f"H-{i},a,방범,1,127.0,37.{i},\n" for i in range(9))).encode(),
        "no row of this file",
    ),
    "mostly damaged": (
        (HEADER + lines(3) + "".join(f"X-{i},a,방범,1,0,0,\n" for i in range(9))).encode(),
        "rows were refused",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_broken_files_are_refused_whole_with_a_reason(dbs: Dbs, tmp_path: Path, name: str) -> None:
    data, why = BROKEN[name]
    report = await bring(dbs, write(tmp_path, data))
    assert report.why_not is not None
    assert why in report.why_not
    assert (report.accepted, report.import_id) == (0, None)
    assert await held(dbs) == [[], [], (0,), (0,)]


async def test_a_gigabyte_of_zeros_is_refused_at_its_first_block(dbs: Dbs, tmp_path: Path) -> None:
    file = tmp_path / "zeros.csv"
    with file.open("wb") as out:
        out.truncate(1 << 30)  # sparse: no disk is filled
    report = await bring(dbs, file)
    assert report.why_not is not None
    assert "zero bytes" in report.why_not


async def test_a_file_that_unpacks_beyond_measure_is_stopped(
    dbs: Dbs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_BYTES", 1 << 20)
    report = await bring(dbs, write(tmp_path, gzip.compress((HEADER + lines(30_000)).encode()), "c.csv.gz"))
    assert report.why_not is not None
    assert "larger than" in report.why_not


async def test_packed_and_cp949_read_the_same(dbs: Dbs, tmp_path: Path) -> None:
    text = HEADER + lines(10).replace("е", "e")
    plain = await bring(dbs, write(tmp_path, text, "a.csv"))
    first = await held(dbs)
    packed = await bring(dbs, write(tmp_path, gzip.compress(text.encode("cp949")), "b.csv.gz"))
    assert (plain.encoding, packed.encoding) == ("utf-8-sig", "cp949")
    assert (await held(dbs))[0] == first[0]


async def test_stream_addresses_are_nowhere_in_the_database(
    dbs: Dbs, urls: Urls, cluster: Cluster, tmp_path: Path
) -> None:
    await bring(dbs, write(tmp_path, HEADER + lines(5)))
    async with dbs.city.transaction() as tx:
        found = await queries.sources(tx)
        assert found[0].url.startswith("rtsp://edge:")
    with psycopg.connect(cluster.superuser(urls)) as conn:
        for (table,) in conn.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname in ('public', 'jobs')"
        ).fetchall():
            raw = "".join(r[0] for r in conn.execute(f"select t::text from {table} t").fetchall())
            assert "rtsp://" not in raw, table
            assert b"rtsp://".hex() not in raw, table


@pytest.mark.requirement("VA-02")
async def test_a_heat_stream_is_kept_sealed_and_goes_with_the_register(dbs: Dbs, tmp_path: Path) -> None:
    head = HEADER.strip() + ",감지기능,열영상RTSP주소,열영상온도범위\n"
    plain, first = lines(2).splitlines()
    await bring(dbs, write(tmp_path, f"{head}{plain},주간,,\n{first},주간·열,rtsp://edge:x@10.0.0.1/heat,-20..150\n"))
    async with dbs.city.transaction() as tx:
        with_heat = {s.camera.code: (s.heat_url, s.heat_c) for s in await queries.sources(tx)}
        assert with_heat == {"HD-0000": (None, None), "HD-0001": ("rtsp://edge:x@10.0.0.1/heat", (-20.0, 150.0))}
        assert list((await queries.heat_of(tx)).values()) == [(-20.0, 150.0)]
        sealed = await tx.all("select heat_url_sealed from camera_source where heat_url_sealed is not null")
        assert b"rtsp" not in bytes(sealed[0][0])
    await bring(dbs, write(tmp_path, HEADER + lines(2), "again.csv"))
    async with dbs.city.transaction() as tx:
        assert await queries.heat_of(tx) == {}


async def test_health_is_told_once_per_change(dbs: Dbs, tmp_path: Path) -> None:
    await bring(dbs, write(tmp_path, HEADER + lines(2)))
    async with dbs.city.transaction() as tx:
        camera = await queries.by_code(tx, "HD-0001")
        assert camera is not None
        for live in (True, True, False, False, True):
            await queries.note_health(tx, camera.camera_id, live, "test", now=now())
        kinds = await tx.all("select kind from ledger_entry where kind like 'cameras.health%'")
        assert len(kinds) == 3
        assert await store.counts(tx) == (1, 2)


async def test_the_registry_hears_of_an_import(dbs: Dbs, tmp_path: Path) -> None:
    registry = queries.Registry(dbs.city, MapData(tmp_path / "map"))
    here = Point(37.5, 127.03)
    assert await registry.sees(here) == []
    watch = asyncio.create_task(registry.watch())
    try:
        await asyncio.sleep(0.2)
        await bring(dbs, write(tmp_path, HEADER + lines(5)))
        async with asyncio.timeout(10):
            while not (found := await registry.sees(here)):
                await asyncio.sleep(0.02)
    finally:
        watch.cancel()
    assert found[0].camera.code == "HD-0000"
    assert [f.cost for f in found] == sorted(f.cost for f in found)


# ---------------------------------------------------------------------------------------------- real files


def real(*path: str) -> Path:
    file = DATA.joinpath("geo", *path)
    if not file.exists():
        pytest.skip("no folder of real public data: set ANSIMNET_TEST_DATA to it")
    return file


async def test_every_real_camera_of_gangnam_is_taken_from_either_encoding(dbs: Dbs) -> None:
    report = await bring(dbs, real("gangnam_cctv_20190312.csv"))
    assert (report.accepted, report.refused, report.encoding) == (1880, 0, "utf-8-sig")
    assert sum("installation date" in what for _, what in report.remarks) == 12
    first = (await held(dbs))[0]
    assert len(first) == 1880
    raw = await bring(dbs, real("raw", "gangnam_cctv_20190312_cp949.csv"))
    assert (raw.accepted, raw.refused, raw.encoding) == (1880, 0, "cp949")
    assert (await held(dbs))[0] == first
    registry = queries.Registry(dbs.city, MapData(Path("/nonexistent")))
    found = await registry.sees(Point(*np.median([(r[2], r[3]) for r in first], axis=0)), limit=8)
    assert all(f.off_axis_deg is None or f.off_axis_deg <= 180 for f in found)


@pytest.mark.parametrize(
    ("path", "cameras"),
    [
        ("gyeongsan_cctv_std.csv", 3538),
        ("goyang_deogyang/cctv.csv", 825),
        ("seoul_public_agency_cctv_whatsmap.csv", 1763),
        ("gangnam_yeoksam1/cctvs.csv", 261),
        ("bongdam_safety_facilities.csv", 60),
    ],
)
async def test_the_other_registers_are_taken_as_far_as_they_are_cameras(dbs: Dbs, path: str, cameras: int) -> None:
    report = await bring(dbs, real(*path.split("/")), dry=True)
    assert (report.accepted, report.why_not) == (cameras, None)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("fireStation_korea.csv", "no columns of positions"),
        ("policeBox_korea.csv", "no columns of positions"),
        ("seoul_police_offices.csv", "nothing in the header says that these are cameras"),
        ("seoul_streetlights_19317.csv", "nothing in the header says that these are cameras"),
        ("gyeongsan_securitylight_std.csv", "nothing in the header says that these are cameras"),
        ("seoul_women_safehouse_jikimi.csv", "nothing in the header says that these are cameras"),
        ("goyang_deogyang/emergency_bells.csv", "nothing in the header says that these are cameras"),
        ("gangnam_yeoksam1/lights.csv", "no row of this file is a camera"),
        ("seoul_dong_coords.json", "no columns of positions"),
    ],
)
async def test_files_of_other_facilities_are_refused_with_a_clear_reason(dbs: Dbs, path: str, why: str) -> None:
    report = await bring(dbs, real(*path.split("/")), dry=True)
    assert report.why_not is not None
    assert why in report.why_not
    assert report.todo


async def test_a_camera_is_found_by_words_of_its_code_or_address(dbs: Dbs, tmp_path: Path) -> None:
    await bring(dbs, write(tmp_path, HEADER + lines(20) + "ZZ-1,HD-0003 옆 100%,방범,1,37.6,127.03,\n"))
    async with dbs.city.transaction() as tx:
        assert [c.code for c in await store.find_named(tx, "hd-0003", 5)] == ["HD-0003", "ZZ-1"]
        assert [c.code for c in await store.find_named(tx, "새빛로 7", 5)] == ["HD-0007"]
        assert [c.code for c in await store.find_named(tx, "100%", 5)] == ["ZZ-1"]
        assert [c.code for c in await store.find_named(tx, "_", 5)] == []
        assert len(await store.find_named(tx, "", 5)) == 5
