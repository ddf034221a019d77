"""Seals that the ledger takes in: minute by minute, after a kill too, and what a stolen key cannot do."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from evaluation._evidence_studio import Studio, recorded, street, tool
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.slices.footage.exporting import recorded_city

from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.platform.db import Dbs
from ansimnet.platform.ledger.merkle import Tree
from ansimnet.slices.footage.archive.model import anchors_of, reels_of
from ansimnet.slices.footage.evidence.anchoring import Anchors, anchors_in, leaf_of, path_of, tops_of
from ansimnet.slices.footage.evidence.grids import GridWorker, grid_of
from ansimnet.slices.footage.model import Track

VERIFIER = tool()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=9), min_size=1, max_size=9))
def test_every_stream_finds_its_way_to_the_root(runs: list[list[bytes]]) -> None:
    verifier, tops = VERIFIER, tops_of(runs)
    for index, digests in enumerate(runs):
        own = verifier.sha256(b"\x00", verifier.root_of([leaf_of(d) for d in digests]))
        assert verifier.included(own, index, len(tops), path_of(tops, index)) == Tree(tops).root()


@pytest.mark.requirement("CC-03")
async def test_the_ledger_takes_in_what_was_sealed_and_a_killed_run_left(dbs: Dbs, tmp_path: Path) -> None:
    async with recorded_city(dbs, tmp_path) as house:
        [segment, *_] = found = house.archive.segments(
            house.camera_id, Track.SUB, house.began, house.exports.maker().clock.now()
        )
        digests = [hashlib.sha256(house.archive.read(s).seals).hexdigest() for s in found]
        folder = reels_of(house.camera_id, segment.term)
        anchors = anchors_in(house.archive.disk, folder, Track.SUB)
        assert [d for a in anchors for d in a.leaves] == digests
        async with dbs.city.transaction() as tx:
            entries = await tx.all("select entry_id, body from ledger_entry where kind = 'footage.seals.anchored.v1'")
        assert [i for i, _ in entries] == [a.entry for a in anchors]
        assert (
            json.loads(bytes(entries[0][1]))["root"]
            == Tree(tops_of([[bytes.fromhex(d) for d in digests]])).root().hex()
        )

        house.archive.disk.remove(
            anchors_of(folder, Track.SUB)
        )  # as if the run had been killed before the ledger answered
        house.archive.disk.append(anchors_of(folder, Track.SUB), b'\n{"entry":"torn')
        again = Anchors(house.archive, house.anchors._tell)
        assert (again.recover(), await again.turn()) == (len(digests), len(digests))
        assert [d for a in anchors_in(house.archive.disk, folder, Track.SUB) for d in a.leaves] == digests
        assert Anchors(house.archive, house.anchors._tell).recover() == 0


async def test_what_the_ledger_did_not_hear_is_told_again(dbs: Dbs, tmp_path: Path) -> None:
    async with recorded_city(dbs, tmp_path) as house:
        segments = house.archive.segments(house.camera_id, Track.SUB, house.began, house.exports.maker().clock.now())
        away, told = [True], list[int]()

        async def tell(_: bytes, streams: int, groups: int) -> UUID:
            if away[0]:
                raise psycopg.OperationalError
            told.append(groups)
            return new_id()

        anchors = Anchors(house.archive, tell)
        anchors.add(segments[0], b"one")
        assert await anchors.turn() == 0
        away[0] = False
        anchors.add(segments[1], b"two")
        assert (await anchors.turn(), told, await anchors.turn()) == (2, [2], 0)


@pytest.mark.requirement("CC-03")
def test_seals_made_later_with_a_stolen_key_do_not_verify() -> None:
    """The thief holds both keys and makes everything fit; but the ledger was not told in time."""
    pieces = recorded(list(street(3, 60, width=320, height=192)), crf=30)
    verifier, studio = tool(), Studio(3)
    genuine = studio.reel("HD-0001", pieces)
    assert verifier.Verifier(studio.export([genuine]), studio.ledger.signer.public, None).run()["findings"] == []
    other = recorded(list(street(4, 60, width=320, height=192)), crf=30)
    thief = Studio(3, recorder=studio.recorder, signer=studio.signer)
    forged = thief.reel("HD-0001", other, anchors=genuine.anchors)
    assert [g.head.camera_id for g in forged.groups] == [CameraId(genuine.camera_id)] * 3
    thief.ledger = studio.ledger
    report = verifier.Verifier(thief.export([forged]), studio.ledger.signer.public, None).run()
    assert [f["what"] for f in report["findings"]] == ["not-anchored"] * 3


def test_grids_made_in_a_process_of_their_own_are_the_same_and_outlive_a_hostile_stream() -> None:
    [piece, *_] = recorded(list(street(3, 20, width=320, height=192)), crf=30)
    worker = GridWorker()
    try:
        assert worker.of(piece.frames[0]) == grid_of(piece.frames[0])
        assert worker._process is not None
        worker._process.kill()  # as a decoder does that was brought down
        assert worker.of(piece.frames[0]) == b""
        assert worker.of(piece.frames[0]) == grid_of(piece.frames[0])
    finally:
        worker.stop()
