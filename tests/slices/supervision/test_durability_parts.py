"""What `ansimnet eval durability` counts: kills that struck a batch, and what its load wrote down."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from evaluation._compare import Acknowledged, Compared
from evaluation._durability_holes import HOLES
from evaluation._kills import Kill, struck

AT = datetime(2026, 11, 20, tzinfo=UTC)


def kill(kind: str, at_s: float) -> Kill:
    return Kill(kind, at_s, AT)


@pytest.mark.parametrize(
    ("kills", "unanswered", "expected"),
    [
        ([("api", 10.0)], [(9.9, 10.1)], {"api": 1}),
        ([("api", 10.0)], [(9.0, 9.5), (10.2, 10.4)], {}),  # before and after: refused, not broken
        ([("backend", 10.0), ("postgres", 20.0)], [(9.9, 20.1)], {"backend": 1, "postgres": 1}),
        ([("relay", 10.0), ("seal", 10.0)], [(9.9, 10.1)], {}),  # neither stands between a device and its receipt
    ],
)
def test_a_kill_strikes_a_batch_that_was_under_way_and_never_answered(
    kills: list[tuple[str, float]], unanswered: list[tuple[float, float]], expected: dict[str, int]
) -> None:
    found = struck([kill(kind, at_s) for kind, at_s in kills], unanswered)
    assert {kind: n for kind, n in found.items() if n} == expected


def test_a_line_that_a_crash_cut_was_acknowledged_to_nobody(tmp_path: Path) -> None:
    line = {
        "door": "mqtt", "sent": 1.0, "acknowledged": 1.5, "unanswered": [[0.1, 0.2], [0.3, 0.4]],
        "receipt": {"accepted": 1, "duplicate": 1, "late": 0}, "ids": ["a 1", "a 2"], "refused": [],
    }  # fmt: skip
    file = tmp_path / "acknowledged.jsonl"
    file.write_text(json.dumps(line) + "\n" + json.dumps(line)[:40])
    found = Acknowledged.read(file)
    assert (found.ids, found.batches, found.sent_again, found.told_before) == (["a 1", "a 2"], 1, 2, 1)
    assert (found.spans, found.unanswered) == ([(1.0, 1.5)], [(0.1, 0.2), (0.3, 0.4)])
    assert found.by_door == {"mqtt": 1}


@pytest.mark.parametrize("name", HOLES)
def test_a_switched_off_check_is_found_by_what_it_does_and_by_nothing_else(name: str) -> None:
    shows = HOLES[name].shows
    assert not shows(Compared())
    assert not shows(Compared(lost={"parked a 1"}, duplicated={"police-asked x"}, alarms_missing={"alarm x: 0 of 1"}))
    harm = Compared(lost={"fix a 1", "never-taken-by-reader c 5"}, duplicated={"fix a 1"})
    assert shows(harm)
