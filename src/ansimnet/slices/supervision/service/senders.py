"""Whose key it is: asked of the store once a minute, and of strangers who try many keys only so many times a second."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import Counter

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.platform.machines import WrongKey
from ansimnet.slices.supervision.service.receive import Sender
from ansimnet.slices.supervision.store.devices import hash_of

log = structlog.get_logger(__name__)

KNOWN_FOR_S = 60.0
"""How long a key that was right is not looked up again: a key that is ended is heard so much longer at most (ours)."""
MOST_KNOWN = 200_000
"""Keys remembered, a hundred bytes each."""
MOST_STRANGE = 20_000
"""Addresses remembered of which strangers spoke."""
WRONG_KEYS = 50.0
LOOKED_UP_PER_S = 5.0
"""Wrong keys of one address that are looked up at once, and in a second from then on. Ours: this limits what strangers
cost, since a key of 256 random bits is not guessed, and leaves room for a device that shares their address."""
STRANGERS = Counter("ansimnet_supervision_strangers", "Keys of nobody that were not even looked up")


class TooManyKeys(Refusal):
    """Too many wrong keys came from this address."""

    kind = Kind.TOO_MANY
    name = "too-many-keys"


Look = Callable[[str], Awaitable[Sender]]
"""Asks the store whose key it is; raises `WrongKey`."""


class Senders:
    """What one process knows of keys. A key that was right is heard from every address, whoever else speaks there."""

    def __init__(self, look: Look, clock: Clock) -> None:
        self._look, self._clock = look, clock
        self._known: dict[bytes, tuple[Sender, float]] = {}
        self._wrong: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def of_key(self, key: str, address: str) -> Sender:
        """Return whose key it is.

        Raises:
            WrongKey: nobody's.
            TooManyKeys: nobody's that is known, from an address of too many wrong ones.
        """
        now_s, hashed = self._clock.now().timestamp(), hash_of(key)
        found = self._known.get(hashed)
        if found is not None and found[1] - KNOWN_FOR_S <= now_s < found[1]:
            return found[0]
        if found is None and self._level(address, now_s) >= WRONG_KEYS:
            STRANGERS.inc()
            raise TooManyKeys(todo="try again in a second")
        try:
            sender = await self._look(key)
        except WrongKey:
            self._known.pop(hashed, None)
            self._note_wrong(address, now_s)
            raise
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[hashed] = sender, now_s + KNOWN_FOR_S
        return sender

    def _level(self, address: str, now_s: float) -> float:
        level, at_s = self._wrong.get(address, (0.0, now_s))
        return max(0.0, level - max(0.0, now_s - at_s) * LOOKED_UP_PER_S)

    def _note_wrong(self, address: str, now_s: float) -> None:
        level = self._level(address, now_s) + 1
        self._wrong.pop(address, None)
        self._wrong[address] = level, now_s
        if len(self._wrong) > MOST_STRANGE:
            self._wrong.popitem(last=False)
        if level >= WRONG_KEYS:
            log.warning("supervision.stranger", address=address)
