"""One relay worker among several: which cameras it pulls, what it says of itself and of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import structlog

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.ids import CameraId
from ansimnet.platform.db import Db
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras import queries as registry
from ansimnet.slices.footage.relay.assigning import MOST_CAMERAS, assign
from ansimnet.slices.footage.relay.gate import Camera
from ansimnet.slices.footage.relay.server import Relay
from ansimnet.slices.footage.relay.source import CameraSource
from ansimnet.slices.footage.service.holding import DbGate
from ansimnet.slices.footage.store import relays

log = structlog.get_logger(__name__)

REFRESH_S = 2.0
"""How soon a newly imported camera is pulled."""
HEALTH_S = 1.0
"""How often the state of the sources is compared with what was noted last, and provisions with what is armed."""
MOST_ARMED = 4
"""Cameras of one provision whose main streams are pulled before anybody asks: what fills a screen at full size."""
FULL = "relay-full"


def stream_url(settings: Settings, worker: int, port: int) -> str:
    """Return where viewers of a worker's cameras are sent.

    Where the public address names the relay's own port, each worker has the next one; behind a proxy, a path of its
    own: `wss://relay.example/1/stream`.

    >>> stream_url(Settings(), 1, 8702)
    'ws://127.0.0.1:8702/stream'
    >>> stream_url(Settings(relay_public_url="wss://relay.example"), 1, 8702)
    'wss://relay.example/1/stream'
    """
    public = settings.relay_public_url.rstrip("/")
    url = urlsplit(public)
    if settings.relay_port and url.port == settings.relay_port:
        return f"{url.scheme}://{url.hostname}:{port}{url.path}/stream"
    return f"{public}/{worker}/stream" if worker else f"{public}/stream"


class Worker:
    """Worker `number` of `of`. `follow` is told which sources it pulls: for whoever records them."""

    def __init__(
        self,
        db: Db,
        gate: DbGate,
        relay: Relay,
        clock: Clock,
        *,
        number: int,
        of: int,
        follow: Callable[[Sequence[CameraSource]], None] = lambda _: None,
    ) -> None:
        self.db = db
        self.gate = gate
        self.relay = relay
        self.clock = clock
        self.number = number
        self.of = of
        self.full = False
        self._follow = follow
        self._placed: frozenset[CameraId] | None = None
        self._noted: dict[CameraId, tuple[bool, str]] = {}

    async def register(self, url: str) -> None:
        """Say where this worker answers."""
        async with self.db.transaction() as tx:
            await relays.register(tx, self.number, self.of, url, self.clock.now())

    async def keep_warm(self) -> None:
        """Pull every camera of this worker, always, whoever walks where: a first picture must not wait."""
        while True:
            try:
                await self._take_cameras(await self.gate.cameras())
            except Exception:
                log.exception("the list of cameras could not be read")
            await asyncio.sleep(REFRESH_S)

    async def _take_cameras(self, every: Sequence[Camera]) -> None:
        given = assign([c.camera_id for c in every], self.of)
        mine = [c for c in every if given.get(c.camera_id) == self.number]
        self.full = self.relay.full or len(mine) >= MOST_CAMERAS
        sources = self.relay.sources
        sources.keep_warm(mine)
        self._follow([*(sources.cameras[c.camera_id] for c in mine), *sources.armed_mains()])
        placed = frozenset(c.camera_id for c in mine)
        async with self.db.transaction() as tx:
            if placed != self._placed:
                await relays.place(tx, self.number, placed)
                self._placed = placed
            await relays.beat(
                tx,
                self.number,
                cameras=len(mine),
                viewers=len(self.relay.views),
                full=self.full,
                now=self.clock.now(),
            )
        if self.number == 0:  # somebody must say it of those that nobody pulls
            for camera in every:
                if camera.camera_id not in given:
                    await self._note(camera.camera_id, False, FULL)

    async def watch(self) -> None:
        """Note how each camera is, and arm main streams as provisions come and go."""
        while True:
            await asyncio.sleep(HEALTH_S)
            try:
                async with self.db.transaction() as tx:
                    self.relay.sources.arm(await relays.nearest_given(tx, MOST_ARMED, self.clock.now()))
                for camera_id, source in list(self.relay.sources.cameras.items()):
                    if source.reason != "starting":
                        await self._note(camera_id, source.ready.is_set(), source.reason)
            except Exception:
                log.exception("the cameras' health could not be noted")

    async def _note(self, camera_id: CameraId, live: bool, reason: str) -> None:
        if self._noted.get(camera_id) == (live, reason):
            return
        now = self.clock.now()
        async with self.db.transaction() as tx:
            if await registry.by_ids(tx, [camera_id]):  # one may have been removed meanwhile
                await relays.note(tx, camera_id, self.number, live, reason, now)
                await registry.note_health(tx, camera_id, live, reason, now=now)
        self._noted[camera_id] = (live, reason)
