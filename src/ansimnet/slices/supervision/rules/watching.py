"""The state machine of one watch: clear, uncertain, probable, certain, with hysteresis and dwell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ansimnet.slices.supervision.model import State, Watch
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.chance import compiled
from ansimnet.slices.supervision.rules.evidence import Evidence
from ansimnet.slices.supervision.rules.limits import RULES, Rules
from ansimnet.slices.supervision.rules.weights import _again

I64 = NDArray[np.int64]


class Change(StrEnum):
    """What a step of a watch asks to be told."""

    RAISED = "raised"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"


RANKS = (State.CLEAR, State.UNCERTAIN, State.PROBABLE, State.CERTAIN)
STATE, SUPPORT, AGAINST, ANNOUNCED, ARMED = range(5)
"""A watch as a row of numbers: ranks of states, counts, 0 or 1."""
CLEARED = 4
"""The bit of what must be told that ends an alarm."""
QUIET, KEPT, RESTED = 0, 1, 2
"""What became of a watch: moved by evidence, kept though the evidence is against it, at rest again."""


@compiled
def _step(
    w: I64, likely: float, sure: float, own: float, deep: bool, expected: bool, sticky: bool, begin: float, k: Rules
) -> tuple[int, int]:
    """Move a watch in place by one piece of evidence; return what became of it and what must be told.

    `own` below 0: no fix spoke; `begin` is where an alarm begins. What must be told, in bits: 1 raised, 2 confirmed,
    4 cleared.
    """
    if own >= min(begin, k.probable_from):
        w[SUPPORT] = min(w[SUPPORT] + 1, 99)
    elif 0 <= own < k.clear_below and not sticky:
        w[SUPPORT] = 0  # between the two a fix in doubt counts for neither side
    state = w[STATE]
    if likely < k.clear_below:
        w[AGAINST] += 1
        patience = 3 if sticky else 2  # a strap that chatters speaks thrice before it is believed whole. ours
        doubted = w[AGAINST] < patience and (sticky or likely > k.out_for_sure)
        if state >= 2 and ((sticky and state == 3) or doubted):
            return KEPT, 0
        told = CLEARED if w[ANNOUNCED] > 0 else 0
        w[STATE] = w[AGAINST] = w[ANNOUNCED] = 0
        w[ARMED] = 1
        return RESTED, told
    if sure >= k.certain_from and (w[SUPPORT] >= k.dwell_fixes or deep):
        state = 3
    elif likely >= begin and (expected or deep or w[SUPPORT] >= k.dwell_fixes):
        state = max(state, 2)
    else:
        state = max(state, 1)
    w[STATE], w[AGAINST] = state, 0
    if w[ARMED] == 0 or state <= w[ANNOUNCED] or state < 2:
        return QUIET, 0
    told = (1 if w[ANNOUNCED] == 0 else 0) + (2 if state == 3 else 0)
    w[ANNOUNCED] = state
    return QUIET, told


@compiled
def _bar(begin: float, back_s: float, times: float, at_s: float, k: Rules) -> float:
    """Return where an alarm of a zone begins at an instant, given when its last was taken back, and how many were."""
    if not _again(back_s, at_s, k):
        return begin
    return max(begin, min(k.certain_from, k.taken_back_from + (times - 1) * k.taken_back_step))


def observe(watch: Watch, e: Evidence) -> tuple[Watch, tuple[Change, ...]]:
    """Return the watch after one piece of evidence, and what must be told of it.

    Confirms only with two consistent fixes or a very deep one; clears below 0.10, with two fixes unless the wearer is
    out for sure. A watch that was closed while broken stays silent until it has been clear once. A zone whose alarm was
    taken back is not believed by as little again for some days. `alarm_id` and `medical` are the caller's to set on
    `RAISED`.
    """
    row = np.array([watch.state.rank, watch.support, watch.against, watch.announced.rank, watch.armed], dtype=np.int64)
    own = e.own if e.own is not None else -1.0
    begin = e.begin
    if e.zone and watch.taken_back_at is not None:
        begin = _bar(begin, watch.taken_back_at.timestamp(), watch.taken_back, e.at.timestamp(), RULES)
    became, told = _step(row, e.likely, e.sure, own, e.deep, e.expected, e.sticky, begin, RULES)
    if told & CLEARED and (e.home or (e.zone and watch.announced is State.PROBABLE)):
        watch = _once_more(watch, e.at)
    state, support, against, announced, _ = row.tolist()
    bits = ((1, Change.RAISED), (2, Change.CONFIRMED), (CLEARED, Change.CLEARED))
    changes = tuple(c for bit, c in bits if told & bit)
    if became == RESTED:
        return rest(replace(watch, support=support), e), changes
    if became == KEPT:
        return replace(watch, judged_at=e.at, against=against, support=support), changes
    return replace(
        watch,
        state=RANKS[state],
        probability=e.sure if RANKS[state] is State.CERTAIN else e.likely,
        judged_at=e.at,
        entered_at=watch.entered_at or e.at,
        support=support,
        against=0,
        announced=RANKS[announced],
        fix_ids=tuple(dict.fromkeys((*watch.fix_ids, *e.fix_ids)))[-2 * limits.CITED :],
    ), changes


def rest(watch: Watch, e: Evidence) -> Watch:
    """Return the watch as it is when nothing is wrong, armed again.

    Support outlives it: the first of two fixes that break with the track counts when the second agrees. So does, for
    some days, that an alarm was taken back.
    """
    back, taught_at = watch.taken_back_at, watch.taught_at
    kept = back is not None and e.at - back < limits.TAKEN_BACK_FOR
    return Watch(
        watch.condition_id,
        watch.wearer_id,
        probability=e.likely,
        judged_at=e.at,
        support=watch.support,
        taken_back_at=back if kept else None,
        taken_back=watch.taken_back if kept else 0,
        taught_at=taught_at if taught_at is not None and e.at - taught_at < limits.TAKEN_BACK_FOR else None,
    )


def taught(watch: Watch, verdict: str, counted: bool, at: datetime) -> Watch:
    """Return a watch after a person judged an alarm of it: `true` forgets what was taken back, `false` is as if it was.

    `counted`: fixes had taken that alarm back before, or a person had; an alarm counts once.
    """
    if verdict == "true":
        return replace(watch, taken_back_at=None, taken_back=0, taught_at=at)
    again = replace(watch, taken_back_at=at, taken_back=max(1, watch.taken_back)) if counted else _counted(watch, at)
    return replace(again, taught_at=at)


def _once_more(watch: Watch, at: datetime) -> Watch:
    """Return a watch whose alarm fixes take back, unless a person has said of that alarm whether it is real."""
    if watch.taught_at is not None and watch.entered_at is not None and watch.taught_at >= watch.entered_at:
        return watch
    return _counted(watch, at)


def _counted(watch: Watch, at: datetime) -> Watch:
    back = watch.taken_back_at
    before = watch.taken_back if back is not None and _again(back.timestamp(), at.timestamp(), RULES) else 0
    return replace(watch, taken_back_at=at, taken_back=min(before + 1, 99))
