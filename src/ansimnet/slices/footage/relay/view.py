"""One viewer's socket as the relay holds it: the right, the way out, the timers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC
from math import inf
from typing import Protocol

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.footage.relay.gate import End, Held, Span
from ansimnet.slices.footage.relay.metrics import Metrics
from ansimnet.slices.footage.relay.ring import Budget, Init
from ansimnet.slices.footage.relay.source import Stream
from ansimnet.slices.footage.relay.viewer import Outlet, Viewer


class Line(Outlet, Protocol):
    """A viewer's way out, and when he asked for it (monotonic, s)."""

    viewer: Viewer | None
    asked_s: float


class View:
    """One viewer's socket and the right it lives on."""

    def __init__(self, held: Held, outlet: Line, viewer_bytes: int, queues: Budget, metrics: Metrics) -> None:
        self.held = held
        self.viewer = outlet.viewer = Viewer(
            self.describe,
            outlet,
            max_bytes=viewer_bytes,
            budget=queues,
            live=held.recorded is None,
            on_first=lambda: metrics.first.observe(monotonic_s() - outlet.asked_s),
        )
        self.end: End | None = None
        self.seen: Sequence[Span] = ()
        self.cut = asyncio.Event()
        self.expires_s = inf  # on the monotonic clock
        self.main = False  # whether the main stream is shown
        self.timers: list[asyncio.TimerHandle] = []

    def describe(self, init: Init) -> str:
        """Return the text that precedes an init segment."""
        return json.dumps(
            {
                "type": "init",
                "codec": init.codec,
                "width": init.width,
                "height": init.height,
                "masking": self.held.masking,
                "marked": self.held.marked,
                "may_mark": self.held.may_mark,
                "camera": {"code": self.held.camera.code, "name": self.held.camera.name},
                "not_after": self.held.not_after.astimezone(UTC).isoformat(),
                "recorded": self.held.recorded is not None,
                "stream": "main" if self.main else "sub",
            },
            ensure_ascii=False,
        )

    def finish(self, end: End) -> None:
        """End this view; the first reason stays."""
        if self.end is None:
            self.end = end
            self.viewer.stop()
            self.cut.set()

    def disarm(self) -> None:
        """Forget the timers."""
        for timer in self.timers:
            timer.cancel()
        self.timers.clear()

    def follow(self, stream: Stream) -> None:
        """Follow a stream; the group of pictures that is there goes out in few messages."""
        self.viewer.cork()
        stream.join(self.viewer)
        self.viewer.uncork()
