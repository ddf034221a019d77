"""The table of who may do what, from the files under `tables/`: each version read by two, in force from its date.

All else is denied. `NEVERS` stand above the table: they hold even where somebody later adds a row too many. A version
that is not in order opens nothing from its date on, and the program does not start with it (`require_order`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.permits import Act
from ansimnet.slices.policy.model import CentreKind, Said, Statute
from ansimnet.slices.policy.rules.checks import problems_of
from ansimnet.slices.policy.rules.reader import Problem, Version, read_version

TRIGGER_LASTS = timedelta(minutes=60)
"""A trigger's permit (design: before and beyond a trigger)."""
BREAK_GLASS_LASTS = timedelta(minutes=5)
"""Break-glass closes by itself (console: permit badge)."""
RESOLVED_LASTS = timedelta(minutes=10)
"""After the unit on scene says the danger is over, permits live this long at most."""
MOST_EXTENSIONS = 1
"""One key with a reason extends once. The second time is the shift lead's."""

TRACKING, CITY = frozenset({CentreKind.TRACKING}), frozenset({CentreKind.CITY})
BOTH = TRACKING | CITY

FOOTAGE_ACTS = frozenset({Act.REQUEST_FOOTAGE, Act.READ_PROVISION, Act.VIEW_STREAM, Act.UNMASK_TRACK, Act.READ_FOOTAGE})
"""What reaches a city's pictures."""

PROVISION_STATUTES = frozenset({Statute.PIPA_18_2_3, Statute.PIPA_18_2_7})
"""The only clauses under which footage is provided to another purpose or centre (EM-15)."""


class BadTable(Fault):
    """A version of the table is not in order, so nothing may decide by it."""

    def __init__(self, name: str, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"table `{name}`: " + "; ".join(str(p) for p in problems))
        self.problems = problems


def load_version(folder: Traversable) -> Version:
    """Return a version with everything that is wrong with it; where anything is, it has no lines."""
    version = read_version(folder)
    problems = problems_of(version)
    return version if not problems else replace(version, lines=(), problems=problems)


def load_all(folder: Traversable) -> tuple[Version, ...]:
    """Return every version under a folder, oldest first, those that are not in order too: they open nothing."""
    return tuple(sorted((load_version(f) for f in folder.iterdir() if f.is_dir() and f.name[0].isdigit()), key=_since))


def _since(version: Version) -> datetime:
    return version.since


def require_order() -> None:
    """Refuse to go on with a table that nobody stands for.

    Raises:
        BadTable: a version is not in order, there is none, or two share a name or an instant to begin at.
    """
    for version in VERSIONS:
        if version.problems:
            raise BadTable(version.name, version.problems)
    if not VERSIONS or len({v.name for v in VERSIONS}) < len(VERSIONS):
        raise BadTable("", (Problem("version.toml", 0, "there is no version, or two of one name"),))
    if len({v.since for v in VERSIONS}) < len(VERSIONS):
        raise BadTable("", (Problem("version.toml", 0, "two versions begin at one instant"),))


TABLES = files("ansimnet.slices.policy") / "rules" / "tables"
VERSIONS = load_all(TABLES)
NEWEST = VERSIONS[-1]
TABLE, NEVERS, APARTS = NEWEST.lines, NEWEST.nevers, NEWEST.aparts
CLAUSES: dict[str, Said] = {clause: said for v in VERSIONS for clause, said in v.clauses.items()}
"""Titles of every clause that any version cites, for people."""
