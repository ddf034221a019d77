"""The conduct of every sender this process hears, and the isolation of those who misbehave, with a clear word of it."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from uuid import UUID

import structlog
from prometheus_client import Counter

from ansimnet.facts.supervision import SenderIsolated
from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform.db import Db
from ansimnet.platform.ledger import append
from ansimnet.slices.supervision.rules.isolation import Cause, Conduct, observe
from ansimnet.slices.supervision.service.receive import Receipt, Sender

log = structlog.get_logger(__name__)

MOST_KNOWN = 200_000
"""Senders remembered; the one heard longest ago is forgotten first. A hundred bytes each."""
ISOLATED = Counter("ansimnet_supervision_isolated", "Senders isolated, by cause", ["cause"])


class Isolated(Refusal):
    """This sender flooded us, spoke nonsense or repeated itself; it is not heard for a while."""

    kind = Kind.TOO_MANY
    name = "sender-isolated"


class Guard:
    """Watches over senders. In memory alone: a restart forgives, and no truth is kept here."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._known: OrderedDict[UUID, Conduct] = OrderedDict()

    def check(self, sender: Sender, now: datetime) -> None:
        """Refuse an isolated sender before its message is read.

        Raises:
            Isolated: with the seconds that are left.
        """
        c = self._known.get(sender.sender_id)
        if c is not None and c.isolated_until is not None and c.isolated(now):
            left = int((c.isolated_until - now).total_seconds()) + 1
            raise Isolated(f"not heard for {left} s", todo="wait; then send slower, and what is readable")

    async def note(self, sender: Sender, now: datetime, receipt: Receipt | None) -> None:
        """Count one message: None where it could not be read at all. Tell where the sender is isolated by it."""
        done = {Cause.FLOOD: 1}
        if receipt is None:
            done[Cause.MALFORMED] = 1
        else:
            done[Cause.MALFORMED] = len(receipt.refused)
            done[Cause.REPLAY] = receipt.duplicate
        before = self._known.pop(sender.sender_id, None) or Conduct(now)
        after, cause = observe(before, now, done, gateway=sender.device is None)
        self._known[sender.sender_id] = after
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        if cause is not None:
            assert after.isolated_until is not None
            await self._tell(sender, cause, after.isolated_until, now)

    async def _tell(self, sender: Sender, cause: Cause, until_at: datetime, now: datetime) -> None:
        device_id = sender.device.device_id if sender.device is not None else None
        log.warning(
            "supervision.sender_isolated",
            device=str(device_id) if device_id else None, gateway=str(sender.gateway_id or "") or None,
            cause=cause.value, until=until_at.isoformat(),
        )  # fmt: skip
        ISOLATED.labels(cause.value).inc()
        fact = SenderIsolated(
            fact_id=FactId(new_id()), happened_at=now, device_id=device_id, gateway_id=sender.gateway_id,
            cause=cause.value, until_at=until_at,
        )  # fmt: skip
        async with self._db.transaction() as tx:
            await append(tx, fact, actor="system:supervision")
