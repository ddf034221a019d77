"""One viewer's queue: bounded in bytes, merged into few messages, dropped to the next key frame when he is slow."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable

from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ
from ansimnet.slices.footage.relay.ring import Frame, Init
from ansimnet.slices.footage.relay.source import Sighting

MAX_QUEUED_BYTES = 4 << 20
"""16 s of a 2 Mbit/s stream; who is further behind wants the present, not the past."""
MAX_MESSAGE_BYTES = 256 << 10
"""Fragments are merged up to here: fewer frames for the socket, still quick to cut between two."""


class Viewer:
    """Follows one stream at a time; `take` returns what to send, in order."""

    def __init__(self, describe: Callable[[Init], str], *, max_bytes: int = MAX_QUEUED_BYTES) -> None:
        self.frames = 0
        self.size = 0
        self.drops = 0
        self.queued = 0
        self._describe = describe
        self._max_bytes = max_bytes
        self._queue: deque[Frame] = deque()
        self._words: deque[str] = deque(maxlen=16)
        self._boxes: str | None = None
        self._init: Init | None = None
        self._waits = True  # for a key frame
        self._something = asyncio.Event()

    def offer(self, frame: Frame) -> None:
        """Queue a frame, or drop it."""
        if self._waits and not frame.key:
            self.drops += 1
            return
        self._waits = False
        if self.queued + len(frame.fragment) > self._max_bytes:
            self.drops += len(self._queue)
            self._queue.clear()
            self.queued = 0
            if not frame.key:
                self.drops += 1
                self._waits = True
                return
        self._queue.append(frame)
        self.queued += len(frame.fragment)
        self._something.set()

    def saw(self, sighting: Sighting) -> None:
        """Keep the newest boxes for the next message. Never a pixel, never who."""
        self._boxes = json.dumps(
            {
                "type": "boxes",
                "t": round(sighting.pts / CLOCK_HZ, 3),
                "tracks": [
                    {"id": s.track, "class": s.kind, "box": [round(v, 4) for v in s.box]} for s in sighting.objects
                ],
            },
            separators=(",", ":"),
        )
        self._something.set()

    def lost(self) -> None:
        """Say that the picture stands still, and wait for a key frame."""
        self._waits = True
        self.say('{"type":"source","live":false}')

    def switch(self) -> None:
        """Forget what is queued: another stream follows, beginning with a key frame."""
        self._queue.clear()
        self.queued = 0
        self._waits = True
        self._boxes = None

    def say(self, text: str) -> None:
        """Queue a text message."""
        self._words.append(text)
        self._something.set()

    async def take(self) -> list[str | bytes]:
        """Wait until there is something, and return it as messages to send in order."""
        await self._something.wait()
        self._something.clear()
        out: list[str | bytes] = list(self._words)
        self._words.clear()
        merged: list[bytes] = []
        size = 0
        while self._queue and size < MAX_MESSAGE_BYTES:
            frame = self._queue.popleft()
            if frame.init is not self._init:
                if merged:
                    out.append(b"".join(merged))
                self._init = frame.init
                out.append(self._describe(frame.init))
                merged, size = [frame.init.segment], 0
            merged.append(frame.fragment)
            size += len(frame.fragment)
            self.queued -= len(frame.fragment)
            self.frames += 1
            self.size += len(frame.fragment)
        if merged:
            out.append(b"".join(merged))
        if self._boxes is not None and self._init is not None:
            out.append(self._boxes)
            self._boxes = None
        if self._queue:
            self._something.set()
        return out
