"""The evaluation of leaks at its smallest: the real one is `ansimnet eval leaks`."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog

from ansimnet.app.measure import Options

PLANTED = (
    "wall: row level security of supervision_fix",
    "check: supervision.queries.track #0: permit.check(Act.READ_TRACK",
    "question: policy.api.agencies.may_keep #0",
    "guard: platform.link.Link.handle_ask #1: not await _first_time",
)
"""A check of each kind that stands in the way of one thing alone: whichever seed, its absence shows at once."""


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    from evaluation import leaks

    def quiet(_: float, __: float, ___: str) -> None:
        """Say nothing."""

    try:
        return leaks.run(
            Options(size="small", seed=3, world=None, data=None, kills=None, progress=quiet, requests=1_000), PLANTED
        )
    finally:  # it silences a process that it has for itself
        logging.disable(logging.NOTSET)
        structlog.reset_defaults()


@pytest.mark.timeout(600)
@pytest.mark.requirement("EM-15", "EM-16", "CC-03")
def test_no_door_gives_anybody_what_is_not_his(figures: dict[str, Any]) -> None:
    assert figures["leaks_by_place"] == {}
    assert figures["faults_by_place"] == {}
    assert figures["routes_without_expectation"] == []
    assert figures["requests"] == 1_000
    assert figures["broken_by_place"] == {}
    assert figures["allowed_never_seen"] == []  # whoever may is answered everywhere: the others could have been


@pytest.mark.timeout(600)
def test_a_removed_check_is_found(figures: dict[str, Any]) -> None:
    mutants = figures["mutants"]
    assert (mutants["planted"], mutants["found_by_fault"], mutants["missed"]) == (len(PLANTED), 0, [])
