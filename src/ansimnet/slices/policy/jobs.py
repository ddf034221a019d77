"""What nobody asks for but must happen: grounds that ran out are closed, used-up tickets and sessions go."""

from __future__ import annotations

from ansimnet.kernel.clock import now
from ansimnet.kernel.permits import Act
from ansimnet.platform.jobs import JobRun, every
from ansimnet.slices.policy import store


@every(60, "policy.sweep", act=Act.RUN_JOB)
async def sweep(run: JobRun) -> None:
    """Close what ran out. Nothing waits for this: every check compares the end with the clock itself."""
    async with run.db.transaction() as tx:
        at = now()
        await store.close_expired(tx, at)
        await store.sweep(tx, at)
