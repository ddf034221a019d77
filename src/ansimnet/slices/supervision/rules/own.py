"""What a wearer is shown of his conditions: where he must not go, and of a person whom they guard never the place."""

from __future__ import annotations

import math

from ansimnet.kernel.geo import Point
from ansimnet.slices.supervision.model import Circle, Condition, Curfew, Exclusion, Zone

CELL_DEG = 0.005
"""The grid that a guarded zone is drawn on: cells of 556 m by 441 m in Seoul, some blocks of a city. ours."""
SHIFT_DEG = 0.00171
"""The grid begins beside the round degrees: a home is often written with round ones, and none shall be a middle."""
WIDER_M = 400.0
"""A guarded zone is drawn so much wider: half the diagonal of a cell at the equator is 393 m, anywhere else less."""
ROUND_M = 50.0
"""Radii are rounded up to it: a polygon's exact reach would say whose house it is."""


def zone_shown(c: Condition) -> tuple[Zone | None, bool]:
    """Return the zone a wearer is shown, and whether it is drawn wider than it is.

    A zone that guards a person lies around where she lives or works: it is shown as a disc around the middle of its
    cell of the grid, wide enough to hold all of it from anywhere in the cell. So whoever stays out of what is shown
    stays out of the zone, and the middle of what is shown is nobody's. A person to keep away from has no zone at all.
    """
    if not isinstance(c, Exclusion | Curfew):
        return None, False
    zone = c.zone if isinstance(c, Exclusion) else c.home
    if c.protected_person_id is None:
        return zone, False
    centre, reach_m = zone.reach
    middle = Point(_middle(centre.lat, -90, 90), _middle(centre.lon, -180, 180))
    return Circle(middle, min(100_000.0, math.ceil(reach_m / ROUND_M) * ROUND_M + WIDER_M)), True


def _middle(deg: float, low: float, high: float) -> float:
    return min(high, max(low, (math.floor((deg - SHIFT_DEG) / CELL_DEG) + 0.5) * CELL_DEG + SHIFT_DEG))
