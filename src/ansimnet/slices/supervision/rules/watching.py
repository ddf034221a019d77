"""The state machine of one watch: clear, uncertain, probable, certain, with hysteresis and dwell."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from ansimnet.slices.supervision.model import State, Watch
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.evidence import Evidence


class Change(StrEnum):
    """What a step of a watch asks to be told."""

    RAISED = "raised"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"


def observe(watch: Watch, e: Evidence) -> tuple[Watch, tuple[Change, ...]]:
    """Return the watch after one piece of evidence, and what must be told of it.

    Confirms only with two consistent fixes or a very deep one; clears below 0.2, with two fixes unless the wearer is
    out for sure. A watch that was closed while broken stays silent until it has been clear once. `alarm_id` and
    `medical` are the caller's to set on `RAISED`.
    """
    support = _support(watch, e)
    if e.likely < limits.CLEAR_BELOW:
        return _out(replace(watch, support=support), e)
    state = watch.state
    if e.sure >= limits.CERTAIN_FROM and (support >= limits.DWELL_FIXES or e.deep):
        state = State.CERTAIN
    elif e.likely >= limits.PROBABLE_FROM and (e.expected or e.deep or support >= limits.DWELL_FIXES):
        state = max(state, State.PROBABLE, key=lambda s: s.rank)
    else:
        state = max(state, State.UNCERTAIN, key=lambda s: s.rank)
    watch = replace(
        watch,
        state=state,
        probability=e.sure if state is State.CERTAIN else e.likely,
        judged_at=e.at,
        entered_at=watch.entered_at or e.at,
        support=support,
        against=0,
        fix_ids=tuple(dict.fromkeys((*watch.fix_ids, *e.fix_ids)))[-2 * limits.CITED :],
    )
    return _announce(watch)


def _support(watch: Watch, e: Evidence) -> int:
    """Return how many consistent fixes have spoken for it: a fix in doubt counts for neither side."""
    if e.own is None:
        return watch.support
    if e.own >= limits.PROBABLE_FROM:
        return min(watch.support + 1, 99)
    return 0 if e.own < limits.CLEAR_BELOW and not e.sticky else watch.support


def _announce(watch: Watch) -> tuple[Watch, tuple[Change, ...]]:
    if not watch.armed or watch.state.rank <= watch.announced.rank or watch.state.rank < State.PROBABLE.rank:
        return watch, ()
    changes = [Change.RAISED] if watch.announced is State.CLEAR else []
    if watch.state is State.CERTAIN:
        changes.append(Change.CONFIRMED)
    return replace(watch, announced=watch.state), tuple(changes)


def _out(watch: Watch, e: Evidence) -> tuple[Watch, tuple[Change, ...]]:
    against = watch.against + 1
    patience = 3 if e.sticky else 2  # a strap that chatters speaks thrice before it is believed whole. ours
    if watch.state.rank >= State.PROBABLE.rank and (
        (e.sticky and watch.state is State.CERTAIN)
        or (against < patience and (e.sticky or e.likely > limits.OUT_FOR_SURE))
    ):
        return replace(watch, judged_at=e.at, against=against), ()
    return rest(watch, e), (Change.CLEARED,) if watch.announced is not State.CLEAR else ()


def rest(watch: Watch, e: Evidence) -> Watch:
    """Return the watch as it is when nothing is wrong, armed again.

    Support outlives it: the first of two fixes that break with the track counts when the second agrees.
    """
    return Watch(watch.condition_id, watch.wearer_id, probability=e.likely, judged_at=e.at, support=watch.support)
