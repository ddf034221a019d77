"""Which fixes of a batch say nothing new: most of them. They are judged by `batch.judge_many` and by nothing else.

A person is quiet where no condition remembers anything before the batch and none would after it: then all that a batch
leaves of him is where he is believed to be, which the compiled rules give to the bit. Everybody else, and whoever must
be kept apart from one of those, is judged again by `judge`, which has the words for what must be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from operator import itemgetter
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.geo import Plane, Point
from ansimnet.kernel.ids import ConditionId, DeviceId, FixId, ProtectedPersonId, WearerId
from ansimnet.slices.supervision.model import (
    TAMPER_SIGNS,
    Approach,
    Circle,
    Condition,
    Curfew,
    Device,
    Exclusion,
    Fix,
    PersonId,
    Polygon,
    Scene,
    Sign,
    Window,
)
from ansimnet.slices.supervision.rules import limits, motion, window
from ansimnet.slices.supervision.rules.batch import Fixes, judge_many
from ansimnet.slices.supervision.rules.board import F64, I8, I64, Board, Grid, Zones, grid_of, places_of, quiet
from ansimnet.slices.supervision.rules.estimate import instant, variances_of
from ansimnet.slices.supervision.rules.judge import judge

_LOUD_SIGNS = TAMPER_SIGNS | {Sign.JAM}
_NO_ZONES = Zones.of([])
_NO_GRID: Grid = grid_of(_NO_ZONES)


@dataclass(slots=True, eq=False)
class Bound:
    """All that binds one person, and the devices that speak for him or her, by name and by id.

    True while the person's row says `bound_by`, and no longer than up to `until_s` by the monotonic clock.
    """

    person_id: PersonId
    bound_by: bytes
    until_s: float
    devices: Mapping[str, Device]
    zones: Zones
    timed: tuple[tuple[window.Timed, Zones], ...]
    pairs: tuple[Approach, ...]
    always: int
    """How many `zones` there are: they bind at every hour."""
    spells: dict[ConditionId, tuple[datetime, datetime, bool]] = field(default_factory=dict)

    @staticmethod
    def of(
        person_id: PersonId, by: UUID, until_s: float, devices: Iterable[Device], found: Iterable[Condition]
    ) -> Bound:
        """Return what binds a person, of all conditions that were found."""
        his = [c for c in found if person_id in (c.wearer_id, c.protected_person_id)]
        called = {word: d for d in devices for word in (str(d.device_id), d.name)}
        zones = Zones.of(
            [c.zone for c in his if isinstance(c, Exclusion) and c.window is None and c.wearer_id == person_id]
        )
        return Bound(
            person_id,
            by.bytes,
            until_s,
            called,
            zones,
            tuple(
                (c, Zones.of([c.home if isinstance(c, Curfew) else c.zone]))
                for c in his
                if isinstance(c, window.Timed) and c.window is not None and c.wearer_id == person_id
            ),
            tuple(c for c in his if isinstance(c, Approach)),
            len(zones.radius),
        )

    def other(self, pair: Approach) -> PersonId:
        """Return the other one of a pair."""
        his = pair.wearer_id == self.person_id
        return PersonId(pair.protected_person_id if his else pair.wearer_id)

    def others(self) -> list[PersonId]:
        """Return whom this person must be kept apart from."""
        return [self.other(pair) for pair in self.pairs]

    def binds(self, timed: window.Timed, since: datetime, until: datetime) -> bool | None:
        """Tell whether a condition holds all through [since, until]; None where it begins or ends in between."""
        known = self.spells.get(timed.condition_id)
        if known is None or not known[0] <= until < known[1]:
            known = self.spells[timed.condition_id] = window.spell(timed, until)
        return known[2] if known[0] <= since else None


@dataclass(slots=True)
class Quiet:
    """What a batch leaves of the quiet ones: rows of numbers, and the fix each was last taken from, None: none."""

    people: list[PersonId]
    rows: F64
    taken: list[Fix | None]


def warm() -> None:
    """Have every compiled rule ready before the first fix comes: two people walk about a zone and each other."""
    at, place = datetime(2026, 1, 1, tzinfo=UTC), Point(37.5, 127.0)
    him, her = WearerId(UUID(int=1)), ProtectedPersonId(UUID(int=2))
    ring = Polygon(tuple(Plane(place).to_point(x, y) for x, y in ((-50, -50), (50, -50), (50, 50), (-50, 50))))
    conditions: list[Condition] = [
        Exclusion(ConditionId(UUID(int=3)), him, "", Circle(place, 50.0)),
        Exclusion(ConditionId(UUID(int=4)), him, "", ring),
        Curfew(ConditionId(UUID(int=5)), him, "", Window(time(0), time(0)), Circle(place, 50.0)),
        Approach(ConditionId(UUID(int=6)), him, "", her, 1000.0, 300.0),
    ]
    fixes = [
        Fix(
            FixId(UUID(int=10 + i)), DeviceId(UUID(int=2 - i % 2)), PersonId((her, him)[i % 2]), seen, seen,
            Plane(place).to_point(60.0 * (i % 3), 20.0), 15.0,
        )
        for i, seen in enumerate(at + timedelta(seconds=5 * k) for k in range(8))
    ]  # fmt: skip
    judge(Scene({c.condition_id: c for c in conditions}), fixes)
    people = (PersonId(him), PersonId(her))
    bounds = {p: Bound.of(p, UUID(int=0), 0.0, (), conditions) for p in people}
    sift(bounds, dict.fromkeys(people), fixes, set())


def loud_by_themselves(fixes: Iterable[Fix]) -> set[PersonId]:
    """Return whose fixes say more than a place."""
    return {
        f.person_id
        for f in fixes
        if f.signs & _LOUD_SIGNS or (f.battery is not None and f.battery <= limits.LOW_BATTERY)
    }


def sift(
    bounds: Mapping[PersonId, Bound], rows: Mapping[PersonId, F64 | None], fixes: Sequence[Fix], loud: set[PersonId]
) -> tuple[Quiet, set[PersonId]]:
    """Judge a batch of new fixes; return what is left of the quiet ones, and who is not.

    `bounds` has everybody who speaks, `rows` them and whoever they must be kept apart from (None: not seen yet). `loud`
    are known not to be quiet.
    """
    dated = [(f.seen_at.timestamp(), f.fix_id.int, f) for f in fixes if f.point is not None]
    dated.sort(key=itemgetter(0, 1))
    ordered = [f for _, _, f in dated]
    said: dict[int, list[int]] = {}  # by number: an id is hashed in Python, and this is asked for every fix
    for i, f in enumerate(ordered):
        said.setdefault(f.person_id.int, []).append(i)
    believed = {p.int: row for p, row in rows.items()}
    binding = {p.int: bound for p, bound in bounds.items()}
    speakers: list[_Speaker] = []
    unruly: set[PersonId] = set()
    known_loud = {p.int for p in loud}
    for number, which in said.items():
        if number in known_loud:
            continue
        bound, row = binding[number], believed[number]
        since_s = dated[which[0]][0]
        if row is not None and (since_s < row.item(motion.AT) or since_s < row.item(motion.SUSPECT_AT)):
            unruly.add(bound.person_id)
            continue
        homes = _homes(bound, row, ordered[which[0]].seen_at, ordered[which[-1]].seen_at) if bound.timed else ()
        if homes is None:
            unruly.add(bound.person_id)
        else:
            speakers.append(_Speaker(bound, row, homes, which))
    if loud or unruly:
        loud = _spread(bounds, loud | unruly)
        speakers = [s for s in speakers if s.bound.person_id not in loud]
    if not speakers:
        return Quiet([], np.zeros((0, motion.WIDTH)), []), loud
    others = [p for p in rows if p.int not in said or p in loud] if any(s.bound.pairs for s in speakers) else []
    board = _board(speakers, others, rows)
    who = np.full(len(ordered), -1)
    for n, s in enumerate(speakers):
        who[s.said] = n
    chosen = np.flatnonzero(who >= 0)
    columns = _columns([dated[i] for i in chosen.tolist()] if len(chosen) < len(dated) else dated, who[chosen])
    became = np.empty(len(ordered))
    words = np.empty(len(chosen))
    told, _ = judge_many(board, columns, words)
    became[chosen] = words
    heard = {speakers[n].bound.person_id for n in who[chosen][told[:, 0]].tolist()}
    stirred = heard | {speakers[i].bound.person_id for i in _stirred(board)}
    if stirred:
        loud = _spread(bounds, loud | stirred)
    kept = [n for n, s in enumerate(speakers) if s.bound.person_id not in loud] if loud else list(range(len(speakers)))
    held = (became == motion.HELD).tolist()
    last = []
    for n in kept:
        taken = next((i for i in reversed(speakers[n].said) if not held[i]), None)
        last.append(ordered[taken] if taken is not None else None)
    people = board.people[kept] if loud else board.people[: len(kept)]
    return Quiet([speakers[n].bound.person_id for n in kept], people, last), loud


@dataclass(slots=True, eq=False)
class _Speaker:
    """One who speaks in a batch: what binds him, what is believed of him, his homes in force, which fixes are his."""

    bound: Bound
    row: F64 | None
    homes: Sequence[tuple[bool, Zones]]
    said: list[int]


def _columns(dated: Sequence[tuple[float, int, Fix]], who: I64) -> Fixes:
    """Return fixes that have a place as columns, each with its person's row."""
    fixes = [f for _, _, f in dated]
    error_m = np.array([f.error_m for f in fixes], dtype=np.float64)
    points = [f.point for f in fixes if f.point is not None]
    return Fixes.of(
        who.astype(np.int32),
        np.array([at for at, _, _ in dated], dtype=np.float64),
        np.array([p.lat for p in points], dtype=np.float64),
        np.array([p.lon for p in points], dtype=np.float64),
        error_m,
        variances_of(error_m),
        np.array([f.speed_mps if f.speed_mps is not None else -1.0 for f in fixes], dtype=np.float64),
    )


