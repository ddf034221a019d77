"""A month as everybody may read it: who asked, for what, under which clause, with which answer. Pure (DI-04, ST-04).

One table of agencies by purpose, clause and answer together: several tables over the same decisions would give each
other's blanks away, since a purpose often has one clause. Small cells stay blank (see `suppression`). What is added up
over months is added up from what is already published, so that a sum never says more than its parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansimnet.kernel.permits import Purpose, Role
from ansimnet.slices.policy.rules.suppression import REST, Published, publish, small

AGENCIES: dict[str, frozenset[Role]] = {
    "police": frozenset({Role.POLICE_112, Role.FIELD_UNIT}),
    "investigation": frozenset({Role.INVESTIGATOR}),
    "fire": frozenset({Role.FIRE_119}),
    "disaster": frozenset({Role.DISASTER_ROOM}),
    "justice": frozenset({Role.TRACKING_CONTROLLER, Role.SHIFT_LEAD, Role.PROBATION_OFFICER, Role.OFFICE_DIRECTOR}),
    "court": frozenset({Role.COURT_CLERK}),
    "city": frozenset({Role.CENTRE_OPERATOR, Role.FACILITY_MANAGER, Role.ANALYST}),
    "support": frozenset({Role.COUNSELLOR, Role.SHELTER_STAFF, Role.COMMITTEE_MEMBER, Role.GUARD_FIRM}),
    "audit": frozenset({Role.AUDITOR, Role.PRIVACY_OFFICER, Role.ADMINISTRATOR}),
    "residents": frozenset(
        {Role.SCOUT, Role.FRIEND, Role.JUROR, Role.MONITOR, Role.NEIGHBOUR, Role.VICTIM, Role.WEARER, Role.CITIZEN}
    ),
}
"""Who stands behind a role, in the groups of DI-04 (police, fire, Ministry of Justice and others), a little finer."""
_AGENCY = {role.value: name for name, roles in AGENCIES.items() for role in roles}

NOT_COUNTED = frozenset({Purpose.OWN.value})
"""One's own data is nobody's look at somebody."""
NO_CLAUSE = "none"
"""What stands as the ground of a refusal: there was none."""
OUTCOMES = ("requested", "given", "refused")


def agency_of(role: str) -> str:
    """Return the agency behind a role, `other` for one nobody has placed.

    >>> agency_of("fire_119")
    'fire'
    """
    return _AGENCY.get(role, "other")


@dataclass(slots=True)
class MonthCounts:
    """What a month comes to, before anything is blanked. Counts of decisions, never of persons."""

    decisions: Counter[tuple[str, str, str, bool]] = field(default_factory=Counter)
    """(agency, purpose, clause, allowed)"""
    provisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(agency that asked, requested | given | refused), in the ledger of the centre that gives"""
    break_glass: int = 0

    def take(self, role: str, purpose: str, clause: str, allowed: bool) -> None:
        """Count one decision."""
        if purpose not in NOT_COUNTED:
            self.decisions[agency_of(role), purpose, clause if allowed else NO_CLAUSE, allowed] += 1


def release(counts: MonthCounts) -> dict[str, Any]:
    """Return the published tables of a month, as JSON values; None stands for a blank.

    >>> release(MonthCounts())["total"]
    0
    """
    table: Counter[tuple[str, str]] = Counter()
    for (agency, purpose, clause, allowed), n in counts.decisions.items():
        table[agency, "|".join((purpose, clause, "allowed" if allowed else "refused"))] += n
    total = sum(table.values())
    return {
        "total": None if small(total) else total,
        "decisions": shown(publish(table)),
        "provisions": provisions(counts.provisions),
        "break_glass": None if small(counts.break_glass) else counts.break_glass,
    }


def provisions(counts: Mapping[tuple[str, str], int]) -> dict[str, Any] | None:
    """Return requests and their answers by agency; what was asked stands as answered one way or still open."""
    table: Counter[tuple[str, str]] = Counter()
    for agency in {a for a, _ in counts}:
        asked, given, refused = (counts.get((agency, o), 0) for o in OUTCOMES)
        table[agency, "given"] += given
        table[agency, "refused"] += refused
        table[agency, "open"] += max(0, asked - given - refused)
    return shown(publish(table))


def shown(table: Published | None) -> dict[str, Any] | None:
    """Return a published table as JSON values."""
    if table is None:
        return None
    return {
        "rows": list(table.rows),
        "columns": list(table.columns),
        "cells": [list(row) for row in table.cells],
        "row_totals": list(table.row_totals),
        "column_totals": list(table.column_totals),
    }


def averages(months: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float | int]]:
    """Return provisions a month by agency over months published, from their shown totals alone (DI-04).

    An agency is averaged over the months in which it has a row of its own; `months` says how many those are.
    """
    found: dict[str, list[int]] = {}
    for month in months:
        table = month.get("provisions")
        if table is not None:
            for row, total in zip(table["rows"], table["row_totals"], strict=True):
                if row != REST:
                    found.setdefault(row, []).append(total)
    return {k: {"per_month": round(sum(v) / len(v), 1), "months": len(v)} for k, v in sorted(found.items())}
