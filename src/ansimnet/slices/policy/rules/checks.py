"""What a version of the table must be before it decides: read by two, cited, without overlap or contradiction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import NamedTuple

from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.slices.policy.model import PERSONAL, CentreKind, Line, Reach, Side
from ansimnet.slices.policy.rules.reader import Problem, Version

SIDES: dict[Act, Side] = {
    Act.READ_TRACK: Side.OFFENDER,
    Act.READ_CLIENT: Side.VICTIM,
    Act.READ_PROTECTED: Side.VICTIM,
    Act.FOLLOW_TRIP: Side.VICTIM,
    Act.READ_SHELTER: Side.SHELTER,
}
"""Acts that show where somebody is to be found."""

MOST = {GroundKind.VITAL_INTEREST: timedelta(minutes=5), GroundKind.TRIGGER: timedelta(minutes=60)}
"""The longest a permit under these may last (console: permit badge)."""
MOST_DUTY = timedelta(hours=12)
"""And the longest of all: a desk's session."""
ROWS = "rows.csv"
MASKING_ORDER = {Masking.MASKED: 0, Masking.MARKED: 1, Masking.ORIGINAL: 2}


class Cell(NamedTuple):
    """The finest question that one row answers: two rows that answer the same are one too many."""

    role: Role
    act: Act
    purpose: Purpose
    ground: str
    home: CentreKind
    place: CentreKind
    masking: Masking
    second_person: bool


def ground_word(line: Line) -> str:
    """Return the word for a row's ground, as it stands in the file."""
    return "duty" if line.standing else line.ground.value


def cells(line: Line) -> Iterator[Cell]:
    """Yield every cell a row opens."""
    for role, act, purpose, home, place in product(line.roles, line.acts, line.purposes, line.homes, line.places):
        if line.joins(home, place):
            yield Cell(role, act, purpose, ground_word(line), home, place, line.masking, line.second_person)


def problems_of(version: Version) -> tuple[Problem, ...]:
    """Return everything that keeps this version from deciding; none is the only good answer."""
    found = [*version.problems, *_reviews(version), *_cites(version), *_shapes(version)]
    found += [*_overlaps(version), *_contradictions(version), *_apartness(version), *_agencies(version)]
    found += _indecisive(version)
    return tuple(found)


def _reviews(v: Version) -> Iterator[Problem]:
    people = {r.reviewer.casefold() for r in v.reviews if r.reviewer and r.office and r.at is not None}
    if len(people) < 2:
        yield Problem("version.toml", 0, "two different people review a version, each with name, office and time")
    for r in v.reviews:
        if r.checksum != v.checksum:
            yield Problem(
                "version.toml", 0, f"`{r.reviewer}` reviewed another text; once read again, write `{v.checksum}`"
            )


def _cites(v: Version) -> Iterator[Problem]:
    for line in v.lines:
        if not line.cites:
            yield _of(v, line, "cites no clause")
        for clause in sorted({*line.cites, *line.clauses} - set(v.clauses)):
            yield _of(v, line, f"`{clause}` is not in clauses.csv")
    for file, name, cited in [
        *(("nevers.csv", n.name, n.cites) for n in v.nevers),
        *(("apart.csv", a.name, a.cites) for a in v.aparts),
    ]:
        if not cited or set(cited) - set(v.clauses):
            yield Problem(file, v.at.get(f"{file}:{name}", 0), f"`{name}` cites no clause of clauses.csv")


