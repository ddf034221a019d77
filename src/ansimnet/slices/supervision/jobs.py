"""Timers of the tracking centre: silences and curfews judged by our clock, and fixes forgotten when due."""

from __future__ import annotations

from typing import cast

from ansimnet.kernel.clock import Clock, SystemClock
from ansimnet.kernel.ids import TRACKING_CENTRE
from ansimnet.platform.jobs import JobRun, every
from ansimnet.slices.supervision.service import clock


def _clock(run: JobRun) -> Clock:
    return cast(Clock, getattr(run.context, "clock", None) or SystemClock())


@every(5, "supervision.clock", why="judges what is stored already; shows nobody anything", centres=(TRACKING_CENTRE,))
async def judge_clock(run: JobRun) -> None:
    """Judge curfews that began or ended and silences that are due."""
    await clock.tick(run.db, _clock(run).now())


@every(600, "supervision.forget", why="deletes what may not be kept longer", centres=(TRACKING_CENTRE,))
async def forget(run: JobRun) -> None:
    """Delete protected persons' fixes after 24 h unless an alarm cites them."""
    await clock.forget(run.db, _clock(run).now())
