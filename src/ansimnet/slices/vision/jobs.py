"""What nobody asks for but must happen: learning from verdicts, and forgetting what is over."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from ansimnet.facts.vision import AlarmsForgotten, Behaviour
from ansimnet.kernel.ids import CITY_CENTRE, CameraId, FactId, new_id
from ansimnet.kernel.permits import Act
from ansimnet.platform.jobs import JobRun, every, job
from ansimnet.platform.ledger import append
from ansimnet.slices.duties import queries as duties
from ansimnet.slices.vision.rules.tuning import HORIZON
from ansimnet.slices.vision.service import intake, learning
from ansimnet.slices.vision.store import alarms

KEPT_RULE = "vision-alarm-destruction"
"""The duty table's row of how long an alarm is kept."""


@job(learning.LEARN, act=Act.RUN_JOB)
async def learn_one(run: JobRun, *, camera_id: str, behaviour: str) -> None:
    """Learn from one camera's verdicts on one behaviour. Safe to run twice."""
    async with run.db.transaction() as tx:
        await learning.learn(tx, CameraId(UUID(camera_id)), Behaviour(behaviour), run.context.clock.now())


@every(24 * 3600, "vision.learn-all", act=Act.RUN_JOB, centres=(CITY_CENTRE,))
async def learn_all(run: JobRun) -> None:
    """Let verdicts grow old: thresholds fall back by themselves. Safe to run twice."""
    now = run.context.clock.now()
    async with run.db.transaction() as tx:
        judged = {(c, b) for c, b, _, _, _ in await alarms.all_samples(tx, now - HORIZON)}
    for camera_id, behaviour in sorted(judged):
        async with run.db.transaction() as tx:
            await learning.learn(tx, camera_id, behaviour, now)


@every(3600, "vision.forget", act=Act.RUN_JOB, centres=(CITY_CENTRE,))
async def forget(run: JobRun) -> None:
    """Destroy alarms whose term is over, with boxes and reports; verdicts stay as numbers. Safe to run twice."""
    now = run.context.clock.now()
    async with run.db.transaction() as tx:
        before = now - await duties.limit_of(tx, KEPT_RULE, now)
        gone, reports = await alarms.forget(tx, before)
        await alarms.forget_verdicts(tx, now - HORIZON - timedelta(days=1))
        if gone:
            fact = AlarmsForgotten(
                fact_id=FactId(new_id()), happened_at=now, before_at=before, alarms=gone, reports=reports
            )
            await append(tx, fact, actor=intake.ACTOR)