def _shapes(v: Version) -> Iterator[Problem]:
    """Each row makes sense by itself."""
    for line in v.lines:
        standing = (Reach.CENTRE, Reach.OWN, Reach.SELF)
        if line.standing and line.reach not in standing:
            yield _of(v, line, "a duty reaches `centre`, `own` or `self`")
        if not line.standing and line.reach in standing:
            yield _of(v, line, "a ground on file reaches `scope` or `party`")
        if line.reach is Reach.OWN and line.roles - PERSONAL:
            yield _of(v, line, "`own` is for roles that belong to one person or unit")
        if line.lasts > MOST.get(line.ground, MOST_DUTY):
            yield _of(v, line, "lasts longer than its ground may")
        if line.second_person and (line.standing or line.ground in MOST):
            yield _of(v, line, "a duty, a trigger and a break-glass know no second person")
        own = line.ground is GroundKind.CONSENT and line.acts == {Act.VIEW_SCENE}  # whoever shows it says who sees it
        free = own or line.second_person or line.ground is GroundKind.TRIGGER
        if line.masking is Masking.ORIGINAL and not free:
            yield _of(v, line, "shows the original picture without a trigger or a second person")
        if len(line.homes) > 1 and line.places != line.homes:
            yield _of(v, line, "serves two centres, so `data_of` stays empty: each has its own data")
        if line.standing and line.clauses:
            yield _of(v, line, "a duty has no ground that could cite a clause")


def _overlaps(v: Version) -> Iterator[Problem]:
    seen: dict[Cell, Line] = {}
    told: set[tuple[str, str]] = set()
    for line in v.lines:
        for cell in cells(line):
            other = seen.setdefault(cell, line)
            if other is not line and (other.name, line.name) not in told:
                told.add((other.name, line.name))
                yield _of(v, line, f"answers what `{other.name}` answers: {_words(cell)}")


def _contradictions(v: Version) -> Iterator[Problem]:
    """No row opens what stands above the table."""
    for line, never in product(v.lines, v.nevers):
        if line.ground in never.grounds and line.roles & never.roles and line.homes & never.homes:
            acts = sorted(a.value for a in line.acts & never.acts)
            if acts:
                yield _of(v, line, f"opens {', '.join(acts)}, which `{never.name}` never allows")


def _apartness(v: Version) -> Iterator[Problem]:
    for role in Role:
        sides = {SIDES[a] for ln in v.lines if role in ln.roles for a in ln.acts if a in SIDES}
        for apart in v.aparts:
            if {apart.first, apart.second} <= sides and role not in apart.joined_by | apart.in_turn:
                yield Problem(ROWS, 0, f"`{role}` would join what `{apart.name}` keeps apart")


def _agencies(v: Version) -> Iterator[Problem]:
    for line in v.lines:
        for role in sorted(line.roles):
            mine = [a for a in v.agencies if role in a.roles]
            if not mine:
                yield _of(v, line, f"`{role}` belongs to no agency")
                continue
            purposes = line.purposes.difference(*(a.purposes for a in mine))
            if purposes:
                yield _of(v, line, f"{', '.join(sorted(purposes))} is no purpose of the agency of `{role}`")
            if all(ground_word(line) not in a.grounds for a in mine):
                yield _of(v, line, f"`{ground_word(line)}` is no ground of the agency of `{role}`")


def _indecisive(v: Version) -> Iterator[Problem]:
    """A row is never decisive where duties open all it opens, with less asked and more shown."""
    wide: dict[tuple[object, ...], int] = {}
    for line in v.lines:
        if line.standing and line.reach is Reach.CENTRE and not (line.needs or line.unless_lost or line.hours):
            for c in cells(line):
                key = (c.role, c.act, c.purpose, c.home, c.place)
                wide[key] = max(wide.get(key, -1), MASKING_ORDER[c.masking])
    for line in v.lines:
        if line.standing and line.reach is Reach.CENTRE:
            continue
        opens = [(wide.get((c.role, c.act, c.purpose, c.home, c.place), -1), c.masking) for c in cells(line)]
        if all(duty >= MASKING_ORDER[masking] for duty, masking in opens):
            yield _of(v, line, "never decides: duties open all of it already")


def _of(v: Version, line: Line, what: str) -> Problem:
    return Problem(ROWS, v.at.get(f"{ROWS}:{line.name}", 0), f"`{line.name}` {what}")


def _words(cell: Cell) -> str:
    return f"{cell.role} · {cell.act} · {cell.purpose} · {cell.ground} · {cell.home}"
