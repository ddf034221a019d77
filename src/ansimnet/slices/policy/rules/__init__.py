"""The pure function that reads the table: who, does what, to which resource, why, when - yes, or why not. No I/O."""

from __future__ import annotations

from datetime import datetime

from ansimnet.kernel.permits import Act
from ansimnet.slices.policy.model import Said
from ansimnet.slices.policy.rules.book import SAYS, Rulebook, Ties, duty_ground, refuse
from ansimnet.slices.policy.rules.table import (
    BREAK_GLASS_LASTS,
    CLAUSES,
    MOST_EXTENSIONS,
    RESOLVED_LASTS,
    TRIGGER_LASTS,
    VERSIONS,
)
from ansimnet.slices.policy.rules.triggers import cites_provision, statute_for, trigger_number, trigger_of
from ansimnet.slices.policy.rules.words import ACT_WORDS

__all__ = [
    "BREAK_GLASS_LASTS",
    "MOST_EXTENSIONS",
    "RESOLVED_LASTS",
    "RULES",
    "SAYS",
    "TRIGGER_LASTS",
    "Rulebook",
    "Ties",
    "citation",
    "cites_provision",
    "duty_ground",
    "in_force",
    "refuse",
    "statute_for",
    "trigger_number",
    "trigger_of",
    "what_is",
]


def citation(statute: str) -> str:
    """Return a clause as screens write it; an unknown text is returned as it is.

    >>> citation("PIPA 18(2)3")
    '개인정보 보호법 §18②3'
    """
    found = CLAUSES.get(statute)
    return statute if found is None else found.ko


def what_is(act: Act) -> Said:
    """Return an act in words for people."""
    return ACT_WORDS[act]


_BOOKS = tuple((v.since, Rulebook(v.lines, v.nevers, v.aparts, v.label)) for v in VERSIONS)
RULES = _BOOKS[-1][1]
"""The newest version of the table."""
NOTHING = Rulebook((), (), (), "none")
"""What holds before the first version: nothing is allowed."""


def in_force(now: datetime) -> Rulebook:
    """Return the version of the table that is in force at an instant; before the first one nothing is allowed."""
    return next((book for since, book in reversed(_BOOKS) if since <= now), NOTHING)
