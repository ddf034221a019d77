"""The masked rendition: its pictures go through a worker process. Made only while watched, once for all who watch."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from itertools import count
from typing import cast

import msgspec
import structlog

from ansimnet.kernel.clock import monotonic_s
from ansimnet.slices.footage.relay.fmp4 import CLOCK_HZ, fragment
from ansimnet.slices.footage.relay.h264 import Parameters
from ansimnet.slices.footage.relay.hiding import Polygon
from ansimnet.slices.footage.relay.mask_worker import Close, Done, Work, packed
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.relay.ring import Frame, Init, Ring
from ansimnet.slices.footage.relay.source import CameraSource, Sighting, Stream, init_of

log = structlog.get_logger(__name__)

MAX_UNSENT_BYTES = 8 << 20
"""What may wait in the pipe to a worker: some seconds of a dozen renditions. Beyond it: drop to the next key frame."""
AGAIN_S = 0.5
"""Between the end of a worker and its successor: one that dies at once may not spin."""


class _Worker(asyncio.SubprocessProtocol):
    """One worker process and the renditions it makes."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self.streams: dict[int, Callable[[Done], None]] = {}
        self._on_end = on_end
        self._transport: asyncio.SubprocessTransport | None = None
        self._pipe: asyncio.WriteTransport | None = None
        self._decoder = msgspec.msgpack.Decoder(Done)
        self._read = bytearray()
        self._early = bytearray()  # what was sent before the process stood
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                *(sys.executable, "-m", "ansimnet.slices.footage.relay.mask_worker"),
                stderr=None,
                start_new_session=True,  # a Ctrl-C is the relay's to answer; the worker ends with its input
            )
        except OSError:
            log.exception("a masking worker did not start")
            self._on_end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes, only of their shape
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._pipe = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))
        self._pipe.set_write_buffer_limits(high=MAX_UNSENT_BYTES)
        self._pipe.write(bytes(self._early))
        self._early.clear()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self._read += data
        at = 0
        while len(self._read) - at >= 4:
            end = at + 4 + int.from_bytes(self._read[at : at + 4], "little")
            if end > len(self._read):
                break
            done = self._decoder.decode(self._read[at + 4 : end])
            at = end
            take = self.streams.get(done.stream)
            if take is not None:
                take(done)
        del self._read[:at]

    def process_exited(self) -> None:
        self._on_end()

    def send(self, message: Work | Close) -> bool:
        """Write a message; False where the worker is not ready for it."""
        pipe = self._pipe
        waiting = len(self._early) if pipe is None else pipe.get_write_buffer_size()
        if waiting > MAX_UNSENT_BYTES or (pipe is not None and pipe.is_closing()):
            return False
        if pipe is None:
            self._early += packed(message)
        else:
            pipe.write(packed(message))
        return True

    def stop(self) -> None:
        """End the process."""
        self._starting.cancel()
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()
            self._transport.close()


class Maskers:
    """The workers of one relay, started when first needed (`warm` starts one before)."""

    def __init__(self, workers: int = 0) -> None:
        """Allow so many workers; 0: one a core but one, which stays the relay's."""
        self._most = workers or max(1, (os.cpu_count() or 2) - 1)
        self._workers: list[_Worker] = []
        self._numbers = count()
        self._stopped = False

    def warm(self) -> None:
        """Have a worker ready: its start takes longer than a viewer waits for a picture."""
        if not self._workers and not self._stopped:
            self._begin()

    def _begin(self) -> _Worker:
        worker = _Worker(lambda: self._ended(worker))
        self._workers.append(worker)
        return worker

    def _ended(self, worker: _Worker) -> None:
        if worker in self._workers:
            self._workers.remove(worker)
        if not self._stopped:
            log.warning("a masking worker ended", renditions=len(worker.streams))
            asyncio.get_running_loop().call_later(AGAIN_S, self.warm)

    def place(self) -> tuple[_Worker, int] | None:
        """Return a worker and a number for a new rendition, the emptiest first; None while none may start."""
        if self._stopped:
            return None
        free = min(self._workers, key=lambda w: len(w.streams), default=None)
        if free is None or (free.streams and len(self._workers) < self._most):
            free = self._begin()
        return free, next(self._numbers)

    def alive(self, worker: _Worker) -> bool:
        """Return whether a worker still runs."""
        return worker in self._workers

    def kill(self) -> None:
        """End every worker at once; others take their place."""
        for worker in self._workers:
            worker.stop()

    def stop(self) -> None:
        """End every worker."""
        self._stopped = True
        for worker in self._workers:
            worker.stop()
        self._workers.clear()


