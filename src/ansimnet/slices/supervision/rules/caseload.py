"""How many wearers one officer bears, and who would best take whom: proposed by an integer programme. (EM-09, EM-10)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import highspy

from ansimnet.kernel.errors import Conflict
from ansimnet.kernel.ids import WearerId
from ansimnet.slices.supervision.model.procedure import Officer

BEARS = 30
"""What one officer bears, in thirds of an ordinary wearer: ten of them (EM-09: 10명 내외)."""
ORDINARY = 3
HEAVY = 10
"""A wearer with ten priors or more takes the room of three and a third: three of them fill a caseload (EM-10: 2-3)."""
MANY_PRIORS = 10
MOVED = 40
"""A wearer who keeps his officer is worth more than any balance (ours: trust takes time)."""
PATIENCE_S = 5.0


class CaseloadFull(Conflict):
    """The officer's caseload is full."""

    name = "caseload-full"


def weight(priors: int) -> int:
    """Return the room that a wearer takes.

    >>> [weight(n) for n in (0, 9, 10)]
    [3, 3, 10]
    """
    return HEAVY if priors >= MANY_PRIORS else ORDINARY


def load(officer: Officer) -> int:
    """Return the room that is taken."""
    return sum(weight(priors) for _, priors in officer.wearers)


def may_take(officer: Officer, priors: int) -> None:
    """Check that an officer has room for one more wearer.

    Raises:
        CaseloadFull: he has not; a director may override it with a reason.
    """
    if load(officer) + weight(priors) > BEARS:
        many = sum(1 for _, n in officer.wearers if n >= MANY_PRIORS)
        raise CaseloadFull(
            f"{len(officer.wearers)} wearers are assigned, {many} of them with {MANY_PRIORS} priors or more",
            todo="assign another officer, or override the limit with a reason",
        )


def propose(officers: Sequence[Officer], free: Mapping[WearerId, int]) -> dict[WearerId, UUID]:
    """Return who should take each wearer: as few as possible left over, nobody moved without need, loads alike.

    `free` are wearers without an officer, with their priors. A proposal moves a wearer only where an officer bears more
    than the limit. Those for whom there is no room are left out. Nothing is assigned by it.
    """
    held = {w: o.account_id for o in officers for w, _ in o.wearers}
    priors = {w: n for o in officers for w, n in o.wearers} | dict(free)
    wearers, ids = sorted(priors), sorted(o.account_id for o in officers)
    if not wearers or not ids:
        return {}
    h = highspy.Highs()  # type: ignore[no-untyped-call]
    h.setOptionValue("output_flag", False)
    h.setOptionValue("time_limit", PATIENCE_S)
    h.setOptionValue("threads", 1)
    x = {(w, o): h.addBinary() for w in wearers for o in ids}
    top = h.addVariable(0, BEARS)  # the fullest caseload
    for w in wearers:
        h.addConstr(h.qsum(x[w, o] for o in ids) <= 1)
    for o in ids:
        h.addConstr(h.qsum(weight(priors[w]) * x[w, o] for w in wearers) <= top)
    worth = {(w, o): 1000 + (MOVED if held.get(w) == o else 0) for w in wearers for o in ids}
    h.maximize(h.qsum(worth[k] * x[k] for k in x) - top)
    return {w: o for (w, o), taken in x.items() if h.val(taken) > 0.5}