def _homes(bound: Bound, row: F64 | None, since: datetime, until: datetime) -> Sequence[tuple[bool, Zones]] | None:
    """Return the homes and zones of some hours that hold at all fixes of a person, seen from `since` to `until`.

    Each with whether it is the outside that is forbidden. None where one begins or ends meanwhile.
    """
    if row is not None:
        since = min(since, instant(row[motion.AT]))
    homes = []
    for timed, zones in bound.timed:
        binds = bound.binds(timed, since, until)
        if binds is None:
            return None
        if binds:
            homes.append((isinstance(timed, Curfew), zones))
    return homes


def _spread(bounds: Mapping[PersonId, Bound], loud: Iterable[PersonId]) -> set[PersonId]:
    """Return the loud, and whoever of those who speak must be kept apart from one of them, and so on."""
    found, last = set(loud), list(loud)
    while last:
        person = last.pop()
        if person in bounds:
            new = [o for o in bounds[person].others() if o in bounds and o not in found]
            found.update(new)
            last += new
    return found


def _stirred(board: Board) -> set[int]:
    """Return the rows of those whose watches are no longer quiet."""
    zones = np.flatnonzero(_not_quiet(board.watch))
    pairs = np.flatnonzero(np.isin(board.pair_number, np.flatnonzero(_not_quiet(board.pair_watch))))
    rows = np.searchsorted(board.own_first, zones, side="right") - 1
    return {*rows.tolist(), *(np.searchsorted(board.pair_first, pairs, side="right") - 1).tolist()}


