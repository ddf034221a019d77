"""What time alone decides: curfews, silences, and what is due to be forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from ansimnet.facts.supervision import NoticeRaised
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import WearerId
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

AT_ONCE = 100
"""People judged in one transaction. Their rows are locked for as long, and no fix of theirs is taken meanwhile: with
all of a centre in one, fixes would wait longer than devices do, and the silence would go on for ever. Ours."""
KNOWN_AFTER = timedelta(minutes=1)
LOOKED_AT_EVERY = timedelta(seconds=30)
"""Who has been silent for longer is looked at so often: his notice stands, it may only become graver. Ours."""


async def tick(db: Db, now: datetime) -> None:
    """Judge what time alone decides: hours of curfews and zones that began or ended, and silences that are due.

    Safe to run twice and at any distance: what was slept through is judged now. Some people at a time, each in a
    transaction of their own.
    """
    async with db.transaction() as tx:
        since = await notices.ticked_at(tx) or now - timedelta(minutes=10)
    await _tick_hours(db, since, now)
    await _tick_silence(db, since, now)
    async with db.transaction() as tx:
        await notices.set_ticked(tx, now)


async def _tick_hours(db: Db, since: datetime, now: datetime) -> None:
    async with db.transaction() as tx:
        due = [c for c in await scenes.timed(tx) if window.turns(c, since, now)]
    for people in _some(sorted({PersonId(c.wearer_id) for c in due})):
        async with db.transaction() as tx:
            scene = await scenes.load_scene(tx, people, (), now, followed_for=limits.FOLLOW_AFTER, read=kept.unpack)
            before, watched = dict(scene.estimates), dict(scene.watches)
            facts = judge_clock(scene, now)
            await scenes.save_scene(tx, scene, before, watched, kept.pack)
            await tell(tx, facts, OURS, scene)


async def _tick_silence(db: Db, since: datetime, now: datetime) -> None:
    async with db.transaction() as tx:
        silent = await notices.silent_wearers(tx, now, now - limits.SILENCE)
        hers = await notices.silent_protected(tx, now - limits.SILENCE)
    due = [(h.placed_at or h.heard_at, PersonId(h.wearer_id)) for h in silent]
    due += [(placed_at, PersonId(p)) for p, _, placed_at in hers]
    newest = sorted(((at, p) for at, p in due if _his_turn(p, at, since, now)), reverse=True)
    for people in _some([p for _, p in newest]):
        await _told_silent(db, people, now)


async def _told_silent(db: Db, people: Sequence[PersonId], now: datetime) -> None:
    async with db.transaction() as tx:
        scene = await scenes.load_scene(tx, people, (), now, followed_for=limits.FOLLOW_AFTER, read=kept.unpack)
        wearers = [WearerId(p) for p in people]
        still = await notices.silent_wearers(tx, now, now - limits.SILENCE, wearers)  # read again under the lock
        hers = await notices.silent_protected(tx, now - limits.SILENCE, people)
        concerned = {c.wearer_id for c in scene.conditions.values()} | set(wearers)
        open_notices = await notices.open_notices(tx, concerned)
        facts = notices_of_silence(scene, still, open_notices, now)
        open_too = open_notices + notices_as_open(facts)
        facts += notices_of_her_silence(scene, hers, open_too, now)
        await tell(tx, facts, OURS)


def _his_turn(person_id: PersonId, silent_since: datetime, since: datetime, now: datetime) -> bool:
    """Tell whether a silent person is looked at in the tick of (since, now]: always at first, then in turn."""
    if now - silent_since < limits.SILENCE + KNOWN_AFTER:
        return True
    every = LOOKED_AT_EVERY.total_seconds()
    own = person_id.int % 997 / 997 * every  # spread over the time between two looks
    return (now.timestamp() - own) // every > (since.timestamp() - own) // every


def _some(people: Sequence[PersonId]) -> Iterator[Sequence[PersonId]]:
    return (people[i : i + AT_ONCE] for i in range(0, len(people), AT_ONCE))


def notices_as_open(facts: Sequence[Fact]) -> list[OpenNotice]:
    """Return the notices some facts open, so that the next rule sees them."""
    return [
        OpenNotice(f.notice_id, f.notice, f.wearer_id, f.device_id, f.protected_person_id, f.happened_at)
        for f in facts
        if isinstance(f, NoticeRaised)
    ]


async def forget(db: Db, now: datetime) -> int:
    """Delete what is due: old memories, and protected persons' fixes that no alarm cites; return how many of those."""
    async with db.transaction() as tx:
        await scenes.forget_taken_back(tx, now - limits.TAKEN_BACK_FOR)
        return await fix_store.forget_protected_fixes(tx, now - limits.PROTECTED_KEPT)
