"""The scripted controller, in a process of its own: a real controller's browser does not share the city's interpreter.

It opens pictures and decodes them, sends the order, ticks the procedure and closes. What it saw goes back as plain
values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansimnet.kernel.clock import monotonic_s, now
from ansimnet_sim.clients.api import Api, ApiRefused
from ansimnet_sim.clients.viewer import Viewing, watch

VIEWED = 6
"""Cameras the controller opens: the wall of one incident (console, screen 03)."""

CLOSE_WITHIN_S = 240.0
"""How long after the trigger the scripted room may take until it closes."""

READ_EVERY = 4
"""Every fourth picture is read for its truth: the subject is in view for seconds, reading costs milliseconds."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the room is given. `footage` says whether tonight's law opens pictures; else it only listens."""

    base_url: str
    password: str
    pair: int
    footage: bool
    listens_s: float


@dataclass(frozen=True, slots=True)
class Saw:
    """One camera's picture as the room had it."""

    camera_code: str
    frames: int
    first_frame_at: datetime | None
    last_frame_at: datetime | None
    close_code: int | None
    subject_visible: bool
    camera_right: bool
    sound: bool
    errors: tuple[str, ...]


@dataclass(slots=True)
class Account:
    """What the room heard, saw and did."""

    counts: dict[str, int] = field(default_factory=dict)
    saw: list[Saw] = field(default_factory=list)
    sent_at: datetime | None = None
    trouble: str = ""


@dataclass(slots=True)
class Told:
    """What the controller's live socket said."""

    data: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, api: Api) -> None:
        """Follow the socket until cancelled."""
        async for message in api.live():
            self.counts[message.kind] = self.counts.get(message.kind, 0) + 1
            self.data.setdefault(message.kind, message.data)
            self.news.set()

    async def wait(self, kind: str, within_s: float) -> dict[str, Any]:
        """Wait until a kind was heard and return its message.

        Raises:
            TimeoutError: it was not.
        """
        try:
            async with asyncio.timeout(within_s):
                while kind not in self.data:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            raise TimeoutError(f"{kind} was not heard within {within_s:.0f} s") from None
        return self.data[kind]


def run_room(script: Script) -> Account:
    """Play the room to its end: the entry of the child process."""
    return asyncio.run(Room(script).run())


class Room:
    """The scripted controller."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.told = Told()
        self.account = Account()
        self.controller = Api(script.base_url)
        self.police = Api(script.base_url)
        self.views: list[Viewing] = []
        self.watching: list[asyncio.Task[Viewing]] = []
        self.codes: dict[str, str] = {}
        """What the register calls each camera: the picture must say the same."""

    async def run(self) -> Account:
        """Run one incident to its end, or listen as long as the night lasts."""
        await self.controller.sign_in("controller", self.script.password)
        await self.police.sign_in("police", self.script.password)
        listening = asyncio.create_task(self.told.listen(self.controller))
        try:
            if self.script.footage:
                await self._incident()
            else:
                await asyncio.sleep(self.script.listens_s)
        except (ApiRefused, TimeoutError) as error:
            self.account.trouble = f"{type(error).__name__}: {error}"
        finally:
            for task in (listening, *self.watching):
                task.cancel()
            await asyncio.gather(listening, *self.watching, return_exceptions=True)
            await self.controller.client.aclose()
            await self.police.client.aclose()
        self.account.counts = self.told.counts
        for view in self.views:
            view.camera_code = self.codes.get(view.camera_code, view.camera_code)
        self.account.saw = [_saw(v) for v in self.views]
        return self.account

    async def _incident(self) -> None:
        given = await self.told.wait("footage.provision.given.v1", self.script.listens_s)
        path = f"/api/v1/provisions/{given['provision_id']}/tickets"
        first = str(given["cameras"][0])  # the fact names them, best first: no need to ask before the first picture
        self._watch(await self._ticket(path, first), first)
        incident = f"/api/v1/incidents/{await self._opened()}"
        listed = (await self.controller.get(f"{incident}/cameras"))["cameras"]
        self.codes = {str(c["camera_id"]): str(c["code"]) for c in listed}
        others = [str(c["camera_id"]) for c in listed if c["live"] and str(c["camera_id"]) != first][: VIEWED - 1]
        tickets = await asyncio.gather(*(self._ticket(path, c) for c in others))
        for camera_id, ticket in zip(others, tickets, strict=True):
            self._watch(ticket, camera_id)
        await self.controller.post(f"{incident}/acknowledge")
        await self._send(incident)
        await self.told.wait("dispatch.incident.resolved.v1", CLOSE_WITHIN_S)
        await self._close(incident)
        await asyncio.wait(self.watching, timeout=3)

    async def _opened(self) -> str:
        """Return tonight's incident: a doubtful alarm may have opened it before this room listened."""
        while True:
            if (told := self.told.data.get("dispatch.incident.opened.v1")) is not None:
                return str(told["incident_id"])
            if listed := (await self.controller.get("/api/v1/incidents"))["incidents"]:
                return str(listed[0]["incident_id"])
            await asyncio.sleep(0.05)

    async def _ticket(self, path: str, camera_id: str) -> dict[str, Any]:
        return await self.controller.post(path, {"camera_id": camera_id, "masking": "original"})

    def _watch(self, ticket: dict[str, Any], camera_id: str) -> None:
        viewing = Viewing(camera_id)
        self.views.append(viewing)
        view = watch(ticket, camera_id, pair=self.script.pair, viewing=viewing, read_every=READ_EVERY)
        self.watching.append(asyncio.create_task(view))

    async def _send(self, incident: str) -> None:
        async def drafted() -> bool:
            page = await self.controller.get(incident)
            return any(o["state"] == "draft" for o in page["orders"])

        await _until(drafted, 20)
        page = await self.controller.get(incident)
        order = next(o for o in page["orders"] if o["state"] == "draft")
        await self.controller.post(f"{incident}/orders/{order['order_id']}/send")
        self.account.sent_at = now()

    async def _close(self, incident: str) -> None:
        page = await self.controller.get(incident)
        for line in page["checklist"]:
            if line["done_at"] is None:
                await self.controller.post(f"{incident}/checklist/{line['item']}", {"done": True})
        if page["police"]:
            await self.police.post(f"{incident}/concur")
        await self.controller.post(f"{incident}/close", {"outcome": "separated"})


def _saw(v: Viewing) -> Saw:
    return Saw(
        camera_code=v.camera_code,
        frames=v.frames,
        first_frame_at=v.first_frame_at,
        last_frame_at=v.last_frame_at,
        close_code=v.close_code,
        subject_visible=v.subject_visible,
        camera_right=v.camera_right,
        sound=v.sound,
        errors=tuple(v.errors),
    )


async def _until(true: Callable[[], Awaitable[bool]], within_s: float) -> None:
    until = monotonic_s() + within_s
    while monotonic_s() < until:
        with suppress(ApiRefused):
            if await true():
                return
        await asyncio.sleep(0.05)
