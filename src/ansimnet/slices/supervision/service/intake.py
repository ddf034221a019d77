"""One process's way in: messages that arrive while others are being committed are committed together.

A message is never divided, and each sender is answered after the commit of its own. What makes a group fail is found by
taking its messages one by one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import psycopg

from ansimnet.platform.db import Db
from ansimnet.platform.pool import DatabaseAway
from ansimnet.slices.supervision.service.bindings import Bindings
from ansimnet.slices.supervision.service.receive import Message, Receipt, receive_together

LANES = 2
"""Transactions under way at a time. The second begins only where a whole group waits: what waits meanwhile is committed
together (ours, measured: a fix costs the database 40 µs in a group of 100 and 22 in one of 400)."""
TOGETHER = 400
"""Reports of one transaction, but for a message that brings more: beyond it the cost of each falls no more (ours)."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    answer: asyncio.Future[Receipt]


class Intake:
    """Takes messages of one process. What it remembers of bindings is no truth: every batch compares it."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._bindings = Bindings()
        self._waiting: deque[_Waiting] = deque()
        self._reports = 0
        self._working = 0  # lanes that will look at what waits once more
        self._lanes: set[asyncio.Task[None]] = set()

    async def take(self, message: Message) -> Receipt:
        """Return what became of a message, after its commit. Safe to run twice, as `receive` is."""
        if not message.reports:
            return Receipt()
        mine = _Waiting(message, asyncio.get_running_loop().create_future())
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
                await self._settle(self._group())
        finally:
            self._working -= 1

    def _group(self) -> list[_Waiting]:
        group = [self._waiting.popleft()]
        count = len(group[0].message.reports)
        while self._waiting and count + len(self._waiting[0].message.reports) <= TOGETHER:
            group.append(self._waiting.popleft())
            count += len(group[-1].message.reports)
        self._reports -= count
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
                for one in group:
                    await self._settle([one])
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
