"""All that decided an alarm, so that it can be judged again years later. Values only, no decisions."""

from __future__ import annotations

from dataclasses import dataclass

from ansimnet.slices.supervision.model.alarms import Basis
from ansimnet.slices.supervision.model.conditions import Condition, MedicalNotice
from ansimnet.slices.supervision.model.people import Fix


@dataclass(frozen=True, slots=True)
class Proof:
    """One step of judging: the condition, what was believed before it, and the fix that decided (None: the clock)."""

    condition: Condition
    basis: Basis
    medical: tuple[MedicalNotice, ...]
    fix: Fix | None
