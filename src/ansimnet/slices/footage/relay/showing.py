"""What a viewer's socket shows: the stream of his right, live or recorded, and what he asks of it.

A mark, the main stream and a playback's wishes come as messages on the same socket; the right stays the one it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.slices.footage.relay.gate import Gate, Held
from ansimnet.slices.footage.relay.rights import Rights
from ansimnet.slices.footage.relay.source import Stream
from ansimnet.slices.footage.relay.sources import Sources
from ansimnet.slices.footage.relay.view import View
from ansimnet.slices.footage.relay.viewer import Viewer

PICTURE_S = 10.0
"""How long a viewer waits for a camera that is being reached: connection, login and one group of pictures."""
MASKING_S = 30.0
"""How long where the camera is live and its masking process only starts: 8 s were seen on a machine 16 deep in work."""
ASKED_S = 0.25
"""How often whoever waits asks why nothing comes."""
MOST_ANSWERS = 3
"""Clips and stills that one viewer's socket makes at a time; what he asks beyond is not heard."""
MAIN_S = 5.0
"""How long a viewer's wish for the main stream may wait for its first picture; the sub-stream plays meanwhile."""
LASTING = frozenset({"h265", "unsupported-stream", "camera-login"})
"""Reasons that waiting does not mend: the viewer hears them at once."""


class Recordings(Protocol):
    """Where recorded pictures come from."""

    def open(self, held: Held, viewer: Viewer) -> Stream:
        """Return the stream that such a right shows, started; it plays for this viewer alone."""
        ...

    def close(self, stream: Stream) -> None:
        """Give one `open` back."""
        ...


class Streams:
    """The streams of rights, live or recorded."""

    def __init__(self, sources: Sources, recordings: Recordings | None) -> None:
        """Without `recordings` nothing of the past is shown."""
        self._sources = sources
        self._recordings = recordings

    def open(self, view: View) -> Stream:
        """Return the stream of a right, live or recorded, started."""
        held = view.held
        if held.recorded is None:
            return self._sources.open(held.camera, held.masking, held.marked, main=view.main)
        if self._recordings is None:
            raise NotFound("this relay records nothing")
        return self._recordings.open(held, view.viewer)

    def close(self, view: View, stream: Stream) -> None:
        """Give one `open` back."""
        if view.held.recorded is None:
            self._sources.close(stream)
        elif self._recordings is not None:
            self._recordings.close(stream)

    async def begins(self, view: View, stream: Stream, tasks: Sequence[asyncio.Task[object]]) -> bool:
        """Wait for the first picture; True too where the view ended meanwhile. Say why there is none."""
        ready = asyncio.create_task(stream.ready.wait())
        began_s, patience_s, reason = monotonic_s(), PICTURE_S, ""
        try:
            while monotonic_s() - began_s < patience_s and reason not in LASTING:
                if (await asyncio.wait({ready, *tasks}, timeout=ASKED_S, return_when=asyncio.FIRST_COMPLETED))[0]:
                    return True
                source = self._sources.cameras.get(view.held.camera.camera_id)
                live = source is not None and source.ready.is_set()
                patience_s = MASKING_S if live else PICTURE_S
                reason = "" if source is None or live else source.reason
        finally:
            ready.cancel()
        if reason:
            view.viewer.say(json.dumps({"type": "source", "live": False, "reason": reason}))
        return False


class Showing:
    """One viewer's socket from its first picture on."""

    def __init__(self, gate: Gate, rights: Rights, streams: Streams, view: View, stream: Stream) -> None:
        """Show a stream that was opened for this view; who ends the view gives back `stream`, the one shown last."""
        self._gate = gate
        self._rights = rights
        self._streams = streams
        self._view = view
        self.stream = stream
        view.follow(stream)

    async def listen(self, socket_: ServerConnection) -> None:
        """Hear what the viewer asks for, until he leaves."""
        live = self._view.held.recorded is None
        answering: set[asyncio.Task[None]] = set()
        try:
            while True:
                message = object_of(await socket_.recv())
                kind, track = message.get("type"), message.get("track")
                if live and kind == "mark" and isinstance(track, str) and track:
                    await self._mark(track)
                elif live and kind == "stream":
                    await self._enlarge(track == "main")
                elif len(answering) < MOST_ANSWERS and (answer := self.stream.hear(message)) is not None:
                    task = asyncio.create_task(self._answer(socket_, answer))
                    answering.add(task)
                    task.add_done_callback(answering.discard)
                await asyncio.sleep(0.05)  # twenty messages a second are more than any hand makes
        except ConnectionClosed:
            pass
        finally:
            for task in answering:
                task.cancel()

    async def _answer(self, socket_: ServerConnection, answer: AsyncIterator[str]) -> None:
        """Send what was asked for, part by part, while the right lasts."""
        with contextlib.suppress(ConnectionClosed):
            async for part in answer:
                if self._view.end is not None or not self._view.viewer.entitled:
                    return
                await socket_.send(part)
                self._view.viewer.size += len(part)

    async def _mark(self, track: str) -> None:
        view = self._view
        try:
            view.held = await self._gate.mark(view.held, track[:64])
        except Refusal as refusal:
            view.viewer.say(json.dumps({"type": "refused", "what": "mark", "name": refusal.name}))
            return
        self._rights.arm(view)  # a mark has an end of its own
        self._change(self._streams.open(view))

    async def _enlarge(self, main: bool) -> None:
        """Show the camera's main stream, or its sub-stream again: the same right, from the new stream's first picture.

        What is shown plays on until then.
        """
        view = self._view
        if main == view.main:
            return
        if main and view.held.camera.main_url is None:
            view.viewer.say(json.dumps({"type": "refused", "what": "stream", "name": "no-main-stream"}))
            return
        view.main = main
        stream = self._streams.open(view)
        try:
            async with asyncio.timeout(MAIN_S):
                await stream.ready.wait()
        except BaseException as error:  # the view may end meanwhile: give back what was opened
            view.main = not main
            self._streams.close(view, stream)
            if not isinstance(error, TimeoutError):
                raise
            view.viewer.say(json.dumps({"type": "refused", "what": "stream", "name": "no-picture"}))
            return
        self._change(stream)

    def _change(self, stream: Stream) -> None:
        """Show another stream on the same socket."""
        before, self.stream = self.stream, stream
        before.leave(self._view.viewer)
        self._view.viewer.switch()
        self._view.follow(stream)
        self._streams.close(self._view, before)


def object_of(message: str | bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    try:
        value = json.loads(message)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
