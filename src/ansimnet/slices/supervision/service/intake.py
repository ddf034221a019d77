"""One process's way in: messages that arrive while others are being committed are committed together.

A message is never divided, and each sender is answered after the commit of its own. What makes a group fail is found by
taking its halves. A message that has waited for too long is not taken any more, and its sender told that the store is
away: he says it again, or has done so already. Else a crowd would keep the store busy with what nobody waits for.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import psycopg
import structlog
from prometheus_client import Counter

from ansimnet.kernel.clock import monotonic_s
from ansimnet.platform.db import Db
from ansimnet.platform.pool import DatabaseAway
from ansimnet.slices.supervision.service.bindings import Bindings
from ansimnet.slices.supervision.service.receive import Message, Receipt, receive_together

LANES = 2
"""Transactions under way at a time. The second begins only where a whole group waits: what waits meanwhile is committed
together (ours, measured: a fix costs the database 40 µs in a group of 100 and 22 in one of 400)."""
TOGETHER = 400
"""Reports of one transaction, but for a message that brings more: beyond it the cost of each falls no more (ours)."""
FEW, GATHER_S = 32, 0.04
"""Where fewer reports than that have come while others were committed, the next transaction waits so long for more: a
transaction costs two milliseconds of processor whatever is in it (ours, measured). Whoever comes while nobody else
does waits for nothing.
"""
PATIENCE_S = 10.0
"""Longer no message waits for its turn. Devices say a fix again after 15 s and more, so whoever is answered by then
still listens (ours)."""
LATE = Counter("ansimnet_supervision_messages_late", "Messages of devices that waited too long to be taken")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    answer: asyncio.Future[Receipt]
    since_s: float


class Intake:
    """Takes messages of one process. What it remembers of bindings is no truth: every batch compares it."""

    def __init__(self, db: Db, patience_s: float = PATIENCE_S) -> None:
        self._db, self._patience_s = db, patience_s
        self._bindings = Bindings()
        self._waiting: deque[_Waiting] = deque()
        self._reports = 0
        self._working = 0  # lanes that will look at what waits once more
        self._lanes: set[asyncio.Task[None]] = set()

    async def take(self, message: Message) -> Receipt:
        """Return what became of a message, after its commit. Safe to run twice, as `receive` is.

        Raises:
            psycopg.OperationalError, DatabaseAway: nothing was taken; say it again.
        """
        if not message.reports:
            return Receipt()
        mine = _Waiting(message, asyncio.get_running_loop().create_future(), monotonic_s())
        self._waiting.append(mine)
        self._reports += len(message.reports)
        if self._working == 0 or (self._working < LANES and self._reports >= TOGETHER):
            self._working += 1
            lane = asyncio.create_task(self._work(), name="take what devices say")
            self._lanes.add(lane)
            lane.add_done_callback(self._lanes.discard)
        return await mine.answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                if group := self._group():
                    await self._settle(group)
                if 0 < self._reports < FEW:
                    await asyncio.sleep(GATHER_S)
        finally:
            self._working -= 1

    def _group(self) -> list[_Waiting]:
        """Take out what is committed next; of what waited too long nothing."""
        group, count, since_s = list[_Waiting](), 0, monotonic_s() - self._patience_s
        while self._waiting and (not group or count + len(self._waiting[0].message.reports) <= TOGETHER):
            one = self._waiting.popleft()
            self._reports -= len(one.message.reports)
            if one.since_s < since_s:
                LATE.inc()
                _refuse([one], DatabaseAway(f"a message waited for {self._patience_s:g} s"))
            else:
                group.append(one)
                count += len(one.message.reports)
        return group

    async def _settle(self, group: list[_Waiting]) -> None:
        try:
            receipts = await receive_together(self._db, self._bindings, [w.message for w in group])
        except (psycopg.OperationalError, DatabaseAway) as error:  # no message's fault: each sender keeps its own
            _refuse(group, error)
        except Exception as error:
            if len(group) == 1:
                _refuse(group, error)
            else:
                log.warning("supervision.intake_divides", messages=len(group), why=type(error).__name__)
                await self._settle(group[: len(group) // 2])
                await self._settle(group[len(group) // 2 :])
        except BaseException:
            for one in group:
                one.answer.cancel()
            raise
        else:
            for one, receipt in zip(group, receipts, strict=True):
                if not one.answer.done():  # its sender has left
                    one.answer.set_result(receipt)


def _refuse(group: list[_Waiting], error: Exception) -> None:
    for one in group:
        if not one.answer.done():
            one.answer.set_exception(error)
