"""Recorded tracks as truth: read with their holes and slips, told by a device that errs, and judged like any story."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation._supervision_recorded import AWAY_M, files_in, recorded, ways_of
from evaluation._supervision_score import breaches_of
from evaluation._supervision_world import ErrorWorld
from evaluation.supervision import Tally

DAY = 39_746.0
HEAD = "Geolife trajectory\nWGS 84\nAltitude is in Feet\nReserved 3\n0,2,255,My Track,0,0,2,8421376\n0\n"


def line(second: float, lat: float, lon: float) -> str:
    return f"{lat:.6f},{lon:.6f},0,175,{DAY + second / 86_400:.10f},2008-10-25,14:22:00\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder as large as one walk of two kilometres to the east and back, a point every five seconds."""
    place = tmp_path / "data" / "gps" / "007" / "Trajectory"
    place.mkdir(parents=True)
    rows = [line(5 * n, 37.5, 127.0 + 7.6e-5 * min(n, 600 - n)) for n in range(601)]
    rows.insert(300, line(5 * 300 - 2, 38.9, 128.0))  # a slip of the receiver
    rows.insert(400, "no,point,at,all\n")
    (place / "walk.plt").write_text(HEAD + "".join(rows), encoding="utf-8")
    return tmp_path / "data"


def test_slips_and_words_are_left_out_and_a_hole_ends_a_way(data: Path) -> None:
    (file,) = files_in(data)
    ((t, lat, lon),) = ways_of(file)
    assert len(t) == 601
    assert lat.max() < 37.51
    assert lon.max() < 127.05
    rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text("".join(rows[:300] + rows[330:]), encoding="utf-8")
    assert len(ways_of(file)) == 2


def test_without_a_folder_there_is_no_witness(tmp_path: Path) -> None:
    assert files_in(None) == []
    assert files_in(tmp_path) == []
    empty = tmp_path / "empty.plt"
    empty.write_text(HEAD, encoding="utf-8")
    assert recorded(empty, ErrorWorld(), "1") is None


@pytest.mark.requirement("EM-14")
def test_who_walked_into_a_zone_on_a_recorded_way_is_alarmed_of(data: Path) -> None:
    (file,) = files_in(data)
    tally, breaches = Tally(), 0
    for seed in range(6):
        story = recorded(file, ErrorWorld(every_s=(15.0,)), str(seed))
        assert story is not None
        (truth,) = story.truths.values()
        assert truth.breach_m[0] < -AWAY_M / 2
        assert truth.breach_m.max() > 30
        breaches += len(breaches_of(story, 30.0))
        tally.take(story)
    assert breaches >= 4
    assert tally.ours["recorded"].missed == []
    again = recorded(file, ErrorWorld(every_s=(15.0,)), "3")
    same = recorded(file, ErrorWorld(every_s=(15.0,)), "3")
    assert again is not None
    assert same is not None
    assert [m.fix for m in again.made] == [m.fix for m in same.made]
