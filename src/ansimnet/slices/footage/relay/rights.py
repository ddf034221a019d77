"""The rights that views live on: timers at their end, revocations as they happen, and the lease on all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from ansimnet.kernel.clock import Clock, monotonic_s
from ansimnet.kernel.ids import PermitId
from ansimnet.slices.footage.relay.gate import End, Gate
from ansimnet.slices.footage.relay.view import View

log = structlog.get_logger(__name__)

BEAT_S, LEASE_S = 0.3, 1.0
"""The permits are re-read this often; without an answer for `LEASE_S` everybody is cut."""
ANSWER_S = 0.25
"""Once the lease is lost, how long each further question waits."""
WARN = timedelta(minutes=2)
"""A viewer hears this long before that his right ends."""


class Rights:
    """Ends views when their right ends, and stops what they send even where that comes late.

    `views` is the relay's own collection, read as it is at each turn.
    """

    def __init__(self, gate: Gate, clock: Clock, views: Collection[View], *, lease_s: float = LEASE_S) -> None:
        """Trust what was read for `lease_s`."""
        self.lease_s = lease_s
        self._gate = gate
        self._clock = clock
        self._views = views
        self.leased_s = monotonic_s()

    @property
    def age_s(self) -> float:
        """Return how long ago the permits were read."""
        return monotonic_s() - self.leased_s

    @property
    def leased(self) -> bool:
        """Return whether the permits were read within the lease."""
        return self.age_s <= self.lease_s

    def arm(self, view: View) -> None:
        """Set the timers that warn and cut at the end of the right."""
        view.disarm()
        loop, now, until = asyncio.get_running_loop(), self._clock.now(), view.held.not_after
        left_s = (until - now).total_seconds()
        view.expires_s = monotonic_s() + left_s
        self._let(view)
        view.timers.append(loop.call_later(max(0.0, left_s), view.finish, End.EXPIRED))
        warning = json.dumps({"type": "ending", "not_after": until.astimezone(UTC).isoformat()})
        view.timers.append(loop.call_later(max(0.0, left_s - WARN.total_seconds()), view.viewer.say, warning))

    def _let(self, view: View) -> None:
        """Let a view send until its right or the lease ends, whichever comes first: a busy loop cuts late."""
        view.viewer.right_until_s = min(view.expires_s, self.leased_s + self.lease_s)

    def end(self, permits: frozenset[PermitId], end: End) -> None:
        """Cut every view under these permits now."""
        for view in tuple(self._views):
            if view.held.permits & permits:
                view.finish(end)

    async def hear(self) -> None:
        """Cut views in the instant their permits are revoked, for ever."""
        async for permits in self._gate.endings():
            self.end(permits, End.REVOKED)

    async def hold(self) -> None:
        """Re-read the permits of all views; cut everybody when nobody answers in time."""
        while True:
            asked_s = monotonic_s()
            views = tuple(self._views)
            permits = frozenset(p for v in views for p in v.held.permits)
            try:
                async with asyncio.timeout(max(ANSWER_S, self.leased_s + self.lease_s - asked_s)):
                    lease = await self._gate.renew(permits)
            except Exception as error:  # whatever it is, it is no answer
                if self.age_s >= self.lease_s:
                    self._lose(type(error).__name__)
                await asyncio.sleep(0.05)
                continue
            if lease.age_s >= self.lease_s:
                self._lose("an old reading")
            self.leased_s = max(self.leased_s, asked_s - lease.age_s)
            self._apply(views, permits, lease.ends)
            for view in self._views:
                self._let(view)
            await asyncio.sleep(BEAT_S)

    def _lose(self, why: str) -> None:
        """Cut everybody."""
        if self._views:
            log.error("lease lost, cutting everybody", error=why)
        for view in tuple(self._views):
            view.finish(End.LEASE_LOST)

    def _apply(self, views: tuple[View, ...], asked: frozenset[PermitId], alive: Mapping[PermitId, datetime]) -> None:
        for view in views:
            ends = [alive.get(p) for p in view.held.permits & asked]  # one may have come since
            not_after = min((e for e in ends if e is not None), default=view.held.not_after)
            if None in ends:
                view.finish(End.REVOKED)
            elif not_after != view.held.not_after:
                view.held = replace(view.held, not_after=not_after)
                view.viewer.say(json.dumps({"type": "extended", "not_after": not_after.astimezone(UTC).isoformat()}))
                self.arm(view)
