"""What the duties slice brings to the process."""

from __future__ import annotations

from ansimnet.facts.duties import DutyBreached
from ansimnet.kernel.permits import Role
from ansimnet.platform.live import LiveView
from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.duties import api, jobs

OVERSEERS = frozenset({Role.PRIVACY_OFFICER, Role.ADMINISTRATOR, Role.SHIFT_LEAD, Role.OFFICE_DIRECTOR})


def parts(ctx: Context) -> Parts:
    """Return routes, the ledger's follower and who hears of a breach at once; the timer registers itself."""
    return Parts(routers=[api.routes(ctx)], readers=jobs.readers(), live=[LiveView(DutyBreached, OVERSEERS)])
