"""The planted control of `scenarios`: a worker of the tracking centre in which one rule is switched off.

    python -m evaluation._leaky

It lets positions of a wearer leave while his alarm is only probable. Nothing else differs from the real worker; the
recorder on the wire must notice. Nobody runs this but the evaluation.
"""

from __future__ import annotations

import uvloop

from ansimnet.app.work import work
from ansimnet.facts.supervision import AlarmRaised, PositionFollowed
from ansimnet.kernel.ids import CITY_CENTRE, CentreId
from ansimnet.platform.database import database
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import Entry
from ansimnet.platform.settings import settings
from ansimnet.slices.footage import jobs


async def to_the_city(tx: Tx, entry: Entry) -> list[CentreId]:
    """Send it, trigger or no trigger."""
    return [CITY_CENTRE]


if __name__ == "__main__":
    jobs.LINK_OUT[AlarmRaised] = to_the_city
    jobs.LINK_OUT[PositionFollowed] = to_the_city
    with database(settings(), migrate=False) as db:
        uvloop.run(work(settings(), db))
