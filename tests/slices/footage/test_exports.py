"""An export from the first word to the last byte: asked, reviewed by another, sealed, verified, taken, gone."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from evaluation._evidence_studio import TOOL, recorded, street, tool
from tests.slices.footage.exporting import WORDS, House, recorded_city

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.permits import Act, GroundKind, Purpose
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger.canonical import instant
from ansimnet.slices.footage.archive.index import Why, held_until
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.model import Track
from ansimnet.slices.footage.recording.window import Window
from ansimnet.slices.footage.service.exports import NoReviewer, NotNow, Overlapping, TooMuch
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.permits import LEASE_S
from ansimnet.slices.policy.rules.second import RequestKind


@pytest_asyncio.fixture
async def house(dbs: Dbs, tmp_path: Path) -> AsyncIterator[House]:
    async with recorded_city(dbs, tmp_path) as made:
        yield made


@pytest.mark.requirement("EM-16", "CC-03")
async def test_an_export_goes_from_one_hand_to_another_and_proves_itself(house: House, tmp_path: Path) -> None:
    investigator, lead = house.accounts["investigator"], house.accounts["lead"]
    row = await house.exports.ask(investigator, house.wanted())
    with pytest.raises(NotNow):
        await house.exports.review(lead, row.export_id, [])
    await house.exports.work()
    [(waiting, words)] = await house.exports.to_review(lead)
    assert (waiting.export_id, waiting.state, words) == (row.export_id, "review", WORDS)
    if waiting.doubts:
        assert (await house.exports.look(lead, row.export_id, 0)).startswith(b"\xff\xd8")
    with pytest.raises(NotNow):
        await house.exports.download(investigator, row.export_id)
    await house.decided(row.export_id)
    await house.exports.review(lead, row.export_id, [])
    await house.exports.work()

    data = await house.exports.download(investigator, row.export_id)
    file = tmp_path / "export.zip"
    file.write_bytes(data)
    centre = house.dbs.city.centre_id
    argv = [sys.executable, str(TOOL), str(file), "--key", str(tmp_path / "ledger" / f"{centre}.pub"), "--json"]
    said = await asyncio.to_thread(subprocess.run, argv, capture_output=True, text=True, check=False)
    report = json.loads(said.stdout)
    assert report["findings"] == []
    assert (said.returncode, report["key"], report["groups"]) == (0, "given", 4)
    assert report["pictures"]["checked"] == 4
    assert report["request"]["recipient"] == WORDS.recipient
    assert report["masking"]["reviewed_by"] == "lead"
    assert {"footage.export.asked.v1", "footage.export.reviewed.v1", "policy.access.decided.v1"} <= {
        s["kind"] for s in report["seen"]
    }
    module = tool()
    assert module.unpack(data)[0]["verify.py"] == TOOL.read_bytes()
    spoilt = bytearray(data)
    spoilt[len(spoilt) // 2] ^= 1
    assert not module.verify(bytes(spoilt))["verified"]


@pytest.mark.requirement("CC-03", "CC-04")
async def test_an_export_is_taken_as_often_as_allowed_and_then_gone(house: House) -> None:
    investigator = house.accounts["investigator"]
    export_id = await house.sealed(downloads=2)
    path = house.exports.maker().path(export_id)
    assert b"ftyp" not in path.read_bytes()
    for _ in range(2):
        await house.exports.download(investigator, export_id)
    with pytest.raises(NotNow):
        await house.exports.download(investigator, export_id)
    await house.exports.work()
    assert not path.exists()
    async with house.dbs.city.transaction() as tx:
        kinds = [r[0] for r in await tx.all("select kind from ledger_entry order by recorded_at")]
    assert (kinds.count("footage.export.downloaded.v1"), kinds.count("footage.export.ended.v1")) == (2, 1)
    [(row, words)] = await house.exports.own(investigator)
    assert (row.state, row.end_reason, words) == ("ended", "used-up", None)


@pytest.mark.requirement("CC-03", "CC-04")
async def test_what_a_hold_keeps_is_shown_and_exported_after_its_hour_is_destroyed(house: House) -> None:
    investigator, archive = house.accounts["investigator"], house.exports.maker().archive
    async with house.dbs.city.transaction() as tx:
        hold = await policy.place_hold(
            tx,
            investigator,
            resources={house.camera_id},
            statute="CRIM-PROC 215",
            case_no=WORDS.case_no,
            reason="재판이 끝날 때까지",
            until_at=now() + timedelta(days=60),
            now=now(),
            covers=(house.began - timedelta(minutes=1), house.began + timedelta(minutes=1)),
        )
    sweeper = Sweeper(archive)
    await sweeper.refresh()
    await sweeper._keep()
    span = (house.camera_id, Track.SUB, house.began, house.began + timedelta(seconds=10))
    terms = {s.term for s in archive.segments(*span)}
    await sweeper._destroy(Why.EXPIRED, [(house.camera_id, t) for t in terms])
    assert archive.segments(*span) == []
    kept = archive.everywhere(*span)
    assert {s.hold_id for s in kept} == {hold.hold_id}
    assert await archive.gaps(*span) == []
    seen = await Window(archive).frames(house.camera_id, house.began, house.began + timedelta(seconds=9))
    assert seen is not None
    assert len(seen.frames) == 90
    files, _ = tool().unpack(await house.exports.download(investigator, await house.sealed()))
    assert tool().verify(tool().pack(files), decode=tool().decode_with_av)["findings"] == []

    later = now() + timedelta(days=40)
    assert held_until(archive.holds.values(), [house.camera_id], *span[2:], later) == hold.until_at
    assert held_until(archive.holds.values(), [house.camera_id], span[2], now() + timedelta(days=1), later) is None
    async with house.dbs.city.transaction() as tx:
        await policy.ask_release(tx, investigator, hold.hold_id, "판결이 확정되었다", now())
        await policy.confirm_hold(tx, house.accounts["other"], hold.hold_id, now())
    await sweeper.refresh()
    assert archive.everywhere(*span) == []


@pytest.mark.requirement("CC-03")
async def test_a_main_stream_is_exported_where_it_was_recorded(house: House) -> None:
    investigator = house.accounts["investigator"]
    house.record(recorded(list(street(6, 60, width=640, height=360)), crf=30), Track.MAIN)
    await house.anchors.turn()
    await house.archive.flush()
    with pytest.raises(TooMuch):
        await house.exports.ask(
            investigator,
            house.wanted(track=Track.MAIN, spans=(house.span(-1200.0),)),
        )
    export_id = await house.sealed(track=Track.MAIN)
    files, _ = tool().unpack(await house.exports.download(investigator, export_id))
    report = tool().verify(tool().pack(files), decode=tool().decode_with_av)
    assert report["findings"] == []
    [camera] = json.loads(files["manifest.json"])["cameras"]
    assert (camera["track"], report["groups"]) == ("main", 3)
    assert [g["from_at"] for g in camera["gaps"]] == [instant(house.began + timedelta(seconds=6))]
    planes = tool().decode_with_av(files[camera["parts"][0]["masked"]["file"]])
    assert planes[0][2:] == (640, 360)


@pytest.mark.requirement("CC-04")
async def test_no_copy_outlives_what_it_was_made_of(house: House) -> None:
    row = await house.exports.ask(
        house.accounts["investigator"], house.wanted(download_until=now() + timedelta(days=400))
    )
    assert row.download_until <= min(row.from_at + timedelta(days=30), row.asked_at + timedelta(days=14))


@pytest.mark.requirement("CC-03")
async def test_who_has_no_right_gets_nothing(house: House) -> None:
    with pytest.raises(Forbidden):
        await house.exports.ask(house.accounts["other"], house.wanted())
    with pytest.raises(Forbidden):
        await house.exports.ask(house.accounts["operator"], house.wanted())
    with pytest.raises(Forbidden):
        await house.exports.ask(house.accounts["investigator"], house.wanted(original=True))
    export_id = await house.sealed()
    with pytest.raises(NotFound):
        await house.exports.download(house.accounts["other"], export_id)
    with pytest.raises(Forbidden):
        await house.exports.to_review(house.accounts["operator"])
    with pytest.raises(Forbidden):
        await house.exports.review(house.accounts["investigator"], export_id, [])
    async with house.dbs.city.transaction() as tx:
        [(ground,)] = await tx.all("select ground_id from policy_ground where kind = 'order'")
        await policy.end_ground(tx, ground, "withdrawn", now())
    with pytest.raises(Forbidden):
        await house.exports.download(house.accounts["investigator"], export_id)


@pytest.mark.requirement("CC-03", "CC-05")
async def test_the_original_leaves_under_an_order_that_a_second_person_approved(house: House) -> None:
    investigator, lead = house.accounts["investigator"], house.accounts["lead"]
    with pytest.raises(Forbidden) as refused:
        await house.exports.ask(investigator, house.wanted(original=True))
    assert "no-second-person" in str(refused.value.facts["reasons"])
    async with house.dbs.city.transaction() as tx:
        order = await policy.register_order(
            tx,
            investigator,
            issuer="court",
            number="2026-압수-77",
            statute="CRIM-PROC 215",
            opens=[Act.EXPORT_DATA, RequestKind.UNMASK],
            resources=[house.camera_id],
            from_at=now(),
            until_at=now() + timedelta(days=1),
            reason="영장 집행",
            now=now(),
        )
        await policy.confirm_order(tx, lead, order.order_id, now())
    asking = policy.Asking(
        kind=RequestKind.UNMASK,
        resources=frozenset({house.camera_id}),
        purpose=Purpose.INVESTIGATE,
        ground_kind=GroundKind.ORDER,
        statute="CRIM-PROC 215",
        order_id=order.order_id,
        reason="원본을 법정에 낸다",
        case_no=WORDS.case_no,
        until_at=now() + timedelta(hours=2),
    )
    request = await policy.ask(house.dbs.city, investigator, asking, now())
    async with house.dbs.city.transaction() as tx:
        await policy.approve_request(tx, lead, request.request_id, "확인함", now())
    export_id = await house.sealed(original=True)
    files, whole = tool().unpack(await house.exports.download(investigator, export_id))
    assert whole
    assert {"cameras/01-01-original.mp4", "cameras/01-01-masked.mp4"} <= set(files)
    assert tool().verify(tool().pack(files))["verified"]
    async with house.dbs.city.transaction() as tx:
        await policy.withdraw_request(tx, investigator, request.request_id, "끝났다", now())
    await asyncio.sleep(LEASE_S + 0.1)  # a permit in hand is trusted so long
    with pytest.raises(Forbidden):
        await house.exports.download(investigator, export_id)


HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("spans", "why"),
    [
        ([], TooMuch),
        ([(7.0, 1.0)], TooMuch),
        ([(1.0, 1.0)], TooMuch),
        ([(1.0, HOUR)], TooMuch),
        ([(-31 * DAY, 7.0 - 31 * DAY)], TooMuch),
        ([(1.0, 7.0), (-31 * DAY, 7.0 - 31 * DAY)], TooMuch),
        ([(n * 2.0 - 300.0, n * 2.0 - 299.0) for n in range(61)], TooMuch),
        ([(-2 * HOUR, -HOUR), (1.0, 7.0)], TooMuch),
        ([(1.0, 7.0), (6.0, 9.0)], Overlapping),
    ],
)
async def test_an_export_is_small_settled_and_young_enough(
    house: House, spans: list[tuple[float, float]], why: type[Refusal]
) -> None:
    with pytest.raises(why):
        await house.exports.ask(
            house.accounts["investigator"], house.wanted(spans=tuple(house.span(*each) for each in spans))
        )


@pytest.mark.requirement("CC-03", "TR-04")
async def test_each_camera_has_a_time_of_its_own_and_nothing_between_two_times_leaves(house: House) -> None:
    """One camera at two of its times: two entries of the manifest, and the group between them stays here."""
    investigator, spans = house.accounts["investigator"], (house.span(6.5, 7.5), house.span(0.5, 1.5))
    files, _ = tool().unpack(await house.exports.download(investigator, await house.sealed(spans=spans)))
    told = json.loads(files["manifest.json"])
    asked = [(instant(s.from_at), instant(s.until_at)) for s in reversed(spans)]
    assert [(c["from_at"], c["until_at"]) for c in told["cameras"]] == asked
    report = tool().verify(tool().pack(files), decode=tool().decode_with_av)
    assert report["findings"] == []
    assert [(s["from_at"], s["until_at"]) for s in report["spans"]] == asked
    numbers = [[g["number"] for p in c["parts"] for g in p["groups"]] for c in told["cameras"]]
    assert numbers[0][-1] + 1 < numbers[1][0], "a group between the two was recorded"
    [(row, _)] = await house.exports.own(investigator)
    assert row.spans == tuple(reversed(spans))

    def of(*times: tuple[int, int]) -> set[str]:
        """Return what is found where the manifest names other times than were asked for, by tenths of a second."""
        spoilt = json.loads(files["manifest.json"])
        for camera, (begins, ends) in zip(spoilt["cameras"], times, strict=False):
            for key, tenths in (("from_at", begins), ("until_at", ends)):
                at = datetime.fromisoformat(camera[key]) + timedelta(seconds=tenths / 10)
                camera[key] = instant(at)
        found = tool().verify(tool().pack(files | {"manifest.json": tool().canonical(spoilt)}))["findings"]
        return {f["detail"] for f in found if f["what"] == "other-span"}

    other, twice = (
        "other cameras, or another time, than were asked for",
        "a camera's time is no time, or is there twice",
    )
    assert of((0, 0), (0, 0)) == set()
    assert of((-1, 0), (0, 0)) == of((0, 0), (0, 1)) == {other}
    assert of((0, 55), (0, 0)) == {twice}


async def test_an_export_of_nothing_fails_aloud(house: House) -> None:
    row = await house.exports.ask(house.accounts["investigator"], house.wanted(spans=(house.span(-1200.0, -1140.0),)))
    await house.exports.work()
    [(row, _)] = await house.exports.own(house.accounts["investigator"])
    assert (row.state, row.end_reason) == ("ended", "failed")


@pytest.mark.requirement("CC-03")
async def test_nobody_reviews_an_export_of_his_own(house: House) -> None:
    row = await house.exports.ask(house.accounts["investigator"], house.wanted())
    await house.exports.work()
    async with house.dbs.city.transaction() as tx:
        await tx.execute("update footage_export set asked_by = %s", (house.accounts["lead"].account_id,))
    with pytest.raises(NoReviewer):
        await house.exports.review(house.accounts["lead"], row.export_id, [])
