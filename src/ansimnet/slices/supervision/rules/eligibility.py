"""Who may be put under supervision at all. (EM-01)"""

from __future__ import annotations

from ansimnet.kernel.errors import Refusal
from ansimnet.slices.supervision.model import Offence


class IneligibleOffence(Refusal):
    """This offence does not allow a tracking device."""

    name = "ineligible-offence"


def eligible(offence: str | None) -> Offence:
    """Return the offence of a registration. (EM-01)

    Raises:
        IneligibleOffence: none given, or not one of the four of the ordinance.

    >>> eligible("sexual_violence").value
    'sexual_violence'
    """
    try:
        return Offence(offence or "")
    except ValueError:
        known = ", ".join(o.value for o in Offence)
        raise IneligibleOffence(
            f"`{offence}` does not allow a tracking device" if offence else "no offence is given",
            todo=f"one of: {known}",
        ) from None
