"""What time alone decides: curfews, silences, and what is due to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ansimnet.facts.supervision import NoticeRaised
from ansimnet.kernel.facts import Fact
from ansimnet.platform.db import Db
from ansimnet.slices.supervision.model import OpenNotice, PersonId
from ansimnet.slices.supervision.rules import kept, limits, window
from ansimnet.slices.supervision.rules.judge import judge_clock
from ansimnet.slices.supervision.rules.vouching import (
    notices_of_her_silence,
    notices_of_silence,
)
from ansimnet.slices.supervision.service.receive import OURS, tell
from ansimnet.slices.supervision.store import fixes as fix_store
from ansimnet.slices.supervision.store import notices
from ansimnet.slices.supervision.store import scene as scenes


async def tick(db: Db, now: datetime) -> None:
    """Judge what time alone decides: hours of curfews and zones that began or ended, and silences that are due.

    Safe to run twice and at any distance: what was slept through is judged now.
    """
    await _tick_hours(db, now)
    await _tick_silence(db, now)


async def _tick_hours(db: Db, now: datetime) -> None:
    async with db.transaction() as tx:
        since = await notices.ticked_at(tx) or now - timedelta(minutes=10)
        due = [c for c in await scenes.timed(tx) if window.turns(c, since, now)]
        await notices.set_ticked(tx, now)
        people = {PersonId(c.wearer_id) for c in due}
        if not people:
            return
        scene = await scenes.load_scene(tx, people, (), now, followed_for=limits.FOLLOW_AFTER, read=kept.unpack)
        before, watched = dict(scene.estimates), dict(scene.watches)
        facts = judge_clock(scene, now)
        await scenes.save_scene(tx, scene, before, watched, kept.pack)
        await tell(tx, facts, OURS, scene)


async def _tick_silence(db: Db, now: datetime) -> None:
    async with db.transaction() as tx:
        silent = await notices.silent_wearers(tx, now, now - limits.SILENCE)
        hers = await notices.silent_protected(tx, now - limits.SILENCE)
        if not silent and not hers:
            return
        wearers = [h.wearer_id for h in silent]
        people = {PersonId(w) for w in wearers} | {PersonId(p) for p, _, _ in hers}
        scene = await scenes.load_scene(tx, people, (), now, followed_for=limits.FOLLOW_AFTER, read=kept.unpack)
        still = await notices.silent_wearers(tx, now, now - limits.SILENCE, wearers)  # read again under the lock
        concerned = {c.wearer_id for c in scene.conditions.values()} | set(wearers)
        open_notices = await notices.open_notices(tx, concerned)
        facts = notices_of_silence(scene, still, open_notices, now)
        open_too = open_notices + notices_as_open(facts)
        facts += notices_of_her_silence(scene, hers, open_too, now)
        await tell(tx, facts, OURS)


def notices_as_open(facts: Sequence[Fact]) -> list[OpenNotice]:
    """Return the notices some facts open, so that the next rule sees them."""
    return [
        OpenNotice(f.notice_id, f.notice, f.wearer_id, f.device_id, f.protected_person_id, f.happened_at)
        for f in facts
        if isinstance(f, NoticeRaised)
    ]


async def forget(db: Db, now: datetime) -> int:
    """Delete protected persons' fixes that no alarm cites after their term; return how many."""
    async with db.transaction() as tx:
        return await fix_store.forget_protected_fixes(tx, now - limits.PROTECTED_KEPT)