class Rendition:
    """One stream through a worker: frames in with what to hide, frames out. Fails closed: no worker, no picture."""

    def __init__(self, maskers: Maskers, publish: Callable[[Frame], None]) -> None:
        self.skipped = 0
        self._maskers = maskers
        self._publish = publish
        self._placed: tuple[_Worker, int] | None = None
        self._waits = True
        self._sets = b""
        self._dts = -1
        self._count = 0
        self._parameters: Parameters | None = None
        self._init: Init | None = None
        self._duration = CLOCK_HZ // 25

    def offer(self, frame: Frame, regions: tuple[Box, ...] | None, zones: tuple[Polygon, ...] = ()) -> None:
        """Send a frame of the source to the worker."""
        if self._placed is None or not self._maskers.alive(self._placed[0]):
            self._place()
        if self._placed is None or (self._waits and not frame.key):
            self.skipped += 1
            return
        worker, number = self._placed
        sets = frame.init.sets if frame.init.sets != self._sets else None
        work = Work(
            number, frame.init.codec, sets, frame.fragment, frame.dts, frame.pts, frame.key, frame.at_s, regions, zones
        )
        self._waits = not worker.send(work)
        if self._waits:
            self.skipped += 1
        else:
            self._sets = frame.init.sets

    def _place(self) -> None:
        self._waits, self._sets = True, b""
        self._placed = self._maskers.place()
        if self._placed is not None:
            worker, number = self._placed
            worker.streams[number] = self._take

    def broken(self) -> None:
        """Wait for the next key frame: the source was silent."""
        self._waits = True

    def stop(self) -> None:
        """Give the place in the worker back."""
        if self._placed is not None:
            worker, number = self._placed
            worker.streams.pop(number, None)
            worker.send(Close(number))
            self._placed = None

    def _take(self, done: Done) -> None:
        if done.sps:
            parameters = Parameters(done.sps, done.pps)
            if parameters != self._parameters:
                self._parameters, self._init = parameters, init_of(parameters)
        if self._init is None or not done.units:
            return
        dts = max(self._dts + 1, done.pts)
        if self._dts >= 0:
            self._duration = min(max(dts - self._dts, 1), 2 * CLOCK_HZ)
        self._dts = dts
        self._count += 1
        data = fragment(self._count, dts, done.pts - dts, self._duration, done.key, done.units)
        self._publish(Frame(self._init, dts, done.pts, done.key, data, done.at_s))


class MaskedStream(Stream):
    """A camera with its people and plates hidden; one marked track may stay clear."""

    def __init__(self, source: CameraSource, maskers: Maskers, marked: str | None = None) -> None:
        super().__init__(source.camera, Ring(keep_s=0.0))  # the current group only: nobody replays a rendition
        self.source = source
        self.marked = marked
        self._rendition = Rendition(maskers, self.publish)

    def start(self) -> None:
        self.source.join(self)

    def stop(self) -> None:
        self.source.leave(self)
        self._rendition.stop()
        self.fall_silent()

    def offer(self, frame: Frame) -> None:
        """Have a frame of the source masked."""
        self._rendition.offer(frame, self.source.hiding.regions(monotonic_s(), clear=self.marked))

    def saw(self, sighting: Sighting) -> None:
        """Pass on what analytics saw."""
        self.announce(sighting)

    def lost(self) -> None:
        """Pass on that the source is silent."""
        self._rendition.broken()
        self.fall_silent()