def _not_quiet(watches: I8) -> NDArray[np.bool_]:
    changed: NDArray[np.bool_] = (watches != quiet(len(watches))).any(axis=1)
    return changed


def _board(speak: Sequence[_Speaker], others: Sequence[PersonId], rows: Mapping[PersonId, F64 | None]) -> Board:
    """Return a board of those who speak, and after them of the others, whom some must be kept apart from."""
    n, silent = len(speak) + len(others), [0] * len(others)
    parts, counts, turned = [], [], []  # zones of each in turn; how many they are; those of homes that are turned round
    at = 0
    for s in speak:
        parts.append(s.bound.zones)
        first, at = at, at + s.bound.always
        for outside, home in s.homes:
            parts.append(home)
            if outside:
                turned.append(range(at, at + len(home.radius)))
            at += len(home.radius)
        counts.append(at - first)
    zones = Zones.together(parts)
    turned_round = np.zeros(at, dtype=np.bool_)
    for some in turned:
        turned_round[some.start : some.stop] = True
    beside = [(s.bound, pair) for s in speak for pair in s.bound.pairs]
    number = {p: i for i, p in enumerate((*(s.bound.person_id for s in speak), *others))} if beside else {}
    numbers: dict[ConditionId, int] = {}
    for _, pair in beside:
        numbers.setdefault(pair.condition_id, len(numbers))
    apart = {pair.condition_id: (pair.warn_m, pair.alarm_m) for _, pair in beside}
    believed = [s.row for s in speak] + [rows[p] for p in others]
    known = np.array([row is not None for row in believed], dtype=np.bool_)
    people = np.zeros((n, motion.WIDTH))
    if known.any():
        people[known] = np.concatenate([row for row in believed if row is not None]).reshape(-1, motion.WIDTH)
    return Board(
        people=people,
        known=known,
        bound=np.zeros(n, dtype=np.bool_),
        zones=zones,
        own_first=np.cumsum([0, *counts, *silent]).astype(np.int64),
        outside=turned_round,
        watch=quiet(len(zones.radius)),
        shared=_NO_ZONES,
        grid=_NO_GRID,
        open_zone=np.full((n, 0), -1, dtype=np.int32),
        open_watch=np.zeros((n, 0, 5), dtype=np.int8),
        group=np.zeros(0, dtype=np.int32),
        pair_first=np.cumsum([0, *(len(s.bound.pairs) for s in speak), *silent]).astype(np.int64),
        pair_other=np.array([number[b.other(pair)] for b, pair in beside], dtype=np.int32),
        pair_number=np.array([numbers[pair.condition_id] for _, pair in beside], dtype=np.int32),
        pair_place=places_of(pair.place if b.person_id == pair.wearer_id else None for b, pair in beside),
        radii=np.array([apart[c] for c in numbers], dtype=np.float64).reshape(-1, 2),
        pair_watch=quiet(len(numbers)),
    )
