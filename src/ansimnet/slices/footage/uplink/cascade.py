"""The edge's door for a gateway: each viewer's right is held here; of all who watch a stream one socket carries it.

A gateway opens one socket for each of its viewers and shows that viewer's ticket; so the right is redeemed, recorded,
timed and cut here like any other. The socket stays silent until told to carry: `{"type": "go"}`, `{"type": "rest"}`.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC
from typing import Any

from websockets.exceptions import ConnectionClosed

from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.slices.footage.relay.gate import End, Held
from ansimnet.slices.footage.relay.outlet import Socket
from ansimnet.slices.footage.relay.server import Door, Relay
from ansimnet.slices.footage.relay.source import Stream
from ansimnet.slices.footage.relay.view import View

PATH = "/cascade"
MAX_MESSAGE_BYTES = 64 << 10
"""A renewal names every view of a gateway: five hundred ids of 36 letters."""


def key_of(held: Held) -> str:
    """Return the name of the stream a right shows: rights of one name share one copy over the wide network."""
    return f"{held.camera.camera_id}/{held.masking}/{held.marked or ''}"


def said_of(held: Held) -> dict[str, Any]:
    """Return what a gateway must know of a right."""
    return {
        "type": "held",
        "stream": key_of(held),
        "view_id": str(held.view_id),
        "permit_id": str(held.permit_id),
        "mark_permit_id": None if held.mark_permit_id is None else str(held.mark_permit_id),
        "provision_id": None if held.provision_id is None else str(held.provision_id),
        "camera": {"id": str(held.camera.camera_id), "code": held.camera.code, "name": held.camera.name},
        "viewer": held.viewer,
        "masking": held.masking.value,
        "marked": held.marked,
        "may_mark": held.may_mark,
        "not_after": held.not_after.astimezone(UTC).isoformat(),
    }


class Edge:
    """The door at which gateways hold their viewers' rights. Live pictures only: a playback is one viewer's own."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        relay.doors[PATH] = Door(self._hold)

    async def _hold(self, view: View, socket_: Socket) -> None:
        socket_.protocol.max_message_size = MAX_MESSAGE_BYTES
        if view.held.recorded is not None:
            view.finish(End.SOURCE_LOST)
            await self.relay.hang_up(view, socket_)
            return
        one = _Carried(self.relay, view)
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(one.listen(socket_)),
            asyncio.create_task(view.cut.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            view.finish(End.LEFT)
            one.close()
            await self.relay.hang_up(view, socket_)
            await asyncio.gather(*tasks, return_exceptions=True)


class _Carried:
    """One viewer of a gateway, as the edge holds him."""

    def __init__(self, relay: Relay, view: View) -> None:
        self._relay = relay
        self._view = view
        self._stream: Stream | None = None
        self._goes = False
        self._told: tuple[int, int, int] | None = None
        self._open()

    def _open(self) -> None:
        """Have the stream of the right run, and say its name."""
        before = self._stream
        if before is not None:
            before.leave(self._view.viewer)
            self._view.viewer.switch()
        try:
            self._stream = self._relay.streams.open(self._view)
        except NotFound:
            self._stream = None
            self._view.finish(End.SOURCE_LOST)
        if before is not None:
            self._relay.sources.close(before)
        self._goes = False
        self._view.viewer.say(json.dumps(said_of(self._view.held)))

    async def listen(self, socket_: Socket) -> None:
        """Hear what the gateway says."""
        try:
            while True:
                message = await socket_.recv()
                said = json.loads(message) if isinstance(message, str) else {}
                await self._hear(said if isinstance(said, dict) else {})
        except (ConnectionClosed, ValueError):
            pass

    async def _hear(self, said: dict[str, Any]) -> None:
        match said.get("type"):
            case "go" if self._stream is not None and not self._goes:
                self._goes = True
                self._view.follow(self._stream)
            case "rest" if self._stream is not None:
                self._goes = False
                self._stream.leave(self._view.viewer)
                self._view.viewer.switch()
            case "renew":
                told = {"n": said.get("n"), "age_s": self._relay.rights.age_s, "views": self._alive(said)}
                self._view.viewer.say(json.dumps({"type": "alive", **told}))
            case "mark" if isinstance(said.get("track"), str):
                await self._mark(str(said["track"])[:64])
            case "count":
                counts = [said.get(k) for k in ("frames", "size", "shed")]
                if all(isinstance(c, int) and c >= 0 for c in counts):
                    self._told = (counts[0] or 0, counts[1] or 0, counts[2] or 0)

    def _alive(self, said: dict[str, Any]) -> dict[str, str]:
        """Return until when each of the named views may go on; those that ended are absent."""
        asked = set(map(str, said.get("views") or ()))
        return {
            str(v.held.view_id): v.held.not_after.astimezone(UTC).isoformat()
            for v in self._relay.views
            if v.end is None and str(v.held.view_id) in asked
        }

    async def _mark(self, track: str) -> None:
        try:
            self._view.held = await self._relay.gate.mark(self._view.held, track)
        except Refusal as refusal:
            self._view.viewer.say(json.dumps({"type": "refused", "what": "mark", "name": refusal.name}))
            return
        self._relay.rights.arm(self._view)
        self._open()

    def close(self) -> None:
        """Give the stream back; the record counts what the viewer got, not what this socket carried for others."""
        if self._stream is not None:
            self._stream.leave(self._view.viewer)
            self._relay.sources.close(self._stream)
        if self._told is not None:
            self._view.viewer.frames, self._view.viewer.size, self._view.viewer.drops = self._told
        elif not self._goes:
            self._view.viewer.frames = self._view.viewer.size = 0
