"""Rows falsified one at a time, as an editor's slip would: a word more, a word less, a condition gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy.model import CentreKind, Hours, Line, Never, Reach
from ansimnet.slices.policy.rules.checks import MASKING_ORDER, cells

Fault = tuple[str, tuple[Line, ...], frozenset[tuple[Role, Act]]]
"""What was done, the falsified table, and the roles and acts it touches."""


def faults(lines: tuple[Line, ...], nevers: tuple[Never, ...], rng: Random, most: int) -> list[Fault]:
    """Return at most so many falsified tables, spread over rows and slips, each of which changes some answer."""
    kinds = (_more, _less, _ground, _wider, _looser, _hours)
    found: list[Fault] = []
    for line in rng.sample(lines, len(lines)) * 4:
        for name, other in rng.choice(kinds)(line, rng):
            if len(found) < most and other != line and _differs(line, other, lines, nevers):
                table = tuple(other if ln is line else ln for ln in lines)
                keys = frozenset(product(line.roles | other.roles, line.acts | other.acts))
                found.append((f"{line.name}: {name}", table, keys))
    return found


Opened = tuple[Role, Act, Purpose, str, CentreKind, CentreKind]


def _opens(*lines: Line) -> frozenset[Opened]:
    """Return what is opened with everything in order: by whom, which act, why, by which kind of ground, where."""
    return frozenset((c.role, c.act, c.purpose, c.ground, c.home, c.place) for ln in lines for c in cells(ln))


def _barred(opened: Opened, nevers: tuple[Never, ...]) -> bool:
    role, act, _, ground, home, _ = opened
    kind = GroundKind.STATUTE if ground == "duty" else GroundKind(ground)
    return any(role in n.roles and act in n.acts and kind in n.grounds and home in n.homes for n in nevers)


def _differs(line: Line, other: Line, lines: tuple[Line, ...], nevers: tuple[Never, ...]) -> bool:
    """Return whether the slip can change an answer at all: it may repeat another row, or a never may bar it."""
    rest = tuple(ln for ln in lines if ln is not line)
    duties = {c[:3] + c[4:] for c in _opens(*(ln for ln in rest if ln.standing and ln.reach is Reach.CENTRE))}
    before, after, elsewhere = _opens(line), _opens(other), _opens(*rest)
    changed = before if before == after else (before ^ after) - elsewhere
    return any(c[:3] + c[4:] not in duties and not _barred(c, nevers) for c in changed)


def _more(line: Line, rng: Random) -> Iterator[tuple[str, Line]]:
    role = rng.choice(sorted(set(Role) - line.roles))
    yield f"+ {role}", replace(line, roles=line.roles | {role})
    purpose = rng.choice(sorted(set(Purpose) - line.purposes))
    yield f"+ {purpose}", replace(line, purposes=line.purposes | {purpose})


def _less(line: Line, rng: Random) -> Iterator[tuple[str, Line]]:
    act = rng.choice(sorted(line.acts))
    yield f"- {act}", replace(line, acts=line.acts - {act})
    purpose = rng.choice(sorted(line.purposes))
    yield f"- {purpose}", replace(line, purposes=line.purposes - {purpose})


def _ground(line: Line, rng: Random) -> Iterator[tuple[str, Line]]:
    if not line.standing:
        kind = rng.choice(sorted(set(GroundKind) - {line.ground, GroundKind.TRIGGER}))
        yield f"by {kind}", replace(line, ground=kind)
        yield "as a duty", replace(line, standing=True, ground=GroundKind.STATUTE, reach=Reach.CENTRE)


def _wider(line: Line, rng: Random) -> Iterator[tuple[str, Line]]:
    if line.reach in (Reach.OWN, Reach.SELF):
        yield "the whole centre", replace(line, reach=Reach.CENTRE)
    if line.reach is Reach.PARTY:
        yield "without taking part", replace(line, reach=Reach.SCOPE)
    if len(line.homes) == 1:
        other = frozenset(CentreKind) - line.homes
        yield "in the other centre too", replace(line, homes=line.homes | other, places=line.homes | other)
    masking = rng.choice([m for m in Masking if m is not line.masking])
    if MASKING_ORDER[masking] > MASKING_ORDER[line.masking]:
        yield f"shows {masking}", replace(line, masking=masking)


def _looser(line: Line, rng: Random) -> Iterator[tuple[str, Line]]:
    if line.needs:
        yield "needs nothing", replace(line, needs=())
        yield "unless lost only", replace(line, needs=(), unless_lost=line.needs)
    if line.unless_lost:
        yield "whatever is lost", replace(line, unless_lost=())
    if line.second_person:
        yield "without a second person", replace(line, second_person=False)
    if line.clauses and line.ground is not GroundKind.TRIGGER:
        yield "whatever is cited", replace(line, clauses=frozenset())


def _hours(line: Line, rng: Random) -> Iterator[tuple[str, Line]]:
    if line.hours is not None:
        yield "at any hour", replace(line, hours=None)
        yield "at other hours", replace(line, hours=Hours(4 * 60, 9 * 60))
