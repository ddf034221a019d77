"""The four triggers of footage, their numbers and their clauses (EM-14, EM-15). No I/O."""

from __future__ import annotations

from ansimnet.facts.supervision import Trigger
from ansimnet.slices.policy.model import Statute
from ansimnet.slices.policy.rules.table import PROVISION_STATUTES

_STATUTE_OF: dict[Trigger, Statute] = {
    Trigger.TAMPER: Statute.PIPA_18_2_7,  # destroying the device is itself an offence
    Trigger.CURFEW: Statute.PIPA_18_2_7,  # so is breaking a condition
    Trigger.EXCLUSION_ZONE: Statute.PIPA_18_2_3,  # somebody lives behind the line
    Trigger.APPROACH: Statute.PIPA_18_2_3,  # somebody is being approached
}

_CIRCLED = "①②③④"


def trigger_number(trigger: str) -> str:
    """Return the number of a trigger in the order of EM-14, as screens write it.

    >>> trigger_number("exclusion_zone")
    '③'
    """
    return _CIRCLED[list(Trigger).index(Trigger(trigger))]


def trigger_of(name: str | None) -> Trigger | None:
    """Return one of the four triggers, or None: there is no fifth (EM-14)."""
    return next((t for t in Trigger if t.value == name), None)


def statute_for(trigger: Trigger) -> Statute:
    """Return the clause a provision on this trigger cites (EM-15)."""
    return _STATUTE_OF[trigger]


def cites_provision(statute: str) -> bool:
    """Return whether a text names one of the two clauses that carry a provision (EM-15)."""
    return statute in {s.value for s in PROVISION_STATUTES}
