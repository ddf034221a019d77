"""Which process watches which camera: by measured load, and moved as little as possible. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

UNKNOWN_LOAD = 0.03
"""Cores that a camera nobody measured is taken for; ours, between one at rest (0.01) and one of a busy street (0.1)."""
LEAST_LOAD = 0.01
"""Cores that a camera takes at least, once its street wakes up: one that sends nothing yet weighs something too."""
UNEVEN = 0.15
"""Cores by which the busiest may exceed the idlest before a camera moves: a change costs a second of watching."""


def assign(
    cameras: Collection[str], loads: Mapping[str, float], workers: Collection[int], before: Mapping[str, int]
) -> dict[str, int]:
    """Return the process of every camera; none where no process lives. `loads`: cores each camera takes.

    Whoever is watched by a living process stays there. The others go, the heaviest first, to whoever has least to do.

    >>> assign(["a", "b", "c"], {"a": 0.5}, [1, 2], {"a": 1, "b": 3})
    {'a': 1, 'b': 2, 'c': 2}
    """
    if not workers:
        return {}
    given = {c: before[c] for c in cameras if before.get(c) in workers}
    burden = dict.fromkeys(sorted(workers), 0.0)
    for camera, worker in given.items():
        burden[worker] += _load(loads, camera)
    for camera in sorted(set(cameras) - given.keys(), key=lambda c: (-_load(loads, c), c)):
        worker = min(burden, key=lambda w: (burden[w], w))
        given[camera] = worker
        burden[worker] += _load(loads, camera)
    return given


def levelled(given: Mapping[str, int], loads: Mapping[str, float], workers: Collection[int]) -> dict[str, int]:
    """Return the same with as many cameras moved as it takes: one has come that has nothing to do.

    >>> sorted(levelled({"a": 1, "b": 1, "c": 1, "d": 1}, {"a": 0.0, "b": 0.0}, [1, 2]).values())
    [1, 1, 2, 2]
    """
    now = dict(given)
    for _ in given:  # each step makes them more even; none is needed for longer than there are cameras
        after = eased(now, loads, workers, uneven=LEAST_LOAD)
        if after == now:
            break
        now = after
    return now


def eased(
    given: Mapping[str, int], loads: Mapping[str, float], workers: Collection[int], uneven: float = UNEVEN
) -> dict[str, int]:
    """Return the same with one camera moved to the idlest, where that makes them clearly more even.

    It comes from the busiest, or where all of that one's are too heavy to move, from the next.
    """
    burden = dict.fromkeys(sorted(workers), 0.0)
    for camera, worker in given.items():
        burden[worker] += _load(loads, camera)
    if len(burden) < 2:
        return dict(given)
    idlest = min(burden, key=lambda w: burden[w])
    for busy in sorted(burden, key=lambda w: -burden[w]):
        gap = burden[busy] - burden[idlest]
        if gap <= uneven:
            break
        theirs = [c for c, w in sorted(given.items()) if w == busy and _load(loads, c) < gap]
        if theirs:
            moved = min(theirs, key=lambda c: abs(gap / 2 - _load(loads, c)))
            return {**given, moved: idlest}
    return dict(given)


def _load(loads: Mapping[str, float], camera: str) -> float:
    return max(LEAST_LOAD, loads.get(camera, UNKNOWN_LOAD))
