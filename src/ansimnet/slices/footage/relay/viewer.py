"""One viewer's way out: written at once while he takes it, queued within bounds, thinned when he does not.

Nothing here waits. A frame costs one call and no copy: its bytes go from the ring to the connection as they are.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from math import inf
from typing import Protocol

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.ring import Budget, Frame, Init
from ansimnet.slices.footage.relay.source import Sighting

MAX_QUEUED_BYTES = 4 << 20
"""16 s of a 2 Mbit/s stream; who is further behind wants the present, not the past."""
MAX_MESSAGE_BYTES = 256 << 10
"""Fragments are merged up to here: fewer frames for the socket, still quick to cut between two."""
BEHIND_S = 2.0
"""A live viewer who has owed for so long gets key frames alone: a group of pictures behind, he sees the past."""
RECOVERED_S = 10.0
"""So long after the last trouble the whole stream is tried again; ours: five groups of pictures."""


class Thin(StrEnum):
    """Why a viewer gets key frames alone."""

    SLOW = "slow"  # his own line
    BUSY = "busy"  # the relay


class Outlet(Protocol):
    """A connection that takes whole messages."""

    @property
    def ready(self) -> bool:
        """Return whether it takes more now."""
        ...

    def put(self, parts: Sequence[bytes], *, text: bool = False) -> None:
        """Send the parts as one message."""
        ...


class Viewer:
    """Follows one stream at a time. Whoever owns the outlet calls `flow` when it takes more again."""

    def __init__(
        self,
        describe: Callable[[Init], str],
        outlet: Outlet,
        *,
        max_bytes: int = MAX_QUEUED_BYTES,
        budget: Budget | None = None,
        live: bool = True,
        on_first: Callable[[], None] = lambda: None,
    ) -> None:
        """`live`: the present matters more than every frame. `budget`: what all queues may hold together."""
        self.frames = 0
        self.size = 0
        self.drops = 0
        self.queued = 0
        self.stopped = False
        self.right_until_s = inf  # on the monotonic clock: nothing is sent later, however late whoever cuts is
        self._describe = describe
        self._outlet = outlet
        self._max_bytes = max_bytes
        self._budget = budget or Budget(max_bytes)
        self._live = live
        self._on_first = on_first
        self._queue: deque[Frame] = deque()
        self._words: deque[str] = deque(maxlen=16)
        self._boxes: str | None = None
        self._init: Init | None = None
        self._waits = True  # for a key frame
        self._corked = False
        self._thin: Thin | None = None
        self._until_s = 0.0  # thin at least so long
        self._behind_s = 0.0  # when the queue began to fill

    @property
    def entitled(self) -> bool:
        """Return whether the right and the lease on it stand now. Asked before anything leaves, by whatever door."""
        return not self.stopped and monotonic_s() <= self.right_until_s

    # --- what a stream gives

    def offer(self, frame: Frame) -> None:
        """Send a frame, queue it, or drop it."""
        if self.stopped:
            return
        if not frame.key and (self._waits or self._thin):
            self.drops += 1
            return
        self._waits = False
        if not self._queue and not self._corked and self._outlet.ready:
            if self._thin is Thin.SLOW and monotonic_s() > self._until_s:
                self.thin(None)
            self._send((frame,))
            return
        self._queue_up(frame)

    def _queue_up(self, frame: Frame) -> None:
        size, now_s = len(frame.fragment), monotonic_s()
        if not self._queue:
            self._behind_s = now_s
        late = self._live and not self._corked and now_s - self._behind_s > BEHIND_S
        if late or self.queued + size > self._max_bytes or not self._budget.room(size):
            self._forget()
            if self._thin is None and self._live:
                self.thin(Thin.SLOW)
            self._until_s = now_s + RECOVERED_S
            if not frame.key:
                self.drops += 1
                self._waits = True
                return
        self._queue.append(frame)
        self.queued += size
        self._budget.take(size)

    def saw(self, sighting: Sighting) -> None:
        """Send the boxes, or keep the newest ones for later. Never a pixel, never who."""
        self._boxes = _told(sighting)
        if not self._queue and self._outlet.ready:
            self.flow()

    def lost(self) -> None:
        """Say that the picture stands still, and wait for a key frame."""
        self._waits = True
        self.say('{"type":"source","live":false}')

    # --- what the socket does

    def cork(self) -> None:
        """Queue everything up to `uncork`: a joiner's group of pictures goes out in few messages."""
        self._corked = True

    def uncork(self) -> None:
        """Send what was queued."""
        self._corked = False
        self._behind_s = monotonic_s()
        self.flow()

    def switch(self) -> None:
        """Forget what is queued: another stream follows, beginning with a key frame."""
        self._forget()
        self._waits = True
        self._boxes = None

    def stop(self) -> None:
        """Send nothing more, whatever comes."""
        self.stopped = True
        self._forget()
        self._words.clear()
        self._boxes = None

    def say(self, text: str) -> None:
        """Send a text message, before any queued frame."""
        if self.stopped:
            return
        self._words.append(text)
        if not self._corked and self._outlet.ready:
            self._speak()

    def busy(self, on: bool) -> None:
        """Hear whether the relay is too busy to send more than key frames."""
        if on and self._thin is None:
            self.thin(Thin.BUSY)
        elif not on and self._thin is Thin.BUSY:
            self.thin(None)

    def thin(self, why: Thin | None) -> None:
        """Send key frames alone from now on, or (None) everything again from the next key frame on; say so."""
        if why is self._thin or self.stopped:
            return
        self._waits = self._waits or self._thin is not None
        self._thin = why
        self.say(json.dumps({"type": "quality", "level": "key-frames" if why else "full", "reason": why}))

    def flow(self) -> None:
        """Send what is queued while it is taken."""
        if self.stopped or self._corked:
            return
        self._speak()
        while self._queue and self._outlet.ready:
            batch, size = [self._queue.popleft()], 0
            while self._queue and self._queue[0].init is batch[0].init and size < MAX_MESSAGE_BYTES:
                batch.append(self._queue.popleft())
                size += len(batch[-1].fragment)
            left = sum(len(f.fragment) for f in batch)
            self.queued -= left
            self._budget.give(left)
            self._send(batch)
        if self._boxes is not None and self._init is not None and not self._queue and self._outlet.ready:
            if self.entitled:
                self._outlet.put((self._boxes.encode(),), text=True)
            self._boxes = None

    def _speak(self) -> None:
        while self._words and self.entitled:
            self._outlet.put((self._words.popleft().encode(),), text=True)

    def _send(self, frames: Sequence[Frame]) -> None:
        if not self.entitled:
            self.drops += len(frames)
            self._waits = True
            return
        self._speak()
        parts = [f.fragment for f in frames]
        init = frames[0].init
        if init is not self._init:
            self._init = init
            self._outlet.put((self._describe(init).encode(),), text=True)
            parts.insert(0, init.segment)
        self._outlet.put(parts)
        if not self.frames:
            self._on_first()
        self.frames += len(frames)
        self.size += sum(map(len, parts))

    def _forget(self) -> None:
        self.drops += len(self._queue)
        self._queue.clear()
        self._budget.give(self.queued)
        self.queued = 0


@lru_cache(maxsize=256)
def _told(sighting: Sighting) -> str:
    """Return the message of one sighting: written once for all who watch."""
    return json.dumps(
        {
            "type": "boxes",
            "t": round(sighting.pts / CLOCK_HZ, 3),
            "tracks": [{"id": s.track, "class": s.kind, "box": [round(v, 4) for v in s.box]} for s in sighting.objects],
        },
        separators=(",", ":"),
    )
